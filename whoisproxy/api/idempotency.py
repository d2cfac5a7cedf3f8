"""Idempotency-Key: the same request sent twice is carried out once and answered twice.

Answers are kept sealed with their request's fingerprint. Passing failures are not kept: the client
shall try again with the same key.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from aiohttp import web

from whoisproxy.api.problems import Problem
from whoisproxy.api.sent import Sent
from whoisproxy.domain.errors import IdempotencyConflict
from whoisproxy.storage.gathering import Gathering
from whoisproxy.storage.repositories.webhooks import Mark, StoredAnswer
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

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
    """Carries out a request once per key and registrar; requests at the same time are looked up together."""

    def __init__(self, storage: Storage, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._running: set[Mark] = set()
        self._looking = Gathering(storage.reading, _look)
        self._keeping = Gathering(storage.unit_of_work, self._put)

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
        stored = await self._looking.ask((registrar_id, key))
        if stored is None:
            return None
        if stored.fingerprint != mark:
            raise IdempotencyConflict("the Idempotency-Key was used for another request")
        return Sent(stored.status, stored.headers, stored.body, final=True)

    async def _keep(self, registrar_id: str, key: str, mark: bytes, answer: Sent) -> None:
        if answer.final:
            stored = StoredAnswer(mark, answer.status, dict(answer.headers), answer.body)
            await self._keeping.ask(((registrar_id, key), stored))

    async def _put(self, uow: UnitOfWork, answers: Sequence[tuple[Mark, StoredAnswer]]) -> list[None]:
        # Another process may have carried out the same request meanwhile; its answer stands.
        await uow.idempotency.put_all(dict(answers), self._clock())
        return [None] * len(answers)


async def _look(uow: UnitOfWork, marks: Sequence[Mark]) -> list[StoredAnswer | None]:
    kept = await uow.idempotency.get_all(marks)
    return [kept.get(mark) for mark in marks]
