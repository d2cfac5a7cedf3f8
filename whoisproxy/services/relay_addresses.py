"""Give a domain its relay addresses, and take them from publication.

One per role, made when privacy is first switched on; the same come back when it is switched on again within
their grace period. An address is random and never given to another domain.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from registries.contact import Role
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.relay import RelayAddress, RelayState, random_local_part
from whoisproxy.storage.unit_of_work import UnitOfWork


async def publish(
    uow: UnitOfWork, domain_id: str, roles: Iterable[Role], relay_domain: str, now: datetime
) -> list[RelayAddress]:
    """Return the domain's published addresses, one for each role; makes or reactivates what is missing."""
    known = [relay for relay in await uow.relays.of_domain(domain_id) if relay.relay_domain == relay_domain]
    return [await _published(uow, known, domain_id, role, relay_domain, now) for role in roles]


async def _published(  # noqa: PLR0913, PLR0917 - an address is described by these
    uow: UnitOfWork,
    known: Iterable[RelayAddress],
    domain_id: str,
    role: Role,
    relay_domain: str,
    now: datetime,
) -> RelayAddress:
    usable = [relay for relay in known if relay.role is role and relay.takes_mail(now)]
    for relay in usable:
        if relay.state is RelayState.ACTIVE:
            return relay
    if usable:
        relay = usable[-1].reactivated()
        await uow.relays.update(relay)
        return relay
    return await _make(uow, domain_id, role, relay_domain, now)


async def _make(
    uow: UnitOfWork, domain_id: str, role: Role, relay_domain: str, now: datetime
) -> RelayAddress:
    relay = RelayAddress(
        id=new_id("rel", now),
        domain_id=domain_id,
        role=role,
        local_part=random_local_part(),
        relay_domain=relay_domain,
        state=RelayState.ACTIVE,
        grace_until=None,
        created_at=now,
    )
    await uow.relays.add(relay)
    return relay


async def rotate(  # noqa: PLR0913, PLR0917 - an address is described by these
    uow: UnitOfWork,
    domain_id: str,
    roles: Iterable[Role],
    relay_domain: str,
    now: datetime,
    grace: timedelta,
) -> list[RelayAddress]:
    """Publish new addresses and withdraw the ones before."""
    await withdraw(uow, domain_id, now, grace)
    return [await _make(uow, domain_id, role, relay_domain, now) for role in roles]


async def withdraw(uow: UnitOfWork, domain_id: str, now: datetime, grace: timedelta) -> None:
    """Take the domain's addresses from publication; they go on taking mail for `grace`."""
    for relay in await uow.relays.of_domain(domain_id):
        if relay.state is RelayState.ACTIVE:
            await uow.relays.update(relay.withdrawn(now, grace))


async def retire(uow: UnitOfWork, relay: RelayAddress) -> None:
    """Let an address take no mail any more, for ever."""
    await uow.relays.update(replace(relay, state=RelayState.RETIRED, grace_until=None))
