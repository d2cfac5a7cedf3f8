"""Held mail: what is kept back and why, and what may be said about it. Never its text."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from mailrelay.content.kinds import MailClass
from whoisproxy.api.models.common import AnswerModel, Cursor, Limit, QueryModel, RequestModel
from whoisproxy.domain.quarantine import Outcome

_Whom = Literal["sender", "domain"]


class QuarantineQuery(QueryModel):
    """What to list, and how to say why."""

    of: Annotated[
        Literal["domain", "owner"],
        Field(description="`owner` for all domains of yours whose registrant has the same mailbox."),
    ] = "domain"
    language: Annotated[
        str,
        Field(max_length=35, pattern=r"^[A-Za-z0-9-]+$", description="BCP 47 tag of the texts in `why`."),
    ] = "en"
    cursor: Cursor | None = None
    limit: Limit = 100


class ReasonView(AnswerModel):
    """What one check found."""

    check: str
    action: str
    reason: str
    score: float


class HeldMessageView(AnswerModel):
    """One held message.

    `class` and `score` give the order: what may matter most first, then what looks least like spam.
    """

    model_config = ConfigDict(populate_by_name=True)

    id: str
    domain: str
    kind: Annotated[MailClass, Field(alias="class", description="What it is about.")]
    score: Annotated[float, Field(description="How much it looks like spam, in points.")]
    malware: Annotated[bool, Field(description="It is released with `accept_malware` only.")]
    sender: Annotated[str, Field(description="Reverse-path; empty for a bounce.")]
    size_octets: int
    received_at: datetime
    held_at: datetime
    expires_at: Annotated[datetime, Field(description="When it is thrown away if nobody releases it.")]
    reasons: list[ReasonView]
    why: Annotated[list[str], Field(description="Sentences for people.")]


class HeldMessageList(AnswerModel):
    """One page of what is held, in the order in which owners see it."""

    messages: list[HeldMessageView]
    next_cursor: str | None
    total: int


class ReleaseBody(RequestModel):
    """What a release is to mean beyond this message."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"allow": "sender"}]})

    allow: Annotated[
        _Whom | None,
        Field(description="Hold no more mail that is proven to be of this sender, or of all of his domain."),
    ] = None
    accept_malware: Annotated[bool, Field(description="Release it though malware was found in it.")] = False


class BlockSenderBody(RequestModel):
    """Whose mail the owner does not want any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"whom": "sender"}]})

    whom: Annotated[_Whom, Field(description="The author of the message, or all of his domain.")] = "sender"


class DecisionView(AnswerModel):
    """What became of what was said about a message."""

    outcome: Annotated[
        Outcome, Field(description="`already` where it was held no more: nothing was done now.")
    ]
    sender_proven: Annotated[
        bool,
        Field(description="False where a rule that allows the sender would not have let this message pass."),
    ]
