"""Who asks, and may he: API keys as bearer tokens (RFC 6750), scopes, and rate limits.

A good key is never shut out by others' failures from its address: 256 random bits cannot be guessed,
so the limit on failures only spares us noise.
"""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from whoisproxy.api.limits import ApiLimits
from whoisproxy.api.metrics import AUTHENTICATION_FAILURES, RATE_LIMITED
from whoisproxy.api.rate_limit import RateLimit
from whoisproxy.api.routing import Caller
from whoisproxy.domain.account import Scope
from whoisproxy.domain.errors import Forbidden, RateLimited, Unauthorized
from whoisproxy.services.accounts import Accounts

_LONGEST_SECRET = 200


class Gate:
    """Admits callers."""

    def __init__(self, accounts: Accounts, limits: ApiLimits, clock: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._by_key = RateLimit(limits.requests_per_minute, limits.burst, clock)
        self._failures = RateLimit(limits.failures_per_minute, limits.failures_per_minute, clock)

    async def admit(self, request: web.Request, scope: Scope) -> Caller:
        """Return the caller.

        Raises:
            Unauthorized: No good key; the reason is not told.
            Forbidden: The key lacks the scope.
            RateLimited: Too many requests with the key, or too many failures from the address.
        """
        peer = request.remote or ""
        try:
            registrar, key = await self._accounts.authenticate(_secret(request), peer)
        except Unauthorized:
            AUTHENTICATION_FAILURES.inc()
            _count(self._failures, peer, "failures")
            raise Unauthorized("a good API key is needed as bearer token") from None
        _count(self._by_key, key.id, "key")
        if scope not in key.scopes:
            raise Forbidden(f"the API key lacks the scope {scope}")
        return Caller(registrar, key)


def _secret(request: web.Request) -> str:
    """Return the token; "" where there is none, which is then looked up like any other."""
    fields = request.headers.getall("Authorization", [])
    scheme, _, token = (fields[0] if len(fields) == 1 else "").partition(" ")
    token = token.strip()
    usable = scheme.lower() == "bearer" and len(token) <= _LONGEST_SECRET and token.isascii()
    return token if usable else ""


def _count(limit: RateLimit, subject: str, name: str) -> None:
    wait_s = limit.wait_s(subject)
    if wait_s:
        RATE_LIMITED.labels(name).inc()
        raise RateLimited(wait_s)
    limit.take(subject)
