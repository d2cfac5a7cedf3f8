"""Privacy with the holder in place: his e-mail becomes a relay address, or the registry's own switch is set.

Both change contact objects only (RFC 5733 section 3.2.4). An update always says everything about
disclosure: registries were seen to make public whatever an update did not name.
"""

from collections.abc import Callable
from dataclasses import dataclass

from registries.connector import Change, Observation
from registries.contact import Contact, Role
from registries.epp.frames.contact import EVERY_FIELD, ContactData, ContactUpdate, Disclose, DiscloseField
from registries.epp.frames.domain import DomainData
from registries.epp.postal import differences, fields_to_hide, withholds_something
from registries.epp.statuses import demand_quiet, demand_unlocked
from registries.epp.work import Work
from registries.errors import ContactsNotHeld, VerificationFailed

# The relay address is there to be seen; all else about the holder is withheld.
_ALL_BUT_EMAIL = Disclose(flag=False, fields=EVERY_FIELD - {DiscloseField.EMAIL})


@dataclass(frozen=True, slots=True)
class _Step:
    """How one mechanism changes one contact.

    Attributes:
        update: The command that brings a handle to the wanted contact.
        missing: Names of what is not yet as wanted, before an update.
        wrong: Names of what an update should have reached and did not.
    """

    update: Callable[[str, Contact], ContactUpdate]
    missing: Callable[[Contact, ContactData], tuple[str, ...]]
    wrong: Callable[[Contact, ContactData], tuple[str, ...]]


async def relay_email(work: Work, change: Change) -> Observation:
    """Give the holder's contacts the wanted e-mail address; errors as for `Connector.apply`."""
    disclose = _ALL_BUT_EMAIL if change.hide else Disclose(flag=True)
    step = _Step(
        update=lambda handle, wanted: ContactUpdate(handle, email=wanted.email, disclose=disclose),
        missing=_email_difference,
        wrong=_email_difference,
    )
    return await _on_contacts(work, change, step)


async def hide_by_flag(work: Work, change: Change) -> Observation:
    """Set the holder's contacts hidden or shown; errors as for `Connector.apply`."""
    disclose = Disclose(flag=not change.hide)
    step = _Step(
        update=lambda handle, _: ContactUpdate(handle, disclose=disclose),
        missing=_not_hidden if change.hide else _not_shown,
        wrong=_not_hidden if change.hide else _withheld,
    )
    return await _on_contacts(work, change, step)


async def _on_contacts(work: Work, change: Change, step: _Step) -> Observation:
    domain = await work.domain(change.domain)
    wanted = _wanted_by_handle(domain, change)
    if not wanted:
        raise ContactsNotHeld("the registry shows no contacts for the domain")
    read = await work.contacts(wanted)
    late = [handle for handle, contact in wanted.items() if step.missing(contact, read[handle])]
    if late:
        demand_quiet(domain.statuses)
        for handle in late:
            demand_unlocked("contact", read[handle].statuses)
    for handle in late:
        await work.transform(step.update(handle, wanted[handle]))
    for handle in late:
        read[handle] = await work.contact(handle)
        if wrong := step.wrong(wanted[handle], read[handle]):
            raise VerificationFailed(f"contact {handle} was updated, yet differs in {', '.join(wrong)}")
    return work.observation(domain, read)


def _wanted_by_handle(domain: DomainData, change: Change) -> dict[str, Contact]:
    """Return the wanted contact of each handle; of the roles that share one, the first in order decides."""
    wanted: dict[str, Contact] = {}
    for role in (role for role in Role if role in change.contacts):
        for handle in domain.handles(role):
            wanted.setdefault(handle, change.contacts[role])
    return wanted


def _email_difference(wanted: Contact, data: ContactData) -> tuple[str, ...]:
    return tuple(name for name in differences(wanted, data) if name == "email")


def _not_hidden(_: Contact, data: ContactData) -> tuple[str, ...]:
    hidden = data.disclose is not None and data.disclose.withholds(fields_to_hide(data))
    return () if hidden else ("disclose",)


def _not_shown(_: Contact, data: ContactData) -> tuple[str, ...]:
    shown = data.disclose is not None and data.disclose.publishes(fields_to_hide(data))
    return () if shown else ("disclose",)


def _withheld(_: Contact, data: ContactData) -> tuple[str, ...]:
    return ("disclose",) if withholds_something(data) else ()
