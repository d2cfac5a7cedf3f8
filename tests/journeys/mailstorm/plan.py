"""How big and how rough a mail storm is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of one run.

    Attributes:
        messages: Sending goes on until so many were answered 250, and the killing is over.
        kills: Of the service, or of one of its processes.
        database_kills: Of PostgreSQL, all its processes at once.
        sessions: Of senders at the same time.
        smtp_source: Those of them that are `smtp-source`, one process a message; the others are our own.
        processes: Of the service that take mail; 0 leaves it to the service.
        addresses: Relay addresses that are written to, each of an owner of his own.
        kill_every_s: Mean time from the start of what was killed to the next kill.
        single_share: Part of the kills that hit one process and not all.
        fault_share: Part of the commands and messages that the owners' mail server answers with a fault.
        timeout_s: How long the service waits for an answer of that mail server.
        settle_s: Longest wait, after the last message and the last kill, until all have arrived.
        seed: Of every chance.
    """

    messages: int = 20_000
    kills: int = 30
    database_kills: int = 0
    sessions: int = 20
    smtp_source: int = 10
    processes: int = 0
    addresses: int = 30
    kill_every_s: float = 3.0
    single_share: float = 0.3
    fault_share: float = 0.03
    timeout_s: float = 3.0
    settle_s: float = 300.0
    seed: int = 1
