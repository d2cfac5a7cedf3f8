"""Check the sending host by SPF (RFC 7208), evaluated by pyspf with look-ups of our own.

pyspf is synchronous and would ask the DNS itself. Here it never does: its questions are answered from the
resolver's cache; a question whose answer is not there ends the run, is asked through our resolver, and the
run starts again. So no thread waits for the DNS, every look-up has our deadline, and a domain that wrote
before is checked in one run, without waiting. What a term says in itself is read once for all runs; the
result of a run is kept for as long as the cache has the very answers that it came from.

The explanation (`exp=`) is not fetched: a stranger's text has no place in our SMTP answers.
"""

import asyncio
import ipaddress
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import spf as pyspf

from mailrelay.authentication.names import a_labels
from mailrelay.authentication.results import Result, SpfResult
from mailrelay.dns import DnsTemporaryError, Resolver

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

_DEADLINE_S = 20.0  # RFC 7208 section 4.6.4
_MAX_QUESTIONS = 60  # RFC 7208 allows some 110 in theory; what honest records need is far below
_MAX_NAMES = 10  # RFC 7208 section 4.6.4, of PTR
_MAX_RECORD_OCTETS = 4096  # RFC 7208 section 3.4 wants a record to fit into 512; longer ones are not seen
_MAX_VOID = 2  # RFC 7208 section 4.6.4
_REMEMBERED = 4096
_RESULTS_KEPT = 1024
_KEPT_CHARACTERS = 8192  # of the records that a result came from
_ADDRESS = re.compile(r"[\d.]+|\[.*\]")
# Terms whose meaning hangs on nothing but their text: no macro, no implied domain.
_LITERAL = re.compile(r"[-+?~]?(?:ip4:[0-9./]{7,18}|ip6:[0-9A-Fa-f:./]{2,49}|all)")
_RESULTS = {result.value: result for result in Result}

Question = tuple[str, str]
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Missing(BaseException):
    """A question whose answer is not there yet; no Exception, since pyspf swallows some of those."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


class _Answers(dict[Question, "list[Any] | None"]):
    """The answers of one evaluation, which stay the same while it runs; None is a temporary error."""

    def __init__(self, resolver: Resolver) -> None:
        super().__init__()
        self._resolver = resolver
        self.used: dict[Question, tuple[Any, ...]] = {}

    def __missing__(self, question: Question) -> list[Any]:
        records = self._resolver.cached(*question)
        if records is None:
            raise _Missing(question)
        self.used[question] = records
        answer = self[question] = _for_pyspf(question[1], records)
        return answer

    def are_all(self) -> bool:
        """Return whether the result hangs on these, the client and the domain alone, and they are short.

        What else there is, a record names by a macro (RFC 7208 section 7).
        """
        written = repr(self.used)
        return "%" not in written and len(written) <= _KEPT_CHARACTERS


@dataclass(slots=True)
class _Kept:
    """A result, with the answers of the DNS that it came from; there are none before the first run."""

    answers: dict[Question, tuple[Any, ...]] = field(default_factory=dict)
    result: Result = Result.NONE

    def holds(self, resolver: Resolver) -> bool:
        """Return whether the cache of the resolver has the same answers still."""
        return bool(self.answers) and all(
            resolver.cached(*question) == records for question, records in self.answers.items()
        )


@lru_cache(_RESULTS_KEPT)
def _kept(peer_ip: str, domain: str) -> _Kept:
    """Return where the result for a client and a domain is kept."""
    del peer_ip, domain
    return _Kept()


class _Query(pyspf.query):  # type: ignore[misc] # the library ships no types
    """One evaluation that takes DNS answers from a table."""

    def __init__(self, ip: str, sender: str, helo: str, answers: _Answers, local_name: str) -> None:
        super().__init__(ip, sender, helo, receiver=local_name, strict=True)
        self._answers = answers

    def set_ip(self, i: str) -> None:
        """Read the client's address; one that came before is remembered."""
        self.__dict__.update(_client(i))

    def dns(
        self, name: str, qtype: str, cnames: dict[str, str] | None = None, *, ignore_void: bool = False
    ) -> list[Any]:
        """Answer one question of the library."""
        del cnames  # our resolver follows CNAMEs
        name = str(name).rstrip(".").lower()
        if not name or any(not 0 < len(label) < 64 for label in name.split(".")):  # noqa: PLR2004 - RFC 1035
            return []
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

    def validate_mechanism(self, mech: str) -> tuple[Any, ...]:
        """Read one term; those that mean the same everywhere are remembered."""
        if _LITERAL.fullmatch(mech):
            return _read_literal(mech)
        read: tuple[Any, ...] = super().validate_mechanism(mech)
        return read

    def cidrmatch(self, ipaddrs: list[str], n: int) -> bool:
        """Return whether the client is in one of the networks of length `n`."""
        try:
            return any(self.ipaddr in _network(address, n) for address in ipaddrs)
        except ValueError as error:
            raise pyspf.PermError(str(error)) from error

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


