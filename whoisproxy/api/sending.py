"""Render answers and problems as they are sent, and hold a route to what its table promises."""

from typing import Any

import structlog

from whoisproxy.api.problems import Problem, render
from whoisproxy.api.routing import Answer, Route, problem_codes
from whoisproxy.api.sent import Sent

_log = structlog.get_logger()

_JSON = "application/json"


def sent_answer(answer: Answer, route: Route[Any, Any]) -> Sent:
    """Render an answer.

    Raises:
        LookupError: The route does not promise such an answer: a fault of ours, not of the client.
    """
    reply = route.replies.get(answer.status)
    if reply is None or type(answer.model) is not (reply.model or type(None)):
        raise LookupError(f"{route.operation_id} does not promise this answer with {answer.status}")
    body = answer.model.model_dump_json(by_alias=True).encode() if answer.model is not None else b""
    headers = {"Content-Type": _JSON} if body else {}
    if answer.etag:
        headers["ETag"] = answer.etag
    if answer.location:
        headers["Location"] = answer.location
    return Sent(answer.status, headers, body, final=True)


def sent_problem(problem: Problem, request_id: str) -> Sent:
    """Render a problem; one that may pass is not final."""
    rendered = render(problem, request_id)
    return Sent(rendered.status, rendered.headers, rendered.body, final=problem.final)


def check_promised(problem: Problem, route: Route[Any, Any]) -> None:
    """Report a code that the document does not name for the route; the client gets it all the same."""
    if problem.code not in problem_codes(route):
        _log.error("api-problem-not-documented", route=route.path, method=route.method, code=problem.code)
