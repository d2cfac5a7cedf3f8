"""The owners of the crash test: they switch their privacy on and off, and look what became of it."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp

from bench.installation import CONSENT
from tests.journeys.crash.plan import Plan
from tests.journeys.crash.verdict import Event
from whoisproxy.demo.backend import Backend, Reply

_AGAIN_S = 0.2
_REGRET_S = 2.0
_PAGE = 500
_SETTLED = frozenset({"enabled", "disabled", "failed"})


@dataclass(frozen=True, slots=True)
class Owners:
    """All owners, as one registrar's backend speaks for them.

    Attributes:
        wanted: The last wish for each domain that was acknowledged.
    """

    backend: Backend
    wanted: dict[str, bool]
    places: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def call(self, method: str, path: str, body: object = None) -> Reply:
        """Ask until there is an answer: a killed service comes back, and asking twice harms nothing."""
        while True:
            try:
                reply = await self.backend.call(method, path, body)
            except (aiohttp.ClientError, ConnectionError):
                await asyncio.sleep(_AGAIN_S)
                continue
            assert reply.status < 500, (method, path, reply.body)
            return reply

    async def toggle_all(self, plan: Plan, chance: random.Random) -> None:
        """Switch domains chosen by chance, several at a time, until all wishes are spent."""
        wishes = iter(_wishes(plan, sorted(self.wanted), chance))

        async def owner() -> None:
            for domain, regretted in wishes:
                operation = await self._toggle(domain)
                if regretted:
                    # Before, while or after a worker has it in hand.
                    await asyncio.sleep(chance.uniform(0, _REGRET_S))
                    operation = await self._toggle(domain)
                if operation:
                    await self.call("GET", f"/v1/operations/{operation}?wait={plan.patience_s}")

        await asyncio.gather(*(owner() for _ in range(plan.owners)))

    async def _toggle(self, domain: str) -> str:
        """Wish for the opposite; return the operation, "" where there is none to wait for."""
        # Wishes for one domain are made one after the other: the last one answered is what he wants.
        async with self.places.setdefault(domain, asyncio.Lock()):
            enabled = not self.wanted[domain]
            wish = {"enabled": True, "consent": CONSENT} if enabled else {"enabled": False}
            reply = await self.call("PUT", f"/v1/domains/{domain}/privacy", wish)
            assert reply.status in {200, 202}, (domain, reply.status, reply.body)
            self.wanted[domain] = enabled
        operation = reply.body["operation"]
        return str(operation["id"]) if operation else ""

    async def states(self, limit_s: float) -> dict[str, str]:
        """Return each domain's privacy once nothing is under way any more, or the time is over."""
        states: dict[str, str] = {}
        deadline = asyncio.get_running_loop().time() + limit_s
        while True:
            for domain in [name for name in self.wanted if states.get(name) not in _SETTLED]:
                states[domain] = (await self.call("GET", f"/v1/domains/{domain}/privacy")).body["state"]
            if set(states.values()) <= _SETTLED or asyncio.get_running_loop().time() > deadline:
                return states
            await asyncio.sleep(1)

    async def events(self) -> tuple[Event, ...]:
        """Return every event, in order."""
        found: list[Event] = []
        after = 0
        while True:
            page: dict[str, Any] = (await self.call("GET", f"/v1/events?after={after}&limit={_PAGE}")).body
            if not page["events"]:
                return tuple(found)
            after = page["next_after"]
            found += [
                Event(each["type"], each["domain"], datetime.fromisoformat(each["at"]))
                for each in page["events"]
            ]


def _wishes(plan: Plan, domains: Sequence[str], chance: random.Random) -> Iterator[tuple[str, bool]]:
    """Yield domains to switch, in rounds of another order each, and whether the owner soon regrets it."""
    left = plan.toggles
    while left:
        for domain in chance.sample(domains, len(domains)):
            if not left:
                return
            regretted = left > 1 and chance.random() < plan.regret
            left -= 2 if regretted else 1
            yield domain, regretted
