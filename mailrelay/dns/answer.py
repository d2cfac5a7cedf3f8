"""Answers of the DNS as plain values, read from the wire once (RFC 1035, RFC 6698, RFC 7672)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype

Kind = Literal["A", "AAAA", "MX", "PTR", "TLSA", "TXT"]

_MIN_TTL_S = 5  # one message asks some questions twice; it must see one answer, even where the TTL is 0
_MAX_TTL_S = 3600  # a changed key or policy is seen within the hour, whatever its TTL says
# RFC 2308 section 5 would keep them for hours; a record that was missing and is there now must not be missed.
_MAX_NEGATIVE_TTL_S = 300
_STALE_S = 3600  # RFC 8767 section 5 allows days; blocklists and policies change within hours


class Tlsa(NamedTuple):
    """A TLSA record (RFC 6698 section 2.1)."""

    usage: int
    selector: int
    matching_type: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the DNS says to one question.

    Attributes:
        exists: Whether the name exists in the sense of RFC 8020: the answer is not NXDOMAIN.
        records: In order of `Kind`: addresses as text; (preference, host) sorted, a null MX (RFC 7505) as
            `(0, "")`; names; `Tlsa`; the strings of a TXT record joined, octets above 127 as Latin-1.
            Names are in lower case without the final dot.
        canonical: The name at the end of the CNAME chain, the name asked for where there is none.
        secure: Whether a resolver trusted to validate has validated all of it (AD, RFC 4035 section 3.2.3).
        expires_at_s: On the resolver's clock.
        stale_until_s: So long it serves where the DNS fails.
    """

    exists: bool
    records: tuple[Any, ...]
    canonical: str
    secure: bool
    expires_at_s: float
    stale_until_s: float


def read_answer(response: dns.message.QueryMessage, kind: str, now_s: float, *, validated: bool) -> Answer:
    """Return the answer that a response holds.

    Args:
        response: NOERROR or NXDOMAIN.
        kind: What was asked.
        now_s: Time of the resolver's clock.
        validated: Whether AD in the response is to be believed.

    Raises:
        dns.exception.DNSException: The response contradicts itself or has an endless chain of CNAMEs.
    """
    chain = response.resolve_chaining()
    records = () if chain.answer is None else tuple(_READ[kind](record) for record in chain.answer)
    longest_s = _MAX_TTL_S if records else _MAX_NEGATIVE_TTL_S
    expires_at_s = now_s + min(max(chain.minimum_ttl, _MIN_TTL_S), longest_s)
    secure = validated and bool(response.flags & dns.flags.AD)
    return Answer(
        exists=response.rcode() != dns.rcode.NXDOMAIN,
        records=tuple(sorted(records)) if kind == "MX" else records,
        canonical=name_text(chain.canonical_name),
        secure=secure,
        expires_at_s=expires_at_s,
        # Whoever can stop the DNS must not be able to take DANE away: what DNSSEC stands behind is not kept.
        stale_until_s=expires_at_s + (_STALE_S if records and not secure else 0),
    )


def no_name(name: str, expires_at_s: float) -> Answer:
    """Return the answer for what is no domain name: it does not exist."""
    return Answer(
        exists=False,
        records=(),
        canonical=name,
        secure=False,
        expires_at_s=expires_at_s,
        stale_until_s=expires_at_s,
    )


def name_text(name: dns.name.Name) -> str:
    """Return a name in lower case without the final dot; the root is empty."""
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


_READ: dict[str, Callable[[Any], Any]] = {
    "A": lambda record: record.address,
    "AAAA": lambda record: record.address,
    "MX": lambda record: (record.preference, name_text(record.exchange)),
    "PTR": lambda record: name_text(record.target),
    "TLSA": lambda record: Tlsa(record.usage, record.selector, record.mtype, record.cert),
    "TXT": lambda record: b"".join(record.strings).decode("latin-1"),
}
