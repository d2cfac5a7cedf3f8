"""Logos that registrars upload: pictures and nothing else, whatever was in the file.

A PNG is read and written anew, so that only pixels are left. An SVG keeps the elements and attributes that
draw; a file with any other is refused, with its name, for what would be missing would look broken.
"""

import re
from io import BytesIO

from lxml import etree
from PIL import Image, UnidentifiedImageError

from mailrelay.rewriting.metadata.outcome import CannotClean
from mailrelay.rewriting.metadata.xml import parsed, serialised
from whoisproxy.domain.appearance import Logo
from whoisproxy.domain.errors import InvalidInput

MOST_OCTETS = 16 * 1024  # a page with all that it loads stays below 60 kB
_MOST_PIXELS = 1024
_BROKEN = (
    UnidentifiedImageError, OSError, ValueError, SyntaxError,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = "{http://www.w3.org/2000/svg}"
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
# Nothing that draws what it refers to, which takes a browser for ever when it is nested deep: no `use`.
_ELEMENTS = {
    "svg", "g", "defs", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
    "text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath",
}  # fmt: skip
_ATTRIBUTES = {
    "id", "class", "role", "version", "viewBox", "preserveAspectRatio", "width", "height",
    "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "dx", "dy", "d", "points",
    "pathLength", "transform", "gradientTransform", "gradientUnits", "spreadMethod", "offset",
    "clipPathUnits", "clip-path", "clip-rule", "fill", "fill-opacity", "fill-rule", "opacity", "color",
    "display", "visibility", "overflow", "stop-color", "stop-opacity", "stroke", "stroke-dasharray",
    "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity",
    "stroke-width", "font-family", "font-size", "font-style", "font-weight", "letter-spacing", "text-anchor",
    "dominant-baseline", "href", _XLINK_HREF, "{http://www.w3.org/XML/1998/namespace}space",
}  # fmt: skip
# All that a value may refer to is in the same file.
_ELSEWHERE = re.compile(r"url\s*\((?!\s*['\"]?#)|[a-z]+:|//|\\|@", re.IGNORECASE)


def checked_logo(content: bytes) -> Logo:
    """Return what is shown of an uploaded file.

    Raises:
        InvalidInput: It is too large, is neither PNG nor SVG, or does more than draw.
    """
    if len(content) > MOST_OCTETS:
        raise InvalidInput("logo", f"must not be longer than {MOST_OCTETS} octets")
    is_png = content.startswith(_PNG)
    logo = Logo(_png(content), "image/png") if is_png else Logo(_svg(content), "image/svg+xml")
    if len(logo.content) > MOST_OCTETS:
        raise InvalidInput("logo", f"must not be longer than {MOST_OCTETS} octets when it is written anew")
    return logo


def _png(content: bytes) -> bytes:
    written = BytesIO()
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as picture:
            if max(picture.size) > _MOST_PIXELS:
                raise InvalidInput("logo", f"must have at most {_MOST_PIXELS} pixels each way")
            picture.convert("RGBA").save(written, "PNG", optimize=True)
    except _BROKEN:
        raise InvalidInput("logo", "is a broken PNG") from None
    return written.getvalue()


def _svg(content: bytes) -> bytes:
    try:
        root = parsed(content)
    except CannotClean:
        raise InvalidInput("logo", "is neither PNG nor well-formed SVG") from None
    if root.tag != f"{_SVG}svg":
        raise InvalidInput("logo", "is neither PNG nor SVG")
    for element in root.iter():
        _check_element(element)
    return serialised(root)


def _check_element(element: etree._Element) -> None:
    tag = str(element.tag)
    if not tag.startswith(_SVG) or tag.removeprefix(_SVG) not in _ELEMENTS:
        raise InvalidInput("logo", f"has an element that a logo may not have: {_named(tag)}")
    for name, value in element.attrib.items():
        if str(name) not in _ATTRIBUTES:
            raise InvalidInput("logo", f"has an attribute that a logo may not have: {_named(str(name))}")
        refers = str(name) in {"href", _XLINK_HREF}
        if not str(value).startswith("#") if refers else _ELSEWHERE.search(str(value)):
            raise InvalidInput("logo", f"refers to something outside of it: {_named(str(name))}")


def _named(name: str) -> str:
    """Return the local part of a name, in few ASCII letters, for an error's text."""
    return re.sub(r"[^\w-]", "", name.rpartition("}")[2], flags=re.ASCII)[:30]
