"""Which domains are watched where, and whose turn it is: rows, claims and the pace of lanes.

A claim moves a row's `due_at` to the end of its lease, so that it is due again should its worker die; the
number of claims tells a claim from every other. Lanes are claimed one by one, each as far as its pace allows
for all machines together.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, delete, exists, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from registries.lookup.verdict import Verdict
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import TRANSFERRED_AWAY
from whoisproxy.domain.publication_watch import Place, Told, Watch
from whoisproxy.storage.tables import (
    domains,
    privacy,
    publication_changes,
    publication_directories,
    publication_lanes,
    publication_watch,
)

_FIELDS = tuple(field.name for field in fields(Watch))
_KEY = tuple_(publication_watch.c.domain_id, publication_watch.c.place)
_CLAIM = and_(
    publication_watch.c.domain_id == bindparam("of_domain"),
    publication_watch.c.place == bindparam("of_place"),
    publication_watch.c.claims == bindparam("of_claim"),
)


def _put(insert: Callable[..., Any]) -> Any:
    """Return the statement that stores a row, new or changed, made by the dialect's own `insert`."""
    statement = insert(publication_watch)
    values = {
        each.name: statement.excluded[each.name] for each in publication_watch.c if not each.primary_key
    }
    return statement.on_conflict_do_update(index_elements=publication_watch.primary_key.columns, set_=values)


# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_PUT = {"sqlite": _put(sqlite.insert), "postgresql": _put(postgresql.insert)}
_ADD_LANE = {
    "sqlite": sqlite.insert(publication_lanes).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(publication_lanes).on_conflict_do_nothing(),
}
_ADOPT = {
    "sqlite": sqlite.insert(publication_directories).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(publication_directories).on_conflict_do_nothing(),
}
_HIDDEN = select(privacy.c.domain_id, privacy.c.updated_at).where(privacy.c.wanted | privacy.c.published)
_COLUMNS_OF_CHANGE = ("domain_id", "changed_at")
_CHANGE_ALL = {
    "sqlite": sqlite.insert(publication_changes)
    .from_select(_COLUMNS_OF_CHANGE, _HIDDEN)
    .on_conflict_do_nothing(),
    "postgresql": postgresql.insert(publication_changes)
    .from_select(_COLUMNS_OF_CHANGE, _HIDDEN)
    .on_conflict_do_nothing(),
}
# A change that is being made now is not seen yet; one that another worker plans is passed over.
_CHANGES = (
    select(publication_changes)
    .order_by(publication_changes.c.domain_id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_ANY_CHANGE = select(exists().select_from(publication_changes))
_FACTS = (
    select(domains.c.id, domains.c.name, privacy)
    .join(privacy, privacy.c.domain_id == domains.c.id)
    .where(domains.c.id.in_(bindparam("ids", expanding=True)))
)
_OF_DOMAINS = (
    select(publication_watch)
    .where(publication_watch.c.domain_id.in_(bindparam("ids", expanding=True)))
    .order_by(publication_watch.c.domain_id, publication_watch.c.place)
)
# Each part is read in the order of the index: one statement for both would sort all that is due.
_DUE = {
    soon: select(publication_watch.c.domain_id, publication_watch.c.place)
    .where(publication_watch.c.lane == bindparam("of_lane"), publication_watch.c.soon.is_(soon))
    .where(publication_watch.c.due_at <= bindparam("now"))
    .order_by(publication_watch.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    for soon in (True, False)
}
_HAS_DUE = [
    exists().where(
        publication_watch.c.lane == publication_lanes.c.lane,
        publication_watch.c.soon.is_(soon),
        publication_watch.c.due_at <= bindparam("now"),
    )
    for soon in (True, False)
]
_IS_READY = and_(publication_lanes.c.ready_at <= bindparam("now"), _HAS_DUE[0] | _HAS_DUE[1])
_ANY_DUE = select(exists().select_from(publication_lanes).where(_IS_READY))
_LANES = (
    select(publication_lanes)
    .where(_IS_READY)
    .order_by(publication_lanes.c.ready_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_READY = (
    update(publication_lanes)
    .where(publication_lanes.c.lane == bindparam("of_lane"))
    .values(ready_at=bindparam("at"))
)
_OVERDUE = select(
    func.min(
        select(func.min(publication_watch.c.due_at))
        .where(publication_watch.c.lane == publication_lanes.c.lane, publication_watch.c.soon.is_(False))
        .scalar_subquery()
    )
).select_from(publication_lanes)


@dataclass(frozen=True, slots=True)
class Facts:
    """What planning needs to know of a domain.

    Attributes:
        hidden: Whether our own publication hides the registrant.
        wanted: Whether his wish is to be hidden.
        at_work: Whether an operation is on the way to the registry.
    """

    name: DomainName
    hidden: bool
    wanted: bool
    at_work: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """Servers that are asked together; nobody else claims of them until the unit of work ends."""

    name: str
    ready_at: datetime


class PublicationWatch:
    """The rows of the watch."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def adopt(self, digest: str) -> bool:
        """Note which directories are known, by a digest of them; return whether others were known before."""
        change = {"digest": digest}
        same = publication_directories.c.digest == digest
        if (await self._connection.execute(select(publication_directories).where(same))).first():
            return False
        await self._connection.execute(delete(publication_directories))
        await self._connection.execute(_ADOPT[self._connection.dialect.name], change)
        return True

    async def change_all(self) -> None:
        """Note every hidden domain as one that has changed when its privacy last did."""
        await self._connection.execute(_CHANGE_ALL[self._connection.dialect.name])

    async def any_change(self) -> bool:
        """Whether something has changed that is not planned yet."""
        found: bool | None = (await self._connection.execute(_ANY_CHANGE)).scalar()
        return bool(found)

    async def changes(self, limit: int) -> dict[str, datetime]:
        """Return up to `limit` domains of which something changed, with when; locked until the end."""
        rows = (await self._connection.execute(_CHANGES, {"limit": limit})).all()
        return {row.domain_id: row.changed_at for row in rows}

    async def planned(self, domain_ids: Iterable[str]) -> None:
        """Forget that these domains have changed."""
        gone = publication_changes.c.domain_id.in_(list(domain_ids))
        await self._connection.execute(delete(publication_changes).where(gone))

    async def facts(self, domain_ids: Iterable[str]) -> dict[str, Facts]:
        """Return what planning needs to know of those domains that there are."""
        rows = (await self._connection.execute(_FACTS, {"ids": list(domain_ids)})).all()
        return {
            row.id: Facts(
                name=DomainName(row.name),
                hidden=(row.wanted or row.published) and row.reason != TRANSFERRED_AWAY,
                wanted=row.wanted,
                at_work=bool(row.operation_id),
            )
            for row in rows
        }

    async def of_domains(self, domain_ids: Iterable[str]) -> dict[str, list[Watch]]:
        """Return how domains are watched; an empty list for one that is not."""
        found: dict[str, list[Watch]] = {each: [] for each in domain_ids}
        for row in (await self._connection.execute(_OF_DOMAINS, {"ids": list(found)})).all():
            found[row.domain_id].append(_watch(row))
        return found

    async def put(self, watches: Sequence[Watch], now: datetime) -> None:
        """Store rows, new or changed, and make their lanes."""
        if not watches:
            return
        await self.open_lanes({each.lane for each in watches}, now)
        put = _PUT[self._connection.dialect.name]
        await self._connection.execute(put, [_values(each) for each in watches])

    async def open_lanes(self, lanes: Iterable[str], now: datetime) -> None:
        """Make lanes where there are none of these names."""
        rows = [{"lane": lane, "ready_at": now} for lane in sorted(lanes)]
        await self._connection.execute(_ADD_LANE[self._connection.dialect.name], rows)

    async def end(self, domain_ids: Sequence[str]) -> None:
        """Watch domains no longer."""
        if domain_ids:
            gone = publication_watch.c.domain_id.in_(domain_ids)
            await self._connection.execute(delete(publication_watch).where(gone))

    async def leave(self, watch: Watch) -> None:
        """Watch a domain no longer in one place."""
        of_place = (publication_watch.c.domain_id == watch.domain_id) & (
            publication_watch.c.place == watch.place
        )
        await self._connection.execute(delete(publication_watch).where(of_place))

    async def any_due(self, now: datetime) -> bool:
        """Whether a look is due that may begin."""
        found: bool | None = (await self._connection.execute(_ANY_DUE, {"now": now})).scalar()
        return bool(found)

    async def lanes(self, now: datetime, limit: int) -> list[Lane]:
        """Return up to `limit` lanes in which a look is due and may begin; the longest idle first."""
        rows = (await self._connection.execute(_LANES, {"now": now, "limit": limit})).all()
        return [Lane(row.lane, row.ready_at) for row in rows]

    async def claim(self, lane: str, limit: int, now: datetime, lease_until: datetime) -> list[Watch]:
        """Take up to `limit` rows of a lane that are due."""
        keys: list[Any] = []
        for soon in (True, False):
            if len(keys) < limit:
                values = {"of_lane": lane, "now": now, "limit": limit - len(keys)}
                keys += (await self._connection.execute(_DUE[soon], values)).all()
        return await self._claimed(keys, lease_until)

    async def claim_of(self, domain_id: str, lease_until: datetime) -> list[Watch]:
        """Take all rows of a domain, due or not, whoever is at them; what he finds counts no more."""
        return await self._claimed([(domain_id, place) for place in Place], lease_until)

    async def keep_pace(self, lane: str, ready_at: datetime) -> None:
        """Let the next look of a lane begin at `ready_at`."""
        await self._connection.execute(_READY, {"of_lane": lane, "at": ready_at})

    async def settle(self, watch: Watch) -> bool:
        """Store what a look has made of a row; False, and nothing is stored, where the claim is lost."""
        values = {name: value for name, value in _values(watch).items() if name not in {"domain_id", "place"}}
        claim = {"of_domain": watch.domain_id, "of_place": watch.place, "of_claim": watch.claims}
        found = await self._connection.execute(
            update(publication_watch).where(_CLAIM).values(**values), claim
        )
        return found.rowcount == 1

    async def ask_for_look(self, domain_id: str, now: datetime) -> int:
        """Let a domain be looked at now, before others; return in how many places it is watched."""
        due = case((publication_watch.c.due_at.is_(None), None), else_=now)
        of_domain = publication_watch.c.domain_id == domain_id
        asked = update(publication_watch).where(of_domain).values(due_at=due, soon=True)
        return (await self._connection.execute(asked)).rowcount

    async def counts(self) -> dict[tuple[Place, Verdict | None], int]:
        """Return how many watched domains have each verdict, by place. Reads every row."""
        by = (publication_watch.c.place, publication_watch.c.verdict)
        rows = (await self._connection.execute(select(*by, func.count()).group_by(*by))).all()
        return {
            (Place(place), Verdict(verdict) if verdict else None): count for place, verdict, count in rows
        }

    async def oldest_due(self) -> datetime | None:
        """Return when the first look by the calendar is due; in the past where the pace does not suffice."""
        found: datetime | None = (await self._connection.execute(_OVERDUE)).scalar()
        return found

    async def _claimed(self, keys: Sequence[Any], lease_until: datetime) -> list[Watch]:
        if not keys:
            return []
        statement = (
            update(publication_watch)
            .where(_KEY.in_([tuple(key) for key in keys]))
            .values(due_at=lease_until, claims=publication_watch.c.claims + 1)
            .returning(publication_watch)
        )
        return [_watch(row) for row in (await self._connection.execute(statement)).all()]


def _values(watch: Watch) -> dict[str, object]:
    return {name: getattr(watch, name) for name in _FIELDS}


def _watch(row: Row[Any]) -> Watch:
    values = {name: row._mapping[name] for name in _FIELDS}  # noqa: SLF001 - SQLAlchemy's documented accessor
    return Watch(
        **{
            **values,
            "place": Place(row.place),
            "verdict": Verdict(row.verdict) if row.verdict else None,
            "told": Told(row.told),
        }
    )
