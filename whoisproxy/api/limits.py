"""Limits of the API, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """What one client may ask of us.

    Attributes:
        requests_per_minute: For each API key; a fifth of it, at least ten, at once.
        failures_per_minute: Failed authentications for each address, the burst being the same.
        body_octets: Longest JSON body.
        line_octets: Longest line of an NDJSON body.
        bulk_lines: Most lines of one bulk request.
        body_timeout_s: Until the body has arrived; for NDJSON, until the next octets have.
        wait_s: Longest that a request may wait for something to happen; `wait` may ask for less.
        webhooks: Most webhooks of one registrar.
    """

    requests_per_minute: int = 600
    failures_per_minute: int = 30
    body_octets: int = 64 * 1024
    line_octets: int = 16 * 1024
    bulk_lines: int = 100_000
    body_timeout_s: float = 30.0
    wait_s: float = 30.0
    webhooks: int = 20

    @property
    def burst(self) -> int:
        """Requests that one key may make at once."""
        return max(10, self.requests_per_minute // 5)
