"""A rendered answer: what is sent, or kept under an Idempotency-Key and sent again."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Sent:
    """Status, headers and octets.

    Attributes:
        final: Whether asking again would give the same; only such answers are kept.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    final: bool

    def response(self, more: Mapping[str, str] | None = None) -> web.Response:
        """Return it for aiohttp, with further headers."""
        return web.Response(
            status=self.status, headers={**self.headers, **(more or {})}, body=self.body or None
        )