_READER = pyspf.query("192.0.2.1", "postmaster@relay.invalid", "relay.invalid", strict=True)


@lru_cache(_REMEMBERED)
def _read_literal(term: str) -> tuple[Any, ...]:
    read: tuple[Any, ...] = _READER.validate_mechanism(term)
    return read


@lru_cache(_REMEMBERED)
def _client(address: str) -> dict[str, Any]:
    query = pyspf.query.__new__(pyspf.query)
    query.set_ip(address)
    facts: dict[str, Any] = vars(query)
    return facts


@lru_cache(_REMEMBERED)
def _network(address: str, length: int) -> _Network:
    return ipaddress.ip_network(address).supernet(new_prefix=length)


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
    cached = check_spf_from_cache(peer_ip, helo, reverse_path, resolver, local_name)
    if cached is not None:
        return cached
    identity, domain = _identity(helo, reverse_path)
    try:
        async with asyncio.timeout(_DEADLINE_S):
            result = await _evaluate(peer_ip, identity, helo, resolver, local_name)
    except TimeoutError:
        result = Result.TEMPERROR
    return SpfResult(result, domain, helo=not reverse_path)


def check_spf_from_cache(
    peer_ip: str, helo: str, reverse_path: str, resolver: Resolver, local_name: str = "unknown"
) -> SpfResult | None:
    """Return what `check_spf` would, without waiting, or None where the DNS must be asked."""
    identity, domain = _identity(helo, reverse_path)
    # RFC 7208 section 4.3: what is no domain name of several labels has no policy.
    if "." not in domain or _ADDRESS.fullmatch(domain):
        return SpfResult(Result.NONE, domain, helo=not reverse_path)
    # What pyspf takes for the domain: a local part in quotes may hold an @ too.
    kept = _kept(peer_ip, identity.partition("@")[2] or identity)
    if kept.holds(resolver):
        return SpfResult(kept.result, domain, helo=not reverse_path)
    answers = _Answers(resolver)
    try:
        result = _run(peer_ip, identity, helo, answers, local_name)
    except _Missing:
        return None
    if answers.are_all():
        kept.answers, kept.result = answers.used, result
    return SpfResult(result, domain, helo=not reverse_path)


def _identity(helo: str, reverse_path: str) -> tuple[str, str]:
    """Return the mailbox that is checked, and its domain."""
    local, _, domain = (reverse_path or f"postmaster@{helo}").rpartition("@")
    domain = a_labels(domain)
    return f"{local}@{domain}" if local else domain, domain


async def _evaluate(peer_ip: str, identity: str, helo: str, resolver: Resolver, local_name: str) -> Result:
    answers = _Answers(resolver)
    for _ in range(_MAX_QUESTIONS):
        try:
            return _run(peer_ip, identity, helo, answers, local_name)
        except _Missing as missing:
            answers[missing.question] = await _ask(missing.question, resolver)
    return Result.PERMERROR


def _run(peer_ip: str, identity: str, helo: str, answers: _Answers, local_name: str) -> Result:
    try:
        query = _Query(peer_ip, identity, helo, answers, local_name)
        result, _, _ = query.check()
    except (pyspf.PermError, AssertionError):
        return Result.PERMERROR
    except (ValueError, IndexError, TypeError, AttributeError, re.error):
        # Faults of the library at records beyond the grammar: the record is to blame.
        return Result.PERMERROR
    return _RESULTS.get(result, Result.PERMERROR)


async def _ask(question: Question, resolver: Resolver) -> list[Any] | None:
    name, kind = question
    look_up: dict[str, Callable[[str], Awaitable[Sequence[Any]]]] = {
        "TXT": resolver.txt,
        "MX": resolver.mx,
        "A": resolver.ipv4,
        "AAAA": resolver.ipv6,
        "PTR": resolver.pointers,
    }
    try:
        return _for_pyspf(kind, await look_up[kind](name))
    except DnsTemporaryError:
        return None


def _for_pyspf(kind: str, records: "Sequence[Any]") -> list[Any]:
    if kind != "TXT":
        return list(records)
    # pyspf wants a TXT record as octets, in pieces; its macro expansion takes quadratic time.
    return [(text.encode("latin-1"),) for text in records if len(text) <= _MAX_RECORD_OCTETS]
