"""What a reader sees of an HTML body, and what he does not: hidden text, links that lie, trackers.

lxml parses whatever it is given (HTML as found, no standard holds in mail). Styles are read from the
`style` attribute and old presentational attributes only; style sheets are not evaluated.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import lxml.etree

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*[01](?:px|pt|%|;|$|\s)"
    r"|opacity\s*:\s*0(?:;|$|\s)|(?:max-height|line-height)\s*:\s*0(?:px|;|$|\s)",
    re.IGNORECASE,
)
_WHITE = re.compile(r"(?:^|[;\s])color\s*:\s*(?:#fff(?:fff)?\b|white\b)", re.IGNORECASE)
_WHITE_NAMES = {"#ffffff", "#fff", "white", "ffffff"}
_SHOWN_HOST = re.compile(r"^\s*(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/?#:]\S*)?\s*$", re.IGNORECASE)
_NO_TEXT = {"script", "style", "head", "title", "meta", "noscript"}
_BREAKS = {"p", "br", "div", "tr", "li", "h1", "h2", "h3", "table", "td"}


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
    visible: list[str] = []
    hidden: list[str] = []
    for text, is_hidden in _texts(root):
        (hidden if is_hidden else visible).append(text)
    anchors = [(str(node.get("href") or ""), "".join(_inner(node))) for node in root.iter("a")]
    targets = [href for href, _ in anchors]
    targets += [str(node.get("action") or "") for node in root.iter("form")]
    targets += [str(node.get("src") or "") for node in root.iter("img")]
    return HtmlText(
        visible=_tidy("".join(visible)),
        hidden=_tidy("".join(hidden)),
        links=tuple(
            target.strip() for target in targets if target.strip().lower().startswith(("http", "//"))
        ),
        lying_links=sum(1 for href, shown in anchors if _lies(href, shown)),
        images=sum(1 for _ in root.iter("img")),
        forms=sum(1 for _ in root.iter("form", "script", "iframe", "object")),
    )


def _texts(root: lxml.etree._Element) -> Iterator[tuple[str, bool]]:
    """Yield every piece of text in order, with whether it is hidden; iterative, since depth is theirs."""
    hidden_levels = silent_levels = 0
    for event, node in lxml.etree.iterwalk(root, events=("start", "end")):
        if not isinstance(node.tag, str):  # a comment or processing instruction: only what follows is text
            if event == "end" and node.tail:
                yield node.tail, bool(hidden_levels)
            continue
        step = 1 if event == "start" else -1
        if event == "start" and node.tag in _BREAKS:
            yield "\n", bool(hidden_levels)
        hidden_levels += step * _hides(node)
        silent_levels += step * (node.tag in _NO_TEXT)
        text = node.text if event == "start" else node.tail
        if text and not silent_levels:
            yield text, bool(hidden_levels)


def _hides(node: lxml.etree._Element) -> bool:
    style = str(node.get("style") or "")
    if node.get("hidden") is not None or _HIDING.search(style):
        return True
    if "background" in style.lower():
        return False
    return bool(_WHITE.search(style)) or (
        node.tag == "font" and str(node.get("color") or "").strip().lower() in _WHITE_NAMES
    )


def _inner(node: lxml.etree._Element) -> Iterator[str]:
    for text in node.itertext():
        yield str(text)


def _lies(href: str, shown: str) -> bool:
    match = _SHOWN_HOST.match(shown)
    if match is None or not href.lower().startswith("http"):
        return False
    try:
        target = (urlsplit(href.strip()).hostname or "").lower()
    except ValueError:
        return True
    claimed = match.group(1).lower()
    # www.example.com for example.com is no lie, nor is a subdomain: compare the last two labels.
    return target.split(".")[-2:] != claimed.split(".")[-2:]


def _tidy(text: str) -> str:
    return re.sub(r"[ \t\r\f\v\u00a0]+", " ", text)
