"""Disclosures: what one requester may see of a registrant, and when it was looked at."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from whoisproxy.api.models.common import AnswerModel, FilledLine, Line, Moment, RequestModel
from whoisproxy.domain.disclosure import LONGEST, DisclosedField, Ending, Purpose

_Purpose = Annotated[
    Purpose, Field(strict=False, description="One of the query purposes that RFC 9560 registers.")
]
_Fields = Annotated[
    list[Annotated[DisclosedField, Field(strict=False)]],
    Field(
        min_length=1,
        max_length=len(DisclosedField),
        description="Parts of the registrant; no other one is shown.",
    ),
]


class RequesterBody(RequestModel):
    """Who may look; kept sealed and shown to you alone."""

    name: FilledLine
    organization: Line = ""
    email: Line = ""


class DisclosureBody(RequestModel):
    """A grant to be made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "requester": {
                        "name": "Lea Recht",
                        "organization": "Kanzlei Recht",
                        "email": "lea@law.example",
                    },
                    "purpose": "legalActions",
                    "fields": ["name", "street", "city", "postal_code", "country_code"],
                    "reason": "District court, order 12/345 of 20 November 2026",
                    "expires_at": "2026-12-10T00:00:00Z",
                }
            ]
        }
    )

    requester: RequesterBody
    purpose: _Purpose
    fields: _Fields
    reason: Annotated[
        FilledLine, Field(description="What you decided on, such as the number of an order; kept sealed.")
    ]
    expires_at: Annotated[Moment, Field(description=f"At most {LONGEST.days} days from now.")]


class RequesterView(AnswerModel):
    """Who may look."""

    name: str
    organization: str
    email: str


class DisclosureView(AnswerModel):
    """A grant as it stands.

    `ended_at` and `ending` are null while it has not ended; one whose time is over ends within a minute.
    """

    id: str
    domain: str
    requester: RequesterView
    purpose: Purpose
    fields: list[DisclosedField]
    reason: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ending: Ending | None
    looks: Annotated[int, Field(description="How often it was used.")]


class NewDisclosureView(DisclosureView):
    """A new grant with its token."""

    token: Annotated[
        str,
        Field(
            description="Bearer token for RDAP (RFC 6750), shown this once. Give it to the requester in a "
            "way that nobody else can read."
        ),
    ]


class DisclosurePage(AnswerModel):
    """One page of grants, oldest first."""

    disclosures: list[DisclosureView]
    next_cursor: str | None


class LookView(AnswerModel):
    """One use of a grant, written down before its answer left."""

    id: str
    disclosure_id: str
    at: datetime
    fields: list[DisclosedField]
    network: Annotated[str, Field(description="Of the requester, /24 (IPv4) or /56 (IPv6), in CIDR.")]


class LookPage(AnswerModel):
    """One page of looks, oldest first."""

    looks: list[LookView]
    next_cursor: str | None
