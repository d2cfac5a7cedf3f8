"""Give a domain its relay addresses, and take them from publication.

One per role, made when privacy is first switched on; the same come back when it is switched on again within
their grace period. An address is random and never given to another domain.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from registries.contact import Role
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.relay import RelayAddress, RelayState, random_local_part
from whoisproxy.storage.unit_of_work import UnitOfWork


def published(
    known: Sequence[RelayAddress],
    domain_id: str,
    roles: Iterable[Role],
    relay_domain: str,
    now: datetime,
) -> tuple[RelayAddress, ...]:
    """Return the domain's addresses with one published for each role: kept, reactivated or made."""
    usable = [relay for relay in known if relay.relay_domain == relay_domain and relay.takes_mail(now)]
    active = {relay.role for relay in usable if relay.state is RelayState.ACTIVE}
    # Of those in grace the youngest comes back.
    in_grace = {relay.role: relay for relay in usable if relay.role not in active}
    missing = [role for role in roles if role not in active]
    back = {in_grace[role].id for role in missing if role in in_grace}
    kept = (relay.reactivated() if relay.id in back else relay for relay in known)
    return (*kept, *made(domain_id, (role for role in missing if role not in in_grace), relay_domain, now))


def made(domain_id: str, roles: Iterable[Role], relay_domain: str, now: datetime) -> tuple[RelayAddress, ...]:
    """Return a new published address for each role."""
    return tuple(
        RelayAddress(
            id=new_id("rel", now),
            domain_id=domain_id,
            role=role,
            local_part=random_local_part(),
            relay_domain=relay_domain,
            state=RelayState.ACTIVE,
            grace_until=None,
            created_at=now,
        )
        for role in roles
    )


def withdrawn(known: Iterable[RelayAddress], now: datetime, grace: timedelta) -> tuple[RelayAddress, ...]:
    """Return the addresses with none published; they go on taking mail for `grace`."""
    return tuple(
        relay.withdrawn(now, grace) if relay.state is RelayState.ACTIVE else relay for relay in known
    )


async def withdraw(uow: UnitOfWork, domain_ids: Sequence[str], now: datetime, grace: timedelta) -> None:
    """Take the domains' addresses from publication."""
    if not domain_ids:
        return
    known = [relay for relays in (await uow.relays.of_domains(domain_ids)).values() for relay in relays]
    await write(uow, known, withdrawn(known, now, grace))


async def write(uow: UnitOfWork, before: Iterable[RelayAddress], after: Iterable[RelayAddress]) -> None:
    """Store what is new or different in `after`, of one domain or of many."""
    known = {relay.id: relay for relay in before}
    different = [relay for relay in after if known.get(relay.id) != relay]
    await uow.relays.add(*(relay for relay in different if relay.id not in known))
    await uow.relays.update(*(relay for relay in different if relay.id in known))


async def retire(uow: UnitOfWork, relay: RelayAddress) -> None:
    """Let an address take no mail any more, for ever."""
    await uow.relays.update(replace(relay, state=RelayState.RETIRED, grace_until=None))
