"""A message that would leave, as a page may show it: text, sanitised HTML, names of attachments.

What stands in it was written by anybody. Of HTML only what structures text is left: no link, no picture, no
style; it is shown in a frame without scripts or an origin, under the policy of the page around it.
"""

import sys
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

import nh3
from markupsafe import escape

from mailrelay.message import RawMessage

_TAGS = {
    "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span", "strong", "sub",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_FRAME = '<!doctype html><html lang="{}"><meta charset="utf-8"><title>-</title><body>{}</body></html>'


@dataclass(frozen=True, slots=True)
class Preview:
    """What a correspondent would see; `html` is a whole document that is safe in a sandboxed frame, or ""."""

    sender: str
    recipient: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    attachments: tuple[str, ...]


def preview_of(message: RawMessage, language: str) -> Preview:
    """Return how a message of our own making is shown."""
    read = message_from_bytes(message.raw, EmailMessage, policy=policy.default)
    plain = read.get_body(("plain",))
    html = read.get_body(("html",))
    return Preview(
        sender=str(read["From"] or ""),
        recipient=str(read["To"] or ""),
        subject=str(read["Subject"] or ""),
        text=plain.get_content() if isinstance(plain, EmailMessage) else "",
        html=safe_frame(html.get_content(), language) if isinstance(html, EmailMessage) else "",
        attachments=tuple(
            [part.get_filename() or part.get_content_type() for part in read.iter_attachments()]
        ),
    )


def safe_frame(html: str, language: str, most_octets: int = sys.maxsize) -> str:
    """Return HTML of a stranger as a whole document that is safe in a sandboxed frame; "" for none.

    Args:
        html: As it came.
        language: BCP 47 tag.
        most_octets: What it may take of a page; only the beginning is returned of what takes more.
    """
    if not html.strip():
        return ""
    whole = clean = _clean(html)
    kept = len(whole)
    while _octets(clean) > most_octets:
        kept = min(kept * 3 // 4, most_octets)
        # What is cut off may have closed what was open.
        clean = _clean(whole[:kept])
    return _FRAME.format(language, clean)


def beginning(text: str, most_octets: int) -> str:
    """Return a text, or as much of it as takes no more than this of a page, and an ellipsis."""
    kept = text
    while (size := _octets(kept)) > most_octets:
        kept = kept[: len(kept) * most_octets // size]
    return text if kept == text else f"{kept}…"


def _clean(html: str) -> str:
    return nh3.clean(html, tags=_TAGS, attributes={}, link_rel=None)


def _octets(text: str) -> int:
    return len(escape(text).encode())
