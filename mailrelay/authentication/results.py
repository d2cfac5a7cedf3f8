"""What was found out about a message's sender: values of SPF, DKIM, DMARC and ARC.

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
class ArcSet:
    """What one sealer of an ARC chain says (RFC 8617 section 4.2).

    Attributes:
        sealer: Domain that sealed, `d=` of ARC-Seal.
        authserv_id: Name under which it authenticated.
        results: Its Authentication-Results as text, read only where somebody asks.
        covers_author: Whether its signature covers From.
    """

    sealer: str
    authserv_id: str
    results: str
    covers_author: bool


@dataclass(frozen=True, slots=True)
class ArcResult:
    """Result of ARC (RFC 8617): none, pass or fail.

    Attributes:
        sets: From the first sealer to the latest; where the result is not a pass, only claims.
        oldest_pass: Number of the oldest signature that still fits the message; 0 where all do.
        reason: Kebab-case and ours.
    """

    result: Result
    sets: tuple[ArcSet, ...] = ()
    oldest_pass: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AuthenticationResults:
    """All of it, for one message.

    Attributes:
        authors: Domain-lowercased mailboxes of the From field, in order.
        organizational_domains: Organizational domain (RFC 9989 section 4.10.2) of each domain that took
            part, for alignment questions asked later.
        proven: Whether the domain of the reverse-path is proven, by SPF or by an aligned DKIM signature: only
            then may a report go there. False for the null reverse-path.
        arc: None where ARC is switched off.
        confirmed: Mailbox whose owner has said by a secret link sent there that the message is his; "" for
            mail, of which nobody is asked.
    """

    spf: SpfResult
    dkim: tuple[DkimResult, ...]
    dmarc: DmarcResult
    authors: tuple[str, ...] = ()
    organizational_domains: tuple[tuple[str, str], ...] = ()
    proven: bool = False
    arc: ArcResult | None = None
    confirmed: str = ""
