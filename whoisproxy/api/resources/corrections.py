"""Corrections of registration data, as owners ask for them: read, applied, refused."""

from typing import Any

from whoisproxy.api.models.common import Links, NoQuery, Nothing
from whoisproxy.api.models.corrections import (
    ApplyBody,
    CorrectionPage,
    CorrectionQuery,
    CorrectionView,
    RefuseBody,
)
from whoisproxy.api.models.domains import RegistrantView
from whoisproxy.api.paging import cursor, place_of
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.correction import CorrectionState
from whoisproxy.services.owners.corrections import Asked

_PATH, _LIST = "/v1/corrections", "corrections"


def correction_view(asked: Asked) -> CorrectionView:
    """Return a correction as it is shown."""
    correction, domains = asked.correction, asked.domains
    present = RegistrantView.model_validate(domains[0].registrant.as_dict()) if domains else None
    return CorrectionView(
        id=correction.id,
        state=correction.state,
        domains=[each.name.a_label for each in domains],
        registrant=present,
        changes=dict(correction.changes),  # type: ignore[arg-type]  # texts, and the list of street lines
        reason=correction.reason,
        created_at=correction.created_at,
        ended_at=correction.ended_at,
        links=Links(self=f"{_PATH}/{correction.id}"),
    )


async def list_corrections(call: Call[CorrectionQuery, Nothing]) -> Answer:
    """Answer with one page of corrections."""
    query = call.query
    after = place_of(_LIST, query.cursor)
    state = CorrectionState(query.state) if query.state else None
    found = await call.deps.corrections.page(call.registrar, state, after, query.limit + 1)
    shown = found[: query.limit]
    more = cursor(_LIST, shown[-1].correction.id) if len(found) > len(shown) else None
    await call.note_reads(one.registrant_id for each in shown for one in each.domains)
    views = [correction_view(each) for each in shown]
    return Answer(200, CorrectionPage(corrections=views, next_cursor=more))


async def get_correction(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with one correction."""
    asked = await call.deps.corrections.get(call.registrar, call.path["id"])
    await call.note_reads(one.registrant_id for one in asked.domains)
    return Answer(200, correction_view(asked))


async def apply_correction(call: Call[NoQuery, ApplyBody]) -> Answer:
    """Change the registrants as their owner asks for."""
    verified = call.body.registrant_verified
    asked = await call.deps.corrections.apply(call.registrar, call.path["id"], verified=verified)
    return Answer(200, correction_view(asked))


async def refuse_correction(call: Call[NoQuery, RefuseBody]) -> Answer:
    """Leave the registrants as they are, and tell their owner why."""
    asked = await call.deps.corrections.refuse(call.registrar, call.path["id"], call.body.reason)
    return Answer(200, correction_view(asked))


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        method="GET",
        path=_PATH,
        tag=Tag.CORRECTIONS,
        scope=Scope.DOMAINS_READ,
        summary="List corrections that owners ask for",
        description=(
            "Oldest first; `state=open` gives those that wait for you. The event "
            "`registrant.correction_requested` tells of each by its id, `registrant.correction_withdrawn` of "
            "those that are taken back."
        ),
        handler=list_corrections,
        query=CorrectionQuery,
        replies={200: Reply("One page", CorrectionPage)},
        problems=("BAD_CURSOR",),
    ),
    Route(
        method="GET",
        path=f"{_PATH}/{{id}}",
        tag=Tag.CORRECTIONS,
        scope=Scope.DOMAINS_READ,
        summary="Read a correction",
        handler=get_correction,
        replies={200: Reply("The correction", CorrectionView)},
    ),
    Route(
        method="POST",
        path=f"{_PATH}/{{id}}/apply",
        tag=Tag.CORRECTIONS,
        scope=Scope.DOMAINS_WRITE,
        summary="Apply a correction",
        description=(
            "Each of its domains is changed as if you had sent it with the new registrant, so the registry "
            "is told where it has to be. Bring your own records up to date too: what you send next counts. "
            "`PRECONDITION_FAILED`: a domain has changed meanwhile; try again."
        ),
        handler=apply_correction,
        body=ApplyBody,
        body_optional=True,
        replies={200: Reply("It is applied, now or before", CorrectionView)},
        problems=("CORRECTION_ENDED", "PRECONDITION_FAILED", "DOMAIN_TAKEN"),
    ),
    Route(
        method="POST",
        path=f"{_PATH}/{{id}}/refuse",
        tag=Tag.CORRECTIONS,
        scope=Scope.DOMAINS_WRITE,
        summary="Refuse a correction",
        handler=refuse_correction,
        body=RefuseBody,
        replies={200: Reply("It is refused, now or before", CorrectionView)},
        problems=("CORRECTION_ENDED",),
    ),
)
