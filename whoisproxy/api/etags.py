"""Entity tags and conditional requests (RFC 9110 sections 8.8.3 and 13)."""

import hashlib
import re

from aiohttp import web

from whoisproxy.api.problems import Problem
from whoisproxy.domain.errors import PreconditionFailed

_TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
_LIST = re.compile(rf"\s*(?:\*|{_TAG}(?:\s*,\s*{_TAG})*)\s*")


def strong_tag(*parts: object) -> str:
    """Return a strong tag that changes when any part does."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
    return f'"{digest[:32]}"'


def _listed(request: web.Request, header: str) -> list[str]:
    text = ", ".join(request.headers.getall(header, []))
    if not _LIST.fullmatch(text):
        raise Problem("INVALID_HEADER", f"{header} is neither * nor a list of entity tags (RFC 9110)")
    return ["*"] if text.strip() == "*" else re.findall(_TAG, text)


def demands_match(request: web.Request) -> bool:
    """Whether the client made its change depend on a version."""
    return "If-Match" in request.headers


def demand_match(request: web.Request, present: str | None) -> None:
    """Compare If-Match, strongly, with the present tag; None where nothing is there.

    Raises:
        PreconditionFailed: None of the tags is the present one.
    """
    if not demands_match(request):
        return
    tags = _listed(request, "If-Match")
    if present is None or (tags != ["*"] and present not in tags):
        raise PreconditionFailed("the resource has another version than If-Match names")


def is_unmodified(request: web.Request, present: str) -> bool:
    """Whether If-None-Match, compared weakly, names the present tag: answer 304."""
    if "If-None-Match" not in request.headers:
        return False
    tags = _listed(request, "If-None-Match")
    return tags == ["*"] or present in {tag.removeprefix("W/") for tag in tags}
