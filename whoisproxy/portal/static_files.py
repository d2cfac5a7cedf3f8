"""What pages are made of besides HTML: style, scripts. Read once; their address changes with them."""

import hashlib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from aiohttp import web

from whoisproxy.portal.dependencies import NoSuchLink

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of `static/`; `version` is of its content."""

    content: bytes = field(repr=False)
    media_type: str
    version: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Return the files by name."""
    found = {}
    for each in (files(__package__) / "static").iterdir():
        content, media_type = each.read_bytes(), _TYPES[each.name.rpartition(".")[2]]
        found[each.name] = StaticFile(content, media_type, hashlib.sha256(content).hexdigest()[:12])
    return found


def static_path(name: str) -> str:
    """Return where a file is below the address of the pages."""
    return f"/static/{name}?v={static_files()[name].version}"


class StaticFiles:
    """Shows them; who asks by the address that `static_path` gives may keep what he gets."""

    def __init__(self, *_: object) -> None:
        """Take what every page is given, and need none of it."""

    async def show(self, request: web.Request) -> web.Response:
        """Answer with a file."""
        found = static_files().get(request.match_info["name"])
        if found is None:
            raise NoSuchLink
        current = request.query.get("v") == found.version
        headers = {"Cache-Control": _FOR_EVER if current else "no-cache"}
        return web.Response(
            body=found.content, content_type=found.media_type, charset="utf-8", headers=headers
        )
