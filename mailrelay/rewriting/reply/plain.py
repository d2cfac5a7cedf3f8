"""Write HTML as plain text: paragraphs, lists, quotes, tables, and where links lead."""

import re
from collections.abc import Callable

import lxml.etree
import lxml.html

_BLOCKS = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "ul", "ol", "dl", "dt", "dd", "li", "pre"}
    | {
        "blockquote",
        "hr",
        "center",
        "address",
        "caption",
        "article",
        "section",
        "header",
        "footer",
        "details",
        "summary",
    }
)
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "blockquote"})
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript"})
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_RULE = "-" * 40


class _Writer:
    """Puts lines together; blanks between words are one, between lines there are as many as HTML shows."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line = ""
        self._prefixes: list[str] = []
        self._pending = ""  # stands before the next word in place of the prefix: the mark of a list item
        self.depth = 0

    def write(self, text: str, *, as_is: bool) -> None:
        if as_is:
            first, *others = text.split("\n")
            self._line += first
            for line in others:
                self.end_line(empty=True)
                self._line = line
            return
        text = _BLANKS.sub(" ", text)
        self._line += text.lstrip() if not self._line or self._line.endswith(" ") else text

    def end_line(self, *, empty: bool = False) -> None:
        if self._line.strip() or empty:
            self.lines.append(f"{self._start()}{self._line.rstrip()}".rstrip())
        self._line = ""

    def blank_line(self) -> None:
        self.end_line()
        prefix = "".join(self._prefixes).rstrip()
        if self.lines and self.lines[-1].strip(" >"):
            self.lines.append(prefix)

    def enter(self, prefix: str, first: str = "") -> None:
        self._prefixes.append(prefix)
        self._pending = first

    def leave(self) -> None:
        self.end_line()
        while self.lines and not self.lines[-1].strip(" >"):
            self.lines.pop()
        self._prefixes.pop()
        self._pending = ""

    def _start(self) -> str:
        prefix = "".join(self._prefixes)
        if self._pending:
            prefix = prefix[: -len(self._pending)] + self._pending
            self._pending = ""
        return prefix


def text_of(html: str) -> str:
    """Return HTML as text, lines ended with LF; what cannot be read at all gives its text unformatted."""
    if not html.strip():
        return ""
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, huge_tree=True)
    try:
        root = lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        return re.sub(r"<[^<>]{0,2000}>", " ", html)
    writer = _Writer()
    for event, element in lxml.etree.iterwalk(root, events=("start", "end")):
        _STEPS[event](writer, element)
    writer.end_line()
    return "\n".join(writer.lines).strip("\n") + "\n"


def _start(writer: _Writer, element: lxml.etree._Element) -> None:
    tag = element.tag
    if tag in _SPACED and not _is_in_item(element):
        writer.blank_line()
    elif tag in _BLOCKS:
        writer.end_line()
    if tag == "blockquote":
        writer.enter("> ")
    elif tag == "li":
        mark = _mark(element)
        writer.enter(" " * len(mark), mark)
    elif tag == "br":
        writer.end_line(empty=True)
    elif tag == "hr":
        writer.write(_RULE, as_is=False)
        writer.end_line()
    elif tag == "img" and element.get("alt"):
        writer.write(f"[{element.get('alt')}]", as_is=False)
    elif tag in {"td", "th"} and element.getprevious() is not None:
        writer.write("  ", as_is=True)
    if tag not in _UNSEEN:
        writer.write(element.text or "", as_is=_is_preformatted(element))


def _end(writer: _Writer, element: lxml.etree._Element) -> None:
    tag = element.tag
    if tag == "a":
        writer.write(_target(element), as_is=False)
    if tag in {"blockquote", "li"}:
        writer.leave()
    if tag in _SPACED and not _is_in_item(element):
        writer.blank_line()
    elif tag in _BLOCKS:
        writer.end_line()
    parent = element.getparent()
    writer.write(element.tail or "", as_is=parent is not None and _is_preformatted(parent))


_STEPS: dict[str, Callable[[_Writer, lxml.etree._Element], None]] = {"start": _start, "end": _end}


def _mark(item: lxml.etree._Element) -> str:
    above = item.getparent()
    if above is None or above.tag != "ol":
        return "- "
    start = above.get("start") or "1"
    number = (int(start) if start.isdecimal() and len(start) < 6 else 1) + sum(  # noqa: PLR2004
        1 for _ in item.itersiblings("li", preceding=True)
    )
    return f"{number}. "


def _target(link: lxml.etree._Element) -> str:
    target = (link.get("href") or "").strip()
    shown = "".join(map(str, link.itertext())).strip()
    bare = target.removeprefix("mailto:").rstrip("/")
    seen = {shown, shown.split("://")[-1].rstrip("/")}
    if not target or target.startswith("#") or bare.split("://")[-1] in seen:
        return ""
    return f" <{bare if target.startswith('mailto:') else target}>" if shown else f"<{target}>"


def _is_in_item(element: lxml.etree._Element) -> bool:
    above = element.getparent()
    return above is not None and above.tag in {"li", "td", "th"} and element.tag != "blockquote"


def _is_preformatted(element: lxml.etree._Element) -> bool:
    return element.tag == "pre" or any(True for _ in element.iterancestors("pre"))
