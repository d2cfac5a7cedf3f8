"""Grants of disclosure and the looks that were taken; the requester, the reason and networks are sealed.

They are the requester's data, not the registrant's, so they are sealed for the system and outlive him: a
registrar has to be able to say to whom it gave what.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, select, update

from whoisproxy.domain.disclosure import (
    UNTOLD_IN_FORCE,
    DisclosedField,
    Ending,
    Grant,
    Look,
    OwnersLook,
    Purpose,
    Requester,
)
from whoisproxy.storage.keyring import SYSTEM
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import disclosure_grants as grants
from whoisproxy.storage.tables import disclosure_looks as looks
from whoisproxy.storage.tables import registrants

_LOOKS = select(func.count()).select_from(looks).where(looks.c.grant_id == grants.c.id).scalar_subquery()
_GRANTS = select(grants, _LOOKS.label("looks"))
_OPEN = grants.c.ended_at.is_(None)


class Disclosures:
    """A row for each grant, and one for each look."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def add(self, grant: Grant, token_hash: bytes) -> None:
        """Store a new grant; `token_hash` is what it is found by."""
        known = {"requester": asdict(grant.requester), "reason": grant.reason}
        await self._connection.execute(
            insert(grants).values(
                id=grant.id,
                registrar_id=grant.registrar_id,
                domain_id=grant.domain_id,
                domain=grant.domain,
                registrant_id=grant.registrant_id,
                token_hash=token_hash,
                purpose=grant.purpose,
                fields=list(grant.fields),
                sealed=await self._sealing.seal_json(SYSTEM, _purpose(grant.id), known),
                created_at=grant.created_at,
                expires_at=grant.expires_at,
            )
        )

    async def by_token(self, token_hash: bytes) -> Grant | None:
        """Return the grant of a token, whether it is in force or not."""
        return await self._one(grants.c.token_hash == token_hash)

    async def by_id(self, grant_id: str) -> Grant | None:
        """Return a grant; where the unit of work writes, nobody else ends it until it is over."""
        if not self._sealing.read_only:
            locked = select(grants.c.id).where(grants.c.id == grant_id).with_for_update()
            await self._connection.execute(locked)
        return await self._one(grants.c.id == grant_id)

    async def page(self, registrar_id: str, domain: str, after: str, limit: int) -> list[Grant]:
        """Return up to `limit` of a registrar's grants for a domain by age, from behind the id `after`."""
        of_domain = (grants.c.registrar_id == registrar_id, grants.c.domain == domain)
        query = _GRANTS.where(*of_domain, grants.c.id > after).order_by(grants.c.id).limit(limit)
        return [await self._grant(row) for row in (await self._connection.execute(query)).all()]

    async def count_in_force(self, domain_id: str, now: datetime) -> int:
        """Return how many grants of a domain may be used."""
        in_force = (grants.c.domain_id == domain_id, _OPEN, grants.c.expires_at > now)
        query = select(func.count()).select_from(grants).where(*in_force)
        return (await self._connection.execute(query)).scalar_one()

    async def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of up to `limit` grants that have expired and were not ended."""
        overdue = select(grants.c.id).where(_OPEN, grants.c.expires_at <= now)
        query = overdue.order_by(grants.c.expires_at).limit(limit)
        return (await self._connection.execute(query)).scalars().all()

    async def end(self, grant_id: str, ending: Ending, now: datetime) -> Grant | None:
        """End a grant; return it, or None where it has ended before."""
        return next(iter(await self._end(grants.c.id == grant_id, ending, now)), None)

    async def end_of_domain(self, domain_id: str, ending: Ending, now: datetime) -> list[Grant]:
        """End all grants of a domain that have not ended before; return them."""
        return await self._end(grants.c.domain_id == domain_id, ending, now)

    async def add_look(self, look: Look) -> None:
        """Store that a grant was used."""
        network = await self._sealing.seal(SYSTEM, _look_purpose(look.id), look.network.encode())
        await self._connection.execute(
            insert(looks).values(
                id=look.id, grant_id=look.grant_id, at=look.at, fields=list(look.fields), network=network
            )
        )

    async def looks(self, registrar_id: str, domain: str, after: str, limit: int) -> list[Look]:
        """Return up to `limit` looks at a domain, oldest first, from behind the id `after`."""
        joined = select(looks).join(grants, grants.c.id == looks.c.grant_id)
        of_domain = (grants.c.registrar_id == registrar_id, grants.c.domain == domain)
        query = joined.where(*of_domain, looks.c.id > after).order_by(looks.c.id).limit(limit)
        return [await self._look(row) for row in (await self._connection.execute(query)).all()]

    async def looks_of_owner(
        self, registrar_id: str, owner_index: bytes, now: datetime, start: int, limit: int
    ) -> list[OwnersLook]:
        """Return looks at an owner's registrants, the newest first, from the `start`-th on.

        Those by grants in force for a purpose of `UNTOLD_IN_FORCE` are left out.
        """
        untold = grants.c.purpose.in_(UNTOLD_IN_FORCE), _OPEN, grants.c.expires_at > now
        query = (
            select(looks, grants.c.domain, grants.c.purpose)
            .join(grants, grants.c.id == looks.c.grant_id)
            .join(registrants, registrants.c.id == grants.c.registrant_id)
            .where(
                registrants.c.registrar_id == registrar_id,
                registrants.c.email_index == owner_index,
                ~and_(*untold),
            )
        )
        newest = query.order_by(looks.c.id.desc()).offset(start).limit(limit)
        rows = (await self._connection.execute(newest)).all()
        return [OwnersLook(row.domain, Purpose(row.purpose), await self._look(row)) for row in rows]

    async def purge(self, before: datetime) -> int:
        """Forget grants that ended before a time, with their looks; return how many."""
        return (await self._connection.execute(delete(grants).where(grants.c.ended_at < before))).rowcount

    async def _end(self, which: ColumnElement[bool], ending: Ending, now: datetime) -> list[Grant]:
        statement = update(grants).where(which, _OPEN).values(ended_at=now, ending=ending)
        ids = (await self._connection.execute(statement.returning(grants.c.id))).scalars().all()
        rows = await self._connection.execute(_GRANTS.where(grants.c.id.in_(ids)).order_by(grants.c.id))
        return [await self._grant(row) for row in rows.all()]

    async def _one(self, which: ColumnElement[bool]) -> Grant | None:
        row = (await self._connection.execute(_GRANTS.where(which))).one_or_none()
        return None if row is None else await self._grant(row)

    async def _grant(self, row: Row[Any]) -> Grant:
        known: Any = await self._sealing.open_json(SYSTEM, _purpose(row.id), row.sealed)
        return Grant(
            id=row.id,
            registrar_id=row.registrar_id,
            domain_id=row.domain_id,
            domain=row.domain,
            registrant_id=row.registrant_id,
            purpose=Purpose(row.purpose),
            fields=tuple(DisclosedField(name) for name in row.fields),
            requester=Requester(**known["requester"]),
            reason=known["reason"],
            created_at=row.created_at,
            expires_at=row.expires_at,
            ended_at=row.ended_at,
            ending=Ending(row.ending) if row.ending else None,
            looks=row.looks,
        )

    async def _look(self, row: Row[Any]) -> Look:
        network = await self._sealing.open(SYSTEM, _look_purpose(row.id), row.network)
        fields = tuple(DisclosedField(name) for name in row.fields)
        return Look(row.id, row.grant_id, row.at, fields, network.decode())


# What is sealed for the system must say whose it is.
def _purpose(grant_id: str) -> str:
    return f"disclosure:{grant_id}"


def _look_purpose(look_id: str) -> str:
    return f"disclosure-look:{look_id}"
