"""What people do in the journeys: register, switch, write, answer; and what the world sees of a domain."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from registries.contact import Role
from whoisproxy.demo.cast import REGISTRANT, TRACES, traces_in
from whoisproxy.demo.mail_actors import Answer, Letter, send, whois
from whoisproxy.demo.mail_sink import SunkMessage
from whoisproxy.demo.world import World
from whoisproxy.domain.registrant import Registrant
from whoisproxy.services.identities import registrant_contact

T = TypeVar("T")

STRANGER = "ada@offers.example"
CONSENT = {"by": "account 4711", "at": "2026-11-24T09:00:00Z", "text_version": "2026-01"}
SPAM = (
    "DEAR LUCKY WINNER!!! You have WON $1,500,000.00 USD. 100% FREE, RISK FREE. ACT NOW! LIMITED TIME!\n"
    "Claim your CASH prize URGENTLY: send your bank account details and a fee of $250 by Western Union.\n"
    "CLICK HERE http://203.0.113.77/claim Buy cheap VIAGRA online, no prescription, money back!!!\n"
)


@dataclass(slots=True)
class MovingClock:
    """The service's clock: the real one, and as far ahead as a test wishes."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        """Return the time, aware UTC."""
        return datetime.now(UTC) + self.ahead


async def eventually(ask: Callable[[], Awaitable[T]], done: Callable[[T], bool]) -> T:
    """Ask until the answer is as expected; for states that nothing announces."""
    async with asyncio.timeout(20):
        while not done(answer := await ask()):  # noqa: ASYNC110 - it is in another part, or another process
            await asyncio.sleep(0.05)
    return answer


class Journey:
    """One domain and its owner in the loopback world."""

    def __init__(self, world: World, clock: MovingClock, domain: str) -> None:
        self.world = world
        self.clock = clock
        self.domain = domain
        label = domain.replace(".", "-")
        self.owner = f"{label}@home.example"
        self.registrant = {**REGISTRANT, "email": self.owner}
        self.traces = [*TRACES, self.owner, f"{label}@"]
        self.address = ""

    async def registered(self) -> None:
        """Register the domain at the registry and with our service, as a registrar does."""
        thin = self.domain.endswith((".com", ".net"))
        holder = registrant_contact(Registrant.parse(self.registrant))
        await self.world.registry_client.register(self.domain, None if thin else holder)
        body = {"registrant": self.registrant, "registrant_verified": True}
        reply = await self.world.backend.call("PUT", f"/v1/domains/{self.domain}", body)
        assert reply.status == 201, reply.body

    async def switched(self, *, on: bool) -> None:
        """Switch privacy and wait until it is done; learn the relay address."""
        wish = {"enabled": on, "consent": CONSENT} if on else {"enabled": on}
        reply = await self.world.backend.call("PUT", f"/v1/domains/{self.domain}/privacy", wish)
        assert reply.status == 202, reply.body
        done = await self.world.backend.finished(reply.body["operation"]["id"])
        assert done["state"] == "done", done
        if on:
            contacts = (await self.privacy())["published_contacts"]
            self.address = contacts[Role.REGISTRANT.value]["email"]

    async def privacy(self) -> Any:
        """Return the domain's privacy as the API shows it."""
        return (await self.world.backend.call("GET", f"/v1/domains/{self.domain}/privacy")).body

    async def messages(self) -> list[Any]:
        """Return the domain's message log, newest first."""
        reply = await self.world.backend.call("GET", f"/v1/domains/{self.domain}/messages")
        found: list[Any] = reply.body["messages"]
        return found

    async def public_answers(self) -> dict[str, str]:
        """Return the raw answers of WHOIS and RDAP, and what the registry shows to all."""
        ports = self.world.service.ports
        async with self.world.http.get(f"http://127.0.0.1:{ports['rdap']}/domain/{self.domain}") as answer:
            rdap = await answer.text()
        seen = {"whois": (await whois(ports["whois"], self.domain)).decode(), "rdap": rdap}
        entry = await self.world.registry.published(self.domain)
        if entry is not None:
            seen["registry"] = entry.text()
        return seen

    def traces_in(self, *texts: str | bytes) -> list[str]:
        """Return what of the owner is found in the texts."""
        return traces_in(*texts, traces=self.traces)

    async def letter(self, text: str, subject: str = "Is your domain for sale?", to: str = "") -> Answer:
        """A stranger with good SPF and DKIM writes to the published address."""
        recipient = to or self.address
        raw = Letter(f"Ada Buyer <{STRANGER}>", recipient, subject, text).raw()
        signed = self.world.senders["offers.example"].sign(raw)
        return await send(self.world.smtp_port, STRANGER, recipient, signed)

    async def at_owner(self, count: int = 1) -> list[SunkMessage]:
        """Return what the owner's mail server took."""
        return await self.world.sink.wait_for(
            count, matching=lambda message: self.owner in message.recipients
        )

    async def bulk(self, *domains: str) -> list[Any]:
        """Switch privacy on for many domains at once."""
        lines = [json.dumps({"domain": each, "enabled": True, "consent": CONSENT}) for each in domains]
        return [json.loads(line) for line in await self.world.backend.bulk("\n".join(lines).encode())]
