"""Privacy with the holder in place: his e-mail becomes a relay address, or the registry's own switch is set.

The switch is the contacts' disclosure (RFC 5733 section 2.9) or the registry's own extension, per contact or
per domain. An update always says everything about disclosure: registries were seen to make public whatever an
update did not name.
"""

from collections.abc import Callable
from dataclasses import dataclass

from registries.connector import Change, Observation
from registries.contact import Contact, Role
from registries.epp.frames.contact import ContactData, ContactUpdate
from registries.epp.frames.disclosure import EVERY_FIELD, Disclose, DiscloseField
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
    wrong = _email_or_rest if change.hide else _email_difference
    step = _Step(
        update=lambda handle, wanted: ContactUpdate(handle, public_email=wanted.email, disclose=disclose),
        missing=wrong,
        wrong=wrong,
    )
    return await _on_contacts(work, change, await work.domain(change.domain), step)


async def hide_by_flag(work: Work, change: Change) -> Observation:
    """Set the holder's contacts hidden or shown; errors as for `Connector.apply`."""
    domain = await work.domain(change.domain)
    if domain.disclose is not None:
        return await _on_domain(work, change, domain, domain.disclose)
    disclose = Disclose(flag=not change.hide)
    step = _Step(
        update=lambda handle, _: ContactUpdate(handle, disclose=disclose),
        missing=_not_hidden if change.hide else _not_shown,
        wrong=_not_hidden if change.hide else _withheld,
    )
    return await _on_contacts(work, change, domain, step)


async def _on_domain(work: Work, change: Change, domain: DomainData, present: Disclose) -> Observation:
    """Set the domain's own switch, at registries that have one for each domain."""
    if present.flag == change.hide:
        demand_unlocked("domain", (*domain.statuses, *domain.grace_periods))
        registrant = change.contacts.get(Role.REGISTRANT)
        person = registrant is None or not registrant.organization
        await work.switch_domain(domain, hide=change.hide, person=person)
        domain = await work.domain(change.domain)
        if domain.disclose is None or domain.disclose.flag == change.hide:
            raise VerificationFailed("the domain was updated, yet differs in disclose", trace=work.trace)
    handles = (handle for role in Role for handle in domain.handles(role)[:1])
    return work.observation(domain, await work.readable(handles))


async def _on_contacts(work: Work, change: Change, domain: DomainData, step: _Step) -> Observation:
    wanted = _wanted_by_handle(domain, change)
    if not wanted:
        raise ContactsNotHeld("the registry shows no contacts for the domain")
    read = await work.contacts(wanted)
    late = [handle for handle, contact in wanted.items() if step.missing(contact, read[handle])]
    if late:
        demand_quiet((*domain.statuses, *domain.grace_periods))
        for handle in late:
            demand_unlocked("contact", read[handle].statuses)
    for handle in late:
        await work.update_contact(step.update(handle, wanted[handle]))
    for handle in late:
        read[handle] = await work.contact(handle)
        if wrong := step.wrong(wanted[handle], read[handle]):
            text = f"contact {handle} was updated, yet differs in {', '.join(wrong)}"
            raise VerificationFailed(text, trace=work.trace)
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


def _email_or_rest(wanted: Contact, data: ContactData) -> tuple[str, ...]:
    # A registry that withholds the rest by its policy shows no disclosure; one that publishes it says so.
    # Organisations are published where the e-mail alone is replaced, whatever was asked for.
    published = data.disclose is not None and data.disclose.flag and not wanted.organization
    return _email_difference(wanted, data) + (("disclose",) if published else ())


def _not_hidden(_: Contact, data: ContactData) -> tuple[str, ...]:
    hidden = data.disclose is not None and data.disclose.withholds(fields_to_hide(data))
    return () if hidden else ("disclose",)


def _not_shown(_: Contact, data: ContactData) -> tuple[str, ...]:
    shown = data.disclose is not None and data.disclose.publishes(fields_to_hide(data))
    return () if shown else ("disclose",)


def _withheld(_: Contact, data: ContactData) -> tuple[str, ...]:
    return ("disclose",) if withholds_something(data) else ()
