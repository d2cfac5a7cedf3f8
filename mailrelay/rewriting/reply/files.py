"""Attachments and pictures of an answer: cleaned by content, with names that say nothing of the owner."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailrelay.rewriting.metadata import CannotClean, Dropped, cleaned
from mailrelay.rewriting.reply.charsets import decode_text
from mailrelay.rewriting.reply.model import AnswerHeld, LeftOut, ReplyFacts
from mailrelay.rewriting.reply.reading import File
from mailrelay.rewriting.scrub import Scrubber

_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\"<>|?*:]+")
_WORDS = re.compile(r"[^\W\d_]+")
_MOST_TEXT = 4_000_000  # octets; scrubbing more takes seconds
_LONGEST_NAME = 120
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Clean:
    """A file as it leaves.

    Attributes:
        content_type: With parameters, as it stands in the header.
        replaces: The Content-ID by which the owner's HTML names it; empty where it does not.
        content_id: The new one, without brackets; empty for an attachment.
    """

    content: bytes
    content_type: str
    name: str
    replaces: str = ""
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """What is left of the files of a message."""

    clean: tuple[Clean, ...]
    dropped: tuple[LeftOut, ...]


class Cleaning:
    """Cleans the files of one answer."""

    def __init__(self, facts: ReplyFacts, scrubber: Scrubber) -> None:
        self._facts = facts
        self._scrubber = scrubber

    def clean(self, files: Iterable[File]) -> Files:
        """Return files as they may leave.

        Raises:
            AnswerHeld: One can neither be cleaned nor be left out; the owner is to decide.
        """
        clean: list[Clean] = []
        dropped: list[LeftOut] = []
        troubled: list[str] = []
        reasons: list[str] = []
        for number, file in enumerate(files, 1):
            place = f"attachment {number}"
            try:
                clean.append(self._clean(file, len(clean) + 1, place))
            except Dropped as drop:
                dropped.append(LeftOut(drop.reason, place))
            except CannotClean as trouble:
                troubled.append(place)
                reasons.append(trouble.reason)
        if troubled:
            raise AnswerHeld(f"unsafe-part-{reasons[0]}", places=tuple(troubled))
        return Files(tuple(clean), tuple(dropped))

    def _clean(self, file: File, number: int, place: str) -> Clean:
        if file.is_message:
            raise Dropped("message")
        known = cleaned(file.content, file.declared_type, file.name)
        content, kind = known.content, known.content_type
        if kind.startswith("text/") or kind == "application/json":
            content, kind = self._text(content, kind, file.charset)
        return Clean(
            content,
            kind,
            self._name(file.name, known.extension, number, place),
            file.content_id,
            f"{hashlib.sha256(content).hexdigest()[:24]}@{self._facts.relay_domain}"
            if file.content_id
            else "",
        )

    def _text(self, content: bytes, kind: str, charset: str) -> tuple[bytes, str]:
        """Return text in UTF-8 and without the owner's data; octet for octet where it is that already.

        Raises:
            CannotClean: It is too large.
        """
        if len(content) > _MOST_TEXT:
            raise CannotClean("too-large")
        kind = f"{kind.partition(';')[0].strip().lower()}; charset=utf-8"
        if kind.startswith(_HTML):
            return self._scrubber.html(content.decode("utf-8", "replace")).encode(), kind
        text = decode_text(content, charset)
        scrubbed = self._scrubber.text(text)
        if scrubbed == text and _is_utf8(content, text):
            return content, kind
        line_end = "\r\n" if b"\r\n" in content else "\n"
        return scrubbed.replace("\n", line_end).encode(), kind

    def _name(self, name: str, extension: str, number: int, place: str) -> str:
        # Only the last component: paths name the user of the computer.
        shown = _UNWANTED.sub("_", re.split(r"[\\/]", name)[-1]).strip(" .")
        ending = extension or (found[0].lower() if (found := _EXTENSION.search(shown)) else "")
        if (
            self._facts.neutral_file_names
            or not shown.strip("._ ")
            or self._scrubber.hits(shown, f"{place} name")
            # Each word as if he signed with it: a name alone is enough here.
            or self._scrubber.hits("\n".join(_WORDS.findall(shown)), f"{place} name")
        ):
            return f"attachment-{number}{ending}"
        stem, dot, last = shown.rpartition(".")
        return f"{stem[: _LONGEST_NAME - len(last)]}{dot}{last}"[-_LONGEST_NAME:]


def _is_utf8(content: bytes, text: str) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return decode_text(content, "utf-8") == text
