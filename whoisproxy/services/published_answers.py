"""Finished answers for the servers of RDAP and WHOIS: read, decided upon and rendered for each question."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from whoisproxy.domain.names import DomainName
from whoisproxy.publication import rdap
from whoisproxy.publication.answer import Answer, Missing, ObjectKind, Question, View
from whoisproxy.publication.record import RddsRecord
from whoisproxy.publication.whois import domain_text

_Way = Callable[[str], Awaitable[Answer | None]]


class Records(Protocol):
    """Where the objects come from."""

    async def domain(self, name: DomainName) -> RddsRecord | None:
        """Return what the public may see of a domain, or None where it is not held here."""
        ...


class PublishedAnswers:
    """Answers the questions of both servers."""

    def __init__(self, records: Records, base_url: str) -> None:
        self._records = records
        self._base_url = base_url.rstrip("/")
        self._ways: dict[tuple[View, ObjectKind], _Way] = {
            (View.RDAP, ObjectKind.DOMAIN): self._rdap_domain,
            (View.WHOIS, ObjectKind.DOMAIN): self._whois_domain,
        }

    def ready(self, question: Question) -> Answer | Missing | None:  # noqa: ARG002 - nothing is kept yet
        """Return what is rendered and still true; None where it must be rendered first."""
        return None

    async def rendered(self, question: Question) -> Answer | None:
        """Read and render; None where the object, or this view of it, is not held here.

        Raises:
            Unavailable: The database does not answer now.
        """
        way = self._ways.get((question.view, question.kind))
        return await way(question.name) if way else None

    async def _rdap_domain(self, name: str) -> Answer | None:
        record = await self._records.domain(DomainName(name))
        return None if record is None else Answer.tagged(rdap.domain_json(record, self._base_url))

    async def _whois_domain(self, name: str) -> Answer | None:
        record = await self._records.domain(DomainName(name))
        return None if record is None else Answer(domain_text(record))
