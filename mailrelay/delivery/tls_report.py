"""Count what came of encrypted connections, and write the reports of a day (SMTP TLS reporting, RFC 8460).

Counted are connections, by day, domain and policy. The domains are those of owners and correspondents: they
stay out of metric labels, and `tls_counts` keeps them sealed. Reports are made when they are asked for; none
is sent to the `rua` of a domain.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from prometheus_client import Counter

from mailrelay.delivery.tls_policy import PolicyKind

_SESSIONS = Counter(
    "mailrelay_tls_sessions_total", "Connections by TLS policy and result (RFC 8460)", ["policy", "result"]
)
_SUCCESS = "success"
_MOST_ROWS = 20_000

Counts = Tally[tuple[str, str, str]]
"""How many connections of one day had a domain, a policy and a result."""


class TlsResult(StrEnum):
    """Result types (RFC 8460 section 4.3)."""

    STARTTLS_NOT_SUPPORTED = "starttls-not-supported"
    HOST_MISMATCH = "certificate-host-mismatch"
    EXPIRED = "certificate-expired"
    NOT_TRUSTED = "certificate-not-trusted"
    VALIDATION_FAILURE = "validation-failure"
    TLSA_INVALID = "tlsa-invalid"
    DNSSEC_INVALID = "dnssec-invalid"
    STS_POLICY_FETCH_ERROR = "sts-policy-fetch-error"
    STS_POLICY_INVALID = "sts-policy-invalid"
    STS_WEBPKI_INVALID = "sts-webpki-invalid"


class TlsReports:
    """Counters of this process.

    Args:
        clock: Gives aware UTC; days begin at its midnight.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._days: dict[date, Counts] = {}

    def count(self, domain: str, kind: PolicyKind, failure: TlsResult | None = None) -> None:
        """Note one connection, or one failure to learn a policy."""
        result = failure.value if failure else _SUCCESS
        _SESSIONS.labels(kind.value, result).inc()
        rows = self._days.setdefault(self._clock().date(), Tally())
        if (domain, kind.value, result) in rows or len(rows) < _MOST_ROWS:
            rows[domain, kind.value, result] += 1

    def take(self) -> dict[date, Counts]:
        """Return what was counted since this was last asked."""
        taken, self._days = self._days, {}
        return taken


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports.

    Attributes:
        organization: `organization-name`.
        contact: `contact-info`, a mailbox; empty for none.
        host: Makes report ids unique.
    """

    organization: str
    contact: str
    host: str

    def reports(self, day: date, counts: Counts) -> list[dict[str, object]]:
        """Return a report of a day for each domain (RFC 8460 section 4.4), without addresses of servers."""
        domains: dict[str, dict[str, Counts]] = {}
        for (domain, kind, result), count in sorted(counts.items()):
            domains.setdefault(domain, {}).setdefault(kind, Tally())[domain, kind, result] = count
        return [
            {
                "organization-name": self.organization,
                "date-range": {
                    "start-datetime": f"{day}T00:00:00Z",
                    "end-datetime": f"{day}T23:59:59Z",
                },
                "contact-info": self.contact,
                "report-id": f"{day}-{domain}@{self.host}",
                "policies": [_policy(domain, kind, rows) for kind, rows in policies.items()],
            }
            for domain, policies in domains.items()
        ]


def _policy(domain: str, kind: str, rows: Counts) -> dict[str, object]:
    failures = _failures((result, count) for (_, _, result), count in rows.items())
    return {
        "policy": {"policy-type": kind, "policy-domain": domain},
        "summary": {
            "total-successful-session-count": rows[domain, kind, _SUCCESS],
            "total-failure-session-count": sum(failures.values()),
        },
        "failure-details": [
            {"result-type": result, "failed-session-count": count} for result, count in failures.items()
        ],
    }


def _failures(results: Iterable[tuple[str, int]]) -> dict[str, int]:
    return {result: count for result, count in results if result != _SUCCESS}
