"""Corrections that owners ask their registrar for."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from whoisproxy.api.models.common import AnswerModel, FilledLine, Links, PageQuery, RequestModel
from whoisproxy.api.models.domains import RegistrantView
from whoisproxy.domain.correction import CorrectionState

_State = Literal["open", "applied", "refused", "withdrawn"]


class CorrectionQuery(PageQuery):
    """Which corrections."""

    state: Annotated[_State | None, Field(description="Only corrections in this state.")] = None


class ApplyBody(RequestModel):
    """How it is applied."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}, {"registrant_verified": True}]})

    registrant_verified: Annotated[
        bool | None,
        Field(
            description="Whether you vouch for the mailbox. Left out, it stays as it is where the mailbox "
            "stays, and is false where it changes."
        ),
    ] = None


class RefuseBody(RequestModel):
    """Why it is refused."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Please send us your new extract."}]}
    )

    reason: Annotated[FilledLine, Field(description="Shown to the owner, as you write it.")]


class CorrectionView(AnswerModel):
    """What an owner asks for."""

    id: str
    state: CorrectionState
    domains: Annotated[
        list[str],
        Field(description="A-labels of the domains it is about; none once they have other holders."),
    ]
    registrant: Annotated[
        RegistrantView | None, Field(description="As he is held now, of the first of the domains.")
    ]
    changes: Annotated[
        dict[str, str | list[str]], Field(description="New values of fields of the registrant.")
    ]
    reason: Annotated[str, Field(description="Why you refused it.")]
    created_at: datetime
    ended_at: datetime | None
    links: Links


class CorrectionPage(AnswerModel):
    """One page of corrections, oldest first."""

    corrections: list[CorrectionView]
    next_cursor: str | None
