"""How registrars' pages look. All of it is shown to anybody, so nothing is sealed."""

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.domain.appearance import Appearance, Logo
from whoisproxy.storage.tables import appearances, domains

_COLUMNS = [appearances.c[each.name] for each in fields(Appearance)]
# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_OF_REGISTRAR = select(*_COLUMNS).where(appearances.c.registrar_id == bindparam("id"))
_OF_HOST = select(*_COLUMNS).where(appearances.c.host == bindparam("host"))
_OF_DOMAIN = (
    select(*_COLUMNS)
    .join(domains, domains.c.registrar_id == appearances.c.registrar_id)
    .where(domains.c.name == bindparam("name"))
)


class Appearances:
    """One row a registrar."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, appearance: Appearance, logo: Logo | None) -> None:
        """Store a registrar's, in place of what it had."""
        values = {
            **asdict(appearance),
            "host": appearance.host or None,
            "logo": logo.content if logo else None,
        }
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        statement: Any = insert(appearances).values(values)
        statement = statement.on_conflict_do_update(index_elements=["registrar_id"], set_=values)
        await self._connection.execute(statement)

    async def remove(self, registrar_id: str) -> None:
        """Forget a registrar's."""
        await self._connection.execute(delete(appearances).where(appearances.c.registrar_id == registrar_id))

    async def logo(self, registrar_id: str) -> Logo | None:
        """Return the logo of a registrar."""
        query = select(appearances.c.logo, appearances.c.logo_type).where(
            appearances.c.registrar_id == registrar_id, appearances.c.logo.is_not(None)
        )
        row = (await self._connection.execute(query)).first()
        return None if row is None else Logo(row.logo, row.logo_type)

    async def of_registrar(self, registrar_id: str) -> Appearance | None:
        """Return a registrar's."""
        return _appearance((await self._connection.execute(_OF_REGISTRAR, {"id": registrar_id})).first())

    async def of_host(self, host: str) -> Appearance | None:
        """Return that of the registrar that has a host name."""
        return _appearance((await self._connection.execute(_OF_HOST, {"host": host})).first())

    async def of_domain(self, name: str) -> Appearance | None:
        """Return that of the registrar that has a domain."""
        return _appearance((await self._connection.execute(_OF_DOMAIN, {"name": name})).first())


def _appearance(row: Any) -> Appearance | None:
    if row is None:
        return None
    return Appearance(**{each.name: getattr(row, each.name) or "" for each in fields(Appearance)})
