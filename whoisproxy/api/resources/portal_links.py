"""Links by which owners come to their pages from their registrar's panel."""

from typing import Any

from whoisproxy.api.models.common import NoQuery, Nothing
from whoisproxy.api.models.portal_links import PortalLinkView
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope


async def make_portal_link(call: Call[NoQuery, Nothing]) -> Answer:
    """Make a link for the owner of a registrant."""
    made = await call.deps.entry.sign_in.registrar_link(call.registrar, call.path["id"])
    appearances = call.deps.appearances
    base_url = appearances.base_url(await appearances.of_registrar(call.registrar.id))
    url = f"{base_url}/enter/{made.token}"
    return Answer(201, PortalLinkView(url=url, expires_at=made.expires_at))


async def reset_sign_in(call: Call[NoQuery, Nothing]) -> Answer:
    """Forget what an owner signs in with."""
    await call.deps.entry.methods.reset(call.registrar, call.path["id"])
    return Answer(204)


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        method="POST",
        path="/v1/registrants/{id}/portal-links",
        tag=Tag.PAGES,
        scope=Scope.PORTAL_WRITE,
        summary="Make a link to an owner's pages",
        description=(
            "For an owner who is signed in to your own panel: he comes to his pages already known. `id` is "
            "`registrant_id` of one of his domains; he sees all of your domains whose registrants have the "
            "same mailbox. The link is good once and for five minutes, so make it when he asks for it. Where "
            "you or he require a second step, it is asked for."
        ),
        handler=make_portal_link,
        replies={201: Reply("The link", PortalLinkView)},
    ),
    Route(
        method="DELETE",
        path="/v1/registrants/{id}/sign-in-methods",
        tag=Tag.PAGES,
        scope=Scope.PORTAL_WRITE,
        summary="Forget what an owner signs in with",
        description=(
            "For one who has lost his phone and his recovery codes, once you have made sure that it is he. "
            "Password, codes, passkeys and sessions are gone, and a letter tells him. Links go on leading "
            "him in."
        ),
        handler=reset_sign_in,
        replies={204: Reply("They are gone, or there were none")},
    ),
)
