"""What a reader sees of an HTML body, and what he does not: hidden text, links that lie, trackers.

lxml parses whatever it is given (HTML as found, no standard holds in mail). Styles are read from the
`style` attribute and old presentational attributes only; style sheets are not evaluated.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from urllib.parse import urlsplit

import lxml.etree

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*[01](?:px|pt|%|;|$|\s)"
    r"|opacity\s*:\s*0(?:;|$|\s)|(?:max-height|line-height)\s*:\s*0(?:px|;|$|\s)"
    r"|(?:text-indent|left|top)\s*:\s*-\d{4}",
    re.IGNORECASE,
)
_COLOR = re.compile(r"(?:^|[;\s])color\s*:\s*([^;!]{1,40})", re.IGNORECASE)
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]{1,40})", re.IGNORECASE)
_WHITE = re.compile(r"(?:^|[;\s])color\s*:\s*(?:#fff(?:fff)?\b|white\b)", re.IGNORECASE)
_WHITE_NAMES = {"#ffffff", "#fff", "white", "ffffff"}
_COLOR_NAMES = {"white": "#ffffff", "black": "#000000"}
_SHOWN_HOST = re.compile(r"^\s*(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/?#:]\S*)?\s*$", re.IGNORECASE)
_NO_TEXT = ("script", "style", "head", "title", "meta", "noscript")
_BREAKS = ("p", "br", "div", "tr", "li", "h1", "h2", "h3", "table", "td")
_BLANKS = re.compile(r" {2,}[ \t\r\f\v\u00a0]*| ?[\t\r\f\v\u00a0][ \t\r\f\v\u00a0]*")
_CACHED_CHARACTERS = 200
_MAY_HIDE = lxml.etree.XPath("descendant-or-self::*[@style or @hidden or self::font[@color]]")
_TEXT = lxml.etree.XPath("string()", smart_strings=False)


@dataclass(frozen=True, slots=True)
class HtmlText:
    """What was seen in HTML.

    Attributes:
        visible: Text as read.
        hidden: Text that is there and not shown.
        links: Targets of anchors, forms and remote images, in order.
        lying_links: Anchors whose text is a host name other than the one they lead to.
        images: Number of images.
        forms: Number of forms and scripts.
    """

    visible: str = ""
    hidden: str = ""
    links: tuple[str, ...] = ()
    lying_links: int = 0
    images: int = 0
    forms: int = 0


def read_html(html: str) -> HtmlText:
    """Return what `html` shows and hides; never raises."""
    if not html.strip():
        return HtmlText()
    parser = lxml.etree.HTMLParser(encoding="utf-8", recover=True, no_network=True, huge_tree=False)
    try:
        root = lxml.etree.fromstring(html.encode("utf-8", "replace"), parser)
    except (lxml.etree.LxmlError, ValueError):
        root = None
    if root is None:
        return HtmlText(visible=re.sub(r"<[^<>]{0,2000}>", " ", html))
    return _read_tree(root)


def _read_tree(root: lxml.etree._Element) -> HtmlText:
    """Return what is in the tree, which is taken apart on the way."""
    anchors = [(node.get("href") or "", node) for node in root.iter("a")]
    images = [node.get("src") or "" for node in root.iter("img")]
    targets = [href for href, _ in anchors]
    targets += [node.get("action") or "" for node in root.iter("form")]
    targets += images
    lying = sum(1 for href, node in anchors if _lies(href, node))
    forms = sum(1 for _ in root.iter("form", "script", "iframe", "object"))
    visible, hidden = _texts(root)
    return HtmlText(
        visible=_tidy(visible),
        hidden=_tidy(hidden),
        links=tuple([target.strip() for target in targets if _leads_out(target)]),
        lying_links=lying,
        images=len(images),
        forms=forms,
    )


def _texts(root: lxml.etree._Element) -> tuple[str, str]:
    """Return the text that is shown and the text that is not; never recursive, since depth is theirs."""
    lxml.etree.strip_elements(root, *_NO_TEXT, with_tail=False)
    for node in root.iter(*_BREAKS):
        node.text = f"\n{node.text or ''}"
    hidden: list[str] = []
    for node in _may_hide(root):
        # What stands in a hidden node was taken out together with it.
        if _hides(node) and node.getroottree().getroot() is root:
            hidden.append(_text(node))
            node.clear(keep_tail=True)  # type: ignore[call-arg]
    return _text(root), "".join(hidden)


def _may_hide(root: lxml.etree._Element) -> list[lxml.etree._Element]:
    return cast("list[lxml.etree._Element]", _MAY_HIDE(root))  # noqa: SLF001 - a name for the type checker


def _text(node: lxml.etree._Element) -> str:
    """Return all text in a node; comments are none."""
    return cast("str", _TEXT(node))


def _hides(node: lxml.etree._Element) -> bool:
    style = node.get("style") or ""
    if node.get("hidden") is not None:
        return True
    hides, on_background = _read_style(style) if len(style) < _CACHED_CHARACTERS else _style(style)
    if hides or on_background:
        return hides
    return node.tag == "font" and (node.get("color") or "").strip().lower() in _WHITE_NAMES


def _style(style: str) -> tuple[bool, bool]:
    """Return whether a style hides, and whether it sets a background, on which white may be seen."""
    if _HIDING.search(style):
        return True, False
    if background := _BACKGROUND.search(style):
        color = _COLOR.search(style)
        return color is not None and _same_color(color[1], background[1]), True
    return bool(_WHITE.search(style)), False


def _same_color(one: str, other: str) -> bool:
    """Return whether two colours are written alike; shades that only look alike are not told."""
    return _full_color(one) == _full_color(other)


def _full_color(color: str) -> str:
    color = "".join(color.lower().split())
    color = _COLOR_NAMES.get(color, color)
    return "#" + "".join(2 * digit for digit in color[1:]) if re.fullmatch("#[0-9a-f]{3}", color) else color


_read_style = lru_cache(maxsize=1024)(_style)  # one message has the same style many times


def _leads_out(target: str) -> bool:
    return target.strip().lower().startswith(("http", "//"))


def _lies(href: str, anchor: lxml.etree._Element) -> bool:
    if not href.lower().startswith("http") or (match := _SHOWN_HOST.match(_text(anchor))) is None:
        return False
    try:
        target = (urlsplit(href.strip()).hostname or "").lower()
    except ValueError:
        return True
    claimed = match.group(1).lower()
    # www.example.com for example.com is no lie, nor is a subdomain: compare the last two labels.
    return target.split(".")[-2:] != claimed.split(".")[-2:]


def _tidy(text: str) -> str:
    return _BLANKS.sub(" ", text)
