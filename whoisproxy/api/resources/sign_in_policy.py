"""What a registrar asks of its owners when they sign in to their pages."""

from typing import Any

from whoisproxy.api.models.common import NoQuery, Nothing
from whoisproxy.api.models.sign_in_policy import SignInPolicyBody, SignInPolicyView
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope

_PATH = "/v1/sign-in-policy"


async def get_policy(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with what the registrar asks."""
    required = await call.deps.entry.methods.is_two_step_required(call.registrar)
    return Answer(200, SignInPolicyView(two_step_required=required))


async def put_policy(call: Call[NoQuery, SignInPolicyBody]) -> Answer:
    """Ask for something else from the next sign-in on."""
    required = call.body.two_step_required
    await call.deps.entry.methods.require_two_step(call.registrar, required=required)
    return Answer(200, SignInPolicyView(two_step_required=required))


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        method="GET",
        path=_PATH,
        tag=Tag.PAGES,
        scope=Scope.PAGES_READ,
        summary="Show what you ask of owners who sign in",
        handler=get_policy,
        replies={200: Reply("As you chose", SignInPolicyView)},
    ),
    Route(
        method="PUT",
        path=_PATH,
        tag=Tag.PAGES,
        scope=Scope.PAGES_WRITE,
        summary="Require a second step of owners who sign in",
        description=(
            "It is asked for from the next sign-in on, by your own links too; an owner who has none is led "
            "to set one up. Where you require none, each owner decides."
        ),
        handler=put_policy,
        body=SignInPolicyBody,
        replies={200: Reply("As you chose", SignInPolicyView)},
    ),
)
