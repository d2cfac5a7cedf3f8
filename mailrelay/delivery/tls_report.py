"""Count what came of encrypted connections, as SMTP TLS reporting wants it (RFC 8460).

Counted are connections, by the policy of the domain and the day. A report could be made of `of_day`; none
is sent. The domains are those of owners and correspondents: they stay in memory, and out of metric labels.
"""

from collections import Counter as Tally
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum

from prometheus_client import Counter

from mailrelay.delivery.tls_policy import PolicyKind

_SESSIONS = Counter(
    "mailrelay_tls_sessions_total", "Connections by TLS policy and result (RFC 8460)", ["policy", "result"]
)
_SUCCESS = "success"
_DAYS = 2  # today, and yesterday for the report
_MOST_ROWS = 20_000


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
    """Counters by day, domain and policy.

    Args:
        clock: Gives aware UTC; days begin at its midnight.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._days: dict[date, Tally[tuple[str, PolicyKind, str]]] = {}

    def count(self, domain: str, kind: PolicyKind, failure: TlsResult | None = None) -> None:
        """Note one connection, or one failure to learn a policy."""
        result = failure.value if failure else _SUCCESS
        _SESSIONS.labels(kind.value, result).inc()
        today = self._clock().date()
        rows = self._days.get(today)
        if rows is None:
            rows = self._days[today] = Tally()
            for past in sorted(self._days)[:-_DAYS]:
                del self._days[past]
        if (domain, kind, result) in rows or len(rows) < _MOST_ROWS:
            rows[domain, kind, result] += 1

    def of_day(self, day: date) -> list[dict[str, object]]:
        """Return the policies of a day with their counts, in the names of RFC 8460 section 4.4."""
        by_policy: dict[tuple[str, PolicyKind], dict[str, int]] = {}
        for (domain, kind, result), count in sorted(self._days.get(day, {}).items()):
            by_policy.setdefault((domain, kind), {})[result] = count
        return [
            {
                "policy": {"policy-type": kind.value, "policy-domain": domain},
                "summary": {
                    "total-successful-session-count": results.get(_SUCCESS, 0),
                    "total-failure-session-count": sum(results.values()) - results.get(_SUCCESS, 0),
                },
                "failure-details": [
                    {"result-type": result, "failed-session-count": count}
                    for result, count in results.items()
                    if result != _SUCCESS
                ],
            }
            for (domain, kind), results in by_policy.items()
        ]
