"""Run a crash test: owners switch, connections break, workers are killed; then everything is judged."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from registries.sandbox import directory
from registries.sandbox.store import State, Store
from tests.journeys.crash.ground import Ground, ground
from tests.journeys.crash.owners import Owners
from tests.journeys.crash.plan import Plan
from tests.journeys.crash.verdict import Evidence, judge, shown_late
from tests.journeys.report import Report
from whoisproxy.demo.backend import Backend

_CUT = "epp-connection-dropped-on-demand"
_LEFTOVERS_LOOK_S = 2.0


def run(plan: Plan, folder: Path, database: str) -> Report:
    """Carry the plan out in an empty folder, on a database that is empty or migrated."""
    with ground(plan, folder, database) as where:
        return asyncio.run(_run(plan, where))


async def _run(plan: Plan, where: Ground) -> Report:
    chance = random.Random(plan.seed)  # noqa: S311 - chance of a test
    async with aiohttp.ClientSession() as http, Store(where.registry.database) as registry:
        owners = Owners(Backend(http, where.api, where.api_key), dict.fromkeys(where.domains, False))
        begun = time.monotonic()
        enough = asyncio.Event()
        killing = asyncio.create_task(where.kill_until(enough, plan, chance))
        await owners.toggle_all(plan, chance)
        enough.set()
        kills = await killing
        toggled = time.monotonic()
        states = await owners.states(plan.settle_s)
        settled = time.monotonic()
        leftovers = len(await registry.transact(lambda state: state.contacts.unlinked()))
        await _leftovers_gone(registry, plan.settle_s)
        evidence = await _collect(registry, owners, states)
        figures = {
            "domains": plan.domains,
            "toggles": plan.toggles,
            "kills": kills,
            "seconds of toggling": round(toggled - begun, 1),
            "seconds until all was as wanted": round(settled - toggled, 1),
            "contacts left over then": leftovers,
            "seconds until leftovers were gone": round(time.monotonic() - settled, 1),
            "connections cut": where.registry.log.read_text().count(_CUT),
            **_counted(evidence),
        }
        return Report(figures, judge(evidence))


async def _leftovers_gone(registry: Store, limit_s: float) -> None:
    """Wait until no contact is without a domain, at most so long: collecting them may take its time."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if not await registry.transact(lambda state: state.contacts.unlinked()):
            return
        await asyncio.sleep(_LEFTOVERS_LOOK_S)


async def _collect(registry: Store, owners: Owners, states: Mapping[str, str]) -> Evidence:
    def shown(state: State) -> dict[str, str]:
        entries = {domain: directory.published(state, domain) for domain in owners.wanted}
        return {domain: entry.text() for domain, entry in entries.items() if entry}

    return Evidence(
        wanted=owners.wanted,
        states=states,
        shown=await registry.transact(shown),
        journal=await registry.transact(lambda state: state.journal.after(0)),
        sightings=await registry.transact(lambda state: state.journal.sightings(0)),
        events=await owners.events(),
        unlinked=await registry.transact(lambda state: state.contacts.unlinked()),
    )


def _counted(evidence: Evidence) -> dict[str, int]:
    kinds = Counter(event.kind for event in evidence.events)
    begun = kinds["privacy.enabling"] + kinds["privacy.disabling"]
    confirmed = kinds["privacy.enabled"] + kinds["privacy.disabled"]
    return {
        "operations": begun,
        "operations confirmed": confirmed,
        "operations superseded": begun - confirmed - kinds["privacy.failed"],
        "EPP commands": len(evidence.journal),
        "EPP commands with effect": sum(entry.changed for entry in evidence.journal),
        "EPP logins": sum(entry.command == "login" for entry in evidence.journal),
        "EPP refusals": sum(entry.code >= 2000 for entry in evidence.journal),
        "times the registrant showed while hiding him was under way": shown_late(evidence),
    }
