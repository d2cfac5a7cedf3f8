"""What the API counts, by route template: no name, no id, no address is a label."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "whoisproxy_api_requests",
    "Requests answered, by route, method and status.",
    ["route", "method", "status"],
)
SECONDS = Histogram("whoisproxy_api_request_seconds", "Time to answer, by route.", ["route"])
IN_FLIGHT = Gauge("whoisproxy_api_requests_in_flight", "Requests being answered now.")
AUTHENTICATION_FAILURES = Counter(
    "whoisproxy_api_authentication_failures", "Requests without a good API key."
)
RATE_LIMITED = Counter("whoisproxy_api_rate_limited", "Requests refused by a rate limit.", ["limit"])
BULK_LINES = Counter("whoisproxy_api_bulk_lines", "Lines of bulk requests, by status.", ["status"])

_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"})


def method_label(method: str) -> str:
    """Return the method, or `other` for one that a client made up."""
    return method if method in _METHODS else "other"
