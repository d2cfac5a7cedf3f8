"""Judge what the public sees of a domain: clean, leak, or unknown. No data is never clean."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from registries.lookup.document import Document
from registries.lookup.evidence import Evidence, Hit, fields_of
from registries.lookup.folding import fold, spellings, words
from registries.lookup.readings import Readings, read


class Verdict(StrEnum):
    """What a look at the public directories has shown."""

    CLEAN = "clean"  # the wanted state shows, and nothing of the holder
    LEAK = "leak"  # something of the holder shows
    UNKNOWN = "unknown"  # nothing can be said: look again


class Doubt(StrEnum):
    """Why a look was not clean, as a code."""

    NO_ANSWER = "no-answer"
    CUT_OFF = "cut-off"
    OTHER_DOMAIN = "other-domain"
    EARLIER_STATE = "earlier-state"
    NOT_SHOWN = "not-shown"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a look; names fields and sources, never a value.

    Attributes:
        fields: Names of the holder's fields that were found.
        sources: Where they were found, or what is in doubt.
        doubt: Set exactly when the verdict is unknown.
        hits: Each trace in its form and at its line; of one answer only, since lines are counted in it.
    """

    verdict: Verdict
    fields: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    doubt: Doubt | None = None
    hits: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Expectation:
    """What must be seen of a domain, and what must not.

    Attributes:
        domain: A-label.
        evidence: None where the holder is to be shown.
        addresses: Relay addresses, one of which proves the wanted state.
        identities: Organisations of the proxy, one of which proves it too.
        gone: Relay addresses of the state before; while one shows, the directory is not up to date.
    """

    domain: str
    evidence: Evidence | None
    addresses: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


# A WHOIS answer that has none of these tells nothing about a registered domain.
_REGISTERED = re.compile(
    r"^[^\w\n]*(?:registrar|registered (?:on|date)|(?:domain )?name ?servers?|domain servers|nservers?"
    r"|created|creation|activat|expir)[^\n]*\w",
    re.MULTILINE,
)


def judge(document: Document, expected: Expectation) -> Finding:
    """Judge one raw answer."""
    source = (document.source,)
    readings = read(document, expected.domain)
    hits = expected.evidence.hits(readings) if expected.evidence else ()
    if hits:
        return Finding(Verdict.LEAK, fields_of(hits), source, hits=hits)
    doubt = _doubt(readings, expected)
    return Finding(Verdict.UNKNOWN, (), source, doubt) if doubt else Finding(Verdict.CLEAN)


def _doubt(readings: Readings, expected: Expectation) -> Doubt | None:
    if not readings.whole:
        return Doubt.CUT_OFF
    if any(map(readings.show, expected.gone)):
        return Doubt.EARLIER_STATE
    # A relay address is one domain's alone, so it proves of which the answer speaks.
    if any(map(readings.show, expected.addresses)):
        return None
    if not _speaks_of(readings, expected.domain):
        return Doubt.OTHER_DOMAIN
    proved = any(f" {words(name)} " in readings.plain.words for name in expected.identities)
    needed = bool(expected.addresses or expected.identities)
    return Doubt.NOT_SHOWN if needed and not proved else None


def _speaks_of(readings: Readings, domain: str) -> bool:
    """Whether an answer describes the registered domain, and is no refusal and no error."""
    names = spellings(domain) if domain else frozenset()
    if readings.document.source == "rdap":
        return _is_domain_object(readings.document.parsed, names)
    return readings.plain.names(names) and bool(_REGISTERED.search(readings.plain.folded))


def _is_domain_object(value: object, names: frozenset[str]) -> bool:
    """Whether a JSON value is the domain object of RFC 9083 section 5.3 under one of the names."""
    if not isinstance(value, dict) or value.get("objectClassName") != "domain":
        return False
    return any(fold(str(value.get(key, "")).rstrip(".")) in names for key in ("ldhName", "unicodeName"))


def of_directory(findings: Iterable[Finding]) -> Finding:
    """Return the finding of a directory and those that it refers to: one of them must prove the state.

    A directory that holds no contacts says nothing, and the one that it refers to says it. But what one
    still shows of the state before is not outweighed by another.
    """
    return _first(
        findings,
        lambda each: each.verdict is Verdict.LEAK,
        lambda each: each.doubt in {Doubt.EARLIER_STATE, Doubt.CUT_OFF},
        lambda each: each.verdict is Verdict.CLEAN,
    )


def of_all(findings: Iterable[Finding]) -> Finding:
    """Return the finding of all directories together: each must be clean."""
    return _first(
        findings,
        lambda each: each.verdict is Verdict.LEAK,
        lambda each: each.verdict is Verdict.UNKNOWN,
    )


def _first(findings: Iterable[Finding], *ranks: Callable[[Finding], bool]) -> Finding:
    """Return what the findings of the first rank that has any say together."""
    given = tuple(findings)
    for rank in (*ranks, _any):
        if of_rank := [each for each in given if rank(each)]:
            names = sorted({name for each in of_rank for name in each.fields})
            sources = sorted({name for each in of_rank for name in each.sources})
            return Finding(of_rank[0].verdict, tuple(names), tuple(sources), of_rank[0].doubt)
    return Finding(Verdict.UNKNOWN, doubt=Doubt.NO_ANSWER)


def _any(_finding: Finding) -> bool:
    return True
