"""Queries that carry credentials: what was granted to their sender, or 401.

Credentials are judged before anything is said about the name, and whatever is wrong with them is answered
alike: whether a domain is held here, or has been disclosed to anybody, is not told.
"""

from collections.abc import Callable
from typing import Protocol

from whoisproxy.domain.errors import RateLimited, Unauthorized
from whoisproxy.publication.answer import Answer, Question
from whoisproxy.request_limits import PrefixLimits, prefix

# Of every 401 (RFC 6750 section 3): unknown, revoked, expired, for another domain.
CHALLENGE = 'WWW-Authenticate: Bearer realm="rdap", error="invalid_token"'

_WRONG_PER_MINUTE = 10  # each costs a look-up; nobody who was granted something needs as many


class Discloser(Protocol):
    """The service behind it."""

    async def disclosed(self, question: Question, authorization: str, address: str) -> Answer | None:
        """Return what was granted to the sender, once that is written down; None where nothing was.

        Raises:
            Unavailable: The database does not answer now.
        """
        ...


class Disclosing:
    """Asks the service, and lets no network try many tokens.

    Args:
        discloser: The service.
        clock: Seconds that never go back.
    """

    def __init__(self, discloser: Discloser, clock: Callable[[], float]) -> None:
        self._discloser = discloser
        self._wrong = PrefixLimits(_WRONG_PER_MINUTE, clock)

    async def answer(self, question: Question, authorization: str, address: str) -> Answer:
        """Return the answer to a query with credentials.

        Args:
            question: About a domain.
            authorization: The request's field of that name.
            address: Of the client.

        Raises:
            Unauthorized: The credentials are not good for this domain.
            RateLimited: The network has sent too many that were not.
            Unavailable: The database does not answer now.
        """
        network = prefix(address)
        wait_s = self._wrong.wait_s(network)
        if wait_s:
            raise RateLimited(wait_s)
        found = await self._discloser.disclosed(question, authorization, address)
        if found is None:
            self._wrong.take(network)
            raise Unauthorized("the credentials are not good for this domain")
        return found
