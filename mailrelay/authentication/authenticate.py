"""Find out who sent a message: SPF, DKIM, DMARC and ARC together, and what to ask about them.

The parts are in `spf`, `dkim`, `dmarc` and `arc`; the record of the outcome is written by `results_header`.
What follows from a result is the business of the checks.
"""

import asyncio
from dataclasses import replace
from datetime import datetime
from functools import cache

from prometheus_client import Counter

from mailrelay.authentication.arc import validate_arc
from mailrelay.authentication.authors import normal_mailbox, read_authors
from mailrelay.authentication.dkim import verify_dkim
from mailrelay.authentication.dmarc import Organizations, evaluate
from mailrelay.authentication.results import (
    AuthenticationResults,
    DkimResult,
    DmarcPolicy,
    DmarcResult,
    Result,
    SpfResult,
)
from mailrelay.authentication.signature import SignedMessage
from mailrelay.authentication.spf import check_spf, check_spf_from_cache
from mailrelay.dns import DnsTemporaryError, Resolver
from mailrelay.message import RawMessage

_RESULTS = Counter("mailrelay_authentication_total", "Results of sender authentication", ["method", "result"])


async def authenticate(  # noqa: PLR0913, PLR0917 - what SPF, DKIM and DMARC look at, named by the RFCs
    message: RawMessage,
    peer_ip: str,
    helo: str,
    reverse_path: str,
    resolver: Resolver,
    now: datetime,
    *,
    validates_arc: bool = True,
) -> AuthenticationResults:
    """Return SPF, DKIM, DMARC and ARC of a message; never raises for what a stranger sends or publishes.

    Args:
        message: As received.
        peer_ip: Address of the client.
        helo: Name given in EHLO.
        reverse_path: Without angle brackets; empty for the null reverse-path.
        resolver: Answers DNS questions; temporary failures appear as `temperror`.
        now: Aware UTC, for expired signatures.
        validates_arc: Whether ARC chains are looked at.
    """
    signed = SignedMessage(message)
    cached = check_spf_from_cache(peer_ip, helo, reverse_path, resolver)
    if cached is not None:
        # What is cached needs no tasks and no waiting.
        spf, dkim = cached, await verify_dkim(signed, resolver, now)
    else:
        spf, dkim = await asyncio.gather(
            check_spf(peer_ip, helo, reverse_path, resolver), verify_dkim(signed, resolver, now)
        )
    organizations = Organizations(resolver)
    authors = () if signed.too_long else read_authors([field.value for field in signed.named("from")])
    domains = tuple(dict.fromkeys(author.rpartition("@")[2] for author in authors))
    dmarc = await evaluate(domains, spf, dkim, resolver, organizations)
    results = AuthenticationResults(
        spf,
        dkim,
        dmarc,
        authors,
        proven=await _proven(spf, dkim, organizations),
        organizational_domains=tuple(sorted(organizations.found.items())),
        arc=await validate_arc(signed, resolver, now) if validates_arc else None,
    )
    _count(results)
    return results


def without_dns(message: RawMessage) -> AuthenticationResults:
    """Return what can be said of a message where the DNS is not asked: who its authors claim to be."""
    authors = read_authors(message.all("From"))
    domains = {author.rpartition("@")[2] for author in authors}
    dmarc = Result.NONE if len(domains) == 1 else Result.PERMERROR
    return AuthenticationResults(
        SpfResult(Result.NONE, ""), (), DmarcResult(dmarc, DmarcPolicy.NONE, ""), authors
    )


def confirmed_by(mailbox: str, message: RawMessage) -> AuthenticationResults:
    """Return what is known of a message that came by no mail server: whose it is was asked for by a letter.

    Who reads a mailbox may write in its name; of its domain this proves nothing, so DMARC has no result.
    """
    found = without_dns(message)
    return replace(found, proven=True, confirmed=normal_mailbox(mailbox))


def authenticated_as(results: AuthenticationResults, mailbox: str) -> bool:
    """Return whether the message is proven to come from `mailbox`.

    Its only author is `mailbox`, and DKIM or SPF passed for an aligned domain: by DMARC, or by its relaxed
    alignment where the domain publishes no DMARC record.
    """
    wanted = normal_mailbox(mailbox).casefold()
    if not wanted or [author.casefold() for author in results.authors] != [wanted]:
        return False
    if results.dmarc.result is not Result.NONE:
        return results.dmarc.result is Result.PASS
    domain = wanted.rpartition("@")[2]
    organizations = dict(results.organizational_domains)
    methods: list[SpfResult | DkimResult] = [results.spf, *results.dkim]
    return any(
        one.result is Result.PASS
        and (one.domain == domain or organizations.get(one.domain) == organizations.get(domain, domain))
        for one in methods
    )


async def _proven(spf: SpfResult, dkim: tuple[DkimResult, ...], organizations: Organizations) -> bool:
    """Return whether the domain of the reverse-path is proven; where the DNS fails, it is not."""
    if spf.helo or not spf.domain:
        return False
    if spf.result is Result.PASS:
        return True
    for one in dkim:
        try:
            if one.result is Result.PASS and await organizations.same(spf.domain, one.domain):
                return True
        except DnsTemporaryError:
            continue
    return False


def _count(results: AuthenticationResults) -> None:
    _counter("spf", results.spf.result).inc()
    for one in results.dkim:
        _counter("dkim", one.result).inc()
    _counter("dmarc", results.dmarc.result).inc()
    if results.arc is not None:
        _counter("arc", results.arc.result).inc()


@cache
def _counter(method: str, result: Result) -> Counter:
    return _RESULTS.labels(method, result.value)
