"""Logs: JSON lines that carry events and ids, never a person.

Libraries log addresses and command lines at will, so only their warnings pass, and without their
arguments. An exception is logged by its type and place: its text may quote what a peer sent.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal

import orjson
import structlog

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_FRAMES = 6


def configure_logging(level: str, log_format: Literal["json", "console"]) -> None:
    """Send structlog's events, and libraries' warnings, to standard error."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(serializer=_json)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name_exception,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_LibraryHandler()]
    root.setLevel(logging.WARNING)
    # aiosmtpd logs every command with its arguments.
    logging.getLogger("mail").setLevel(logging.CRITICAL)


def _json(event: object, **_: object) -> str:
    return orjson.dumps(event, default=repr).decode()


def name_exception(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace an exception by its type and the places it passed, innermost last."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        event["at"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]
    return event


class _LibraryHandler(logging.Handler):
    """Passes on that a library warned, and where; not what it said."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().warning(
            "library-warning",
            library=record.name,
            at=f"{record.filename}:{record.lineno}",
            exc_info=record.exc_info,
        )
