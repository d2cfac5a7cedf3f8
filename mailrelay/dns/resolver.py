"""Look-ups with a cache: TXT, MX, addresses, PTR and TLSA (RFC 1035, RFC 5321 section 5, RFC 7672).

Only the configured name servers are asked, every question has a deadline, and a question that many ask
at the same time is asked once. Answers are kept for their TTL (negative ones by RFC 2308, failures by
RFC 9520) in a bounded cache; an answer from there costs a look into a dict and no switch of tasks. Where
the DNS fails, an old answer serves for a while (RFC 8767).
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import dns.exception
import dns.name
import dns.rdatatype
from prometheus_client import Counter

from mailrelay.dns.answer import Answer, Kind, no_name, read_answer
from mailrelay.dns.servers import DnsTemporaryError, NameServers

_QUERIES = Counter("mailrelay_dns_queries_total", "DNS questions by outcome", ["outcome"])
_CACHED = _QUERIES.labels("cached")

_CACHE_ENTRIES = 20_000
_FAILURE_TTL_S = 5.0  # RFC 9520 section 3.2: at least one second, at most five minutes
_FAILURES = 1_000
_NO_NAME_S = 3600.0

_Key = tuple[str, str]


class Resolver:
    """DNS look-ups over explicit name servers.

    Args:
        nameservers: `host:port` (IPv6 in brackets) of recursive or authoritative servers.
        timeout_s: Time given to one try at one server.
        lifetime_s: Time given to one question in all.
        validating: Whether the servers validate (RFC 4033) and the way to them cannot be tampered with;
            otherwise no answer is `secure`.
        monotonic: Clock of the cache in seconds.
    """

    def __init__(
        self,
        nameservers: Sequence[str],
        timeout_s: float = 2.0,
        lifetime_s: float = 6.0,
        *,
        validating: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = NameServers(nameservers, timeout_s, lifetime_s)
        self._validating = validating
        self._monotonic = monotonic
        self._cache: OrderedDict[_Key, Answer] = OrderedDict()
        self._failed: dict[_Key, float] = {}
        self._asking: dict[_Key, asyncio.Task[Answer | None]] = {}
        self._hits = 0

    def cached(self, name: str, kind: str) -> tuple[Any, ...] | None:
        """Return the records kept for a question, in the form of `Answer`; None where the DNS must be asked.

        Never waits. Every answer is kept for some seconds at least, so that who asks by `cached` finds what
        he has just waited for.
        """
        answer = self.kept(name, kind)
        return None if answer is None else answer.records

    def kept(self, name: str, kind: str) -> Answer | None:
        """Return the answer that is kept for a question, or None; never waits."""
        key = (name.lower().rstrip("."), kind)
        answer = self._cache.get(key)
        if answer is None or answer.expires_at_s <= self._monotonic():
            return None
        self._cache.move_to_end(key)
        self._hits += 1
        return answer

    async def answer(self, name: str, kind: Kind, patience_s: float | None = None) -> Answer:
        """Return the answer to a question, from the cache or the DNS.

        What is no domain name does not exist and has no records.

        Args:
            name: In any case, with or without the final dot.
            kind: What is asked for.
            patience_s: How long the caller waits at most; what is answered later is kept all the same.

        Raises:
            DnsTemporaryError: No answer could be had now, or some seconds ago.
        """
        answer = self.kept(name, kind)
        if answer is None:
            answer = await self._shared((name.lower().rstrip("."), kind), patience_s)
        if answer is None:
            raise DnsTemporaryError
        return answer

    async def txt(self, name: str) -> list[str]:
        """Return TXT records, the strings of each joined; octets above 127 as Latin-1.

        Raises:
            DnsTemporaryError: No answer could be had.
        """
        return list((await self.answer(name, "TXT")).records)

    async def mx(self, name: str) -> list[tuple[int, str]]:
        """Return (preference, host) sorted; a null MX (RFC 7505) is `(0, "")`.

        Raises:
            DnsTemporaryError: No answer could be had.
        """
        return list((await self.answer(name, "MX")).records)

    async def ipv4(self, name: str) -> list[str]:
        """Return the A records as text.

        Raises:
            DnsTemporaryError: No answer could be had.
        """
        return list((await self.answer(name, "A")).records)

    async def ipv6(self, name: str) -> list[str]:
        """Return the AAAA records as text.

        Raises:
            DnsTemporaryError: No answer could be had.
        """
        return list((await self.answer(name, "AAAA")).records)

    async def addresses(self, name: str) -> list[str]:
        """Return IPv6, then IPv4 addresses of a host.

        Raises:
            DnsTemporaryError: Neither kind was found and at least one question failed.
        """
        six, four = self.cached(name, "AAAA"), self.cached(name, "A")
        if six is not None and four is not None:
            return [*six, *four]
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
        return list((await self.answer(name, "PTR")).records)

    async def tlsa(self, host: str, port: int) -> Answer:
        """Return the TLSA records of a TCP service (RFC 6698 section 3); only a `secure` answer counts.

        RFC 7672 section 2.2 asks for them only where the answer with the host's addresses is secure too;
        `answer` says so.

        Raises:
            DnsTemporaryError: No answer could be had: delivery must wait (RFC 7672 section 2.1.1).
        """
        return await self.answer(f"_{port}._tcp.{host}", "TLSA")

    async def exists(self, name: str) -> bool:
        """Return whether a name exists in the sense of RFC 8020: its answer is not NXDOMAIN.

        Raises:
            DnsTemporaryError: No answer could be had.
        """
        return (await self.answer(name, "A")).exists

    async def _shared(self, key: _Key, patience_s: float | None) -> Answer | None:
        """Ask, or wait for the answer to the same question that is being asked."""
        if self._failed.get(key, 0.0) > self._monotonic():
            return None
        task = self._asking.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(key))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        # Others may wait for the same answer; whoever gives up does not take it from them.
        try:
            return await asyncio.wait_for(asyncio.shield(task), patience_s)
        except TimeoutError:
            return None

    async def _ask(self, key: _Key) -> Answer | None:
        _CACHED.inc(self._hits)
        self._hits = 0
        name, kind = key
        owner, now_s = owner_name(name), self._monotonic()
        if owner is None:
            return self._keep(key, no_name(name, now_s + _NO_NAME_S))
        try:
            response = await self._servers.ask(owner, dns.rdatatype.from_text(kind))
            answer = read_answer(response, kind, now_s, validated=self._validating)
        except (DnsTemporaryError, dns.exception.DNSException):
            _QUERIES.labels("failed").inc()
            return self._after_failure(key)
        _QUERIES.labels("answered" if answer.exists else "nxdomain").inc()
        return self._keep(key, answer)

    def _keep(self, key: _Key, answer: Answer) -> Answer:
        self._cache[key] = answer
        self._cache.move_to_end(key)
        while len(self._cache) > _CACHE_ENTRIES:
            self._cache.popitem(last=False)
        return answer

    def _after_failure(self, key: _Key) -> Answer | None:
        """Return an old answer where it may still serve; remember for some seconds that asking is in vain."""
        now_s = self._monotonic()
        if len(self._failed) >= _FAILURES:
            self._failed.clear()
        self._failed[key] = now_s + _FAILURE_TTL_S
        old = self._cache.get(key)
        if old is None or old.stale_until_s <= now_s:
            return None
        return self._keep(key, replace(old, expires_at_s=now_s + _FAILURE_TTL_S))


def owner_name(name: str) -> dns.name.Name | None:
    """Return the name to ask for, U-labels as A-labels; None for what is no domain name."""
    try:
        return dns.name.from_text(name.encode("idna" if not name.isascii() else "ascii").decode("ascii"))
    except (dns.exception.DNSException, UnicodeError):
        return None
