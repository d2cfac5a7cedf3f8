"""What every mechanism needs of a session: commands that are counted, reads, and whose an object is."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from registries.connector import Observation, ObservedContact
from registries.contact import Role
from registries.epp.frames.base import Answer, Command
from registries.epp.frames.contact import ContactData, ContactDelete, ContactInfo
from registries.epp.frames.domain import DomainData, DomainInfo
from registries.epp.postal import contact_of, fields_to_hide
from registries.epp.results import NOT_HELD
from registries.epp.session import Session
from registries.errors import (
    ChangePending,
    ContactsNotHeld,
    RegistryRefused,
    SponsoredElsewhere,
)

NOT_OURS = frozenset({2201, 2202})
NOT_THERE = 2303
_STILL_LINKED = 2305

DataT = TypeVar("DataT")


class Work:
    """One piece of work on one session."""

    def __init__(self, session: Session, *, client_id: str = "", pending: str = "") -> None:
        """Begin it.

        Args:
            session: All of its commands go there.
            client_id: Our account, to tell our objects from others'; "" where that does not matter.
            pending: Transaction of a change that is not over yet: then nothing is changed.
        """
        self._session = session
        self._client_id = client_id
        self._pending = pending
        self._commands: list[str] = []
        self._deleted: set[str] = set()

    async def send(self, command: Command[DataT]) -> Answer[DataT]:
        """Send a command, and remember it.

        Raises:
            ContactsNotHeld: A contact command was answered that there are no contacts here.
        """
        self._commands.append(command.name)
        try:
            return await self._session.send(command)
        except RegistryRefused as error:
            if error.code in NOT_HELD and command.name.startswith("contact:"):
                reason = f"the registry holds no contacts (EPP {error.code})"
                raise ContactsNotHeld(reason, everywhere=True) from None
            raise

    async def transform(self, command: Command[DataT]) -> DataT:
        """Send a command that must be done before we go on.

        Raises:
            ChangePending: The registry took it on and will finish it later (EPP 1001), or has not yet
                finished what it took on before.
        """
        self.demand_finished()
        answer = await self.send(command)
        if answer.pending:
            raise ChangePending(f"{command.name} is pending at the registry", answer.server_transaction)
        return answer.data

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
            data = (await self.send(DomainInfo(name))).data
        except RegistryRefused as error:
            if error.code in NOT_OURS:
                raise SponsoredElsewhere("the registry does not show us the domain any more") from None
            raise
        if not self.owns(data):
            raise SponsoredElsewhere("another registrar sponsors the domain")
        return data

    def owns(self, data: DomainData | ContactData) -> bool:
        """Whether our account sponsors an object; where the registry does not say, it counts as ours."""
        sponsor = data.sponsor.casefold()
        return not (sponsor and self._client_id) or sponsor == self._client_id.casefold()

    async def contact(self, handle: str) -> ContactData:
        """Read one contact."""
        return (await self.send(ContactInfo(handle))).data

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
            role: _observed(read[handle])
            for role in Role
            for handle in domain.handles(role)[:1]
            if handle in read
        }
        commands, deleted = tuple(self._commands), frozenset(self._deleted)
        return Observation(domain.name, domain.statuses, contacts, commands, deleted)


def _observed(data: ContactData) -> ObservedContact:
    fields = fields_to_hide(data)
    disclose = data.disclose
    return ObservedContact(
        handle=data.handle,
        contact=contact_of(data),
        public=disclose is not None and disclose.publishes(fields),
        hidden=disclose is not None and disclose.withholds(fields),
    )
