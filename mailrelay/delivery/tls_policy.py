"""How a connection to a mail server must be protected: the policies, and what is tried under each.

Opportunistic (RFC 7435) unless the domain publishes more: DANE (RFC 7672) goes before MTA-STS (RFC 8461).
A smarthost is what the operator says.
"""

import ssl
from dataclasses import dataclass
from enum import StrEnum

from mailrelay.dns import Tlsa


class Demand(StrEnum):
    """What is demanded of a connection; also the word for it in the trail."""

    CLEAR = "clear"  # the operator wants no encryption to his smarthost
    OPPORTUNISTIC = "opportunistic"
    ENCRYPTED = "encrypted"  # RFC 7672 2.2: TLSA records are there, none of which can be used
    TESTING = "testing"  # RFC 8461 5: MTA-STS that is tried out; failures are counted only
    VERIFIED = "verified"
    DANE = "dane"


class Attempt(StrEnum):
    """One way to connect."""

    CLEAR = "clear"
    ANY_CERTIFICATE = "any-certificate"
    TRUSTED_CERTIFICATE = "trusted-certificate"
    TLSA_RECORD = "tlsa-record"


# What is tried in turn. Where encryption fails, going without is better than not at all (RFC 7435), except
# where more was promised.
ATTEMPTS: dict[Demand, tuple[Attempt, ...]] = {
    Demand.CLEAR: (Attempt.CLEAR,),
    Demand.OPPORTUNISTIC: (Attempt.ANY_CERTIFICATE, Attempt.CLEAR),
    Demand.ENCRYPTED: (Attempt.ANY_CERTIFICATE,),
    Demand.TESTING: (Attempt.TRUSTED_CERTIFICATE, Attempt.ANY_CERTIFICATE, Attempt.CLEAR),
    Demand.VERIFIED: (Attempt.TRUSTED_CERTIFICATE,),
    Demand.DANE: (Attempt.TLSA_RECORD,),
}


class PolicyKind(StrEnum):
    """Where a policy comes from, in the words of RFC 8460 section 4.4."""

    NONE = "no-policy-found"
    STS = "sts"
    TLSA = "tlsa"


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """The policy for one mail server.

    Attributes:
        implicit: Whether TLS begins with the connection, without STARTTLS (RFC 8314).
        tlsa: What the certificate must match under `Demand.DANE`.
        names: Names that a certificate issued by a DANE trust anchor may be for (RFC 7672 section 3.2.3).
    """

    demand: Demand = Demand.OPPORTUNISTIC
    kind: PolicyKind = PolicyKind.NONE
    implicit: bool = False
    tlsa: tuple[Tlsa, ...] = ()
    names: tuple[str, ...] = ()


OPPORTUNISTIC = TlsPolicy()


class Contexts:
    """The two ways to judge certificates, made once.

    Args:
        verified: Trusts the authorities of the system; given where others are to be trusted.
    """

    def __init__(self, verified: ssl.SSLContext | None = None) -> None:
        self.verified = verified or ssl.create_default_context()
        # An unknown certificate is better than no encryption; DANE judges it after the handshake.
        self.unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.unverified.check_hostname = False
        self.unverified.verify_mode = ssl.CERT_NONE
