"""Replace a domain's contacts by others: the proxy's to hide the registrant, the registrant's to show him.

In this order (RFC 5731 section 3.2.5, RFC 5733): new contacts are created and read back, one domain:update
switches all roles, the domain is read back, and only then the old contacts are deleted, as far as no other
domain needs them and they are ours. At every point the domain has contacts that are either all old or all
new, and whatever it may leave over is in the journal before the first change.
"""

import base64
import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import astuple, dataclass

import structlog

from registries.connector import Change, Journal, Observation
from registries.contact import Contact, Role
from registries.epp.frames.contact import (
    ContactCheck,
    ContactCreate,
    ContactData,
    ContactUpdate,
    Disclose,
)
from registries.epp.frames.domain import DomainContact, DomainData, DomainUpdate
from registries.epp.postal import differences, postal_forms, withholds_something
from registries.epp.statuses import demand_unlocked
from registries.epp.work import NOT_THERE, Work
from registries.errors import (
    ContactsNotHeld,
    OutcomeUnknown,
    RegistryRefused,
    RegistryUnavailable,
    VerificationFailed,
)

_log = structlog.get_logger()

_HANDLE_OCTETS = 10  # 80 bits are the 16 characters that RFC 5730's clIDType admits
_EXISTS = 2302

# The proxy's data are published unredacted, and so are the registrant's once privacy is off.
_SHOWN = Disclose(flag=True)


def handle_of(seed: str, role: Role) -> str:
    """Return the handle of the contact that is created for a role.

    The same operation finds its own contacts again by it. It comes from the operation's random id and
    tells nothing of the contact; one that domains share comes from its content, which is the proxy's.
    """
    digest = hashlib.sha256(f"{seed} {role}".encode()).digest()
    return base64.b32encode(digest[:_HANDLE_OCTETS]).decode()


def seed_of(change: Change, contact: Contact) -> str:
    """Return what the handle of a change's contact is made from."""
    return repr(astuple(contact)) if change.shared and change.hide else change.operation_id


