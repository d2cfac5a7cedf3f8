"""What privacy means for each TLD."""

from pydantic import Field

from registries.contact import Role
from registries.policy import Confidence, Mechanism, Reason
from whoisproxy.api.models.common import AnswerModel


class HolderChangeView(AnswerModel):
    """How the registry changes a holder, and what that costs."""

    kind: str
    lock_days: int


class TldView(AnswerModel):
    """The rule for one TLD or public suffix."""

    tld: str
    operator: str
    allowed: bool
    mechanism: Mechanism
    reason: Reason | None
    explanation: str
    source: str
    source_date: str
    confidence: Confidence
    holder_change: HolderChangeView
    switch_changes_registrant: bool
    roles: list[Role] = Field(description="Contact roles that the registry publishes.")


class TldPage(AnswerModel):
    """One page of the catalogue, by TLD."""

    tlds: list[TldView]
    next_cursor: str | None
