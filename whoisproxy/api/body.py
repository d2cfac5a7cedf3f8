"""Read a request's body: capped, timed, in UTF-8, one JSON value (RFC 8259) with unique names.

What it yields is text that is safe to hand to pydantic; the shape is the models' business.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import takewhile
from typing import Any, NoReturn, TypeVar

from aiohttp import web
from aiohttp.http import HttpProcessingError
from pydantic import BaseModel, ValidationError

from whoisproxy.api.problems import FieldError, Problem

ModelT = TypeVar("ModelT", bound=BaseModel)

_MAX_ERRORS = 20

MOST_LINES = 100
"""Lines of NDJSON that are handed on at once."""

# The client went away, or its framing broke in the middle.
_BROKEN_OFF = (ConnectionError, web.RequestPayloadError, HttpProcessingError)


async def read_json(request: web.Request, limit_octets: int, timeout_s: float) -> bytes:
    """Return the checked octets of a JSON body.

    Raises:
        Problem: UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, REQUEST_TIMEOUT, MALFORMED_REQUEST when the
            body breaks off, or MALFORMED_JSON.
    """
    demand_media_type(request, "application/json")
    raw = await _read(request, limit_octets, timeout_s)
    check_json(raw)
    return raw


def demand_media_type(request: web.Request, wanted: str) -> None:
    """Refuse another media type, another charset than UTF-8, and any content coding."""
    if request.content_type != wanted:
        raise Problem("UNSUPPORTED_MEDIA_TYPE", f"Content-Type must be {wanted}")
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        raise Problem("UNSUPPORTED_MEDIA_TYPE", "charset must be utf-8")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem("UNSUPPORTED_MEDIA_TYPE", "Content-Encoding is not supported")


async def _read(request: web.Request, limit_octets: int, timeout_s: float) -> bytes:
    too_large = Problem("BODY_TOO_LARGE", f"the body must not exceed {limit_octets} octets")
    if (request.content_length or 0) > limit_octets:
        raise too_large
    raw = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in request.content.iter_any():
                raw += chunk
                if len(raw) > limit_octets:
                    raise too_large
    except TimeoutError:
        raise Problem("REQUEST_TIMEOUT", "the body did not arrive in time") from None
    except _BROKEN_OFF:
        raise Problem("MALFORMED_REQUEST", "the body broke off") from None
    return bytes(raw)


async def read_lines(request: web.Request, limit_octets: int, timeout_s: float) -> AsyncIterator[list[bytes]]:
    """Yield the lines of an NDJSON body as they come, without their line ends; empty lines too.

    They come in lists of those that have arrived together, at most `MOST_LINES`. More is read only when a
    list was taken, so a slow consumer slows the sender.

    Raises:
        Problem: BODY_TOO_LARGE for a line over the limit, REQUEST_TIMEOUT when nothing comes,
            MALFORMED_REQUEST when the body breaks off.
    """
    pending = b""
    while True:
        try:
            async with asyncio.timeout(timeout_s):
                chunk = await request.content.readany()
        except TimeoutError:
            raise Problem("REQUEST_TIMEOUT", "the next line did not arrive in time") from None
        except _BROKEN_OFF:
            raise Problem("MALFORMED_REQUEST", "the body broke off") from None
        *lines, pending = (pending + chunk).split(b"\n")
        fitting = list(takewhile(lambda line: len(line) <= limit_octets, lines))
        for first in range(0, len(fitting), MOST_LINES):
            yield [line.removesuffix(b"\r") for line in fitting[first : first + MOST_LINES]]
        if len(fitting) < len(lines) or len(pending) > limit_octets:
            raise Problem("BODY_TOO_LARGE", f"a line must not exceed {limit_octets} octets")
        if not chunk and request.content.at_eof():
            break
    if pending:
        yield [pending]


def check_json(raw: bytes) -> None:
    """Refuse what is not one JSON value in UTF-8 with unique names and whole characters."""
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_unique_names, parse_constant=_refuse_constant
        )
        # An escaped half of a surrogate pair is JSON, yet no text that can be stored or sent.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        raise Problem("MALFORMED_JSON", "the body is not UTF-8") from None
    except UnicodeEncodeError:
        raise Problem("MALFORMED_JSON", "a string holds half a surrogate pair") from None
    except RecursionError:
        raise Problem("MALFORMED_JSON", "the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Problem("MALFORMED_JSON", f"the body is not JSON (RFC 8259): {place}") from None
    except ValueError:
        raise Problem("MALFORMED_JSON", "a name occurs twice, or a number is out of range") from None


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name occurs twice")
    return names


def _refuse_constant(_text: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON numbers")


def validated(model: type[ModelT], raw: bytes) -> ModelT:
    """Return the body as its model.

    Raises:
        Problem: INVALID_INPUT with every value that breaks a rule.
    """
    try:
        return model.model_validate_json(raw or b"null")
    except ValidationError as error:
        raise as_problem(error, "INVALID_INPUT") from None


def as_problem(error: ValidationError, code: str) -> Problem:
    """Return pydantic's complaint as a problem: paths and rules, no values."""
    details = error.errors(include_input=False, include_url=False, include_context=False)
    errors = tuple(_field_error(item["loc"], item["type"], item["msg"]) for item in details[:_MAX_ERRORS])
    return Problem(code, f"{errors[0].field}: {errors[0].problem}", errors=errors)


def _field_error(loc: tuple[int | str, ...], kind: str, message: str) -> FieldError:
    if kind == "extra_forbidden":
        # The name is the client's own text: it may be a value that went astray, so it is not repeated.
        parent = ".".join(str(part) for part in loc[:-1])
        return FieldError(parent or "body", "has a member that is not known")
    return FieldError(".".join(str(part) for part in loc) or "body", message.removeprefix("Value error, "))
