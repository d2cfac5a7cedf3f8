"""A domain's privacy: what is wanted, what the world sees, and what a switch would change."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from mailrelay.directory import MailPolicy
from registries.contact import Role
from registries.policy import Mechanism
from whoisproxy.api.models.common import AnswerModel, FilledLine, Line, Moment, RequestModel
from whoisproxy.api.models.contacts import ContactView
from whoisproxy.api.models.operations import OperationView
from whoisproxy.domain.operation import Actor
from whoisproxy.domain.privacy import ConsentTo, PrivacyState


class ConsentModel(RequestModel):
    """Who agreed to which text when."""

    by: Annotated[FilledLine, Field(description="Who agreed, in the owner's words.")]
    at: Moment
    text_version: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class PrivacyBody(RequestModel):
    """The wanted privacy."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "enabled": True,
                    "mail_policy": "filter",
                    "consent": {
                        "by": "Zoë Müller",
                        "at": "2026-11-01T09:30:00Z",
                        "text_version": "2026-10",
                    },
                },
                {"enabled": False},
            ]
        }
    )

    enabled: bool
    mail_policy: Annotated[MailPolicy | None, Field(description="Absent keeps the present policy.")] = None
    forward_to: Annotated[
        Line | None,
        Field(description='Mailbox for relayed mail; "" for the registrant\'s own; absent keeps it.'),
    ] = None
    consent: Annotated[ConsentModel | None, Field(description="Needed to switch on for the first time.")] = (
        None
    )


class PreviewBody(RequestModel):
    """The switch to look at; nothing is changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": True}]})

    enabled: bool


class RegistrantChange(AnswerModel):
    """Whether a switch counts as a change of registrant, and the transfer lock it may bring."""

    triggered: bool
    lock_days: int


class ConsentView(AnswerModel):
    """The recorded consent."""

    by: str
    at: datetime
    text_version: str


class KeptConsentView(ConsentView):
    """A consent as it was recorded with the switch that it was given for."""

    to: Annotated[
        ConsentTo,
        Field(
            description="`hide`: that the privacy service is published; `show`: that the owner himself is."
        ),
    ]
    language: Annotated[str, Field(description='Of the text, where the owner agreed on his pages; else "".')]
    actor: Annotated[Actor, Field(description="Who told us: `owner` on his pages, or you.")]
    proofs: Annotated[
        list[str], Field(description="How the owner had signed in to his pages, such as `passkey`.")
    ]


class ConsentsView(AnswerModel):
    """Every consent of a domain's present holder."""

    domain: str
    consents: Annotated[list[KeptConsentView], Field(description="The oldest first.")]


class PrivacyLinks(AnswerModel):
    """Where to go on from a domain's privacy."""

    self: str
    domain: str
    operation: str | None


class PrivacyView(AnswerModel):
    """A domain's privacy as it stands."""

    domain: str
    state: PrivacyState
    wanted: Annotated[bool, Field(description="What the owner wishes.")]
    published: Annotated[bool, Field(description="Whether the registry may show the proxy still or already.")]
    allowed: Annotated[bool, Field(description="Whether privacy can be switched on for this TLD.")]
    mechanism: Mechanism
    reason: Annotated[
        str | None,
        Field(
            description="Why it is not allowed, a TLD_ code; why the last switch failed; or why the "
            "mechanism is not the TLD's own, REGISTRY_HOLDS_NO_CONTACTS."
        ),
    ]
    explanation: str
    source: Annotated[str, Field(description="Where the rule of the TLD is documented.")]
    published_contacts: Annotated[
        dict[Role, ContactView], Field(description="What the world sees, per contact role.")
    ]
    registrant_change: RegistrantChange
    mail_policy: MailPolicy
    forward_to: Annotated[str, Field(description='"" for the registrant\'s own mailbox.')]
    consent: ConsentView | None
    operation: OperationView | None
    updated_at: datetime
    links: PrivacyLinks


class Difference(AnswerModel):
    """One field of one contact that a switch changes."""

    role: Role
    field: str
    before: str
    after: str


class PreviewView(AnswerModel):
    """What a switch would change in the published contacts."""

    domain: str
    enabled: bool
    allowed: bool
    mechanism: Mechanism
    reason: str | None
    explanation: str
    source: str
    registrant_change: RegistrantChange
    before: dict[Role, ContactView]
    after: dict[Role, ContactView]
    differences: list[Difference]
