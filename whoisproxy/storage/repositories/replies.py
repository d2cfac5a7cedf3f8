"""Reply addresses by relay address, correspondent and thread; correspondents are sealed.

Most messages come from strangers and begin a thread, so most need an address of their own: they are made for
many at once, in three statements.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailrelay.directory import Opening
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.relay import REPLY_LIFETIME, ReplyAddress, random_local_part
from whoisproxy.storage.sealing import Sealing, index_of
from whoisproxy.storage.tables import domains, relay_addresses, reply_addresses
from whoisproxy.storage.vault import Unreadable, normalised_mailbox


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose reply address is wanted."""

    relay_id: str
    opening: Opening


_Key = tuple[str, bytes, bytes]
_IN_USE = reply_addresses.c.revoked_at.is_(None)
# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_OWNERS = (
    select(
        relay_addresses.c.id,
        relay_addresses.c.domain_id,
        domains.c.registrant_id,
    )
    .join(domains, domains.c.id == relay_addresses.c.domain_id)
    .where(relay_addresses.c.id.in_(bindparam("relay_ids", expanding=True)))
)
_FIND = select(
    reply_addresses.c.relay_id,
    reply_addresses.c.correspondent_index,
    reply_addresses.c.thread_index,
    reply_addresses.c.id,
    reply_addresses.c.local_part,
    reply_addresses.c.expires_at,
).where(
    reply_addresses.c.relay_id.in_(bindparam("relay_ids", expanding=True)),
    reply_addresses.c.correspondent_index.in_(bindparam("correspondents", expanding=True)),
    reply_addresses.c.thread_index.in_(bindparam("threads", expanding=True)),
    _IN_USE,
)
_ADD = {
    # Two processes that make the address of one thread at once: the second takes that of the first.
    "sqlite": sqlite.insert(reply_addresses).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(reply_addresses).on_conflict_do_nothing(),
}


