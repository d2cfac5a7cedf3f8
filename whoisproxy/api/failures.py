"""What a client is told of an exception, and what only the log gets to know."""

import structlog
from aiohttp import web

from whoisproxy.api.problems import Problem, from_error, from_http, internal, unavailable
from whoisproxy.domain.errors import WhoisproxyError
from whoisproxy.storage.engine import PASSING

_log = structlog.get_logger()


def as_api_problem(error: Exception, request_id: str) -> Problem:
    """Return the problem of any exception."""
    match error:
        case Problem():
            return error
        case WhoisproxyError():
            return from_error(error)
        case web.HTTPException():
            return from_http(error)
        case _ if isinstance(error, PASSING):
            _log.warning("api-part-unavailable", request_id=request_id, exc_info=error)
            return unavailable()
    _log.error("api-request-failed", request_id=request_id, exc_info=error)
    return internal()
