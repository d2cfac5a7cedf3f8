"""Octets as text, in each charset that they may be in.

A charset that is not declared, or not truly, is told by the octets where they allow it; where several are
possible the text is read in all of them. What is no text is read for the texts in it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_BOMS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Charsets of eight bits and more that are in use, by script; each reads any octets, or nearly.
_LEGACY = """
    cp1252 cp1250 iso8859-2 cp1251 koi8-r koi8-u iso8859-5 cp866 cp1253 iso8859-7 cp1254 cp1255 cp1256 cp1257
    cp437 cp850 cp500 mac-roman gb18030 big5 shift-jis euc-jp euc-kr tis-620
""".split()  # noqa: SIM905 - a block is easier to read than quoted strings
_UNICODE = frozenset({"", "utf-8", "utf8", "utf_8", "us-ascii", "usascii", "us_ascii", "ascii"})
_SEVEN_BITS = (
    (re.compile(rb"\x1b[$(]"), ("iso2022-jp-2", "iso2022-kr", "iso2022-jp-ext")),
    (re.compile(rb"~\{"), ("hz",)),
    (re.compile(rb"\+[A-Za-z0-9/]{2,}"), ("utf-7",)),
)
NO_TEXT = re.compile(rb"[\0-\x06\x0e-\x1a\x1c-\x1f]")
CONTROLS = bytes(octet for octet in range(256) if NO_TEXT.match(bytes([octet])))
_LARGE = 256 * 1024  # octets; beyond it only what reads as ASCII or UTF-8 is looked at
_RUNS = re.compile(rb"(?:[\x20-\x7e]|[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}){6,}")
_RTF_CHARACTER = re.compile(r"\\u(-?\d{1,5}) ?(?:\\'[0-9a-fA-F]{2}|\?)?")
_RTF_CONTROL = re.compile(r"\\(?!')[a-z]+-?\d* ?|[{}\r\n]")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, perhaps.

    Attributes:
        by_chance: The octets are no text as a whole.
    """

    text: str = field(repr=False)
    by_chance: bool = False


def readings(octets: bytes, declared: str = "", *, wide: bool = True) -> Iterator[Reading]:
    """Yield what octets may read as; the likeliest first.

    Args:
        octets: Of a part or of a member of an archive.
        declared: The charset; empty for none.
        wide: Letters beyond the Latin ones are looked for.
    """
    for mark, charset in _BOMS:
        if octets.startswith(mark):
            yield Reading(octets.decode(charset, "replace"))
            return
    if declared.lower() not in _UNICODE and (text := _strictly(octets, declared)) is not None:
        yield Reading(text)
        return
    if octets.startswith(b"{\\rtf"):
        yield Reading(_rich_text(octets.decode("latin-1")))
    if NO_TEXT.search(octets):
        if declared and (text := _strictly(octets, declared)) is not None:
            yield Reading(text)
        yield from _of_no_text(octets, wide=wide)
    elif (text := _strictly(octets, "utf-8")) is not None:
        yield Reading(text.replace("\0", ""))
        yield from _of_seven_bits(octets)
    else:
        # UTF-8 with a few other octets in it, as where two pieces meet.
        yield Reading(octets.decode("utf-8", "replace"), by_chance=True)
        yield from _all(octets)


def _strictly(octets: bytes, charset: str) -> str | None:
    try:
        return octets.decode(charset)
    except (LookupError, ValueError):
        return None


def _all(octets: bytes) -> Iterator[Reading]:
    # Each by itself: the end of one and the beginning of another may spell a name. What does not fit a
    # charset may stand beside what does.
    return map(Reading, dict.fromkeys(octets.decode(charset, "replace") for charset in _LEGACY))


def _of_seven_bits(octets: bytes) -> Iterator[Reading]:
    for sign, charsets in _SEVEN_BITS:
        if sign.search(octets):
            yield from (
                Reading(text) for charset in charsets if (text := _strictly(octets, charset)) is not None
            )


def _of_no_text(octets: bytes, *, wide: bool) -> Iterator[Reading]:
    # Text of sixteen bits in Latin letters is text with zeros between; of other letters it has to be decoded.
    squeezed = octets.replace(b"\0", b"")
    yield Reading("\n".join(run.decode("utf-8", "replace") for run in _RUNS.findall(squeezed)))
    if len(octets) > _LARGE:
        return
    yield Reading(squeezed.decode("latin-1"), by_chance=True)
    for start in (0, 1) if wide else ():
        for charset in ("utf-16-le", "utf-16-be"):
            yield Reading(octets[start:].decode(charset, "replace"), by_chance=True)


def _rich_text(source: str) -> str:
    plain = _RTF_CHARACTER.sub(lambda found: chr(int(found[1]) % 0x10000), source)
    return _RTF_CONTROL.sub("", plain)
