"""Read registrars' domains for a change: they stay locked until the unit of work ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from registries.catalogue import Catalogue
from registries.policy import TldPolicy
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import NotFound, PreconditionFailed
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Operation
from whoisproxy.domain.privacy import Privacy
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress
from whoisproxy.services.effective_policy import effective_policies
from whoisproxy.services.settings import AccountFacts
from whoisproxy.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Holding:
    """A domain with all that the work on its privacy looks at.

    Attributes:
        policy: The rule that holds for it.
        because: Why that is not the TLD's own, such as REGISTRY_HOLDS_NO_CONTACTS; "" where it is.
        relays: Every address that it ever had, oldest first.
        operation: The one that works on it now, else None.
    """

    registration: Registration
    policy: TldPolicy
    because: str
    privacy: Privacy
    relays: tuple[RelayAddress, ...]
    operation: Operation | None


async def hold(
    uow: UnitOfWork, registrar: Registrar, name: DomainName, if_match: int | None = None
) -> Registration:
    """Return the registrar's domain; locked where the unit of work writes.

    Raises:
        NotFound: The registrar has no such domain; whether another has it is not told.
        PreconditionFailed: `if_match` names another version.
    """
    return demanded(await uow.registrations.get(registrar.id, name), registrar, if_match)


async def holdings(
    uow: UnitOfWork,
    catalogue: Catalogue,
    accounts: Mapping[str, AccountFacts],
    registrations: Iterable[Registration],
) -> dict[DomainName, Holding]:
    """Return all that is known of domains that were read in this unit of work, which locks them."""
    by_id = {registration.id: registration for registration in registrations}
    names = [registration.name for registration in by_id.values()]
    rules = await effective_policies(uow, catalogue, accounts, names)
    privacies = await uow.privacy.of_domains(by_id)
    relays = await uow.relays.of_domains(by_id)
    pending = await uow.operations.open_of_domains(by_id)
    return {
        each.name: Holding(
            registration=each,
            policy=rules[each.name].policy,
            because=rules[each.name].because,
            privacy=privacies[each.id],
            relays=tuple(relays[each.id]),
            operation=pending.get(each.id),
        )
        for each in by_id.values()
    }


def demanded(
    registration: Registration | None, registrar: Registrar, if_match: int | None = None
) -> Registration:
    """Return the domain where it is the registrar's and of the version asked for.

    Raises:
        NotFound, PreconditionFailed: As `hold` does.
    """
    if registration is None or registration.registrar_id != registrar.id:
        raise NotFound("you have no domain of that name here")
    if if_match is not None and registration.version != if_match:
        raise PreconditionFailed("the domain has changed since you read it")
    return registration


def touched(registration: Registration, now: datetime) -> Registration:
    """Return the domain in its next version: something that is published has changed."""
    return replace(registration, version=registration.version + 1, updated_at=now)
