"""Who sent a message: SPF, DKIM, DMARC, ARC (RFC 7208, 6376, 9989, 8617), and the record of it (RFC 8601)."""

from mailrelay.authentication.authenticate import authenticate, authenticated_as
from mailrelay.authentication.results import (
    ArcResult,
    AuthenticationResults,
    DkimResult,
    DmarcPolicy,
    DmarcResult,
    Result,
    SpfResult,
)
from mailrelay.authentication.results_header import results_header

__all__ = [
    "ArcResult",
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