class Replies:
    """Rows of reply addresses; they go with the domain's holder, or some time after their end."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def ensure(self, wishes: Sequence[Wish], relay_domain: str, now: datetime) -> list[str | None]:
        """Return the local part of the address in use for each wish, made where there is none.

        One that would soon end lives on for another lifetime.

        Returns:
            None in the place of a wish whose relay address serves nobody.
        """
        owners = await self._owners({wish.relay_id for wish in wishes})
        keys = {wish: await self._key(wish) for wish in wishes if wish.relay_id in owners}
        found = await self._found(keys.values())
        await self._prolong([row for row in found.values() if row.expires_at - now < REPLY_LIFETIME / 2], now)
        new = {key: wish for wish, key in keys.items() if key not in found}
        if new:
            rows = [
                await self._row(wish, key, owners[wish.relay_id], relay_domain, now)
                for key, wish in new.items()
            ]
            await self._connection.execute(_ADD[self._connection.dialect.name], rows)
            found |= await self._found(new)
        return [found[keys[wish]].local_part if wish in keys else None for wish in wishes]

    async def by_local_part(self, local_part: str, relay_domain: str) -> ReplyAddress | None:
        """Return a reply address as it stands in a message, whether it still takes mail or not."""
        same = (reply_addresses.c.local_part == local_part, reply_addresses.c.relay_domain == relay_domain)
        found = (await self._connection.execute(select(reply_addresses).where(*same))).all()
        return next(iter(await self._readable(found)), None)

    async def of_domain(self, domain_id: str, after: str, limit: int) -> list[ReplyAddress]:
        """Return up to `limit` addresses of a domain, newest first; `after` is the last id seen, or ""."""
        statement = (
            select(reply_addresses)
            .where(
                reply_addresses.c.domain_id == domain_id, *([reply_addresses.c.id < after] if after else [])
            )
            .order_by(reply_addresses.c.id.desc())
            .limit(limit)
        )
        return await self._readable((await self._connection.execute(statement)).all())

    async def of_domains(self, domain_ids: Iterable[str]) -> list[ReplyAddress]:
        """Return all addresses of domains, oldest first."""
        statement = select(reply_addresses).where(reply_addresses.c.domain_id.in_(list(domain_ids)))
        rows = (await self._connection.execute(statement.order_by(reply_addresses.c.id))).all()
        await self._sealing.fetch_keys({row.registrant_id for row in rows})
        return await self._readable(rows)

    async def revoke(self, domain_id: str, reply_id: str, now: datetime) -> bool:
        """End an address of a domain at once; False where there is none of that id in use."""
        same = (reply_addresses.c.id == reply_id, reply_addresses.c.domain_id == domain_id, _IN_USE)
        done = await self._connection.execute(update(reply_addresses).where(*same).values(revoked_at=now))
        return done.rowcount > 0

    async def purge(self, now: datetime) -> None:
        """Forget the addresses that ended."""
        await self._connection.execute(delete(reply_addresses).where(reply_addresses.c.expires_at <= now))

    async def _owners(self, relay_ids: Iterable[str]) -> Mapping[str, Any]:
        rows = (await self._connection.execute(_OWNERS, {"relay_ids": list(relay_ids)})).all()
        await self._sealing.fetch_keys({row.registrant_id for row in rows})
        return {row.id: row for row in rows}

    async def _found(self, keys: Iterable[_Key]) -> dict[_Key, Any]:
        relay_ids, correspondents, threads = (
            map(list, map(set, zip(*keys, strict=True))) if keys else ([], [], [])
        )
        values = {"relay_ids": relay_ids, "correspondents": correspondents, "threads": threads}
        rows = (await self._connection.execute(_FIND, values)).all()
        return {(row.relay_id, row.correspondent_index, row.thread_index): row for row in rows}

    async def _prolong(self, rows: Iterable[Row[Any]], now: datetime) -> None:
        if ids := [row.id for row in rows]:
            statement = update(reply_addresses).where(reply_addresses.c.id.in_(ids))
            await self._connection.execute(statement.values(expires_at=now + REPLY_LIFETIME))

    async def _row(
        self, wish: Wish, key: _Key, owner: Row[Any], relay_domain: str, now: datetime
    ) -> dict[str, object]:
        owner_id, opening = owner.registrant_id, wish.opening
        began = {"display": opening.display, "subject": opening.subject, "thread": opening.thread}
        return {
            "id": new_id("rpl", now),
            "relay_id": wish.relay_id,
            "domain_id": owner.domain_id,
            "registrant_id": owner_id,
            "local_part": random_local_part(),
            "relay_domain": relay_domain,
            "correspondent": await self._sealing.seal(
                owner_id, "correspondent", opening.correspondent.encode()
            ),
            "correspondent_index": key[1],
            "thread_index": key[2],
            "opening": await self._sealing.seal_json(owner_id, "opening", began),
            "created_at": now,
            "expires_at": now + REPLY_LIFETIME,
        }

    async def _key(self, wish: Wish) -> _Key:
        return wish.relay_id, *indexes_of(await self._sealing.system_key(), wish.opening)

    async def _readable(self, rows: Iterable[Row[Any]]) -> list[ReplyAddress]:
        found = []
        for row in rows:
            with suppress(Unreadable):  # the registrant was erased, and with him everything sealed for him
                found.append(_reply(row, await self._opening(row)))
        return found

    async def _opening(self, row: Row[Any]) -> Opening:
        owner_id, sealing = row.registrant_id, self._sealing
        correspondent = await sealing.open(owner_id, "correspondent", row.correspondent)
        began = await sealing.open(owner_id, "opening", row.opening) if row.opening else None
        return opening_of(correspondent, began)


def opening_of(correspondent: bytes, began: bytes | None) -> Opening:
    """Return who is answered at an address, from what stood sealed in its columns."""
    # Addresses of earlier versions know no more than the correspondent.
    return Opening(correspondent.decode(), **(orjson.loads(began) if began else {}))


def indexes_of(system_key: bytes, opening: Opening) -> tuple[bytes, bytes]:
    """Return the blind indexes of correspondent and thread."""
    correspondent = index_of(system_key, "correspondent", normalised_mailbox(opening.correspondent))
    return correspondent, index_of(system_key, "thread", opening.thread)


def _reply(row: Row[Any], opening: Opening) -> ReplyAddress:
    return ReplyAddress(
        id=row.id,
        relay_id=row.relay_id,
        domain_id=row.domain_id,
        local_part=row.local_part,
        relay_domain=row.relay_domain,
        opening=opening,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
