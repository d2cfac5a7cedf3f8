"""Write HTML from Python: every text is escaped unless it is markup already."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | Iterable["Content"]

_VOID = frozenset({"meta", "link"})


def tag(name: str, /, *content: Content, **attributes: str) -> Markup:
    """Return an element; attributes are written `class_`, `http_equiv`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(content)}</{name}>")


def join(content: Content) -> Markup:
    """Return the content as one piece, escaped where it is plain text."""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return Markup(escape(content))
    return Markup("".join(join(part) for part in content))


def prose(text: str) -> Markup:
    """Return a text with its `code` marked up and its paragraphs apart."""
    return join(tag("p", _coded(paragraph)) for paragraph in text.split("\n\n"))


def inline(text: str) -> Markup:
    """Return one line of text with its `code` marked up."""
    return join(_coded(text))


def _coded(text: str) -> list[Content]:
    parts = text.split("`")
    return [tag("code", part) if place % 2 else part for place, part in enumerate(parts)]