@dataclass(frozen=True, slots=True)
class Substitution:
    """One change of one domain.

    Contacts that domains share are not deleted here: only who counts the references knows when.

    Attributes:
        auth_info: Makes the password of a new contact object.
    """

    work: Work
    change: Change
    auth_info: Callable[[], str]
    journal: Journal

    async def run(self) -> Observation:
        """Reach the wanted contacts; errors as for `Connector.apply`."""
        before = await self.work.domain(self.change.domain)
        wanted = self._wanted(before)
        present = await self.work.readable(handle for role in wanted for handle in before.handles(role))
        if _reached(wanted, before, present):
            return self.work.observation(before, present)
        demand_unlocked("domain", (*before.statuses, *before.grace_periods))
        self.work.demand_finished()
        handles = self._handles(wanted)
        made = _first_roles(handles)
        replaced = {
            handle: role
            for role in wanted
            for handle in before.handles(role)
            if handle in present and self.work.owns(present[handle]) and handle not in made
        }
        doubtful = await self.journal.note(self.change, made, replaced)
        contacts = {handles[role]: wanted[role] for role in wanted}
        read = await self._bring_about(contacts, made, doubtful)
        await self._switch(before, handles)
        after = await self.work.domain(self.change.domain)
        self._confirm(after, handles)
        if not self.change.shared:
            await self._delete(replaced.keys() - after.all_handles())
        return self.work.observation(after, read)

    def _wanted(self, domain: DomainData) -> dict[Role, Contact]:
        """Return the contacts of the roles that the domain has.

        A role it lacks is not filled: there is nobody to hide, and some registries drop it silently.
        """
        wanted = {role: self.change.contacts[role] for role in Role if role in self.change.contacts}
        found = {role: contact for role, contact in wanted.items() if domain.handles(role)}
        if not found:
            raise ContactsNotHeld("the registry shows no contacts for the domain")
        return found

    def _handles(self, wanted: dict[Role, Contact]) -> dict[Role, str]:
        """Return a handle for each role; roles with the same contact share one object."""
        first: dict[Contact, Role] = {}
        for role, contact in wanted.items():
            first.setdefault(contact, role)
        return {
            role: handle_of(seed_of(self.change, contact), first[contact]) for role, contact in wanted.items()
        }

    async def _bring_about(
        self, contacts: dict[str, Contact], roles: dict[str, Role], doubtful: Collection[str]
    ) -> dict[str, ContactData]:
        """Make the contacts exist as wanted, and return them as they are read back.

        Args:
            contacts: By handle.
            roles: What each will be to the domain; the first, where it has several.
            doubtful: Handles of those that may exist already.
        """
        there = await self._there(doubtful) if doubtful else frozenset()
        for handle, contact in contacts.items():
            if handle in there or not await self._create(handle, contact, roles[handle]):
                await self._adopt(handle, contact)
        read = await self._read_back(contacts)
        for handle, contact in contacts.items():
            if wrong := _wrong(contact, read[handle]):
                text = f"contact {handle} was written, yet differs in {', '.join(wrong)}"
                raise VerificationFailed(text, trace=self.work.trace)
        return read

    async def _there(self, handles: Iterable[str]) -> frozenset[str]:
        found = (await self.work.send(ContactCheck(tuple(handles)))).data
        return frozenset(handle for handle, answer in found.items() if not answer.available)

    async def _read_back(self, handles: Iterable[str]) -> dict[str, ContactData]:
        try:
            return await self.work.contacts(handles)
        except RegistryRefused as error:
            if error.code != NOT_THERE:
                raise
            # Somebody has cleared away meanwhile what seemed to be needed by nobody.
            raise OutcomeUnknown("a contact that was there is gone") from None

    async def _create(self, handle: str, contact: Contact, role: Role) -> bool:
        create = ContactCreate(
            handle, postal_forms(contact), contact.phone, contact.email, self.auth_info(), _SHOWN, role
        )
        try:
            await self.work.create_contact(create)
        except RegistryRefused as error:
            if error.code == _EXISTS:
                return False
            raise
        return True

    async def _adopt(self, handle: str, contact: Contact) -> None:
        """Take over what an earlier try of this operation created, corrected where it is not as wanted."""
        found = (await self._read_back([handle]))[handle]
        if not _wrong(contact, found):
            return
        demand_unlocked("contact", found.statuses)
        await self.work.update_contact(
            ContactUpdate(handle, postal_forms(contact), contact.phone, contact.email, _SHOWN)
        )

    async def _switch(self, before: DomainData, handles: dict[Role, str]) -> None:
        old = {
            DomainContact(role, handle)
            for role in handles
            for handle in before.handles(role)
            if role is not Role.REGISTRANT
        }
        new = {DomainContact(role, handle) for role, handle in handles.items() if role is not Role.REGISTRANT}
        registrant = handles.get(Role.REGISTRANT)
        update = DomainUpdate(
            self.change.domain,
            add_contacts=_in_order(new - old),
            remove_contacts=_in_order(old - new),
            registrant=None if registrant == before.registrant else registrant,
        )
        if update == DomainUpdate(self.change.domain):
            return
        try:
            await self.work.transform(update)
        except RegistryRefused as error:
            if error.code == NOT_THERE:
                await self._read_back(handles.values())
            raise

    def _confirm(self, domain: DomainData, handles: dict[Role, str]) -> None:
        wrong = [role for role, handle in handles.items() if domain.handles(role) != (handle,)]
        if wrong:
            text = f"the domain was updated, yet differs in {', '.join(wrong)}"
            raise VerificationFailed(text, trace=self.work.trace)

    async def _delete(self, handles: Collection[str]) -> None:
        """Delete contacts that the domain no longer has; what cannot be deleted stays, and is logged.

        Registrars make handles of names, so the log does without: the journal has them.
        """
        for handle in sorted(handles):
            try:
                await self.work.delete(handle)
            except RegistryRefused as error:
                _log.warning("epp-old-contact-stays", domain=self.change.domain, code=error.code)
            except (RegistryUnavailable, OutcomeUnknown):
                # The change itself is done and proven; a leftover is no reason to call it failed.
                _log.warning("epp-old-contact-stays", domain=self.change.domain, code=None)
                return


def _first_roles(handles: dict[Role, str]) -> dict[str, Role]:
    """Return the first role of each handle: an object is made for that one."""
    return {handle: role for role, handle in reversed(handles.items())}


def _in_order(contacts: set[DomainContact]) -> tuple[DomainContact, ...]:
    return tuple(sorted(contacts, key=lambda contact: (contact.role, contact.handle)))


def _wrong(wanted: Contact, data: ContactData) -> tuple[str, ...]:
    return differences(wanted, data) + (("disclose",) if withholds_something(data) else ())


def _reached(wanted: dict[Role, Contact], domain: DomainData, present: dict[str, ContactData]) -> bool:
    return all(
        len(handles := domain.handles(role)) == 1
        and handles[0] in present
        and not _wrong(contact, present[handles[0]])
        for role, contact in wanted.items()
    )
