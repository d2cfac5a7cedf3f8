"""A held message as its reader may look at it: who, what about, when, the beginning of its text, its files.

Bounded and never raising, as all that reads content. Whatever is returned was chosen by a stranger: lines
have no controls and no invisible characters, and host names are A-labels, since letters of other scripts look
like ours.
Text and HTML are as they came, and left to the page that shows them.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from mailrelay.addresses import parse_mailboxes
from mailrelay.authentication.names import a_labels
from mailrelay.content.html_text import read_html
from mailrelay.content.mime import Leaf, read_structure
from mailrelay.content.reading import decode_words
from mailrelay.message import RawMessage

TEXT_CHARACTERS = 10_000
_HTML_CHARACTERS = 100_000
_LONGEST_LINE = 200
_MOST_FILES = 30
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# One mark on a letter is an accent; a heap of them covers the lines around.
_HEAP_OF_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{2})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
# What programs make a link of though nobody meant it: a dot before a possible top-level domain, and schemes.
_HOST_DOT = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")


@dataclass(frozen=True, slots=True)
class File:
    """A part that is not shown as text; its name may be empty."""

    name: str
    content_type: str
    size_octets: int


@dataclass(frozen=True, slots=True)
class Letter:
    """What is shown of a message.

    Attributes:
        sender: Name and mailbox of the author, in one line; empty where there is none.
        mailbox: The author's alone.
        text: Its plain text, else what is to be seen of its HTML; the first TEXT_CHARACTERS.
        html: Its HTML, as it came and not to be trusted; the first part of it.
        cut: Whether there is more of the text than is shown.
        complete: False where so much is in it that not all was looked at: files may be missing or larger.
    """

    sender: str = field(repr=False)
    mailbox: str = field(repr=False)
    subject: str = field(repr=False)
    date: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    cut: bool
    complete: bool
    files: tuple[File, ...] = field(repr=False)


def read_letter(message: RawMessage) -> Letter:
    """Return what is shown of a message."""
    structure = read_structure(message)
    leaves = structure.leaves
    html = _text(leaves, "text/html")[:_HTML_CHARACTERS].encode("utf-8", "replace").decode()
    plain = _text(leaves, "text/plain").strip() or read_html(html).visible.strip()
    sender, mailbox = read_sender(message)
    return Letter(
        sender=sender,
        mailbox=mailbox,
        subject=read_subject(message),
        date=_date(message.first("Date")),
        text=_without_controls(plain[:TEXT_CHARACTERS]),
        html=html,
        cut=len(plain) > TEXT_CHARACTERS,
        complete=structure.complete,
        files=tuple([_file(leaf) for leaf in leaves if _is_file(leaf)][:_MOST_FILES]),
    )


def read_sender(message: RawMessage) -> tuple[str, str]:
    """Return name and mailbox of the author in one line, and the mailbox alone; empty where there is none."""
    return person_in(message.first("From"))


def person_in(value: str) -> tuple[str, str]:
    """Return the same of the first mailbox in the value of a field."""
    authors = parse_mailboxes(value)
    if not authors:
        return safe_line(decode_words(value)), ""
    mailbox = safe_line(f"{authors[0].local_part}@{a_labels(authors[0].domain) or authors[0].domain}")
    display = safe_line(decode_words(authors[0].display))
    return (f"{display} <{mailbox}>" if display and display != mailbox else mailbox), mailbox


def read_subject(message: RawMessage) -> str:
    """Return the subject in one line."""
    return line_of(message.first("Subject"))


def line_of(value: str) -> str:
    """Return the text of a field (RFC 2047) in one line."""
    return safe_line(decode_words(value))


def safe_line(text: str, most: int = _LONGEST_LINE) -> str:
    """Return a line of up to `most` characters, all of them to be seen."""
    # What is looked at is bounded, for a field may be as long as a message.
    seen = "".join([" " if unicodedata.category(one) in _UNSEEN else one for one in text[: 4 * most]])
    line = _HEAP_OF_MARKS.sub(r"\1", " ".join(seen.split()))
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def unlinked(line: str) -> str:
    """Return a line in which no mail program finds something to make a link of."""
    return _HOST_DOT.sub("[.]", line.replace("://", "[:]//"))


def _date(value: str) -> str:
    """Return a date in the order that every reader knows, in the zone that it names; else as it stands."""
    try:
        return f"{parsedate_to_datetime(value[:_LONGEST_LINE]):%Y-%m-%d %H:%M %z}".rstrip()
    except (ValueError, TypeError, IndexError, OverflowError):
        return safe_line(value)


def _text(leaves: tuple[Leaf, ...], kind: str) -> str:
    texts = [_decoded(leaf) for leaf in leaves if leaf.type.kind == kind and not leaf.is_file]
    return "\n".join(texts)


def _decoded(leaf: Leaf) -> str:
    octets = leaf.octets()
    for charset in (leaf.type.charset, "utf-8"):
        try:
            return octets.decode(charset)
        except (LookupError, UnicodeError, ValueError):
            continue
    return octets.decode("latin-1")


def _without_controls(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = [one for one in lines if one in "\n\t" or unicodedata.category(one) not in _UNSEEN]
    return _HEAP_OF_MARKS.sub(r"\1", "".join(kept)).strip()


def _is_file(leaf: Leaf) -> bool:
    return leaf.is_file or leaf.type.kind not in {"text/plain", "text/html"}


def _file(leaf: Leaf) -> File:
    return File(
        safe_line(decode_words(leaf.file_name), 100), safe_line(leaf.type.kind, 60), len(leaf.octets())
    )
