"""Make the HTML of an answer anew: what is seen of it, in plain elements.

Two steps. The document is read by lxml, and what is not seen, signatures, pictures from elsewhere and our
own names in quotes are taken out or put right. Then nh3 writes it with the elements and attributes of the
tables below and no others: no styles, classes, comments, scripts, titles, data: or remote resources.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote

import lxml.etree
import lxml.html
import nh3

from mailrelay.rewriting.reply.model import AnswerHeld
from mailrelay.rewriting.reply.quotes import Quotes

_TAGS = {
    "a", "b", "blockquote", "br", "center", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp",
    "small", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "tt", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"dir"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign"},
}
# By this programs know a quote from an indented paragraph.
_GIVEN = {"blockquote": {"type": "cite"}}
_SCHEMES = {"http", "https", "mailto", "tel", "ftp", "cid"}
_DROPPED_WITH_CONTENT = {
    "script", "style", "title", "head", "noscript", "template", "object", "embed", "iframe", "svg", "math",
    "audio", "video", "canvas", "xml", "select", "rp", "rt",
}  # fmt: skip
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|font-size\s*:\s*[01](?:px|pt|%|;|$|\s)"
    r"|opacity\s*:\s*0(?:\.0*)?(?:;|$|\s)|(?:max-height|max-width)\s*:\s*0(?:px|;|$|\s)",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"signature", re.IGNORECASE)
_LONGEST_SIGNATURE = 1_500  # characters; what is longer has been written into by mistake
_MARK = re.compile(r"^[\s\u00a0]*--[\s\u00a0]*$")
_MOST_BEHIND_MARK = 25
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_NEW_LINE = frozenset({"br", "div", "p", "table", "pre", "ul", "blockquote", "address"})
_QUOTE_CLASS = re.compile(
    r"gmail_quote|moz-cite-prefix|yahoo_quoted|divRplyFwdMsg|OutlookMessageHeader|protonmail_quote"
)
_MOST_LEVELS = 400

Element = lxml.etree._Element  # noqa: SLF001 - a name for the type checker


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML made anew.

    Attributes:
        html: What stands in the body.
        pictures: Content-IDs of the pictures that it shows, as the owner's message names them.
        named: Content-IDs that the owner's HTML named, whether they are still shown or not.
    """

    html: str
    pictures: frozenset[str]
    named: frozenset[str]


def made_anew(html: str, quotes: Quotes, content_ids: Mapping[str, str]) -> Markup:
    """Return HTML of which only what is seen is left.

    Args:
        html: As the owner's program made it.
        quotes: Puts right what stands in quotes.
        content_ids: New Content-IDs of the pictures there are, by the old ones.

    Raises:
        AnswerHeld: It cannot be read.
    """
    root = _parsed(quotes.html(html))
    if root is None:
        return Markup("", frozenset(), frozenset())
    named = frozenset(_content_id(image) for image in root.iter("img")) - {""}
    lxml.etree.strip_elements(root, *_DROPPED_WITH_CONTENT, with_tail=False)
    _drop(list(_unseen(root)))
    _drop(list(_signatures(root)))
    _drop_behind_mark(root)
    pictures = frozenset(_set_pictures(root, content_ids))
    _put_right(root, quotes)
    body = cast("str", lxml.html.tostring(root, encoding="unicode"))
    return Markup(sanitised(body), pictures, named)


def sanitised(html: str) -> str:
    """Return HTML of the allowed elements and attributes only."""
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        set_tag_attribute_values=_GIVEN,
        url_schemes=_SCHEMES,
        link_rel=None,
        strip_comments=True,
    )


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src":
        return value if value.lower().startswith("cid:") else None
    return value


def _parsed(html: str) -> Element | None:
    parser = lxml.html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True
    )
    if not html.strip():
        return None
    try:
        root = lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except lxml.etree.ParserError:
        return None  # there is nothing in it
    except (lxml.etree.LxmlError, ValueError):
        raise AnswerHeld("unreadable-html") from None
    if _levels(root) > _MOST_LEVELS:
        raise AnswerHeld("unreadable-html")
    return root


