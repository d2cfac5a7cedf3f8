"""Whose held mail belongs together: the domains of a quarantine, and the quarantine of a domain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from whoisproxy.domain.mail_settings import DigestWish, MailSettings
from whoisproxy.domain.quarantine import Quarantine
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress
from whoisproxy.services.mailbox_health import mailboxes_of
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_OFTEN_FIRST = (DigestWish.DAILY, DigestWish.WEEKLY, DigestWish.OFF)


@dataclass(frozen=True, slots=True)
class OwnedDomain:
    """A domain of a quarantine.

    Attributes:
        mailbox: To which its mail goes.
        relays: Every relay address that it ever had.
    """

    registration: Registration
    mailbox: str = field(repr=False)
    settings: MailSettings
    relays: tuple[RelayAddress, ...]

    @property
    def name(self) -> str:
        """A-label."""
        return self.registration.name.a_label


async def owned_by(uow: UnitOfWork, quarantine: Quarantine) -> tuple[OwnedDomain, ...]:
    """Return the domains that are in a quarantine now, in the order of their names."""
    found = await uow.registrations.of_owner(quarantine.registrar_id, quarantine.owner_index)
    domains = await _owned(uow, found)
    return tuple(
        [one for one in domains if await uow.quarantines.index(one.mailbox) == quarantine.mailbox_index]
    )


async def language_of(uow: UnitOfWork, quarantine: Quarantine, otherwise: str) -> str:
    """Return the language that an owner has chosen, a BCP 47 tag; `otherwise` where he has chosen none."""
    account = await uow.owner_accounts.find(quarantine.registrar_id, quarantine.owner_index)
    return (account.profile.language if account else "") or otherwise


async def quarantines_of(
    storage: Storage, registrations: Sequence[Registration], now: datetime
) -> dict[str, Quarantine]:
    """Return the quarantine of each domain by its id, made when needed."""
    async with storage.reading() as uow:
        domains = {one.registration.id: one for one in await _owned(uow, registrations)}
        found = {domain_id: await uow.quarantines.find(*_whose(one)) for domain_id, one in domains.items()}
    if missing := [domain_id for domain_id, known in found.items() if known is None]:
        async with storage.unit_of_work() as uow:
            for domain_id in missing:
                found[domain_id] = await uow.quarantines.ensure(*_whose(domains[domain_id]), now)
    return {domain_id: known for domain_id, known in found.items() if known is not None}


def _whose(domain: OwnedDomain) -> tuple[str, str, str]:
    return domain.registration.registrar_id, domain.registration.registrant.email, domain.mailbox


def wish_of(domains: Sequence[OwnedDomain]) -> DigestWish:
    """Return how often the owner of domains wants to be told: as often as for any of them."""
    return wish_among(one.settings.digest for one in domains)


def wish_among(wishes: Iterable[DigestWish]) -> DigestWish:
    """Return the wish to be told most often."""
    stated = set(wishes)
    return next((wish for wish in _OFTEN_FIRST if wish in stated), DigestWish.OFF)


async def _owned(uow: UnitOfWork, registrations: Sequence[Registration]) -> list[OwnedDomain]:
    owners = {each.id: each.registrant_id for each in registrations}
    privacies = await uow.privacy.of_domains(owners)
    settings = await uow.correspondence.settings_of(owners)
    relays = await uow.relays.of_domains(owners)
    return [
        OwnedDomain(
            each,
            mailboxes_of(each.registrant, privacies[each.id].forward_to if each.id in privacies else "")[0],
            settings[each.id],
            tuple(relays[each.id]),
        )
        for each in registrations
    ]
