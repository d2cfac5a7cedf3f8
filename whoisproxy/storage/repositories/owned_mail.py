"""Which relay addresses the domains of an owner have, or had; no person is opened for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.domain.names import DomainName
from whoisproxy.storage.tables import domains, registrants, relay_addresses

# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_DOMAINS = (
    select(domains.c.id, domains.c.name, domains.c.registrant_id)
    .join(registrants, registrants.c.id == domains.c.registrant_id)
    .where(
        registrants.c.email_index == bindparam("owner_index"),
        domains.c.registrar_id == bindparam("registrar_id"),
    )
)
_NAMED = _DOMAINS.where(domains.c.name == bindparam("name"))
_RELAYS = (
    select(relay_addresses.c.id, domains.c.name, domains.c.registrant_id)
    .select_from(registrants)
    .join(domains, domains.c.registrant_id == registrants.c.id)
    .join(relay_addresses, relay_addresses.c.domain_id == domains.c.id)
    .where(
        registrants.c.email_index == bindparam("owner_index"),
        domains.c.registrar_id == bindparam("registrar_id"),
    )
)
_RELAYS_OF_NAME = _RELAYS.where(domains.c.name == bindparam("name"))
_RELAY = _RELAYS.where(relay_addresses.c.id == bindparam("relay_id"))


@dataclass(frozen=True, slots=True)
class OwnedRelay:
    """A relay address of an owner's domain, in use or not.

    Attributes:
        registrant_id: Who holds the domain now; what was written to others before is not for him.
    """

    id: str
    name: DomainName
    registrant_id: str


@dataclass(frozen=True, slots=True)
class OwnedName:
    """A domain of an owner, by its ids."""

    id: str
    name: DomainName
    registrant_id: str


class OwnedMail:
    """Looks up by a registrar and the blind index of the mailbox that an owner is known by."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def relays(self, registrar_id: str, owner_index: bytes, name: str = "") -> dict[str, OwnedRelay]:
        """Return the relay addresses of an owner's domains by their ids.

        Args:
            registrar_id: At which he is an owner.
            owner_index: By which he is known.
            name: A-label of the only domain that is meant; "" for all.
        """
        statement = _RELAYS_OF_NAME if name else _RELAYS
        return await self._relays(statement, registrar_id, owner_index, **({"name": name} if name else {}))

    async def relay(self, registrar_id: str, owner_index: bytes, relay_id: str) -> OwnedRelay | None:
        """Return a relay address of an owner's domain; None where it is none."""
        found = await self._relays(_RELAY, registrar_id, owner_index, relay_id=relay_id)
        return found.get(relay_id)

    async def names(self, registrar_id: str, owner_index: bytes) -> list[OwnedName]:
        """Return an owner's domains in the order of their names."""
        return await self._names(_DOMAINS.order_by(domains.c.name), registrar_id, owner_index)

    async def named(self, registrar_id: str, owner_index: bytes, name: str) -> OwnedName | None:
        """Return an owner's domain by its A-label; None where it is not his."""
        found = await self._names(_NAMED, registrar_id, owner_index, name=name)
        return found[0] if found else None

    async def _relays(
        self, statement: Select[Any], registrar_id: str, owner_index: bytes, **values: str
    ) -> dict[str, OwnedRelay]:
        rows = await self._rows(statement, registrar_id, owner_index, **values)
        return {row.id: OwnedRelay(row.id, DomainName(row.name), row.registrant_id) for row in rows}

    async def _names(
        self, statement: Select[Any], registrar_id: str, owner_index: bytes, **values: str
    ) -> list[OwnedName]:
        rows = await self._rows(statement, registrar_id, owner_index, **values)
        return [OwnedName(row.id, DomainName(row.name), row.registrant_id) for row in rows]

    async def _rows(
        self, statement: Select[Any], registrar_id: str, owner_index: bytes, **values: str
    ) -> Sequence[Any]:
        parameters = {"registrar_id": registrar_id, "owner_index": owner_index, **values}
        rows: Sequence[Any] = (await self._connection.execute(statement, parameters)).all()
        return rows
