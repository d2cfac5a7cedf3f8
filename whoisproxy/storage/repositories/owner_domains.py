"""The domains of an owner as lists need them: counted by how they stand, and a page of them.

Nothing sealed is opened. What a standing comes to is decided above; here domains are grouped by it, and a
page is taken of the groups that are asked for, so that sorting, counting and paging are the database's work.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    bindparam,
    collate,
    exists,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.domain.names import DomainName
from whoisproxy.domain.owner_domains import Standing
from whoisproxy.domain.privacy import TRANSFERRED_AWAY, PrivacyState
from whoisproxy.domain.publication_watch import Told
from whoisproxy.storage.tables import contactless, domains, privacy, publication_watch, registrants

# Where a text is in another, from 1; 0 where it is not.
_PLACE = {"sqlite": func.instr, "postgresql": func.strpos}
# Names are sorted by code points, whatever the language of the server.
_COLLATION = {"sqlite": "BINARY", "postgresql": "C"}


@dataclass(frozen=True, slots=True)
class Kind:
    """What domains have in common that are counted together.

    Attributes:
        suffix: Public suffix, A-label.
        contactless: Whether the registry was found to hold no contacts for them.
    """

    suffix: str
    standing: Standing
    contactless: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A domain in a list.

    Attributes:
        operation_id: The operation that works on it now; "" for none.
    """

    name: DomainName
    kind: Kind
    operation_id: str


@dataclass(frozen=True, slots=True)
class Sought:
    """Whose domains, and which of them.

    Attributes:
        owner_index: Blind index of the mailbox of their registrants.
        text: Part of the name in either form; "" for all.
        accounts: Names of our accounts at the registries that may hold no contacts.
    """

    registrar_id: str
    owner_index: bytes
    text: str
    accounts: tuple[str, ...]


def _sought(dialect: str, *, by_text: bool) -> Any:
    """Return the domains of an owner, with all that they are grouped and shown by."""
    place = _PLACE[dialect]
    leaking = exists().where(
        publication_watch.c.domain_id == domains.c.id,
        publication_watch.c.told.in_([Told.LEAK, Told.STAYS]),
    )
    without = exists().where(
        contactless.c.account.in_(bindparam("accounts", expanding=True)),
        contactless.c.domain == domains.c.name,
    )
    statement = (
        select(
            domains.c.name,
            func.coalesce(domains.c.u_label, domains.c.name).label("people"),
            func.substr(domains.c.name, place(domains.c.name, ".") + 1).label("suffix"),
            privacy.c.state,
            privacy.c.wanted,
            (privacy.c.reason == TRANSFERRED_AWAY).label("departed"),
            (privacy.c.reason != "").label("troubled"),
            leaking.label("leaking"),
            without.label("contactless"),
            privacy.c.operation_id,
        )
        .join_from(registrants, domains, domains.c.registrant_id == registrants.c.id)
        .join(privacy, privacy.c.domain_id == domains.c.id)
        .where(
            registrants.c.registrar_id == bindparam("registrar_id"),
            registrants.c.email_index == bindparam("owner_index"),
        )
    )
    if by_text:
        text: BindParameter[str] = bindparam("text")
        statement = statement.where(or_(place(domains.c.name, text) > 0, place(domains.c.u_label, text) > 0))
    return statement.subquery()


def _kind_of(sought: Any) -> tuple[ColumnElement[Any], ...]:
    """Return the columns of a `Kind`, in the order of its fields."""
    names = ("suffix", "state", "wanted", "departed", "troubled", "leaking", "contactless")
    return tuple([sought.c[name] for name in names])


# Made once each, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
@cache
def _counts(dialect: str, *, by_text: bool) -> Any:
    kind = _kind_of(_sought(dialect, by_text=by_text))
    return select(*kind, func.count().label("total")).group_by(*kind)


@cache
def _page(dialect: str, *, by_text: bool, by_kind: bool) -> Any:
    sought = _sought(dialect, by_text=by_text)
    statement = select(sought)
    if by_kind:
        statement = statement.where(tuple_(*_kind_of(sought)).in_(bindparam("kinds", expanding=True)))
    by_name = collate(sought.c.people, _COLLATION[dialect])
    return statement.order_by(by_name, sought.c.name).limit(bindparam("limit")).offset(bindparam("offset"))


class OwnerDomains:
    """Reads lists of owners' domains."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def counts(self, sought: Sought) -> dict[Kind, int]:
        """Return how many domains there are of each kind. Reads a few rows for each domain of the owner."""
        statement = _counts(self._connection.dialect.name, by_text=bool(sought.text))
        rows = (await self._connection.execute(statement, _values(sought))).all()
        return {_kind(row): row.total for row in rows}

    async def page(self, sought: Sought, kinds: Iterable[Kind] | None, limit: int, offset: int) -> list[Line]:
        """Return up to `limit` domains of some kinds, or of all, by name, from behind the first `offset`."""
        dialect = self._connection.dialect.name
        statement = _page(dialect, by_text=bool(sought.text), by_kind=kinds is not None)
        values = {**_values(sought), "limit": limit, "offset": offset}
        if kinds is not None:
            values["kinds"] = [_columns(each) for each in kinds]
        rows = (await self._connection.execute(statement, values)).all()
        return [Line(DomainName(row.name), _kind(row), row.operation_id) for row in rows]


def _values(sought: Sought) -> dict[str, Any]:
    return {
        "registrar_id": sought.registrar_id,
        "owner_index": sought.owner_index,
        "text": sought.text,
        "accounts": list(sought.accounts),
    }


def _columns(kind: Kind) -> tuple[object, ...]:
    return (kind.suffix, *astuple(kind.standing), kind.contactless)


def _kind(row: Row[Any]) -> Kind:
    standing = Standing(
        state=PrivacyState(row.state),
        wanted=row.wanted,
        departed=bool(row.departed),
        troubled=bool(row.troubled),
        leaking=bool(row.leaking),
    )
    return Kind(row.suffix, standing, bool(row.contactless))
