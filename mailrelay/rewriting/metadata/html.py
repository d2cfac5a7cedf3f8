"""Clean an HTML file with nh3 (ammonia): tags and attributes of an allow-list, pictures cleaned.

Head, comments, scripts and styles go: generators write authors and paths of files there.
"""

import re

import nh3

from mailrelay.rewriting.metadata.data_uri import cleaned_data_uri, is_data
from mailrelay.rewriting.metadata.kind import BYTE_ORDERS
from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned
from mailrelay.rewriting.metadata.xml import is_remote

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_DECLARED_WITHIN = 1024  # octets (HTML Living Standard, section 4.2.5.4)
_ADDRESSES = frozenset(("href", "src", "cite"))
_STYLES = {
    "color",
    "background-color",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "text-align",
    "text-decoration",
    "width",
    "height",
    "border",
    "border-collapse",
    "padding",
    "margin",
    "margin-left",
    "margin-right",
    "margin-top",
    "margin-bottom",
    "vertical-align",
}
_BEFORE = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>\n<body>\n'
_AFTER = "\n</body></html>\n"
_MOST_WORK = 2_000_000
# Elements of the second group end by themselves and are no level.
_TAG = re.compile(
    r"<(/?)(?:((?:br|img|hr|p|li|t[drh]|input|meta|link|option|d[dt]|wbr|col)(?=[\s/>]))|[a-z])",
    re.IGNORECASE,
)
_MOST_OCTETS = 8 * 1024 * 1024  # a tree takes some twenty times the octets of its text


def cleaned_html(content: bytes, _name: str, nesting: Nesting) -> Cleaned:
    """Return the body as a document of UTF-8."""
    if len(content) > _MOST_OCTETS:
        raise CannotClean("too-large")
    text = _decoded(content)
    if _work(text) > _MOST_WORK:
        raise CannotClean("too-large")
    failures: list[CannotClean] = []

    def filtered(_tag: str, attribute: str, value: str) -> str | None:
        if attribute not in _ADDRESSES:
            return value
        if not is_data(value):
            return value if value.startswith("#") or is_remote(value) else None
        try:
            return cleaned_data_uri(value, nesting)
        except CannotClean as failure:  # the library would print it and go on
            failures.append(failure)
            return None

    body = nh3.clean(
        text,
        tags=nh3.ALLOWED_TAGS | {"font"},
        clean_content_tags={"script", "style", "title"},
        attributes=nh3.ALLOWED_ATTRIBUTES | {"*": {"style", "dir", "lang", "align"}},
        attribute_filter=filtered,
        url_schemes={"http", "https", "mailto", "tel", "data"},
        filter_style_properties=_STYLES,
        link_rel=None,
    )
    if failures:
        raise failures[0]
    document = f"{_BEFORE}{body.strip()}{_AFTER}"
    return Cleaned(document.encode("utf-8", "replace"), "text/html", ".html")


def _work(html: str) -> int:
    """Return how many elements a parser may make: it opens again, in each paragraph, what was left open."""
    depth = deepest = count = 0
    for tag in _TAG.finditer(html):
        count += 1
        if not tag[2]:
            depth = max(depth - 1, 0) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return count * deepest


def _decoded(content: bytes) -> str:
    marked = next((charset for mark, charset in BYTE_ORDERS if content.startswith(mark)), None)
    declared = _CHARSET.search(content[:_DECLARED_WITHIN])
    for charset in (marked, declared[1].decode("ascii") if declared else None, "utf-8"):
        try:
            return content.decode(charset or "utf-8")
        except (LookupError, ValueError):
            continue
    return content.decode("windows-1252", "replace")
