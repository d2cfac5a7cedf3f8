"""Parties outside of us, in memory: a registry, and the time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from registries.connector import Change, Connector, Observation, ObservedContact
from registries.contact import Contact, Role
from registries.delegation import RegistryFacts
from registries.errors import RegistryError


@dataclass
class Clock:
    """A time that passes when it is told to."""

    now: datetime = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **duration: float) -> None:
        """Let time pass, by the arguments of timedelta."""
        self.now += timedelta(**duration)


@dataclass
class FakeRegistry:
    """A registry that holds contacts by domain and fails on demand.

    Attributes:
        faults: Raised by the next changes, one each; None for none.
        applied_before_fault: Whether a change is made although the fault is raised.
        facts: What it says of every domain besides its contacts.
        tells_handles: Whether contact objects are named; a registrar's backend names none.
        at_work: Set when a change has begun.
        gate: A change ends only when this is set.
    """

    contacts: dict[str, dict[Role, Contact]] = field(default_factory=dict)
    hidden: dict[str, bool] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    faults: list[RegistryError | None] = field(default_factory=list)
    applied_before_fault: bool = False
    lies: bool = False
    tells_handles: bool = True
    facts: RegistryFacts | None = None
    at_work: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def apply(self, change: Change) -> Observation:
        """Reach the wanted state, or raise the next fault."""
        self.changes.append(change)
        self.at_work.set()
        await self.gate.wait()
        fault = self.faults.pop(0) if self.faults else None
        if (fault is None or self.applied_before_fault) and not self.lies:
            self.contacts[change.domain] = dict(change.contacts)
            self.hidden[change.domain] = change.hide
        if fault is not None:
            raise fault
        return await self.read(change.domain)

    async def read(self, domain: str) -> Observation:
        """Say what is held."""
        held = self.contacts.get(domain, {})
        hidden = self.hidden.get(domain, False)
        observed = {
            role: ObservedContact(self._handle(role), contact, public=not hidden, hidden=hidden)
            for role, contact in held.items()
        }
        return Observation(domain, ("ok",), observed, ("domain:info",), facts=self.facts)

    def _handle(self, role: Role) -> str:
        return f"C-{role}" if self.tells_handles else ""

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Accounts:
    """Registry accounts by public suffix."""

    connectors: Mapping[str, Connector]

    def for_suffix(self, suffix: str) -> Connector | None:
        """Return the account for a suffix."""
        return self.connectors.get(suffix)
