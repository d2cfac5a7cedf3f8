"""What servers showed of domains: a row for each server; and raw answers, sealed for the registrant."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from registries.lookup.verdict import Doubt, Finding, Verdict
from whoisproxy.domain.publication_watch import Place, Sighting
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import publication_evidence, publication_sightings
from whoisproxy.storage.vault import Unreadable

_PURPOSE = "publication-evidence"


def _put(insert_: Callable[..., Any]) -> Any:
    """Return the statement that stores a row, new or changed, made by the dialect's own `insert`."""
    statement = insert_(publication_sightings)
    key = publication_sightings.primary_key.columns
    values = {
        each.name: statement.excluded[each.name] for each in publication_sightings.c if not each.primary_key
    }
    return statement.on_conflict_do_update(index_elements=key, set_=values)


# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_PUT = {"sqlite": _put(sqlite.insert), "postgresql": _put(postgresql.insert)}
_OF_DOMAIN = (
    select(publication_sightings)
    .where(publication_sightings.c.domain_id == bindparam("of_domain"))
    .order_by(publication_sightings.c.place, publication_sightings.c.source, publication_sightings.c.server)
)
_EVIDENCE_OF_DOMAIN = (
    select(publication_evidence)
    .where(publication_evidence.c.domain_id == bindparam("of_domain"))
    .order_by(publication_evidence.c.id)
)
# Nothing is opened for a list.
_LABELS_OF_DOMAIN = (
    select(*[each for each in publication_evidence.c if each.name != "sealed"])
    .where(publication_evidence.c.domain_id == bindparam("of_domain"))
    .order_by(publication_evidence.c.id.desc())
    .limit(bindparam("limit"))
)
_EVIDENCE = select(publication_evidence).where(
    publication_evidence.c.domain_id == bindparam("of_domain"),
    publication_evidence.c.id == bindparam("of_id"),
)
_ADD_EVIDENCE = insert(publication_evidence)


@dataclass(frozen=True, slots=True)
class ExhibitLabel:
    """What is known of a raw answer that is kept as evidence, without reading it."""

    id: str
    place: Place
    source: str
    server: str
    verdict: Verdict
    taken_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Exhibit:
    """A raw answer that is kept as evidence; `answer` names persons.

    Attributes:
        answer: As it came, decoded.
        expires_at: When it is destroyed, if its registrant has not gone before.
    """

    id: str
    place: Place
    source: str
    server: str
    verdict: Verdict
    taken_at: datetime
    expires_at: datetime
    answer: str


class PublicationHistory:
    """Sightings and evidence."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def sightings(self, domain_id: str) -> list[Sighting]:
        """Return what each server showed of a domain."""
        rows = (await self._connection.execute(_OF_DOMAIN, {"of_domain": domain_id})).all()
        return [_sighting(row) for row in rows]

    async def put(self, domain_id: str, sightings: Sequence[Sighting]) -> None:
        """Store what servers showed of a domain."""
        if sightings:
            rows = [{"domain_id": domain_id, **_values(each)} for each in sightings]
            await self._connection.execute(_PUT[self._connection.dialect.name], rows)

    async def keep(self, domain_id: str, registrant_id: str, exhibits: Sequence[Exhibit]) -> None:
        """Seal raw answers about a domain for its registrant."""
        rows = [
            {
                "id": each.id,
                "domain_id": domain_id,
                "registrant_id": registrant_id,
                "place": each.place,
                "source": each.source,
                "server": each.server,
                "verdict": each.verdict,
                "taken_at": each.taken_at,
                "expires_at": each.expires_at,
                "sealed": await self._sealing.seal(
                    registrant_id, f"{_PURPOSE}:{each.id}", zlib.compress(each.answer.encode())
                ),
            }
            for each in exhibits
        ]
        if rows:
            await self._connection.execute(_ADD_EVIDENCE, rows)

    async def exhibits(self, domain_id: str) -> list[Exhibit]:
        """Return the raw answers that are kept of a domain, oldest first; none of an erased registrant."""
        rows = (await self._connection.execute(_EVIDENCE_OF_DOMAIN, {"of_domain": domain_id})).all()
        return [found for row in rows if (found := await self._exhibit(row)) is not None]

    async def labels(self, domain_id: str, limit: int) -> list[ExhibitLabel]:
        """Return what raw answers are kept of a domain, the `limit` newest, newest first."""
        values = {"of_domain": domain_id, "limit": limit}
        rows = (await self._connection.execute(_LABELS_OF_DOMAIN, values)).all()
        return [
            ExhibitLabel(
                id=row.id,
                place=Place(row.place),
                source=row.source,
                server=row.server,
                verdict=Verdict(row.verdict),
                taken_at=row.taken_at,
                expires_at=row.expires_at,
            )
            for row in rows
        ]

    async def exhibit(self, domain_id: str, exhibit_id: str) -> Exhibit | None:
        """Return a raw answer that is kept of a domain; None where there is none of that id, or no more."""
        values = {"of_domain": domain_id, "of_id": exhibit_id}
        row = (await self._connection.execute(_EVIDENCE, values)).one_or_none()
        return await self._exhibit(row) if row else None

    async def forget(self, domain_ids: Sequence[str]) -> None:
        """Delete all of domains that are gone."""
        if domain_ids:
            for table in (publication_sightings, publication_evidence):
                await self._connection.execute(delete(table).where(table.c.domain_id.in_(domain_ids)))

    async def purge(self, now: datetime) -> int:
        """Delete the evidence whose time is over; return how many answers."""
        over = publication_evidence.c.expires_at <= now
        return (await self._connection.execute(delete(publication_evidence).where(over))).rowcount

    async def _exhibit(self, row: Row[Any]) -> Exhibit | None:
        try:
            opened = await self._sealing.open(row.registrant_id, f"{_PURPOSE}:{row.id}", row.sealed)
        except Unreadable:
            return None
        return Exhibit(
            id=row.id,
            place=Place(row.place),
            source=row.source,
            server=row.server,
            verdict=Verdict(row.verdict),
            taken_at=row.taken_at,
            expires_at=row.expires_at,
            answer=zlib.decompress(opened).decode(),
        )


def _values(sighting: Sighting) -> dict[str, object]:
    return {
        "place": sighting.place,
        "source": sighting.source,
        "server": sighting.server,
        "referred": sighting.referred,
        "verdict": sighting.finding.verdict,
        "fields": list(sighting.finding.fields),
        "doubt": sighting.finding.doubt,
        "since": sighting.since,
        "looks": sighting.looks,
        "first_seen_at": sighting.first_seen_at,
        "seen_at": sighting.seen_at,
        "clean_at": sighting.clean_at,
    }


def _sighting(row: Row[Any]) -> Sighting:
    finding = Finding(
        Verdict(row.verdict), tuple(row.fields), (row.source,), Doubt(row.doubt) if row.doubt else None
    )
    return Sighting(
        place=Place(row.place),
        source=row.source,
        server=row.server,
        referred=row.referred,
        finding=finding,
        since=row.since,
        looks=row.looks,
        first_seen_at=row.first_seen_at,
        seen_at=row.seen_at,
        clean_at=row.clean_at,
    )
