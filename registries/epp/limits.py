"""What a registry grants an account, and how sessions are kept within it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How many sessions, and how they are kept.

    Attributes:
        max_sessions: Of the account, over all processes that share its leases.
        requests_per_minute: Of the account; each session has an equal part. None for no limit.
        borrow_s: Longest wait for a free session.
        poll_s: How often a process that waits asks for a lease.
        idle_check_s: A session idle for longer is asked for a hello before it is used.
        keepalive_s: How often idle sessions say hello; below the registry's idle limit.
        max_age_s: An older session is closed rather than used again.
        max_commands: Likewise after this many commands; some registries count them.
    """

    max_sessions: int = 1
    requests_per_minute: int | None = None
    borrow_s: float = 30.0
    poll_s: float = 0.5
    idle_check_s: float = 30.0
    keepalive_s: float = 60.0
    max_age_s: float = 6 * 3600.0
    max_commands: int = 1000
