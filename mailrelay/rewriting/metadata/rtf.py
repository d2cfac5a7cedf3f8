"""Clean Rich Text (RTF 1.9.1): information, authors of changes and comments, revision marks, private groups.

A group that begins with an asterisk may be ignored by readers; those that a document needs to look as it
does are listed, all others go. Pictures are cleaned like attachments; embedded objects cannot be.
"""

import binascii
import re

from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned, Dropped

_TOKEN = re.compile(rb"\\[a-zA-Z]+(?:-?[0-9]+)? ?|\\'[0-9a-fA-F]{2}|\\[^a-zA-Z]|[{}]|[^\\{}]+", re.DOTALL)
_DESTINATION = re.compile(rb"\{\s*+(\\\*)?\s*+\\([a-zA-Z]+)")
_LEFT_OUT = frozenset(b"info nonshppict revtbl atnid atnauthor template".split())
_KEPT_ALTHOUGH_IGNORABLE = frozenset(
    b"""shppict shpinst listtable listoverridetable listpicture fldinst pn pnseclvl bkmkstart bkmkend panose
    falt cs ts ud annotation atrfstart atrfend atnref defchp defpap ftnsep ftnsepc aftnsep aftnsepc background
    nesttableprops expandedcolortbl picprop svb""".split()
)
_CANNOT = frozenset((b"objdata", b"objemb", b"objocx"))
_MARKS = re.compile(
    rb"\\(?:(?:ins|char|para|sect|tbl|del|sty)?rsid|rsidroot|revdttm(?:del)?|crdate)-?[0-9]* ?\Z"
)
_MOST_TOKENS = 2_000_000
_MOST_LEVELS = 500


def cleaned_rtf(content: bytes, _name: str, nesting: Nesting) -> Cleaned:
    """Return the document without what readers do not show."""
    return Cleaned(_Writer(content, nesting).written(), "application/rtf", ".rtf")


class _Writer:
    """Walks through the groups of one document once."""

    def __init__(self, content: bytes, nesting: Nesting) -> None:
        self._content, self._nesting = content, nesting
        self._written: list[bytes] = []
        self._level = 0
        self._left_out_at: int | None = None  # level of the group that is being left out
        self._pictures: dict[int, list[bytes]] = {}  # hexadecimal digits by level of their group

    def written(self) -> bytes:
        """Return the clean document.

        Raises:
            CannotClean: Groups are not closed, or something in them cannot be cleaned.
        """
        for number, token in enumerate(_TOKEN.finditer(self._content)):
            if number > _MOST_TOKENS or self._level > _MOST_LEVELS:
                raise CannotClean("too-large")
            self._take(token)
            if self._level == 0:
                return b"".join(self._written)
        raise CannotClean("broken-document")

    def _take(self, token: re.Match[bytes]) -> None:
        octets = token[0]
        if octets == b"{":
            self._open(token.start())
        elif octets == b"}":
            self._close()
        elif self._left_out_at is None and not _MARKS.match(octets):
            self._keep(octets)

    def _keep(self, octets: bytes) -> None:
        if octets.startswith((b"\\bin", b"\\objdata")):
            raise CannotClean("embedded-object")
        if self._level in self._pictures and not octets.startswith(b"\\"):
            self._pictures[self._level].append(octets)
        else:
            self._written.append(octets)

    def _open(self, position: int) -> None:
        self._level += 1
        if self._left_out_at is not None:
            return
        found = _DESTINATION.match(self._content, position)
        name, ignorable = (found[2], bool(found[1])) if found else (b"", False)
        if name in _CANNOT:
            raise CannotClean("embedded-object")
        if name in _LEFT_OUT or (ignorable and name not in _KEPT_ALTHOUGH_IGNORABLE):
            self._left_out_at = self._level
            return
        if name == b"pict":
            self._pictures[self._level] = []
        self._written.append(b"{")

    def _close(self) -> None:
        if self._left_out_at is None:
            digits = self._pictures.pop(self._level, None)
            if digits:
                self._written.append(b"\n" + self._picture(b"".join(digits)))
            self._written.append(b"}")
        elif self._left_out_at == self._level:
            self._left_out_at = None
        self._level -= 1

    def _picture(self, digits: bytes) -> bytes:
        try:
            picture = binascii.unhexlify(b"".join(digits.split()))
            return binascii.hexlify(self._nesting.cleaned(picture).content)
        except (binascii.Error, Dropped):
            raise CannotClean("broken-document") from None
