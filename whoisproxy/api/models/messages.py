"""Messages: what was relayed, and what was kept back and why. Never their text."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from mailrelay.queue.entry import Direction, State
from whoisproxy.api.models.common import AnswerModel


class VerdictView(AnswerModel):
    """What one check found."""

    check: str
    action: str
    reason: str


class MessageView(AnswerModel):
    """One message to or from a relay address of the domain."""

    id: str
    direction: Direction
    state: State
    sender: Annotated[str, Field(description="Reverse-path; empty for a bounce.")]
    recipient: str
    size_octets: int
    verdicts: list[VerdictView]
    attempts: int
    last_error: str
    received_at: datetime
    updated_at: datetime


class MessagePage(AnswerModel):
    """One page of a domain's messages, newest first."""

    messages: list[MessageView]
    next_cursor: str | None