def _levels(root: Element) -> int:
    depth = deepest = 0
    for event, _ in lxml.etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _unseen(root: Element) -> Iterator[Element]:
    for element in root.iter():
        if element.get("hidden") is not None or _HIDING.search(element.get("style") or ""):
            yield element


def _signatures(root: Element) -> Iterator[Element]:
    """Yield what mail programs mark as the signature; not that of others, which is quoted."""
    for element in root.iter():
        marks = f"{element.get('class') or ''} {element.get('id') or ''}"
        if _SIGNATURE.search(marks) and not _is_quoted(element) and _is_short(element):
            yield element


def _is_short(element: Element) -> bool:
    if any(True for _ in element.iter("blockquote")):
        return False
    return len("".join(map(str, element.itertext()))) <= _LONGEST_SIGNATURE


def _is_quoted(element: Element) -> bool:
    return any(True for _ in element.iterancestors("blockquote"))


def _drop_behind_mark(root: Element) -> None:
    """Drop signatures that only a mark shows, the line of two hyphens (RFC 3676 section 4.3)."""
    for element in list(root.iter()):
        for text, first in _texts_and_next(element):
            if _MARK.match(text) and element.getroottree().getroot() is root and not _is_quoted(element):
                behind = _until_quote(first)
                if behind and behind[0].tag in _NEW_LINE and len(behind) <= _MOST_BEHIND_MARK:
                    _take_out_mark(element, text)
                    _drop(behind, with_tails=True)


def _texts_and_next(element: Element) -> Iterator[tuple[str, Element | None]]:
    """Yield the texts in and behind an element, each with the element that follows it."""
    if element.text:
        # A mark that has an element for itself speaks of what follows that.
        yield element.text, next(iter(element), element.getnext())
    if element.tail:
        yield element.tail, element.getnext()


def _take_out_mark(element: Element, mark: str) -> None:
    if element.text == mark:
        element.text = None
    else:
        element.tail = None


def _until_quote(first: Element | None) -> list[Element]:
    found: list[Element] = []
    while first is not None and len(found) <= _MOST_BEHIND_MARK and not _begins_quote(first):
        found.append(first)
        first = first.getnext()
    return found


def _begins_quote(element: Element) -> bool:
    marks = f"{element.get('class') or ''} {element.get('id') or ''}"
    return (
        element.tag in {"blockquote", "hr"}
        or bool(_QUOTE_CLASS.search(marks))
        or any(True for _ in element.iter("blockquote"))
    )


def _drop(elements: list[Element], *, with_tails: bool = False) -> None:
    for element in elements:
        parent = element.getparent()
        if parent is not None:
            if with_tails:
                element.tail = None
            element.clear(keep_tail=True)  # type: ignore[call-arg]
            lxml.html.HtmlElement.drop_tree(element)


def _set_pictures(root: Element, content_ids: Mapping[str, str]) -> Iterator[str]:
    """Give the pictures that come along their new names; the others would be fetched from elsewhere."""
    for image in list(root.iter("img")):
        old = _content_id(image)
        if new := content_ids.get(old):
            image.set("src", f"cid:{new}")
            yield old
        else:
            _drop([image])


def _content_id(image: Element) -> str:
    source = (image.get("src") or "").strip()
    return unquote(source[4:]).strip("<>") if source.lower().startswith("cid:") else ""


def _put_right(root: Element, quotes: Quotes) -> None:
    for element in root.iter():
        if element.text:
            element.text = _seen(quotes.put_right(element.text))
        if element.tail:
            element.tail = _seen(quotes.put_right(element.tail))
        for name in ("href", "alt"):
            if value := element.get(name):
                element.set(name, _seen(quotes.put_right(value)))


def _seen(text: str) -> str:
    """Return text without controls, which entities may have brought and no document may hold."""
    return _CONTROLS.sub("", text)
