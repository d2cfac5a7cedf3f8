"""What a client is told of an exception, and what only the log gets to know."""

import structlog
from aiohttp import web
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from whoisproxy.api.problems import Problem, from_error, from_http, internal, unavailable
from whoisproxy.domain.errors import WhoisproxyError

_log = structlog.get_logger()

# The database or the network under it: passing, so the client is asked to come again.
_PASSING = (OperationalError, InterfaceError, PoolTimeout, TimeoutError, OSError)


def as_api_problem(error: Exception, request_id: str) -> Problem:
    """Return the problem of any exception."""
    match error:
        case Problem():
            return error
        case WhoisproxyError():
            return from_error(error)
        case web.HTTPException():
            return from_http(error)
        case _ if isinstance(error, _PASSING):
            _log.warning("api-part-unavailable", request_id=request_id, exc_info=error)
            return unavailable()
    _log.error("api-request-failed", request_id=request_id, exc_info=error)
    return internal()
