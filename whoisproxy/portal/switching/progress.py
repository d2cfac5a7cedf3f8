"""How far an operation is: a page, and a stream that keeps it true (WHATWG HTML, server-sent events).

An event carries the part of the page that has changed, as the page itself would have it. A stream ends with
the operation, with the session, or after some minutes, when the browser comes again by itself and the session
is looked at like that of any request.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from aiohttp import web

from whoisproxy.domain.operation import Operation, OperationKind, OperationState
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.switching import words
from whoisproxy.portal.switching.choosing import for_people
from whoisproxy.portal.view import VIEW, View
from whoisproxy.services.owners.operation_feed import Following, TooManyFollowers
from whoisproxy.services.owners.switching import OwnOperation

_log = structlog.get_logger()

_LONGEST_S = 300.0
_HEARTBEAT_S = 15.0
_AGAIN_S = "10"
_BEGIN = b"retry: 3000\n\n"
_HEARTBEAT = b": \n\n"
_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    # A proxy in front must not collect what is to be seen now.
    "X-Accel-Buffering": "no",
}

# Without a script a page is loaded again: (age of the operation up to which, seconds until then).
_RELOADS = ((timedelta(minutes=1), 5), (timedelta(minutes=10), 30), (timedelta.max, 300))


class StepState(StrEnum):
    """Where a step stands."""

    DONE = "done"
    NOW = "now"
    TO_COME = "to-come"
    FAILED = "failed"
    NOT_REACHED = "not-reached"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `text` is English."""

    text: str
    state: StepState


_STEPS = (
    N_("The change was asked for"),
    N_("The change is made"),
    N_("What is published is checked"),
)
_D, _N, _T, _F, _X = StepState
_STEP_STATES = {
    OperationState.PENDING: (_D, _N, _T),
    OperationState.DONE: (_D, _D, _D),
    OperationState.FAILED: (_D, _F, _X),
    OperationState.SUPERSEDED: (_D, _X, _X),
}
STEP_WORDS = {_D: N_("done"), _N: N_("under way"), _T: N_("to come"), _F: N_("failed"), _X: N_("not reached")}


class OperationPage:
    """Shows an operation of one of the owner's domains, once or as it goes on."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._switching = deps.owner_switching
        self._clock = deps.clock
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show how it stands."""
        found = await self._found(request, owner)
        pending = found.operation.state is OperationState.PENDING
        return self._pages.page(
            "switching/progress",
            replace(request[VIEW], here=f"/domains/{found.operation.domain}"),
            scripts=("live.js",) if pending else (),
            domain="",
            csrf=owner.csrf,
            reload_s=_reload_s(found.operation, self._clock()) if pending else 0,
            **_facts(found),
        )

    async def events(self, request: web.Request, owner: SignedIn) -> web.StreamResponse:
        """Tell how it goes on."""
        found = await self._found(request, owner)
        try:
            with self._switching.feed.following(found.operation, owner.session_id) as following:
                return await self._stream(request, owner, found, following)
        except TooManyFollowers:
            return web.Response(status=503, headers={"Retry-After": _AGAIN_S, "Cache-Control": "no-store"})

    async def _stream(
        self, request: web.Request, owner: SignedIn, found: OwnOperation, following: Following
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        try:
            async with asyncio.timeout(_LONGEST_S):
                await response.write(_BEGIN)
                await self._tell(request[VIEW], owner, response, found, following)
        except (TimeoutError, ConnectionError):
            # The browser is gone, or is to come again: then its session is looked at anew.
            pass
        except Exception as error:  # noqa: BLE001 - the answer has begun; that it ends is all that can be told
            _log.warning("portal-stream-failed", error=type(error).__name__)
        return response

    async def _tell(
        self,
        view: View,
        owner: SignedIn,
        response: web.StreamResponse,
        found: OwnOperation,
        following: Following,
    ) -> None:
        """Tell each state until the last one."""
        now: OwnOperation | None = found
        told = b""
        while now is not None:
            event = self._event(view, now)
            # A try that changes nothing that is seen is no news.
            await response.write(event if event != told else _HEARTBEAT)
            told = event
            if now.operation.state is not OperationState.PENDING:
                return
            news = await following.next(_HEARTBEAT_S)
            if following.over:
                return
            # Read as at first: the domain may be another's by now.
            now = await self._switching.operation(owner.found, news.id) if news else now

    def _event(self, view: View, found: OwnOperation) -> bytes:
        html = self._pages.text("switching/state", view, **_facts(found))
        name = "state" if found.operation.state is OperationState.PENDING else "end"
        data = "\n".join(f"data: {line}" for line in html.splitlines())
        return f"event: {name}\n{data}\n\n".encode()

    async def _found(self, request: web.Request, owner: SignedIn) -> OwnOperation:
        found = await self._switching.operation(owner.found, request.match_info["operation"])
        if found is None:
            raise NoSuchLink
        return found


def _facts(found: OwnOperation) -> dict[str, Any]:
    operation = found.operation
    steps = zip(_STEPS, _STEP_STATES[operation.state], strict=True)
    return {
        "operation": operation,
        "name": for_people(found.registration.name),
        "path": operation.domain,
        "hidden": found.privacy.status.hidden,
        "again": "off" if operation.kind is OperationKind.DISABLE else "on",
        "refresh": operation.kind is OperationKind.REFRESH,
        "steps": [Step(text, state) for text, state in steps],
        "step_words": STEP_WORDS,
        "words": words,
    }


def _reload_s(operation: Operation, now: datetime) -> int:
    age = now - operation.created_at
    return next(seconds for until, seconds in _RELOADS if age <= until)
