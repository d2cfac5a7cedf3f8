"""Find out who sent a message: SPF, DKIM and DMARC together, and what to write and ask about them.

The parts are in `spf`, `dkim` and `dmarc`; the record of the outcome is Authentication-Results
(RFC 8601). What follows from a result is the business of the checks.
"""

import asyncio
import email.utils
import re
from datetime import datetime

from prometheus_client import Counter

from mailrelay.authentication.dkim import verify_dkim
from mailrelay.authentication.dmarc import evaluate
from mailrelay.authentication.results import (
    AuthenticationResults,
    DkimResult,
    DmarcPolicy,
    DmarcResult,
    Result,
    SpfResult,
)
from mailrelay.authentication.spf import check_spf
from mailrelay.dns import Resolver
from mailrelay.message import RawMessage

_RESULTS = Counter("mailrelay_authentication_total", "Results of sender authentication", ["method", "result"])
_MAX_AUTHOR_CHARACTERS = 4_000
# RFC 8601 section 2.2 allows more; a value outside of this is left out rather than quoted.
_SAFE_VALUE = re.compile(r"[A-Za-z0-9._-]{1,255}")


async def authenticate(  # noqa: PLR0913, PLR0917 - what SPF, DKIM and DMARC look at, named by the RFCs
    message: RawMessage, peer_ip: str, helo: str, reverse_path: str, resolver: Resolver, now: datetime
) -> AuthenticationResults:
    """Return SPF, DKIM and DMARC of a message; never raises for what a stranger sends or publishes.

    Args:
        message: As received.
        peer_ip: Address of the client.
        helo: Name given in EHLO.
        reverse_path: Without angle brackets; empty for the null reverse-path.
        resolver: Answers DNS questions; temporary failures appear as `temperror`.
        now: Aware UTC, for expired signatures.
    """
    spf, dkim = await asyncio.gather(
        check_spf(peer_ip, helo, reverse_path, resolver), verify_dkim(message, resolver, now)
    )
    authors = read_authors(message)
    domains = {author.rpartition("@")[2] for author in authors}
    if len(domains) == 1:
        dmarc, organizations = await evaluate(domains.pop(), spf, dkim, resolver)
    else:
        # RFC 9989: no author domain, or several, is beyond DMARC.
        dmarc, organizations = DmarcResult(Result.PERMERROR, DmarcPolicy.NONE, ""), {}
    _count(spf, dkim, dmarc)
    return AuthenticationResults(spf, dkim, dmarc, authors, tuple(sorted(organizations.items())))


def read_authors(message: RawMessage) -> tuple[str, ...]:
    """Return the mailboxes of the From field, domains as lower-case A-labels.

    Empty where there is not exactly one such field or any of it is no mailbox: with a parser in doubt,
    a reader's program may see another author than we do.
    """
    values = message.all("From")
    if len(values) != 1 or len(values[0]) > _MAX_AUTHOR_CHARACTERS:
        return ()
    mailboxes = [address for _, address in email.utils.getaddresses(values)]
    authors = [_normal(mailbox) for mailbox in mailboxes]
    return () if "" in authors else tuple(authors)


def _normal(mailbox: str) -> str:
    local, at, domain = mailbox.strip().rpartition("@")
    if not at or not local or re.search(r"[\s<>\x00-\x1f]", mailbox.strip()):
        return ""
    try:
        labels = domain.lower().rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return f"{local}@{labels.lower()}" if labels else ""


def authenticated_as(results: AuthenticationResults, mailbox: str) -> bool:
    """Return whether the message is proven to come from `mailbox`.

    Its only author is `mailbox`, and DKIM or SPF passed for an aligned domain: by DMARC, or by its relaxed
    alignment where the domain publishes no DMARC record.
    """
    wanted = _normal(mailbox).casefold()
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


def results_header(results: AuthenticationResults, authserv_id: str) -> str:
    """Return the value of an Authentication-Results field (RFC 8601 section 2.2), folded with CRLF TAB.

    Only names that are safe as they stand are written; others are left out, so that nothing a stranger
    chose can end the value or begin another.
    """
    spf, dmarc = results.spf, results.dmarc
    parts = [_method("spf", spf.result, ("smtp.helo" if spf.helo else "smtp.mailfrom", spf.domain))]
    parts += [
        _method("dkim", one.result, ("header.d", one.domain), ("header.s", one.selector), reason=one.reason)
        for one in results.dkim
    ] or ["dkim=none"]
    parts.append(_method("dmarc", dmarc.result, ("header.from", dmarc.from_domain)))
    return f"{authserv_id};\r\n\t" + ";\r\n\t".join(parts)


def _method(name: str, result: Result, *properties: tuple[str, str], reason: str = "") -> str:
    words = [f"{name}={result}"]
    if _SAFE_VALUE.fullmatch(reason):
        words.append(f"reason={reason}")
    words += [f"{key}={value}" for key, value in properties if _SAFE_VALUE.fullmatch(value)]
    return " ".join(words)


def _count(spf: SpfResult, dkim: tuple[DkimResult, ...], dmarc: DmarcResult) -> None:
    _RESULTS.labels("spf", spf.result.value).inc()
    for one in dkim:
        _RESULTS.labels("dkim", one.result.value).inc()
    _RESULTS.labels("dmarc", dmarc.result.value).inc()
