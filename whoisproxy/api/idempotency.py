"""Idempotency-Key: the same request sent twice is carried out once and answered twice.

Answers are kept sealed with their request's fingerprint. Passing failures are not kept: the client
shall try again with the same key.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from aiohttp import web
from sqlalchemy.exc import IntegrityError

from whoisproxy.api.problems import Problem
from whoisproxy.api.sent import Sent
from whoisproxy.domain.errors import IdempotencyConflict
from whoisproxy.storage.repositories.webhooks import StoredAnswer
from whoisproxy.storage.unit_of_work import Storage

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def key_of(request: web.Request) -> str:
    """Return the key of a request, "" where it has none.

    Raises:
        Problem: INVALID_HEADER for a key given twice, too long, or with other than visible ASCII.
    """
    keys = request.headers.getall(HEADER, [])
    if not keys:
        return ""
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise Problem("INVALID_HEADER", f"{HEADER} must be one value of 1 to 200 visible ASCII characters")
    return keys[0]


def fingerprint(*parts: str | bytes) -> bytes:
    """Return what tells one request from another: SHA-256 over its parts, each with its length."""
    digest = hashlib.sha256()
    for part in parts:
        octets = part.encode() if isinstance(part, str) else part
        digest.update(len(octets).to_bytes(8) + octets)
    return digest.digest()


class Idempotency:
    """Carries out a request once per key and registrar."""

    def __init__(self, storage: Storage, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._clock = clock
        self._running: set[tuple[str, str]] = set()

    async def once(
        self, registrar_id: str, key: str, mark: bytes, perform: Callable[[], Awaitable[Sent]]
    ) -> tuple[Sent, bool]:
        """Return the answer, and whether it is a kept one.

        Raises:
            IdempotencyConflict: The key was used for a request with another fingerprint.
            Problem: IDEMPOTENCY_IN_PROGRESS while the first request runs.
        """
        if not key:
            return await perform(), False
        running = (registrar_id, key)
        if running in self._running:
            raise Problem("IDEMPOTENCY_IN_PROGRESS", "the first request with this key still runs; ask again")
        self._running.add(running)
        try:
            kept = await self._kept(registrar_id, key, mark)
            if kept is not None:
                return kept, True
            answer = await perform()
            await self._keep(registrar_id, key, mark, answer)
            return answer, False
        finally:
            self._running.discard(running)

    async def _kept(self, registrar_id: str, key: str, mark: bytes) -> Sent | None:
        async with self._storage.reading() as uow:
            stored = await uow.idempotency.get(registrar_id, key)
        if stored is None:
            return None
        if stored.fingerprint != mark:
            raise IdempotencyConflict("the Idempotency-Key was used for another request")
        return Sent(stored.status, stored.headers, stored.body, final=True)

    async def _keep(self, registrar_id: str, key: str, mark: bytes, answer: Sent) -> None:
        if not answer.final:
            return
        stored = StoredAnswer(mark, answer.status, dict(answer.headers), answer.body)
        # Another process may have carried out the same request meanwhile; its answer stands.
        with suppress(IntegrityError):
            async with self._storage.unit_of_work() as uow:
                await uow.idempotency.put(registrar_id, key, stored, self._clock())
