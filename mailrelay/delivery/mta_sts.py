"""Learn the MTA-STS policies of domains (RFC 8461): which servers they have, and that TLS must be verified.

Policies are fetched over HTTPS, bounded in size and time, from public addresses, without redirects, and
kept for their `max_age` in memory. They are not written down: a list of the domains that owners read their
mail at would be personal data. A process that starts anew fetches them anew.
"""

import asyncio
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from socket import AF_INET, AF_INET6, AI_NUMERICHOST, AddressFamily

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from mailrelay.delivery.public_addresses import is_public
from mailrelay.delivery.tls_policy import PolicyKind
from mailrelay.delivery.tls_report import TlsReports, TlsResult
from mailrelay.dns import DnsTemporaryError, Resolver

_LARGEST_POLICY = 64 * 1024  # octets; RFC 8461 3.3 suggests this limit
_FETCH_S = 20.0  # RFC 8461 3.3 suggests a minute, but a message waits meanwhile
_NOT_AGAIN_S = 300.0  # after a failed fetch
_LONGEST_S = 31_557_600  # RFC 8461 3.2
_MOST_POLICIES = 10_000
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_PATTERN = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_OK = 200


class Mode(StrEnum):
    """What a domain wants done when verification fails."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class StsPolicy:
    """A policy (RFC 8461 section 3.2).

    Attributes:
        patterns: Names of mail servers in lower case; `*.` in front stands for one label.
    """

    mode: Mode
    max_age_s: int
    patterns: tuple[str, ...] = ()

    def covers(self, host: str) -> bool:
        """Return whether a mail server is one of the domain's (RFC 8461 section 4.1)."""
        _, _, parent = host.partition(".")
        return any(
            pattern == host or (pattern.startswith("*.") and pattern[2:] == parent)
            for pattern in self.patterns
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    """A policy in the cache; `policy` is None for a fetch that failed."""

    record_id: str
    policy: StsPolicy | None
    until_s: float


def policy_id(records: list[str]) -> str:
    """Return the id in the TXT records of `_mta-sts.` (section 3.1); empty where there is no policy."""
    ours = [record for record in records if record.startswith("v=STSv1;")]
    if len(ours) != 1:
        return ""
    for field in ours[0].split(";")[1:]:
        name, _, value = field.strip(" \t").partition("=")
        if name == "id":
            return value if _ID.fullmatch(value) else ""
    return ""


def parse_policy(text: str) -> StsPolicy:
    """Read a policy file (RFC 8461 section 3.2); unknown fields are left alone.

    Raises:
        ValueError: It is none.
    """
    values: dict[str, str] = {}
    patterns = []
    for line in text.splitlines():
        key, separator, value = (part.strip(" \t") for part in line.partition(":"))
        if not separator:
            continue
        if key == "mx":
            patterns.append(value.lower().rstrip("."))
        else:
            # The first of a kind counts.
            values.setdefault(key, value)
    mode = Mode(values.get("mode", ""))
    if values.get("version") != "STSv1" or not re.fullmatch(r"[0-9]{1,10}", values.get("max_age", "")):
        raise ValueError("not a policy of version STSv1")
    if (mode is not Mode.NONE and not patterns) or not all(map(_PATTERN.fullmatch, patterns)):
        raise ValueError("no mail servers")
    return StsPolicy(mode, min(int(values["max_age"]), _LONGEST_S), tuple(patterns))


class StsPolicies:
    """Knows the policies of domains.

    Args:
        resolver: Answers DNS questions, also about the hosts of policies.
        reports: Where failures are counted.
        public_only: Whether policies come from public addresses only.
        port: Of HTTPS.
        context: Judges certificates; None trusts the authorities of the system.
        monotonic: Clock of the cache in seconds.
    """

    def __init__(  # noqa: PLR0913 - what it reaches out with
        self,
        resolver: Resolver,
        reports: TlsReports,
        *,
        public_only: bool = True,
        port: int = 443,
        context: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver = resolver
        self._reports = reports
        self._public_only = public_only
        self._port = port
        self._context = context or ssl.create_default_context()
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}

    async def of(self, domain: str) -> StsPolicy | None:
        """Return the policy of a domain, given in A-labels, or None where it has none that is in force."""
        now_s = self._monotonic()
        kept = self._kept.get(domain)
        if kept is not None and kept.until_s <= now_s:
            kept = None
        record_id = await self._record_id(domain)
        # RFC 8461 3.1: a policy that is kept stays in force while no newer one can be had.
        if record_id and (kept is None or record_id != kept.record_id):
            kept = self._keep(domain, await self._fetched(domain, record_id, kept))
        policy = kept.policy if kept else None
        return policy if policy and policy.mode is not Mode.NONE else None

    async def _record_id(self, domain: str) -> str:
        try:
            return policy_id(await self._resolver.txt(f"_mta-sts.{domain}"))
        except DnsTemporaryError:
            return ""

    async def _fetched(self, domain: str, record_id: str, old: _Kept | None) -> _Kept:
        now_s = self._monotonic()
        try:
            policy = parse_policy(await self._fetch(domain))
        except aiohttp.ClientConnectorCertificateError:
            # It is a ValueError too, so it comes first.
            failure = TlsResult.STS_WEBPKI_INVALID
        except ValueError:
            failure = TlsResult.STS_POLICY_INVALID
        except (aiohttp.ClientError, TimeoutError, OSError):
            failure = TlsResult.STS_POLICY_FETCH_ERROR
        else:
            return _Kept(record_id, policy, now_s + policy.max_age_s)
        self._reports.count(domain, PolicyKind.STS, failure)
        if old is not None and old.policy is not None:
            return old
        return _Kept(record_id, None, now_s + _NOT_AGAIN_S)

    def _keep(self, domain: str, kept: _Kept) -> _Kept:
        self._kept.pop(domain, None)
        self._kept[domain] = kept
        if len(self._kept) > _MOST_POLICIES:
            del self._kept[next(iter(self._kept))]
        return kept

    async def _fetch(self, domain: str) -> str:
        """Return the policy file.

        Raises:
            aiohttp.ClientError: It cannot be had.
            TimeoutError: Not in time.
            ValueError: It is no text, or too long.
        """
        url = f"https://mta-sts.{domain}:{self._port}/.well-known/mta-sts.txt"
        names = _PolicyHosts(self._resolver, public_only=self._public_only)
        connector = aiohttp.TCPConnector(ssl=self._context, resolver=names, force_close=True)
        async with (
            asyncio.timeout(_FETCH_S),
            aiohttp.ClientSession(connector=connector, trust_env=False) as session,
            # RFC 8461 3.3: redirects are not followed.
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status != _OK:
                raise aiohttp.ClientPayloadError("no policy there")
            if answer.content_type != "text/plain":
                raise ValueError("not a text")
            content = await answer.content.read(_LARGEST_POLICY + 1)
            while len(content) <= _LARGEST_POLICY and (more := await answer.content.read(_LARGEST_POLICY)):
                content += more
        if len(content) > _LARGEST_POLICY:
            raise ValueError("too long")
        return content.decode("utf-8")


class _PolicyHosts(AbstractResolver):
    """Looks up the hosts of policies, for aiohttp."""

    def __init__(self, resolver: Resolver, *, public_only: bool) -> None:
        self._resolver = resolver
        self._public_only = public_only

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host.

        Raises:
            OSError: It has none, or one that is not public.
        """
        del family
        try:
            found = await self._resolver.addresses(host)
        except DnsTemporaryError as error:
            raise OSError("the host cannot be looked up now") from error
        if not found or (self._public_only and not all(map(is_public, found))):
            raise OSError("the host has no public address")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=AF_INET6 if ":" in address else AF_INET,
                proto=0,
                flags=AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is kept open."""
