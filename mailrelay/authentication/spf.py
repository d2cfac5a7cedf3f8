"""Check the sending host by SPF (RFC 7208), evaluated by pyspf with look-ups of our own.

pyspf is synchronous and would ask the DNS itself. Here it never does: its questions are answered from
a table; a question that is not in the table ends the run, is asked through our resolver, and the run
starts again. So no thread waits for the DNS and every look-up has our deadline and cache. A run costs
some 30 microseconds, so that running it again per question is cheap.

The explanation (`exp=`) is not fetched: a stranger's text has no place in our SMTP answers.
"""

import asyncio
import re
from typing import TYPE_CHECKING, Any

import spf as pyspf

from mailrelay.authentication.results import Result, SpfResult
from mailrelay.dns import DnsTemporaryError, Resolver

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_DEADLINE_S = 20.0  # RFC 7208 section 4.6.4
_MAX_QUESTIONS = 60  # RFC 7208 allows some 110 in theory; what honest records need is far below
_MAX_NAMES = 10  # RFC 7208 section 4.6.4, of PTR
_MAX_RECORD_OCTETS = 4096  # RFC 7208 section 3.4 wants a record to fit into 512; longer ones are not seen
_MAX_VOID = 2  # RFC 7208 section 4.6.4
_ADDRESS = re.compile(r"[\d.]+|\[.*\]")

Question = tuple[str, str]
Answers = dict[Question, list[Any] | None]


class _Missing(BaseException):
    """A question whose answer is not there yet; no Exception, since pyspf swallows some of those."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


class _Query(pyspf.query):  # type: ignore[misc] # the library ships no types
    """One evaluation that takes DNS answers from a table; None there stands for a temporary error."""

    def __init__(self, ip: str, sender: str, helo: str, answers: Answers, local_name: str) -> None:
        super().__init__(ip, sender, helo, receiver=local_name, strict=True)
        self._answers = answers

    def dns(
        self, name: str, qtype: str, cnames: dict[str, str] | None = None, *, ignore_void: bool = False
    ) -> list[Any]:
        """Answer one question of the library."""
        del cnames  # our resolver follows CNAMEs
        name = str(name).rstrip(".").lower()
        if not name or any(not 0 < len(label) < 64 for label in name.split(".")):  # noqa: PLR2004 - RFC 1035
            return []
        if (name, qtype) not in self._answers:
            raise _Missing((name, qtype))
        answer = self._answers[name, qtype]
        if answer is None:
            if qtype == "PTR":
                return []  # RFC 7208 section 5.5: the mechanism does not match
            raise pyspf.TempError("DNS failed")
        if not answer and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > _MAX_VOID:
                raise pyspf.PermError("too many void lookups")
        return answer

    def validated_ptrs(self) -> list[str]:
        """Return the client's names that lead back to it; a name that cannot be asked is skipped (5.5)."""
        return [name for name in self.dns_ptr(self.i)[:_MAX_NAMES] if self._leads_back(name)]

    def _leads_back(self, name: str) -> bool:
        try:
            return bool(self.cidrmatch(self.dns_a(name, self.A), self.cidrmax))
        except pyspf.TempError:
            return False

    def get_explanation(self, spec: str) -> None:
        """Fetch no explanation."""
        del spec


async def check_spf(
    peer_ip: str, helo: str, reverse_path: str, resolver: Resolver, local_name: str = "unknown"
) -> SpfResult:
    """Return the SPF result of MAIL FROM, or of HELO where the reverse-path is null.

    Args:
        peer_ip: Address of the client.
        helo: Name it gave in EHLO.
        reverse_path: Without angle brackets, empty for the null reverse-path.
        resolver: Answers DNS questions.
        local_name: Our own host name, for the macro `%{r}`.

    Returns:
        Temporary DNS errors and the deadline give `temperror`.
    """
    identity = reverse_path or f"postmaster@{helo}"
    domain = identity.rpartition("@")[2].rstrip(".").lower()
    is_helo = not reverse_path
    if not domain or _ADDRESS.fullmatch(domain):
        return SpfResult(Result.NONE, domain, helo=is_helo)  # RFC 7208 section 4.3
    try:
        async with asyncio.timeout(_DEADLINE_S):
            result = await _evaluate(peer_ip, identity, helo, resolver, local_name)
    except TimeoutError:
        result = Result.TEMPERROR
    return SpfResult(result, domain, helo=is_helo)


async def _evaluate(peer_ip: str, identity: str, helo: str, resolver: Resolver, local_name: str) -> Result:
    answers: Answers = {}
    for _ in range(_MAX_QUESTIONS):
        try:
            return _run(peer_ip, identity, helo, answers, local_name)
        except _Missing as missing:
            answers[missing.question] = await _ask(missing.question, resolver)
    return Result.PERMERROR


def _run(peer_ip: str, identity: str, helo: str, answers: Answers, local_name: str) -> Result:
    try:
        query = _Query(peer_ip, identity, helo, answers, local_name)
        result, _, _ = query.check()
    except (pyspf.PermError, AssertionError):
        return Result.PERMERROR
    except (ValueError, IndexError, TypeError, AttributeError, re.error):
        # Faults of the library at records beyond the grammar: the record is to blame.
        return Result.PERMERROR
    return Result(result) if result in set(Result) else Result.PERMERROR


async def _ask(question: Question, resolver: Resolver) -> list[Any] | None:
    name, kind = question
    look_up: dict[str, Callable[[str], Awaitable[list[Any]]]] = {
        "TXT": resolver.txt,
        "MX": resolver.mx,
        "A": resolver.ipv4,
        "AAAA": resolver.ipv6,
        "PTR": resolver.pointers,
    }
    try:
        records: list[Any] = await look_up[kind](name)
    except DnsTemporaryError:
        return None
    if kind != "TXT":
        return records
    # pyspf wants a TXT record as octets, in pieces; its macro expansion takes quadratic time.
    return [(text.encode("latin-1"),) for text in records if len(text) <= _MAX_RECORD_OCTETS]
