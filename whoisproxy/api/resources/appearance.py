"""How the pages look that a registrar's owners see."""

from base64 import b64encode
from typing import Any

from whoisproxy.api.models.appearance import AppearanceBody, AppearanceView
from whoisproxy.api.models.common import NoQuery, Nothing
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.appearance import Appearance

_PATH = "/v1/appearance"


async def _view(call: Call[Any, Any]) -> AppearanceView:
    found, logo = await call.deps.appearances.get(call.registrar)
    return AppearanceView(
        name=found.name,
        host=found.host,
        accent=found.accent,
        accent_dark=found.accent_dark,
        imprint_url=found.imprint_url,
        privacy_url=found.privacy_url,
        terms_url=found.terms_url,
        help_url=found.help_url,
        logo=b64encode(logo.content).decode() if logo else None,
        logo_type=found.logo_type,
        url=call.deps.appearances.base_url(found),
    )


async def get_appearance(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with the look that the registrar has chosen."""
    return Answer(200, await _view(call))


async def put_appearance(call: Call[NoQuery, AppearanceBody]) -> Answer:
    """Let the registrar's pages look as it wants."""
    wanted = call.body.model_dump(exclude={"logo"})
    await call.deps.appearances.put(Appearance(call.registrar.id, **wanted), call.body.logo)
    return Answer(200, await _view(call))


async def remove_appearance(call: Call[NoQuery, Nothing]) -> Answer:
    """Let the registrar's pages look as they do for anybody."""
    await call.deps.appearances.remove(call.registrar)
    return Answer(204)


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        method="GET",
        path=_PATH,
        tag=Tag.PAGES,
        scope=Scope.PAGES_READ,
        summary="Show how your pages look",
        handler=get_appearance,
        replies={200: Reply("As you chose", AppearanceView)},
        problems=("NOT_FOUND",),
    ),
    Route(
        method="PUT",
        path=_PATH,
        tag=Tag.PAGES,
        scope=Scope.PAGES_WRITE,
        summary="Choose how your pages look",
        description=(
            "Name, logo, colours and legal links of the pages that owners of your domains see. Colours must "
            "stand out from their ground as WCAG 2.2 AA wants it, and a logo may only draw: what scripts, "
            "animates or refers to something elsewhere is refused."
        ),
        handler=put_appearance,
        body=AppearanceBody,
        replies={200: Reply("They look so from now on", AppearanceView)},
    ),
    Route(
        method="DELETE",
        path=_PATH,
        tag=Tag.PAGES,
        scope=Scope.PAGES_WRITE,
        summary="Let your pages look as they do for anybody",
        handler=remove_appearance,
        replies={204: Reply("They do")},
    ),
)
