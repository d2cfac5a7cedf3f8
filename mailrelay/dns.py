"""Ask the DNS for what mail needs: TXT, MX, addresses and PTR records (RFC 1035, RFC 5321 section 5).

Only the configured name servers are asked, every question has a deadline, answers are kept for their
TTL in a bounded cache. What the answers mean is left to the callers.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
import dns.reversename
from prometheus_client import Counter

from mailrelay.errors import TemporaryMailError

_QUERIES = Counter("mailrelay_dns_queries_total", "DNS questions by outcome", ["outcome"])
_CACHED = _QUERIES.labels("cached")

_CACHE_ENTRIES = 10_000
_MAX_TTL_S = 3600.0  # a changed key or policy is seen within the hour, whatever its TTL says
_NEGATIVE_TTL_S = 60.0  # RFC 2308 takes it from the SOA; a minute keeps a new record from being missed


class DnsTemporaryError(TemporaryMailError):
    """The DNS did not answer, or with an error other than NXDOMAIN; ask again later."""

    def __init__(self) -> None:
        super().__init__(451, "4.4.3", "Temporary failure, please try again later", "dns-temporary")


@dataclass(frozen=True, slots=True)
class _Answer:
    exists: bool
    records: tuple[Any, ...]  # as the methods of `Resolver` give them
    expires_at_s: float


class Resolver:
    """DNS look-ups over explicit name servers.

    Args:
        nameservers: `host:port` (IPv6 in brackets) of recursive or authoritative servers.
        timeout_s: Time given to one try at one server.
        lifetime_s: Time given to one question in all.
        monotonic: Clock of the cache in seconds; the running loop's by default.
    """

    def __init__(
        self,
        nameservers: Sequence[str],
        timeout_s: float = 2.0,
        lifetime_s: float = 6.0,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.nameservers = [_nameserver(text) for text in nameservers]
        self._resolver.timeout = timeout_s
        self._resolver.lifetime = lifetime_s
        self._monotonic = monotonic
        self._cache: OrderedDict[tuple[str, str], _Answer] = OrderedDict()

    def cached(self, name: str, kind: str) -> tuple[Any, ...] | None:
        """Return the records of a name from the cache without waiting, or None where they are not there.

        Args:
            name: Domain name, any case.
            kind: TXT, MX, A, AAAA or PTR; the records have the form that the method for it returns.
        """
        answer = self._kept(_key(name, kind))
        return None if answer is None else answer.records

    async def txt(self, name: str) -> list[str]:
        """Return TXT records, the strings of each joined; octets above 127 as Latin-1.

        Raises:
            DnsTemporaryError: No answer could be had.
        """
        return list(await self._records(name, "TXT"))

    async def mx(self, name: str) -> list[tuple[int, str]]:
        """Return (preference, host) sorted; a null MX (RFC 7505) is `(0, "")`.

        Raises:
            DnsTemporaryError: No answer could be had.
        """
        return list(await self._records(name, "MX"))

    async def ipv4(self, name: str) -> list[str]:
        """Return the A records as text.

        Raises:
            DnsTemporaryError: No answer could be had.
        """
        return list(await self._records(name, "A"))

    async def ipv6(self, name: str) -> list[str]:
        """Return the AAAA records as text.

        Raises:
            DnsTemporaryError: No answer could be had.
        """
        return list(await self._records(name, "AAAA"))

    async def addresses(self, name: str) -> list[str]:
        """Return IPv6, then IPv4 addresses of a host.

        Raises:
            DnsTemporaryError: Neither kind was found and at least one question failed.
        """
        answers = await asyncio.gather(self.ipv6(name), self.ipv4(name), return_exceptions=True)
        found = [address for answer in answers if not isinstance(answer, BaseException) for address in answer]
        for answer in answers:
            if isinstance(answer, BaseException) and not found:
                raise answer
        return found

    async def pointers(self, name: str) -> list[str]:
        """Return the PTR records of a name in `in-addr.arpa` or `ip6.arpa`.

        Raises:
            DnsTemporaryError: No answer could be had.
        """
        return list(await self._records(name, "PTR"))

    async def exists(self, name: str) -> bool:
        """Return whether a name exists in the sense of RFC 8020: its answer is not NXDOMAIN.

        Raises:
            DnsTemporaryError: No answer could be had.
        """
        return (await self._answer(name, "A")).exists

    async def _records(self, name: str, kind: str) -> tuple[Any, ...]:
        return (await self._answer(name, kind)).records

    async def _answer(self, name: str, kind: str) -> _Answer:
        key = _key(name, kind)
        if (kept := self._kept(key)) is not None:
            return kept
        owner = _owner(name)
        if owner is None:
            # What is no domain name has no records: asking would only be an error of ours.
            return _Answer(exists=False, records=(), expires_at_s=0.0)
        answer = await self._ask(owner, kind)
        self._cache[key] = answer
        self._cache.move_to_end(key)
        while len(self._cache) > _CACHE_ENTRIES:
            self._cache.popitem(last=False)
        return answer

    def _kept(self, key: tuple[str, str]) -> _Answer | None:
        answer = self._cache.get(key)
        if answer is None or answer.expires_at_s <= self._now_s():
            return None
        _CACHED.inc()
        return answer

    def _now_s(self) -> float:
        return self._monotonic() if self._monotonic else asyncio.get_running_loop().time()

    async def _ask(self, owner: dns.name.Name, kind: str) -> _Answer:
        now_s = self._now_s()
        try:
            answer = await self._resolver.resolve(owner, kind, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            _QUERIES.labels("nxdomain").inc()
            return _Answer(exists=False, records=(), expires_at_s=now_s + _NEGATIVE_TTL_S)
        except (dns.exception.DNSException, OSError) as error:
            _QUERIES.labels("failed").inc()
            raise DnsTemporaryError from error
        _QUERIES.labels("answered").inc()
        if answer.rrset is None:
            return _Answer(exists=True, records=(), expires_at_s=now_s + _NEGATIVE_TTL_S)
        ttl_s = min(float(answer.rrset.ttl), _MAX_TTL_S)
        return _Answer(exists=True, records=_values(kind, answer.rrset), expires_at_s=now_s + ttl_s)


def _nameserver(text: str) -> dns.nameserver.Nameserver:
    host, _, port = text.rpartition(":")
    return dns.nameserver.Do53Nameserver(host.strip("[]"), int(port))


def _key(name: str, kind: str) -> tuple[str, str]:
    return name.rstrip(".").lower(), kind


def _values(kind: str, rrset: Iterable[Any]) -> tuple[Any, ...]:
    """Return records in the form that callers get, made once for as long as they are kept."""
    match kind:
        case "TXT":
            return tuple(b"".join(record.strings).decode("latin-1") for record in rrset)
        case "MX":
            return tuple(sorted((record.preference, _text(record.exchange)) for record in rrset))
        case "PTR":
            return tuple(_text(record.target) for record in rrset)
        case _:
            return tuple(str(record) for record in rrset)


def _owner(name: str) -> dns.name.Name | None:
    try:
        return dns.name.from_text(name.encode("idna" if not name.isascii() else "ascii").decode("ascii"))
    except (dns.exception.DNSException, UnicodeError):
        return None


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""
