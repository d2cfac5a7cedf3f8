"""Passwords: argon2id (RFC 9106) off the event loop, a few at a time, since each takes 64 MiB.

A mailbox that nobody has takes as long as one that somebody has: then a hash of our own is verified.
"""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from whoisproxy.domain.owner_account import LONGEST_PASSWORD, normalised_password

_AT_ONCE = 2
ResultT = TypeVar("ResultT")


class Passwords:
    """Hashes and verifies.

    Args:
        hasher: With RFC 9106's second recommendation by default (64 MiB, three passes, four lanes).
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        """Return what is stored of a password that was checked."""
        return await self._in_thread(self._hasher.hash, password)

    async def verify(self, stored: str, typed: str) -> bool:
        """Whether a password is the stored one; `stored` is "" for nobody's, which takes as long."""
        if not stored and not self._nobodys:
            self._nobodys = await self.hash(secrets.token_urlsafe())
        typed = normalised_password(typed[: 4 * LONGEST_PASSWORD])
        return await self._in_thread(self._matches, stored or self._nobodys, typed) and bool(stored)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def _matches(self, stored: str, typed: str) -> bool:
        try:
            return self._hasher.verify(stored, typed)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, function: Callable[..., ResultT], *arguments: str) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
