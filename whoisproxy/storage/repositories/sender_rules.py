"""Rules about senders; whom they name is sealed, and found by blind index.

The rules of a domain are sealed for its registrant and go with him. Those of an owner are for all domains of
a registrar whose registrants have one mailbox: they follow him to another mailbox, and go with the last of
his domains. The mail relay's look-up is in `mail_routes`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Row, and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.domain.ids import new_id
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.sender_rules import RuleAction, RuleScope, StoredRule
from whoisproxy.storage.keyring import SYSTEM
from whoisproxy.storage.ordering import in_order
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import domains, registrants, sender_rules
from whoisproxy.storage.vault import normalised_mailbox

ALL_MAIL = "*"
"""`scope_id` of the operator's rules."""

SENDER = "correspondent"
"""Purpose under which senders are sealed and indexed."""

_OF_OWNER = (
    select(sender_rules, domains.c.name, domains.c.registrant_id)
    .select_from(
        sender_rules.outerjoin(domains, domains.c.id == sender_rules.c.scope_id).outerjoin(
            registrants, registrants.c.id == domains.c.registrant_id
        )
    )
    .where(
        or_(
            and_(
                sender_rules.c.scope_id == bindparam("registrar_id"),
                sender_rules.c.owner_index == bindparam("owner_index"),
            ),
            sender_rules.c.scope_id.in_(
                select(domains.c.id)
                .join(registrants, registrants.c.id == domains.c.registrant_id)
                .where(
                    registrants.c.email_index == bindparam("owner_index"),
                    domains.c.registrar_id == bindparam("registrar_id"),
                )
                .correlate(None)
            ),
        )
    )
    .order_by(sender_rules.c.id.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules of one scope: where they are, and whose key seals them.

    Attributes:
        owner: Mailbox that an owner is known by, else "".
        sealed_for: Owner of the data key.
    """

    scope: RuleScope
    scope_id: str
    owner: str = ""
    sealed_for: str = SYSTEM

    @classmethod
    def of_domain(cls, domain: Registration) -> Self:
        """Return the rules for one domain."""
        return cls(RuleScope.DOMAIN, domain.id, sealed_for=domain.registrant_id)

    @classmethod
    def of_owner(cls, domain: Registration) -> Self:
        """Return the rules for all domains of a domain's owner at its registrar."""
        return cls(RuleScope.OWNER, domain.registrar_id, normalised_mailbox(domain.registrant.email))


class SenderRules:
    """One row a rule."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def put(self, book: RuleBook, sender: str, action: RuleAction, now: datetime) -> StoredRule:
        """Store what is done with a sender's mail, in place of what was; a rule that stays keeps its id."""
        values = {
            "sealed": await self._sealing.seal(book.sealed_for, _purpose(book), sender.encode()),
            "action": action,
        }
        new = self._insert().values(
            id=new_id("rule", now),
            scope=book.scope,
            scope_id=book.scope_id,
            owner_index=await self._owner_index(book),
            sender_index=await self._sealing.index(SENDER, sender),
            created_at=now,
            **values,
        )
        same = [sender_rules.c.sender_index, sender_rules.c.scope_id, sender_rules.c.owner_index]
        statement = new.on_conflict_do_update(index_elements=same, set_=values).returning(sender_rules)
        return await self._opened(book, (await self._connection.execute(statement)).one())

    async def page(self, book: RuleBook, after: str, limit: int) -> list[StoredRule]:
        """Return up to `limit` rules, oldest first, from behind the id `after`."""
        query = select(sender_rules).where(*await self._in(book), sender_rules.c.id > after)
        rows = (await self._connection.execute(query.order_by(sender_rules.c.id).limit(limit))).all()
        return [await self._opened(book, row) for row in rows]

    async def of_owner(
        self, registrar_id: str, owner_index: bytes, after: str, limit: int
    ) -> list[tuple[StoredRule, str]]:
        """Return up to `limit` rules for all of an owner's domains and for single ones, newest first.

        Args:
            registrar_id: At which he is an owner.
            owner_index: By which he is known.
            after: The last id seen, "" for the newest.
            limit: How many.

        Returns:
            Each with the A-label of the domain that it is for; "" for all.
        """
        rows = await self._connection.execute(
            _OF_OWNER if not after else _OF_OWNER.where(sender_rules.c.id < after),
            {"registrar_id": registrar_id, "owner_index": owner_index, "most": limit},
        )
        found = rows.all()
        await self._sealing.fetch_keys(row.registrant_id for row in found if row.registrant_id)
        books = [
            RuleBook(RuleScope(row.scope), row.scope_id, sealed_for=row.registrant_id or SYSTEM)
            for row in found
        ]
        return [
            (await self._opened(book, row), row.name or "") for book, row in zip(books, found, strict=True)
        ]

    async def remove_of_owner(self, registrar_id: str, owner_index: bytes, rule_id: str) -> bool:
        """Forget a rule of `of_owner`; False where it is none of them."""
        his = _OF_OWNER.with_only_columns(sender_rules.c.id).order_by(None).limit(None)
        statement = delete(sender_rules).where(
            sender_rules.c.id == rule_id, sender_rules.c.id.in_(his.where(sender_rules.c.id == rule_id))
        )
        values = {"registrar_id": registrar_id, "owner_index": owner_index}
        return (await self._connection.execute(statement, values)).rowcount > 0

    async def of_domains(self, domains: Iterable[Registration]) -> list[tuple[str, StoredRule]]:
        """Return the rules for each of some domains, with the id of the domain, oldest first."""
        books = {domain.id: RuleBook.of_domain(domain) for domain in domains}
        query = select(sender_rules).where(
            sender_rules.c.scope_id.in_(books), sender_rules.c.owner_index == b""
        )
        rows = (await self._connection.execute(query.order_by(sender_rules.c.id))).all()
        await self._sealing.fetch_keys(books[row.scope_id].sealed_for for row in rows)
        return [(row.scope_id, await self._opened(books[row.scope_id], row)) for row in rows]

    async def find(self, book: RuleBook, sender: str) -> StoredRule | None:
        """Return the rule about exactly this sender."""
        index = await self._sealing.index(SENDER, sender)
        query = select(sender_rules).where(*await self._in(book), sender_rules.c.sender_index == index)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else await self._opened(book, row)

    async def remove(self, book: RuleBook, rule_id: str) -> bool:
        """Forget a rule; False where the book has none of that id."""
        statement = delete(sender_rules).where(*await self._in(book), sender_rules.c.id == rule_id)
        return (await self._connection.execute(statement)).rowcount > 0

    async def count(self, book: RuleBook) -> int:
        """Return how many rules there are."""
        query = select(func.count()).select_from(sender_rules).where(*await self._in(book))
        return (await self._connection.execute(query)).scalar_one()

    async def _in(self, book: RuleBook) -> Sequence[Any]:
        return (
            sender_rules.c.scope_id == book.scope_id,
            sender_rules.c.owner_index == await self._owner_index(book),
        )

    async def _owner_index(self, book: RuleBook) -> bytes:
        return await self._sealing.index("registrant-email", book.owner) if book.owner else b""

    async def _opened(self, book: RuleBook, row: Row[Any]) -> StoredRule:
        sender = await self._sealing.open(book.sealed_for, _purpose(book), row.sealed)
        return StoredRule(
            row.id, RuleScope(row.scope), sender.decode(), RuleAction(row.action), row.created_at
        )

    def _insert(self) -> Any:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        return dialect.insert(sender_rules)


def _purpose(book: RuleBook) -> str:
    # What is sealed for a registrant names him; what is sealed for the system must say whose it is.
    return SENDER if book.sealed_for != SYSTEM else f"{SENDER}:{book.scope_id}"


async def forget_rules_of_domain(connection: AsyncConnection, domain_id: str) -> None:
    """Delete the rules of a domain: its holder is gone."""
    await connection.execute(delete(sender_rules).where(sender_rules.c.scope_id == domain_id))


async def follow_owner(
    connection: AsyncConnection, registrar_id: str, before: bytes, now: bytes | None
) -> None:
    """Take an owner's rules along to another mailbox, or delete them, where no domain is left at the first.

    Args:
        connection: In a transaction in which the registrant has the other mailbox already, or is gone.
        registrar_id: Whose domains they are.
        before: Blind index of the mailbox that he had.
        now: The same of the one he has; None where the domain is gone.
    """
    # Of two domains that leave at the same time, the second sees that the first has left.
    await in_order(connection, f"owner:{registrar_id}:{before.hex()}")
    left = exists().where(registrants.c.registrar_id == registrar_id, registrants.c.email_index == before)
    his = (sender_rules.c.scope_id == registrar_id, sender_rules.c.owner_index == before, ~left)
    if now is not None:
        there = sender_rules.alias()
        known = exists().where(
            there.c.sender_index == sender_rules.c.sender_index,
            there.c.scope_id == registrar_id,
            there.c.owner_index == now,
        )
        await connection.execute(update(sender_rules).where(*his, ~known).values(owner_index=now))
    await connection.execute(delete(sender_rules).where(*his))
