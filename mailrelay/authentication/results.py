"""What was found out about a message's sender: values of SPF, DKIM and DMARC.

Result words are those of RFC 8601 section 2.7.
"""

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """Result of one method (RFC 8601 section 2.7)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - the result word, no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class DmarcPolicy(StrEnum):
    """What a domain asks for mail that fails DMARC (RFC 9989, tag `p`)."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class SpfResult:
    """Result of SPF (RFC 7208).

    Attributes:
        domain: Domain that was checked: of MAIL FROM, or of HELO where MAIL FROM is null.
        helo: Whether the HELO identity was the one checked.
    """

    result: Result
    domain: str
    helo: bool = False


@dataclass(frozen=True, slots=True)
class DkimResult:
    """Result of one DKIM signature (RFC 6376); `reason` is kebab-case and ours."""

    result: Result
    domain: str
    selector: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DmarcResult:
    """Result of DMARC (RFC 9989).

    Attributes:
        policy: What the domain asks for; already softened where it is testing (`t=y`).
        from_domain: Author domain, empty where the message has not exactly one.
        aligned_by: `dkim` or `spf` on a pass, else empty.
    """

    result: Result
    policy: DmarcPolicy
    from_domain: str
    aligned_by: str = ""


@dataclass(frozen=True, slots=True)
class AuthenticationResults:
    """All of it, for one message.

    Attributes:
        authors: Domain-lowercased mailboxes of the From field, in order.
        organizational_domains: Organizational domain (RFC 9989 section 4.10.2) of each domain that took
            part, for alignment questions asked later.
    """

    spf: SpfResult
    dkim: tuple[DkimResult, ...]
    dmarc: DmarcResult
    authors: tuple[str, ...] = ()
    organizational_domains: tuple[tuple[str, str], ...] = ()
