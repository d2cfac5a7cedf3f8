"""Webhooks, and the answers kept for repeated requests; both sealed under the system's own key."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from whoisproxy.domain.webhook import Webhook
from whoisproxy.storage.keyring import SYSTEM
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import idempotency, webhooks

Mark = tuple[str, str]
"""A registrar's id and an Idempotency-Key of his."""

# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_OF_REGISTRARS = (
    select(webhooks)
    .where(webhooks.c.registrar_id.in_(bindparam("registrar_ids", expanding=True)))
    .order_by(webhooks.c.id)
)
_KEPT = (
    select(idempotency)
    .where(idempotency.c.registrar_id.in_(bindparam("registrar_ids", expanding=True)))
    .where(idempotency.c.key.in_(bindparam("keys", expanding=True)))
)
_KEEP = {
    "sqlite": sqlite.insert(idempotency).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(idempotency).on_conflict_do_nothing(),
}


class Webhooks:
    """Where registrars' backends want to be told."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def add(self, webhook: Webhook) -> None:
        """Store a new webhook; its URL may carry a token, so it is sealed with the secret."""
        values = {"url": webhook.url, "secret": webhook.secret}
        await self._connection.execute(
            insert(webhooks).values(
                id=webhook.id,
                registrar_id=webhook.registrar_id,
                sealed=await self._sealing.seal_json(SYSTEM, f"webhook:{webhook.id}", values),
                created_at=webhook.created_at,
            )
        )

    async def get(self, webhook_id: str) -> Webhook | None:
        """Return a webhook by id."""
        row = (await self._connection.execute(select(webhooks).where(webhooks.c.id == webhook_id))).first()
        return None if row is None else await self._webhook(row)

    async def of_registrar(self, registrar_id: str) -> list[Webhook]:
        """Return a registrar's webhooks, oldest first."""
        return [await self._webhook(row) for row in await self._of_registrars([registrar_id])]

    async def ids_of_registrars(self, registrar_ids: Iterable[str]) -> list[tuple[str, str]]:
        """Return id and registrar of every webhook of these registrars; nothing is opened."""
        return [(row.id, row.registrar_id) for row in await self._of_registrars(registrar_ids)]

    async def remove(self, webhook_id: str) -> None:
        """Delete a webhook."""
        await self._connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))

    async def _of_registrars(self, registrar_ids: Iterable[str]) -> Sequence[Row[Any]]:
        values = {"registrar_ids": sorted(set(registrar_ids))}
        return (await self._connection.execute(_OF_REGISTRARS, values)).all()

    async def _webhook(self, row: Row[Any]) -> Webhook:
        values = await self._sealing.open_json(SYSTEM, f"webhook:{row.id}", row.sealed)
        return Webhook(row.id, row.registrar_id, str(values["url"]), str(values["secret"]), row.created_at)


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer kept for a repeated request.

    Attributes:
        fingerprint: Digest of the request that it answers.
    """

    fingerprint: bytes
    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


class Idempotency:
    """Answers by registrar and Idempotency-Key."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def get(self, registrar_id: str, key: str) -> StoredAnswer | None:
        """Return the answer that was kept, if any."""
        return (await self.get_all([(registrar_id, key)])).get((registrar_id, key))

    async def get_all(self, marks: Sequence[Mark]) -> dict[Mark, StoredAnswer]:
        """Return those of the answers that were kept."""
        values = {"registrar_ids": sorted({owner for owner, _ in marks}), "keys": [key for _, key in marks]}
        rows = (await self._connection.execute(_KEPT, values)).all()
        found = {(row.registrar_id, row.key): row.sealed for row in rows}
        return {mark: await self._answer(mark, found[mark]) for mark in marks if mark in found}

    async def put(self, registrar_id: str, key: str, answer: StoredAnswer, at: datetime) -> None:
        """Keep an answer; one that is there already stands."""
        await self.put_all({(registrar_id, key): answer}, at)

    async def put_all(self, answers: Mapping[Mark, StoredAnswer], at: datetime) -> None:
        """Keep answers; those that are there already stand."""
        rows = [
            {
                "registrar_id": mark[0],
                "key": mark[1],
                "sealed": await self._sealed(mark, each),
                "created_at": at,
            }
            for mark, each in answers.items()
        ]
        await self._connection.execute(_KEEP[self._connection.dialect.name], rows)

    async def purge(self, before: datetime) -> int:
        """Forget answers older than `before`; return how many."""
        return (
            await self._connection.execute(delete(idempotency).where(idempotency.c.created_at < before))
        ).rowcount

    async def _answer(self, mark: Mark, sealed: bytes) -> StoredAnswer:
        values = await self._sealing.open_json(SYSTEM, _purpose(mark), sealed)
        headers = values["headers"]
        return StoredAnswer(
            fingerprint=b64decode(str(values["fingerprint"])),
            status=int(str(values["status"])),
            headers=dict(headers) if isinstance(headers, dict) else {},
            body=b64decode(str(values["body"])),
        )

    async def _sealed(self, mark: Mark, answer: StoredAnswer) -> bytes:
        values = {
            "fingerprint": b64encode(answer.fingerprint).decode(),
            "status": answer.status,
            "headers": answer.headers,
            "body": b64encode(answer.body).decode(),
        }
        return await self._sealing.seal_json(SYSTEM, _purpose(mark), values)


def _purpose(mark: Mark) -> str:
    registrar_id, key = mark
    return f"answer:{registrar_id}:{key}"
