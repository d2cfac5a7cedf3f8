"""Sketch a message so that near-copies can be recognised without keeping the text.

Words are put into a normal form that survives the usual variations (case, numbers, look-alike letters,
quotes, footers of lists); of the overlapping runs of three words the sixteen that come first in a secret
order are marks of the text (bottom-k MinHash, Broder 1997). Links and files give marks too. Marks are keyed
hashes: whoever shares the key makes the same, and without it nobody can foresee them or read texts from
them. How many must agree depends on how long the text is: short honest letters have much in common.
"""

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from zlib import crc32

from mailrelay.content.lookalikes import folded
from mailrelay.content.reading import Content
from mailrelay.content.words import runs_of_letters

MOST_MARKS = 23
_TEXT_MARKS = 16
_MOST_LINK_MARKS = 4
_MOST_FILE_MARKS = 2
_MAX_WORDS = 2_000
_TEXT_CHARACTERS = 16_000
_MIN_RUNS = 8  # "Is this domain for sale?" is written by many honest people
_RUN = 3
_CANDIDATES = 26  # of so many, hardly ever less than 16 are different

# Marks of a text that must agree, by the number of its runs; the last row is for all that are longer.
_NEEDED = ((15, 8), (30, 7), (60, 6), (_MAX_WORDS, 5))
DECISIVE = _NEEDED[0][1]
_FILE_WEIGHT = 2

_MOST_LINKS = 50
_LEAST_SET = 3  # so many links that are the same make a copy of any text
_LINK = re.compile(r"(?:https?://(?:www\.)?|www\.)([^/?#\s:@]+)(?::\d*)?(/[^?#\s]*)?")
_DIGITS = re.compile(r"\d+")
# Links to them stand in everybody's mail: below signatures, in footers of programs, as sources.
_EVERYBODYS = frozenset(
    (
        *("aka.ms", "apple.com", "avast.com", "avg.com", "facebook.com", "github.com", "go.onelink.me"),
        *("godaddy.com", "google.com", "icann.org", "instagram.com", "linkedin.com", "mail.yahoo.com"),
        *("maps.google.com", "microsoft.com", "mozilla.org", "outlook.com", "overview.mail.yahoo.com"),
        *("play.google.com", "sedo.com", "t.me", "tiktok.com", "twitter.com", "w3.org", "wa.me"),
        *("whatsapp.com", "wikipedia.org", "wipo.int", "x.com", "xing.com", "yahoo.com", "youtube.com"),
    )
)
_LEAST_FILE_OCTETS = 1_000
_FILE_OCTETS = 16_384  # a file is known by how it begins and how long it is

