"""What privacy means for each TLD."""

from pydantic import Field

from registries.contact import Role
from registries.policy import Confidence, ContactModel, Mechanism, ProxyPolicy, Reason, Shown
from whoisproxy.api.models.common import AnswerModel


class HolderChangeView(AnswerModel):
    """How the registry changes a holder, and what that costs."""

    kind: str
    lock_days: int
    note: str


class SessionLimitsView(AnswerModel):
    """What the registry grants to one account; null where that is not known."""

    granted: int | None = Field(description="Sessions at the same time, without asking for more.")
    most: int | None = Field(description="Sessions at the same time that the registry grants at most.")
    idle_s: int | None = Field(description="Seconds of silence after which a session ends.")
    commands: int | None = Field(description="Commands after which a session ends.")
    requests_per_minute: int | None
    names_per_check: int | None


class TldInWords(AnswerModel):
    """The rule in whole sentences."""

    mechanism: str = Field(description="What is done.")
    reason: str = Field(description="Why nothing is done; empty where something is.")
    registry: str = Field(description="What changes at the registry.")
    natural_person: str = Field(description="What the public then sees of a natural person.")
    organisation: str = Field(description="What the public then sees of an organisation.")
    holder_change: str = Field(description="Whether it counts as a change of holder, and what that costs.")
    presence: str = Field(description="Whom the registry accepts as a holder.")
    sessions: str = Field(description="What the registry grants to an account; empty if not known.")
    confidence: str = Field(description="How sure this is.")


class TldView(AnswerModel):
    """The rule for one TLD or public suffix."""

    tld: str
    tld_unicode: str = Field(description="The TLD as people write it.")
    operator: str
    protocol: str = Field(description="What the registry speaks with registrars.")
    extension: str = Field(description="The EPP extension that the registry wants; empty for none.")
    allowed: bool
    mechanism: Mechanism
    reason: Reason | None
    explanation: str
    source: str
    source_date: str
    confidence: Confidence
    holder_change: HolderChangeView
    switch_changes_registrant: bool
    contact_model: ContactModel = Field(description="Which contacts the registry holds.")
    roles: list[Role] = Field(description="Contact roles that the registry publishes.")
    natural_persons: list[Shown] = Field(
        description="What the public sees of a natural person without a privacy service."
    )
    organisations: list[Shown] = Field(
        description="What the public sees of an organisation without a privacy service."
    )
    proxies: ProxyPolicy = Field(description="What the registry says to a privacy service as the holder.")
    native_mechanism: str = Field(description="The registry's own way of hiding holders; empty for none.")
    presence: str = Field(description="Whom the registry accepts as a holder; empty for anybody.")
    sessions: SessionLimitsView
    note: str
    in_words: TldInWords


class TldPage(AnswerModel):
    """One page of the catalogue, by TLD."""

    tlds: list[TldView]
    next_cursor: str | None
