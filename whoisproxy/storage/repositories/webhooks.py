"""Webhooks, and the answers kept for repeated requests; both sealed under the system's own key."""

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select

from whoisproxy.domain.webhook import Webhook
from whoisproxy.storage.keyring import SYSTEM
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import idempotency, webhooks


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
        found = await self._many(webhooks.c.id == webhook_id)
        return found[0] if found else None

    async def of_registrar(self, registrar_id: str) -> list[Webhook]:
        """Return a registrar's webhooks, oldest first."""
        return await self._many(webhooks.c.registrar_id == registrar_id)

    async def remove(self, webhook_id: str) -> None:
        """Delete a webhook."""
        await self._connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))

    async def _many(self, condition: object) -> list[Webhook]:
        statement = select(webhooks).where(condition).order_by(webhooks.c.id)  # type: ignore[arg-type]
        found = []
        for row in (await self._connection.execute(statement)).all():
            values = await self._sealing.open_json(SYSTEM, f"webhook:{row.id}", row.sealed)
            found.append(
                Webhook(row.id, row.registrar_id, str(values["url"]), str(values["secret"]), row.created_at)
            )
        return found


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
        statement = select(idempotency.c.sealed).where(
            idempotency.c.registrar_id == registrar_id, idempotency.c.key == key
        )
        sealed = (await self._connection.execute(statement)).scalar_one_or_none()
        if sealed is None:
            return None
        values = await self._sealing.open_json(SYSTEM, f"answer:{registrar_id}:{key}", sealed)
        headers = values["headers"]
        return StoredAnswer(
            fingerprint=b64decode(str(values["fingerprint"])),
            status=int(str(values["status"])),
            headers=dict(headers) if isinstance(headers, dict) else {},
            body=b64decode(str(values["body"])),
        )

    async def put(self, registrar_id: str, key: str, answer: StoredAnswer, at: datetime) -> None:
        """Keep an answer."""
        values = {
            "fingerprint": b64encode(answer.fingerprint).decode(),
            "status": answer.status,
            "headers": answer.headers,
            "body": b64encode(answer.body).decode(),
        }
        sealed = await self._sealing.seal_json(SYSTEM, f"answer:{registrar_id}:{key}", values)
        await self._connection.execute(
            insert(idempotency).values(registrar_id=registrar_id, key=key, sealed=sealed, created_at=at)
        )

    async def purge(self, before: datetime) -> int:
        """Forget answers older than `before`; return how many."""
        return (
            await self._connection.execute(delete(idempotency).where(idempotency.c.created_at < before))
        ).rowcount