# A line of a letter from which on comes what stands below all letters of its kind (RFC 3676 section 4.3).
_FOOTER = re.compile(r"\n[ \t]*(?:-- ?\r?\n|-{5,}|_{5,}|={10,}|\*{10,}|(?:-=){3,}|(?:=-){3,})")
_FOOTER_CHARACTERS = 800
_LEAST_WORDS = 10


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is compared of a message.

    Attributes:
        marks: 64-bit hashes and what each of them weighs; none where there is too little to compare.
        needed: Weight in common from which on another message is a near-copy of this one.
    """

    marks: tuple[tuple[int, int], ...]
    needed: int


class Sketcher:
    """Makes sketches; those of one key can be compared.

    Args:
        key: At least 32 secret octets.
    """

    def __init__(self, key: bytes) -> None:
        # Copied for each mark: that costs half of beginning anew with the key.
        self._keyed = blake2b(key=blake2b(key, person=b"marks").digest(), digest_size=8)
        seed = blake2b(key, person=b"order").digest()
        # Odd and below 2^30, so that sums stay in their lanes.
        self._factors = [int.from_bytes(seed[at : at + 4], "little") >> 2 | 1 for at in (0, 4, 8)]

    def sketch(self, content: Content) -> Sketch:
        """Return the sketch of a message."""
        words = _words(content)
        runs = len(words) - _RUN + 1
        enough = runs >= _MIN_RUNS
        marks = dict.fromkeys(self._text_marks(words) if enough else (), 1)
        marks.update(self._link_marks(content, alone=not enough))
        weight = _FILE_WEIGHT if enough else DECISIVE
        marks.update(dict.fromkeys(self._file_marks(content), weight))
        needed = next(needed for most, needed in _NEEDED if runs <= most) if enough else DECISIVE
        return Sketch(tuple(marks.items()), needed)

    def _text_marks(self, words: list[bytes]) -> list[int]:
        """Return the marks of the first runs of words in the secret order, each once."""
        order = self._order(words)
        bound = 2**32 * _CANDIDATES // len(order)
        first = {place: at for at, place in enumerate(order) if place <= bound}
        if len(first) < _TEXT_MARKS:
            first = dict(zip(order, range(len(order)), strict=True))
        places = sorted(first)[:_TEXT_MARKS]
        return [self._mark(b" ".join(words[first[place] : first[place] + _RUN])) for place in places]

    def _order(self, words: list[bytes]) -> "array[int]":
        """Return the place, 32 bits, of each run of words: a sum of their checksums by secret factors.

        All sums are made at once, as one product of long integers: each word has a lane of 64 bits, and three
        products of 32 by 30 bits stay in it.
        """
        lanes = int.from_bytes(array("Q", list(map(crc32, words))), "little")
        one, two, three = self._factors
        sums = lanes * one + (lanes >> 64) * two + (lanes >> 128) * three
        return array("I", sums.to_bytes(8 * len(words), "little"))[: 2 * (len(words) - _RUN + 1) : 2]

    def _link_marks(self, content: Content, *, alone: bool) -> Iterable[tuple[int, int]]:
        """Yield a mark for some links, and one for all together, which decides where they are enough."""
        if not content.urls:
            return
        links = sorted(_links(content))
        if links and (alone or len(links) >= _LEAST_SET):
            yield self._mark("\0".join(links).encode("utf-8", "replace")), DECISIVE
        if not alone:
            marks = sorted(self._mark(link.encode("utf-8", "replace")) for link in links)
            yield from ((mark, 1) for mark in marks[:_MOST_LINK_MARKS])

    def _file_marks(self, content: Content) -> list[int]:
        files = [one.octets for one in content.attachments if len(one.octets) >= _LEAST_FILE_OCTETS]
        return [
            self._mark(b"%d:%b" % (len(octets), octets[:_FILE_OCTETS])) for octets in files[:_MOST_FILE_MARKS]
        ]

    def _mark(self, of: bytes) -> int:
        digest = self._keyed.copy()
        digest.update(of)
        return int.from_bytes(digest.digest(), "little")


def _words(content: Content) -> list[bytes]:
    text = _without_footer(content.own_text[:_TEXT_CHARACTERS])
    lowered = folded(text.lower())
    if "://" in lowered or "@" in lowered or "www." in lowered:
        lowered = "\n".join([_without_addresses(line) for line in lowered.split("\n")])
    # Most letters are plain, and somebody else has their words already.
    as_they_are = len(lowered) == len(content.text) and lowered == content.words.text
    return (content.words.runs if as_they_are else runs_of_letters(lowered))[:_MAX_WORDS]


def _without_footer(text: str) -> str:
    """Return a text up to the line that begins its footer, where a letter is left."""
    for found in _FOOTER.finditer(text):
        if len(text) - found.start() <= _FOOTER_CHARACTERS:
            letter = text[: found.start()]
            return letter if len(letter.split()) >= _LEAST_WORDS else text
    return text


def _without_addresses(line: str) -> str:
    """Return a line without links and mailboxes: they carry the recipient's number."""
    if "://" not in line and "@" not in line and "www." not in line:
        return line
    return " ".join(
        [one for one in line.split() if not ("://" in one or "@" in one or one.startswith("www."))]
    )


def _links(content: Content) -> set[str]:
    """Return host and path of the links, without numbers, that are neither the author's nor everybody's."""
    own = content.from_address.rpartition("@")[2] or "\0"
    found = (_LINK.match(url.lower()) for url in content.urls[:_MOST_LINKS])
    pairs = ((link[1], link[2] or "") for link in found if link)
    return {
        host + _DIGITS.sub("", path).rstrip("/")
        for host, path in pairs
        if host not in _EVERYBODYS and host != own and not host.endswith(f".{own}")
    }
