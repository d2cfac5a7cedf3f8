"""Which relay addresses the domains of an owner have, or had; no person is opened for it."""

from collections.abc import Iterable, Sequence
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
_AMONG = _RELAYS.where(relay_addresses.c.id.in_(bindparam("relay_ids", expanding=True)))
_ADDRESSES = _RELAYS.with_only_columns(relay_addresses.c.id, domains.c.registrant_id)
_ADDRESSES_OF_NAME = _ADDRESSES.where(domains.c.name == bindparam("name"))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Under which ids an owner's mail is kept; there may be thousands.

    Attributes:
        relay_ids: Of relay addresses, in use or not.
        holder_ids: Of the registrants who hold their domains now.
    """

    relay_ids: tuple[str, ...]
    holder_ids: tuple[str, ...]


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

    async def addresses(self, registrar_id: str, owner_index: bytes, name: str = "") -> Addresses:
        """Return under which ids an owner's mail is kept.

        Args:
            registrar_id: At which he is an owner.
            owner_index: By which he is known.
            name: A-label of the only domain that is meant; "" for all.
        """
        of_name = {"name": name} if name else {}
        statement = _ADDRESSES_OF_NAME if name else _ADDRESSES
        rows = await self._rows(statement, registrar_id, owner_index, **of_name)
        return Addresses(tuple([row[0] for row in rows]), tuple({row[1] for row in rows}))

    async def relays(
        self, registrar_id: str, owner_index: bytes, relay_ids: Iterable[str]
    ) -> dict[str, OwnedRelay]:
        """Return those of some relay addresses that are of an owner's domains, by their ids."""
        rows = await self._rows(_AMONG, registrar_id, owner_index, relay_ids=sorted({*relay_ids}))
        return {row.id: OwnedRelay(row.id, DomainName(row.name), row.registrant_id) for row in rows}

    async def names(self, registrar_id: str, owner_index: bytes) -> list[OwnedName]:
        """Return an owner's domains in the order of their names."""
        return await self._names(_DOMAINS.order_by(domains.c.name), registrar_id, owner_index)

    async def named(self, registrar_id: str, owner_index: bytes, name: str) -> OwnedName | None:
        """Return an owner's domain by its A-label; None where it is not his."""
        found = await self._names(_NAMED, registrar_id, owner_index, name=name)
        return found[0] if found else None

    async def _names(
        self, statement: Select[Any], registrar_id: str, owner_index: bytes, **values: str
    ) -> list[OwnedName]:
        rows = await self._rows(statement, registrar_id, owner_index, **values)
        return [OwnedName(row.id, DomainName(row.name), row.registrant_id) for row in rows]

    async def _rows(
        self, statement: Select[Any], registrar_id: str, owner_index: bytes, **values: object
    ) -> Sequence[Any]:
        parameters = {"registrar_id": registrar_id, "owner_index": owner_index, **values}
        rows: Sequence[Any] = (await self._connection.execute(statement, parameters)).all()
        return rows
