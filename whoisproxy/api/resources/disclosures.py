"""Disclosures over RDAP: grants for one requester each, and the looks that were taken."""

from typing import Any

from whoisproxy.api.models.common import NoQuery, Nothing, PageQuery
from whoisproxy.api.models.disclosures import (
    DisclosureBody,
    DisclosurePage,
    DisclosureView,
    LookPage,
    LookView,
    NewDisclosureView,
    RequesterView,
)
from whoisproxy.api.paging import cursor, place_of
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.disclosure import Grant, GrantSpec, Look, Requester
from whoisproxy.domain.names import DomainName

_GRANTS, _LOOKS = "disclosures", "disclosure-looks"
_PATH = "/v1/domains/{name}/disclosures"


def _values(grant: Grant) -> dict[str, Any]:
    who = grant.requester
    return {
        "id": grant.id,
        "domain": grant.domain,
        "requester": RequesterView(name=who.name, organization=who.organization, email=who.email),
        "purpose": grant.purpose,
        "fields": list(grant.fields),
        "reason": grant.reason,
        "created_at": grant.created_at,
        "expires_at": grant.expires_at,
        "ended_at": grant.ended_at,
        "ending": grant.ending,
        "looks": grant.looks,
    }


def _look(look: Look) -> LookView:
    return LookView(
        id=look.id, disclosure_id=look.grant_id, at=look.at, fields=list(look.fields), network=look.network
    )


async def grant_disclosure(call: Call[NoQuery, DisclosureBody]) -> Answer:
    """Let a requester see parts of a domain's registrant."""
    name, wanted = DomainName.parse(call.path["name"]), call.body
    who = wanted.requester
    spec = GrantSpec(
        requester=Requester(who.name, who.organization, who.email),
        purpose=wanted.purpose,
        fields=wanted.fields,
        reason=wanted.reason,
        expires_at=wanted.expires_at,
    )
    grant, token = await call.deps.disclosures.grant(call.registrar, name, spec)
    view = NewDisclosureView(**_values(grant), token=token)
    return Answer(201, view, location=f"{_PATH.format(name=name)}/{grant.id}")


async def list_disclosures(call: Call[PageQuery, Nothing]) -> Answer:
    """Answer with one page of a domain's grants, ended ones too."""
    name, limit = DomainName.parse(call.path["name"]), call.query.limit
    after = place_of(_GRANTS, call.query.cursor)
    found = await call.deps.disclosures.page(call.registrar, name, after, limit + 1)
    more = cursor(_GRANTS, found[limit - 1].id) if len(found) > limit else None
    views = [DisclosureView(**_values(each)) for each in found[:limit]]
    return Answer(200, DisclosurePage(disclosures=views, next_cursor=more))


async def get_disclosure(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with one grant, without its token."""
    name = DomainName.parse(call.path["name"])
    grant = await call.deps.disclosures.get(call.registrar, name, call.path["id"])
    return Answer(200, DisclosureView(**_values(grant)))


async def revoke_disclosure(call: Call[NoQuery, Nothing]) -> Answer:
    """End a grant at once."""
    name = DomainName.parse(call.path["name"])
    await call.deps.disclosures.revoke(call.registrar, name, call.path["id"])
    return Answer(204)


async def list_looks(call: Call[PageQuery, Nothing]) -> Answer:
    """Answer with one page of the looks at a domain's registrant."""
    name, limit = DomainName.parse(call.path["name"]), call.query.limit
    after = place_of(_LOOKS, call.query.cursor)
    found = await call.deps.disclosures.looks(call.registrar, name, after, limit + 1)
    more = cursor(_LOOKS, found[limit - 1].id) if len(found) > limit else None
    return Answer(200, LookPage(looks=[_look(each) for each in found[:limit]], next_cursor=more))


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        method="POST",
        path=_PATH,
        tag=Tag.DISCLOSURES,
        scope=Scope.DISCLOSURES_WRITE,
        summary="Let a requester see parts of a registrant",
        description=(
            "The answer carries the token once; with it the requester asks our RDAP for this domain and gets "
            "what all see, with the granted parts. All others go on seeing what they saw. The grant ends "
            "when you revoke it, when its time is over, and when the domain is deleted, goes to another "
            "registrar or gets another holder."
        ),
        handler=grant_disclosure,
        body=DisclosureBody,
        replies={201: Reply("The grant is made", NewDisclosureView, ("Location",))},
    ),
    Route(
        method="GET",
        path=_PATH,
        tag=Tag.DISCLOSURES,
        scope=Scope.DISCLOSURES_READ,
        summary="List a domain's grants",
        handler=list_disclosures,
        query=PageQuery,
        replies={200: Reply("One page", DisclosurePage)},
        problems=("BAD_CURSOR",),
    ),
    Route(
        method="GET",
        path=f"{_PATH}/{{id}}",
        tag=Tag.DISCLOSURES,
        scope=Scope.DISCLOSURES_READ,
        summary="Show a grant",
        handler=get_disclosure,
        replies={200: Reply("The grant", DisclosureView)},
    ),
    Route(
        method="DELETE",
        path=f"{_PATH}/{{id}}",
        tag=Tag.DISCLOSURES,
        scope=Scope.DISCLOSURES_WRITE,
        summary="Revoke a grant",
        handler=revoke_disclosure,
        replies={204: Reply("It is over")},
    ),
    Route(
        method="GET",
        path="/v1/domains/{name}/disclosure-looks",
        tag=Tag.DISCLOSURES,
        scope=Scope.DISCLOSURES_READ,
        summary="List the looks at a registrant",
        description="For the owner's right to know who got his data: when, by which grant, which parts.",
        handler=list_looks,
        query=PageQuery,
        replies={200: Reply("One page", LookPage)},
        problems=("BAD_CURSOR",),
    ),
)
