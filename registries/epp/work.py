"""What every mechanism needs of a session: commands that are counted, reads, and the rules of statuses."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from registries.connector import Observation, ObservedContact
from registries.contact import Role
from registries.epp.extensions.table import contact_privacy, domain_privacy, routing
from registries.epp.frames.base import Answer, Command, Extension
from registries.epp.frames.contact import ContactCreate, ContactData, ContactInfo, ContactUpdate
from registries.epp.frames.domain import DomainData, DomainInfo, DomainUpdate
from registries.epp.postal import contact_of, fields_to_hide
from registries.epp.results import NOT_HELD
from registries.epp.session import Session
from registries.errors import (
    ChangePending,
    ContactsNotHeld,
    RegistryError,
    RegistryRefused,
    RegistryUnavailable,
    Trace,
)

_STATUS_PROHIBITS = 2304  # RFC 5730 section 3

# RFC 5731 section 2.3 and RFC 5733 section 2.2: statuses under which an update is answered 2304. What passes
# by itself is worth waiting for; what somebody has set, somebody must lift.
_PASSES = {
    "pendingTransfer": "a transfer is under way",
    "pendingUpdate": "an earlier change is still being worked on",
    "pendingCreate": "its creation is still being worked on",
}
_STAYS = {
    "pendingDelete": "it is being deleted",
    "serverUpdateProhibited": "the registry has locked it; only the registry can lift that",
    "clientUpdateProhibited": "the registrar has locked it; lift that first",
}

DataT = TypeVar("DataT")


class Work:
    """One piece of work on one session.

    Disclosure goes out and comes in as the registry's extensions have it (`extensions.table`).
    """

    def __init__(self, session: Session, domain: str = "") -> None:
        """Begin.

        Args:
            session: To send on.
            domain: What the work is about; some registries route every command by it.
        """
        self._session = session
        self._commands: list[str] = []
        self._routing = routing(session.greeting, domain)
        self._contact_privacy = contact_privacy(session.greeting)
        self._domain_privacy = domain_privacy(session.greeting)
        self._read: dict[str, ContactData] = {}
        self.trace = Trace()  # of the last command

    async def send(self, command: Command[DataT], *extensions: Extension) -> Answer[DataT]:
        """Send a command, and remember it.

        Raises:
            ContactsNotHeld: A contact command was answered that there are no contacts here.
        """
        self._commands.append(command.name)
        try:
            answer = await self._session.send(command, *self._routing, *extensions)
        except RegistryRefused as error:
            if error.code in NOT_HELD and command.name.startswith("contact:"):
                text = f"the registry holds no contacts (EPP {error.code})"
                raise ContactsNotHeld(text, trace=error.trace) from None
            raise
        self.trace = answer.trace
        return answer

    async def transform(self, command: Command[DataT], *extensions: Extension) -> DataT:
        """Send a command that must be done before we go on.

        Raises:
            ChangePending: The registry took it on and will finish it later (EPP 1001).
        """
        answer = await self.send(command, *extensions)
        if answer.pending:
            text = f"{command.name} is pending at the registry"
            raise ChangePending(text, answer.server_transaction, trace=answer.trace)
        return answer.data

    async def create_contact(self, create: ContactCreate) -> str:
        """Create a contact, hidden or shown in the registry's own way; errors as for `transform`."""
        command, extensions = self._contact_privacy.create(create)
        return await self.transform(command, *extensions)

    async def update_contact(self, update: ContactUpdate) -> None:
        """Change a contact, hidden or shown in the registry's own way; errors as for `transform`."""
        command, extensions = self._contact_privacy.update(update, self._read.get(update.handle))
        await self.transform(command, *extensions)

    async def switch_domain(self, domain: DomainData, *, hide: bool, person: bool) -> None:
        """Hide or show a domain's contacts where the registry keeps that per domain.

        Raises:
            RegistryRefused: The registry does not hide such a registrant.
        """
        if self._domain_privacy is not None:
            extension = self._domain_privacy.switch(domain, hide=hide, person=person)
            await self.transform(DomainUpdate(domain.name), extension)

    async def domain(self, name: str) -> DomainData:
        """Read the domain."""
        answer = await self.send(DomainInfo(name))
        if self._domain_privacy is None:
            return answer.data
        return replace(answer.data, disclose=self._domain_privacy.read_back(answer.extension))

    async def contact(self, handle: str) -> ContactData:
        """Read one contact."""
        answer = await self.send(ContactInfo(handle))
        data = self._contact_privacy.read_back(answer.data, answer.extension)
        self._read[handle] = data
        return data

    async def contacts(self, handles: Iterable[str]) -> dict[str, ContactData]:
        """Read contacts, each once."""
        return {handle: await self.contact(handle) for handle in dict.fromkeys(handles)}

    async def observe(self, name: str) -> Observation:
        """Read the domain and every contact of it that the registry holds."""
        domain = await self.domain(name)
        if not self._session.holds_contacts:
            return self.observation(domain, {})
        try:
            read = await self.contacts(handle for role in Role for handle in domain.handles(role)[:1])
        except ContactsNotHeld:
            read = {}
        return self.observation(domain, read)

    def observation(self, domain: DomainData, read: Mapping[str, ContactData]) -> Observation:
        """Say what was read, for each role whose contact was read."""
        contacts = {
            role: _observed(read[handle], domain)
            for role in Role
            for handle in domain.handles(role)[:1]
            if handle in read
        }
        return Observation(domain.name, domain.statuses, contacts, tuple(self._commands))


def _observed(data: ContactData, domain: DomainData) -> ObservedContact:
    fields = fields_to_hide(data)
    disclose = domain.disclose or data.disclose
    return ObservedContact(
        handle=data.handle,
        contact=contact_of(data),
        public=disclose is not None and disclose.publishes(fields),
        hidden=disclose is not None and disclose.withholds(fields),
    )


def demand_unlocked(what: str, statuses: Iterable[str]) -> None:
    """Check that an object can be updated.

    Args:
        what: What the error calls it: `domain`, `contact`.
        statuses: As its info shows them.

    Raises:
        RegistryUnavailable: Not now; it passes by itself.
        RegistryRefused: Not until somebody lifts a lock.
    """
    present = set(statuses)
    errors: list[RegistryError] = [
        RegistryRefused(_STATUS_PROHIBITS, f"the {what} has status {status}: {why}")
        for status, why in _STAYS.items()
        if status in present
    ]
    errors += [
        RegistryUnavailable(f"the {what} has status {status}: {why}")
        for status, why in _PASSES.items()
        if status in present
    ]
    for error in errors[:1]:
        raise error


def demand_quiet(statuses: Iterable[str]) -> None:
    """Check that the domain is not in the middle of something, when only its contacts will change.

    Locks on the domain do not reach its contacts (RFC 5731 section 2.3).

    Raises:
        RegistryUnavailable: Not now; it passes by itself.
        RegistryRefused: It is being deleted.
    """
    demand_unlocked("domain", (status for status in statuses if status.startswith("pending")))
