"""Write our Authentication-Results field (RFC 8601 section 2.2)."""

import re

from mailrelay.authentication.results import ArcResult, AuthenticationResults, DmarcResult, Result

# RFC 8601 section 2.2 allows more; a value outside of this is left out rather than quoted.
_SAFE_VALUE = re.compile(r"[A-Za-z0-9._-]{1,255}")


def results_header(results: AuthenticationResults, authserv_id: str) -> str:
    """Return the value of an Authentication-Results field, folded with CRLF TAB.

    Only names that are safe as they stand are written; others are left out, so that nothing a stranger
    chose can end the value or begin another.
    """
    spf = results.spf
    parts = [_method("spf", spf.result, ("smtp.helo" if spf.helo else "smtp.mailfrom", spf.domain))]
    parts += [
        _method("dkim", one.result, ("header.d", one.domain), ("header.s", one.selector), reason=one.reason)
        for one in results.dkim
    ] or ["dkim=none"]
    parts.append(_dmarc(results.dmarc))
    if results.arc is not None and results.arc.result is not Result.NONE:
        parts.append(_arc(results.arc))
    if results.confirmed:
        # RFC 8601 section 2.7.6: a method that is not registered, for programs that know it.
        parts.append(
            _method("x-confirmed", Result.PASS, ("header.from", results.confirmed.rpartition("@")[2]))
        )
    return f"{authserv_id};\r\n\t" + ";\r\n\t".join(parts)


def _dmarc(dmarc: DmarcResult) -> str:
    author = ("header.from", dmarc.from_domain)
    if dmarc.result is not Result.FAIL:
        return _method("dmarc", dmarc.result, author)
    # RFC 9989, IANA considerations: what the domain asks for, whether or not local policy does it.
    return _method("dmarc", dmarc.result, ("policy.dmarc", dmarc.policy.value), author)


def _arc(arc: ArcResult) -> str:
    # RFC 8617 section 10.2; the property is only known of a chain that holds.
    if arc.result is not Result.PASS:
        return _method("arc", arc.result, reason=arc.reason)
    return _method("arc", arc.result, ("header.oldest-pass", str(arc.oldest_pass)))


def _method(name: str, result: Result, *properties: tuple[str, str], reason: str = "") -> str:
    words = [f"{name}={result.value}"]
    if reason and _SAFE_VALUE.fullmatch(reason):
        words.append(f"reason={reason}")
    words += [f"{key}={value}" for key, value in properties if _SAFE_VALUE.fullmatch(value)]
    return " ".join(words)
