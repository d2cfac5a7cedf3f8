"""How big and how rough a crash test is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of one run.

    Attributes:
        toggles: Wishes in all, on and off, spread over the domains by chance.
        workers: Worker processes on PostgreSQL; on SQLite one process is everything.
        sessions: EPP sessions of each worker process; the registry admits ten in all.
        owners: Who switch at the same time.
        patience_s: Longest wait of an owner for the end of a switch before he turns to his next domain.
        regret: Share of the wishes that are followed by the opposite one within two seconds.
        kill_every_s: Mean time from the start of a process to the next kill.
        least_kills: The killing goes on until there were so many, even if all wishes are spent.
        disconnect_share: Part of the EPP commands at which the registry cuts the connection, by chance
            before or after it has carried them out.
        settle_s: Longest wait, after the last wish and the last kill, until all is as wanted.
        seed: Of the chance by which domains, wishes and victims are chosen.
    """

    domains: int = 500
    toggles: int = 2000
    workers: int = 2
    sessions: int = 4
    owners: int = 32
    patience_s: int = 10
    regret: float = 0.3
    kill_every_s: float = 3.0
    least_kills: int = 3
    disconnect_share: float = 0.05
    settle_s: float = 300.0
    seed: int = 1
