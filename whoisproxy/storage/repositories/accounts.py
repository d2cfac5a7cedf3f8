"""Registrars and their API keys. A key's secret is stored as a hash only."""

import re
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Row, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.domain.account import ApiKey, Office, Registrar, Scope
from whoisproxy.domain.proxy_identity import Brand
from whoisproxy.storage.tables import api_keys, registrars

_IANA_ID = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_BY_ID = select(registrars).where(registrars.c.id == bindparam("id"))


class Registrars:
    """Our tenants."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, registrar: Registrar) -> None:
        """Store a new registrar."""
        values = asdict(registrar)
        await self._connection.execute(insert(registrars).values(**values))

    async def get(self, registrar_id: str) -> Registrar | None:
        """Return a registrar by id."""
        row = (await self._connection.execute(_BY_ID, {"id": registrar_id})).first()
        return None if row is None else _registrar(row)

    async def by_name(self, name: str) -> Registrar | None:
        """Return a registrar by its unique name."""
        row = (await self._connection.execute(select(registrars).where(registrars.c.name == name))).first()
        return None if row is None else _registrar(row)

    async def published_as(self, handle: str) -> Registrar | None:
        """Return the registrar that RDAP and WHOIS know by its IANA id or its name, in any case.

        Of several, as resellers may have the id of one registrar, the oldest.
        """
        named = or_(registrars.c.name == handle, func.lower(registrars.c.name) == handle.lower())
        by_id = _IANA_ID.fullmatch(handle)
        condition = or_(registrars.c.iana_id == int(handle), named) if by_id else named
        statement = select(registrars).where(condition).order_by(registrars.c.id).limit(1)
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _registrar(row)

    async def set_office(self, registrar_id: str, office: Office) -> None:
        """Store where a registrar is reached."""
        statement = update(registrars).where(registrars.c.id == registrar_id).values(office=asdict(office))
        await self._connection.execute(statement)

    async def all(self) -> list[Registrar]:
        """Return every registrar in order of name."""
        rows = (await self._connection.execute(select(registrars).order_by(registrars.c.name))).all()
        return [_registrar(row) for row in rows]


class ApiKeys:
    """Keys by which registrars' backends authenticate."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, key: ApiKey, secret_hash: bytes) -> None:
        """Store a key with the hash of its secret."""
        await self._connection.execute(
            insert(api_keys).values(
                id=key.id,
                registrar_id=key.registrar_id,
                secret_hash=secret_hash,
                scopes=sorted(key.scopes),
                networks=list(key.networks),
                created_at=key.created_at,
                expires_at=key.expires_at,
            )
        )

    async def by_hash(self, secret_hash: bytes) -> tuple[ApiKey, Registrar] | None:
        """Return the key with this hash, and whose it is."""
        row = (
            await self._connection.execute(select(api_keys).where(api_keys.c.secret_hash == secret_hash))
        ).first()
        if row is None:
            return None
        registrar = await Registrars(self._connection).get(row.registrar_id)
        return None if registrar is None else (_api_key(row), registrar)

    async def of_registrar(self, registrar_id: str) -> list[ApiKey]:
        """Return a registrar's keys, oldest first."""
        statement = select(api_keys).where(api_keys.c.registrar_id == registrar_id).order_by(api_keys.c.id)
        return [_api_key(row) for row in (await self._connection.execute(statement)).all()]

    async def set_expiry(self, key_id: str, at: datetime) -> None:
        """Let a key end at a time."""
        await self._connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(expires_at=at))


def _registrar(row: Row[tuple[object, ...]]) -> Registrar:
    brand = None if row.brand is None else Brand(**{**row.brand, "street": tuple(row.brand["street"])})
    office = None if row.office is None else Office(**{**row.office, "street": tuple(row.office["street"])})
    return Registrar(row.id, row.name, row.url, row.iana_id, brand, row.created_at, office)


def _api_key(row: Row[tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        id=row.id,
        registrar_id=row.registrar_id,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        networks=tuple(row.networks),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
