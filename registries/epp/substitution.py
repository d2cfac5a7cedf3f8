"""Replace a domain's contacts by others: the proxy's to hide the registrant, the registrant's to show him.

In this order (RFC 5731 section 3.2.5, RFC 5733): new contacts are created and read back, one domain:update
switches all roles, the domain is read back, and only then the old contacts are deleted, as far as no other
domain needs them. At every point the domain has contacts that are either all old or all new.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from registries.connector import Change, Observation
from registries.contact import Contact, Role
from registries.epp.frames.contact import (
    Availability,
    ContactCheck,
    ContactCreate,
    ContactData,
    ContactDelete,
    ContactUpdate,
    Disclose,
)
from registries.epp.frames.domain import DomainContact, DomainData, DomainUpdate
from registries.epp.postal import differences, postal_forms, withholds_something
from registries.epp.work import Work, demand_unlocked
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
_STILL_LINKED = 2305

# The proxy's data are published unredacted, and so are the registrant's once privacy is off.
_SHOWN = Disclose(flag=True)


def handle_of(operation_id: str, role: Role) -> str:
    """Return the handle of the contact that an operation creates for a role.

    The same operation finds its own contacts again by it. It comes from the operation's random id and
    tells nothing of the contact.
    """
    digest = hashlib.sha256(f"{operation_id} {role}".encode()).digest()
    return base64.b32encode(digest[:_HANDLE_OCTETS]).decode()


@dataclass(frozen=True, slots=True)
class Substitution:
    """One change of one domain.

    Attributes:
        auth_info: Makes the password of a new contact object.
    """

    work: Work
    change: Change
    auth_info: Callable[[], str]

    async def run(self) -> Observation:
        """Reach the wanted contacts; errors as for `Connector.apply`."""
        before = await self.work.domain(self.change.domain)
        wanted = self._wanted(before)
        present = await self.work.contacts(handle for role in wanted for handle in before.handles(role))
        if _reached(wanted, before, present):
            return self.work.observation(before, present)
        demand_unlocked("domain", before.statuses)
        handles = self._handles(wanted)
        read = await self._bring_about({handles[role]: wanted[role] for role in wanted})
        await self._switch(before, handles)
        after = await self.work.domain(self.change.domain)
        _confirm(after, handles)
        await self._delete(frozenset(present) - after.all_handles())
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
        return {role: handle_of(self.change.operation_id, first[contact]) for role, contact in wanted.items()}

    async def _bring_about(self, contacts: dict[str, Contact]) -> dict[str, ContactData]:
        """Make the contacts exist as wanted, and return them as they are read back."""
        free = (await self.work.send(ContactCheck(tuple(contacts)))).data
        for handle, contact in contacts.items():
            if not (
                free.get(handle, Availability(available=True)).available
                and await self._create(handle, contact)
            ):
                await self._adopt(handle, contact)
        read = await self.work.contacts(contacts)
        for handle, contact in contacts.items():
            if wrong := _wrong(contact, read[handle]):
                raise VerificationFailed(f"contact {handle} was written, yet differs in {', '.join(wrong)}")
        return read

    async def _create(self, handle: str, contact: Contact) -> bool:
        create = ContactCreate(
            handle, postal_forms(contact), contact.phone, contact.email, self.auth_info(), _SHOWN
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
        found = await self.work.contact(handle)
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
        if update != DomainUpdate(self.change.domain):
            await self.work.transform(update)

    async def _delete(self, handles: frozenset[str]) -> None:
        """Delete contacts that the domain no longer has; what cannot be deleted stays, and is logged."""
        for handle in sorted(handles):
            try:
                await self.work.send(ContactDelete(handle))
            except RegistryRefused as error:
                if error.code != _STILL_LINKED:
                    _log.warning(
                        "epp-old-contact-stays", domain=self.change.domain, handle=handle, code=error.code
                    )
            except (RegistryUnavailable, OutcomeUnknown):
                # The change itself is done and proven; a leftover is no reason to call it failed.
                _log.warning("epp-old-contact-stays", domain=self.change.domain, handle=handle, code=None)
                return


def _in_order(contacts: set[DomainContact]) -> tuple[DomainContact, ...]:
    return tuple(sorted(contacts, key=lambda contact: (contact.role, contact.handle)))


def _wrong(wanted: Contact, data: ContactData) -> tuple[str, ...]:
    return differences(wanted, data) + (("disclose",) if withholds_something(data) else ())


def _reached(wanted: dict[Role, Contact], domain: DomainData, present: dict[str, ContactData]) -> bool:
    return all(
        len(domain.handles(role)) == 1 and not _wrong(contact, present[domain.handles(role)[0]])
        for role, contact in wanted.items()
    )


def _confirm(domain: DomainData, handles: dict[Role, str]) -> None:
    wrong = [role for role, handle in handles.items() if domain.handles(role) != (handle,)]
    if wrong:
        raise VerificationFailed(f"the domain was updated, yet differs in {', '.join(wrong)}")
