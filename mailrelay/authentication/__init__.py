"""Who sent a message: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 9989), and the record of it (RFC 8601)."""

from mailrelay.authentication.authenticate import authenticate, authenticated_as, results_header
from mailrelay.authentication.results import (
    AuthenticationResults,
    DkimResult,
    DmarcPolicy,
    DmarcResult,
    Result,
    SpfResult,
)

__all__ = [
    "AuthenticationResults",
    "DkimResult",
    "DmarcPolicy",
    "DmarcResult",
    "Result",
    "SpfResult",
    "authenticate",
    "authenticated_as",
    "results_header",
]
