"""Rules about senders: whose mail is allowed, whose is blocked."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from whoisproxy.api.models.common import AnswerModel, FilledLine, RequestModel
from whoisproxy.domain.sender_rules import RuleAction, RuleScope


class SenderRuleBody(RequestModel):
    """What is to be done with a sender's mail."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"sender": "example.net", "action": "allow"},
                {"sender": "pest@far.example", "action": "block"},
            ]
        }
    )

    sender: Annotated[
        FilledLine, Field(description="A mailbox, or a domain, which stands for all below it too.")
    ]
    action: Annotated[
        RuleAction,
        Field(
            strict=False,
            description="`allow`: authenticated mail is not stopped for what it says or for how many got it. "
            "`block`: mail is held, and its sender is not told.",
        ),
    ]


class SenderRuleView(AnswerModel):
    """A rule as it is kept: the sender in lower case, his domain in A-labels."""

    id: str
    scope: RuleScope
    sender: str
    action: RuleAction
    created_at: datetime


class SenderRulePage(AnswerModel):
    """One page of rules, oldest first."""

    sender_rules: list[SenderRuleView]
    next_cursor: str | None
