"""Operations: work that goes on after the API has answered, and the events that tell of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OperationState(StrEnum):
    """Where an operation stands."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    SUPERSEDED = "superseded"  # a later switch of the same domain took its place


class OperationKind(StrEnum):
    """What an operation does."""

    ENABLE = "privacy.enable"
    DISABLE = "privacy.disable"
    REFRESH = "privacy.refresh"  # the registrant or the address changed while privacy is on


class Actor(StrEnum):
    """Who asked for a change."""

    REGISTRAR = "registrar"  # by the API or the command line
    OWNER = "owner"  # on his pages


@dataclass(frozen=True, slots=True)
class Operation:
    """One piece of work for a registry.

    Attributes:
        commands: What was sent, once done, such as `contact:create`.
        problem_code: Why it failed, or what a pending one waits for; "" otherwise.
        problem: The same in one sentence; names no person.
        look_again_at: When what is in the way may have changed; None where nothing is known of that.
        awaits: Transaction at the registry whose end a message will tell; "" where none is awaited.
        leak_risk: Whether the registrar was told that the registry may show the registrant.
    """

    id: str
    registrar_id: str
    domain_id: str
    domain: str
    kind: OperationKind
    state: OperationState
    attempts: int
    commands: tuple[str, ...]
    problem_code: str
    problem: str
    created_at: datetime
    updated_at: datetime
    look_again_at: datetime | None = None
    awaits: str = ""
    leak_risk: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something a registrar may want to know; also what its webhooks carry.

    Attributes:
        sequence: Grows for ever; the cursor of `GET /v1/events`.
        data: JSON values; ids and states, never a person.
    """

    sequence: int
    id: str
    registrar_id: str
    type: str
    domain: str
    data: Mapping[str, object]
    at: datetime
