"""What the public sees of a domain, as it was found by looking."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from registries.lookup.verdict import Doubt, Verdict
from whoisproxy.api.models.common import AnswerModel
from whoisproxy.domain.publication_watch import Place


class SightingView(AnswerModel):
    """What one server showed."""

    source: Literal["rdap", "whois"]
    server: Annotated[str, Field(description="`host:port`.")]
    referred: Annotated[bool, Field(description="Whether another directory led there.")]
    verdict: Verdict
    fields: Annotated[list[str], Field(description="Fields of the registrant that were found.")]
    doubt: Annotated[Doubt | None, Field(description="Why nothing can be said.")]
    since: Annotated[datetime, Field(description="When it was first found so.")]
    looks: Annotated[int, Field(description="How often in succession it was found so.")]
    first_seen_at: datetime
    seen_at: datetime
    last_clean_at: Annotated[
        datetime | None, Field(description="When this server last showed nothing of the registrant.")
    ]


class PlaceView(AnswerModel):
    """One place where the public looks."""

    place: Annotated[
        Place,
        Field(description="Our `own` RDAP and WHOIS; or the `registry`'s, with the registrar's behind it."),
    ]
    watched: bool
    verdict: Annotated[Verdict | None, Field(description="Of the last look; null before the first.")]
    since: Annotated[datetime | None, Field(description="When this verdict began.")]
    looked_at: datetime | None
    last_clean_at: datetime | None
    next_look_at: Annotated[
        datetime | None, Field(description="Null while an operation is on the way to the registry.")
    ]
    repairs: Annotated[int, Field(description="How often the change was made anew because of this leak.")]
    servers: list[SightingView]


class PublicationLinks(AnswerModel):
    """Where to go on."""

    self: str
    domain: str
    privacy: str


class PublicationView(AnswerModel):
    """What the public sees of a domain."""

    domain: str
    verdict: Annotated[
        Verdict | None,
        Field(description="Of all watched places: each must be clean. Null where one was not looked at yet."),
    ]
    places: list[PlaceView]
    links: PublicationLinks
