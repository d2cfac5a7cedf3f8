"""How a WHOIS query can end, and what is sent where no object is."""

from enum import StrEnum

from whoisproxy.publication.answer import ObjectKind, Question
from whoisproxy.publication.whois.lines import encode


class Outcome(StrEnum):
    """The end of a query, as metrics name it."""

    FOUND = "found"
    HELP = "help"
    NOT_FOUND = "not-found"
    BAD_QUERY = "bad-query"
    TOO_LONG = "too-long"
    UNFINISHED = "unfinished"
    TIMEOUT = "timeout"
    LIMITED = "limited"
    BUSY = "busy"
    CLOSING = "closing"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"


_LINES = {
    Outcome.HELP: (
        "% Send one line and CRLF:",
        "%   NAME, or: domain NAME     a domain, in A-labels or U-labels (UTF-8)",
        "%   nameserver NAME           a name server",
        "%   registrar NAME            a registrar, by its name or IANA ID",
        "% The answer is text in UTF-8, as in RFC 3912. RDAP (RFC 9082) tells the same in JSON.",
    ),
    Outcome.NOT_FOUND: ("No match for this query.",),
    Outcome.BAD_QUERY: ("% Error: this is not a query in UTF-8. Send HELP for help.",),
    Outcome.TOO_LONG: ("% Error: the query is longer than 512 octets.",),
    Outcome.UNFINISHED: ("% Error: the query must end with CRLF (RFC 3912).",),
    Outcome.TIMEOUT: ("% Error: no complete query, or no answer, in time.",),
    Outcome.LIMITED: ("% Error: too many queries from your network. Try again later.",),
    Outcome.BUSY: ("% Error: too many connections. Try again later.",),
    Outcome.CLOSING: ("% Error: the service is going down. Try again later.",),
    Outcome.UNAVAILABLE: ("% Error: the database does not answer now. Try again later.",),
    Outcome.FAILED: ("% Error: the query failed here. Try again later.",),
}
TEXTS = {outcome: encode(lines) for outcome, lines in _LINES.items()}

Ending = tuple[Outcome, bytes]
"""How a query ends, and what is sent."""


def not_found(question: Question | None) -> Ending:
    """Return the end of a query for what is not held here, in the words by which clients know it.

    Args:
        question: None where nobody can hold what was asked for.
    """
    if question is None or question.kind is ObjectKind.ENTITY:
        return Outcome.NOT_FOUND, TEXTS[Outcome.NOT_FOUND]
    return Outcome.NOT_FOUND, encode((f'No match for "{question.name}".',))
