"""Relay addresses: published, and never given to another domain."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registries.contact import Role
from whoisproxy.domain.relay import RelayAddress, RelayState
from whoisproxy.storage.tables import relay_addresses

# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_OF_DOMAINS = (
    select(relay_addresses)
    .where(relay_addresses.c.domain_id.in_(bindparam("domain_ids", expanding=True)))
    .order_by(relay_addresses.c.id)
)
_ADD = insert(relay_addresses)
_UPDATE = update(relay_addresses).where(relay_addresses.c.id == bindparam("of_id"))
_FIELDS = tuple(field.name for field in fields(RelayAddress))


class Relays:
    """Published addresses; rows are never deleted, so an address never serves another domain."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, *new: RelayAddress) -> None:
        """Store new addresses."""
        if new:
            rows = [{name: getattr(relay, name) for name in _FIELDS} for relay in new]
            await self._connection.execute(_ADD, rows)

    async def by_id(self, relay_id: str) -> RelayAddress | None:
        """Return an address by id."""
        return await self._one(relay_addresses.c.id == relay_id)

    async def by_local_part(self, local_part: str, relay_domain: str) -> RelayAddress | None:
        """Return an address as it was published."""
        return await self._one(
            relay_addresses.c.local_part == local_part, relay_addresses.c.relay_domain == relay_domain
        )

    async def of_domain(self, domain_id: str) -> list[RelayAddress]:
        """Return all addresses a domain ever had, oldest first."""
        return (await self.of_domains([domain_id]))[domain_id]

    async def of_domains(self, domain_ids: Iterable[str]) -> dict[str, list[RelayAddress]]:
        """Return all addresses that each domain ever had, oldest first; an empty list where there is none."""
        found: dict[str, list[RelayAddress]] = {domain_id: [] for domain_id in domain_ids}
        for row in (await self._connection.execute(_OF_DOMAINS, {"domain_ids": list(found)})).all():
            found[row.domain_id].append(_relay(row))
        return found

    async def update(self, *changed: RelayAddress) -> None:
        """Store other states."""
        if changed:
            rows = [
                {"of_id": relay.id, "state": relay.state, "grace_until": relay.grace_until}
                for relay in changed
            ]
            await self._connection.execute(_UPDATE, rows)

    async def expired(self, now: datetime) -> list[RelayAddress]:
        """Return the addresses whose grace is over."""
        return await self._many(
            relay_addresses.c.state == RelayState.GRACE, relay_addresses.c.grace_until <= now
        )

    async def _one(self, *conditions: object) -> RelayAddress | None:
        found = await self._many(*conditions)
        return found[0] if found else None

    async def _many(self, *conditions: object) -> list[RelayAddress]:
        statement = select(relay_addresses).where(*conditions).order_by(relay_addresses.c.id)  # type: ignore[arg-type]
        return [_relay(row) for row in (await self._connection.execute(statement)).all()]


def _relay(row: Row[tuple[object, ...]]) -> RelayAddress:
    return RelayAddress(
        id=row.id,
        domain_id=row.domain_id,
        role=Role(row.role),
        local_part=row.local_part,
        relay_domain=row.relay_domain,
        state=RelayState(row.state),
        grace_until=row.grace_until,
        created_at=row.created_at,
    )
