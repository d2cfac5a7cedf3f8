"""What every mechanism needs of a session: commands that are counted, reads, and whose an object is."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from registries.connector import Observation, ObservedContact
from registries.contact import Role
from registries.epp.extensions.table import contact_privacy, domain_privacy, routing
from registries.epp.facts import facts_of
from registries.epp.frames.base import Answer, Command, Extension
from registries.epp.frames.contact import (
    ContactCreate,
    ContactData,
    ContactDelete,
    ContactInfo,
    ContactUpdate,
)
from registries.epp.frames.domain import DomainData, DomainInfo, DomainUpdate
from registries.epp.postal import contact_of, fields_to_hide
from registries.epp.results import NOT_HELD
from registries.epp.session import Session
from registries.errors import (
    ChangePending,
    ContactsNotHeld,
    RegistryRefused,
    SponsoredElsewhere,
    Trace,
)

NOT_OURS = frozenset({2201, 2202})
NOT_THERE = 2303
_STILL_LINKED = 2305

DataT = TypeVar("DataT")


class Work:
    """One piece of work on one session.

    Disclosure goes out and comes in as the registry's extensions have it (`extensions.table`).
    """

    def __init__(self, session: Session, domain: str = "", *, client_id: str = "", pending: str = "") -> None:
        """Begin it.

        Args:
            session: All of its commands go there.
            domain: What the work is about; some registries route every command by it.
            client_id: Our account, to tell our objects from others'; "" where that does not matter.
            pending: Transaction of a change that is not over yet: then nothing is changed.
        """
        self._session = session
        self._client_id = client_id
        self._pending = pending
        self._commands: list[str] = []
        self._deleted: set[str] = set()
        self._routing = routing(session.greeting, domain)
        self._contact_privacy = contact_privacy(session.greeting)
        self._domain_privacy = domain_privacy(session.greeting)
        self._read: dict[str, ContactData] = {}
        self._contacts_held = False
        self.trace = Trace()  # of the last command

    async def send(self, command: Command[DataT], *extensions: Extension) -> Answer[DataT]:
        """Send a command, and remember it.

        Raises:
            ContactsNotHeld: The first contact command was answered that there are no contacts here. After
                another answer the same code refuses that command alone: what the registry has, it shows.
        """
        self._commands.append(command.name)
        about_contact = command.name.startswith("contact:")
        try:
            answer = await self._session.send(command, *self._routing, *extensions)
        except RegistryRefused as error:
            if about_contact and error.code in NOT_HELD and not self._contacts_held:
                reason = f"the registry holds no contacts (EPP {error.code})"
                raise ContactsNotHeld(reason, everywhere=True, trace=error.trace) from None
            self._contacts_held |= about_contact
            raise
        self._contacts_held |= about_contact
        self.trace = answer.trace
        return answer

    async def transform(self, command: Command[DataT], *extensions: Extension) -> DataT:
        """Send a command that must be done before we go on.

        Raises:
            ChangePending: The registry took it on and will finish it later (EPP 1001), or has not yet
                finished what it took on before.
        """
        self.demand_finished()
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

    def demand_finished(self) -> None:
        """Raise ChangePending where an earlier change is not over: nothing more is sent then."""
        if self._pending:
            raise ChangePending("an earlier change is still pending at the registry", self._pending)

    async def domain(self, name: str) -> DomainData:
        """Read the domain.

        Raises:
            SponsoredElsewhere: It is another account's.
        """
        try:
            answer = await self.send(DomainInfo(name))
        except RegistryRefused as error:
            if error.code in NOT_OURS:
                text = "the registry does not show us the domain any more"
                raise SponsoredElsewhere(text, trace=error.trace) from None
            raise
        if not self.owns(answer.data):
            raise SponsoredElsewhere("another registrar sponsors the domain", trace=answer.trace)
        if self._domain_privacy is None:
            return answer.data
        return replace(answer.data, disclose=self._domain_privacy.read_back(answer.extension))

    def owns(self, data: DomainData | ContactData) -> bool:
        """Whether our account sponsors an object; where the registry does not say, it counts as ours."""
        sponsor = data.sponsor.casefold()
        return not (sponsor and self._client_id) or sponsor == self._client_id.casefold()

    async def contact(self, handle: str) -> ContactData:
        """Read one contact."""
        answer = await self.send(ContactInfo(handle))
        data = self._contact_privacy.read_back(answer.data, answer.extension)
        self._read[handle] = data
        return data

    async def contacts(self, handles: Iterable[str]) -> dict[str, ContactData]:
        """Read contacts, each once."""
        return {handle: await self.contact(handle) for handle in dict.fromkeys(handles)}

    async def readable(self, handles: Iterable[str]) -> dict[str, ContactData]:
        """Read contacts, without those that are not shown to us: another registrar may have left them."""
        read: dict[str, ContactData] = {}
        for handle in dict.fromkeys(handles):
            try:
                read[handle] = await self.contact(handle)
            except RegistryRefused as error:
                if error.code not in NOT_OURS | {NOT_THERE}:
                    raise
        return read

    async def delete(self, handle: str) -> bool:
        """Delete a contact; return whether it is gone, or none of ours, rather than still referred to."""
        try:
            answer = await self.send(ContactDelete(handle))
        except RegistryRefused as error:
            if error.code == _STILL_LINKED:
                return False
            if error.code not in NOT_OURS | {NOT_THERE}:
                raise
        else:
            if answer.pending:
                return False
        self._deleted.add(handle)
        return True

    async def observe(self, name: str) -> Observation:
        """Read the domain and every contact of it that the registry holds."""
        domain = await self.domain(name)
        if not self._session.holds_contacts:
            return self.observation(domain, {})
        try:
            read = await self.readable(handle for role in Role for handle in domain.handles(role)[:1])
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
        return Observation(
            domain=domain.name,
            statuses=domain.statuses,
            contacts=contacts,
            commands=tuple(self._commands),
            deleted=frozenset(self._deleted),
            facts=facts_of(domain, self._session.greeting),
        )


def _observed(data: ContactData, domain: DomainData) -> ObservedContact:
    fields = fields_to_hide(data)
    disclose = domain.disclose or data.disclose
    return ObservedContact(
        handle=data.handle,
        contact=contact_of(data),
        public=disclose is not None and disclose.publishes(fields),
        hidden=disclose is not None and disclose.withholds(fields),
        registry_id=data.roid,
    )
