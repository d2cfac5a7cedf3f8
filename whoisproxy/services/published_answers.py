"""Finished answers for the servers of RDAP and WHOIS: read, decided upon and rendered for each question."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from whoisproxy.domain.names import DomainName
from whoisproxy.publication import rdap
from whoisproxy.publication.answer import Answer, Missing, ObjectKind, Question, View
from whoisproxy.publication.record import RddsEntity, RddsHost, RddsRecord
from whoisproxy.publication.whois import domain_text, nameserver_text, registrar_text

_Way = Callable[[str, View], Awaitable[Answer | None]]


class Records(Protocol):
    """Where the objects come from."""

    async def domain(self, name: DomainName) -> RddsRecord | None:
        """Return what the public may see of a domain, or None where it is not held here."""
        ...

    async def nameserver(self, name: str) -> RddsHost | None:
        """Return what the public may see of a name server of domains held here, or None."""
        ...

    async def registrar(self, handle: str) -> RddsEntity | None:
        """Return what the public may see of a registrar, by IANA id or name in any case, or None."""
        ...


class PublishedAnswers:
    """Answers the questions of both servers."""

    def __init__(self, records: Records, base_url: str, repository_id: str = "") -> None:
        """Answer from records.

        Args:
            records: What may be shown.
            base_url: RDAP as the outside sees it.
            repository_id: Names the handles of name servers in RDAP; without it they have none.
        """
        self._records = records
        self._base_url = base_url.rstrip("/")
        self._repository_id = repository_id
        self._ways: dict[ObjectKind, _Way] = {
            ObjectKind.DOMAIN: self._domain,
            ObjectKind.NAMESERVER: self._nameserver,
            ObjectKind.ENTITY: self._registrar,
        }

    def ready(self, question: Question) -> Answer | Missing | None:  # noqa: ARG002 - nothing is kept yet
        """Return what is rendered and still true; None where it must be rendered first."""
        return None

    async def rendered(self, question: Question) -> Answer | None:
        """Read and render; None where the object is not held here.

        Raises:
            Unavailable: The database does not answer now.
        """
        return await self._ways[question.kind](question.name, question.view)

    async def _domain(self, name: str, view: View) -> Answer | None:
        record = await self._records.domain(DomainName(name))
        if record is None:
            return None
        if view is View.WHOIS:
            return Answer(domain_text(record))
        return Answer.tagged(rdap.domain_json(record, self._base_url, view))

    async def _nameserver(self, name: str, view: View) -> Answer | None:
        host = await self._records.nameserver(name)
        if host is None:
            return None
        if view is View.WHOIS:
            return Answer(nameserver_text(host))
        return Answer.tagged(
            rdap.nameserver_json(host, self._base_url, view, repository_id=self._repository_id)
        )

    async def _registrar(self, handle: str, view: View) -> Answer | None:
        entity = await self._records.registrar(handle)
        if entity is None:
            return None
        if view is View.WHOIS:
            return Answer(registrar_text(entity))
        return Answer.tagged(rdap.entity_json(entity, self._base_url, view))
