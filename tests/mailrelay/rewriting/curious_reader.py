"""A correspondent who reads everything in a message: headers, charsets, containers, escapes, what is hidden.

Made of the standard library only, and apart from the scrubber, so that it sees what that one overlooks.
"""

import bz2
import contextlib
import gzip
import html
import io
import json
import lzma
import quopri
import re
import tarfile
import unicodedata
import zlib
from base64 import b64decode, urlsafe_b64decode
from binascii import a2b_uu
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value
from urllib.parse import unquote
from zipfile import BadZipFile, ZipFile

_CHARSETS = [
    "cp1252",
    "mac-roman",
    "cp850",
    "koi8-r",
    "cp1251",
    "iso8859-5",
    "cp866",
    "iso8859-7",
    "gb18030",
    "big5",
    "shift-jis",
    "euc-jp",
    "cp500",
]
_DEPTH = 4
_TROUBLE = (
    ValueError,
    LookupError,
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    zlib.error,
    BadZipFile,
)


def bare(text: str) -> str:
    """Return letters and digits, in lower case and without accents."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(str(unicodedata.decimal(char, char)) for char in folded if char.isalnum())


def everything_in(raw: bytes, besides: frozenset[str] = frozenset()) -> str:
    """Return all that can be read in a message in its bare form, one line for each reading of each piece.

    Args:
        raw: The message.
        besides: Names of header fields in lower case that are not looked at.
    """
    return "\n".join(dict.fromkeys(map(bare, readings_of(raw, besides))))


def readings_of(raw: bytes, besides: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield all that can be read in a message, as it reads; see `everything_in`."""
    message = message_from_bytes(raw)
    for name in besides:
        del message[name]
    texts = dict.fromkeys(text for part in message.walk() for text in _of_part(part))
    for text in texts:
        yield from _forms(text)


def _of_part(part: Message) -> Iterator[str]:
    for name, value in part.raw_items():
        yield f"{name}: {value}"
        # Octets of a header that are declared nowhere are UTF-8.
        octets = str(value).encode("utf-8", "surrogateescape")
        yield octets.decode("utf-8", "replace")
        yield from (coded.decode("utf-8", "replace") for coded in _coded(octets))
        with contextlib.suppress(*_TROUBLE):
            yield str(make_header(decode_header(re.sub(r"(=\?[\w-]+)\*[\w-]+\?", r"\1?", str(value)))))
    for name, value in part.get_params([], header="Content-Disposition") + part.get_params([]):
        yield f"{name} {collapse_rfc2231_value(value)}"
    yield from (str(text) for text in (part.preamble, part.epilogue, part.get_filename()) if text)
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        for octets in (payload, *_unpacked(payload, _DEPTH)):
            yield from _texts(octets, part.get_content_charset() or "utf-8")


def _texts(octets: bytes, declared: str) -> Iterator[str]:
    yield octets.replace(b"\0", b"").decode("latin-1")
    candidates = [declared, "utf-8"]
    if not octets.isascii() or b"\4" in octets:
        candidates += ["utf-16", "utf-16-le", *_CHARSETS]
    elif b"\x1b" in octets or b"+" in octets:
        candidates += ["iso2022-jp", "utf-7"]
    for charset in candidates:
        with contextlib.suppress(*_TROUBLE):
            yield octets.decode(charset, "ignore")


def _forms(text: str) -> Iterator[str]:
    yield text
    plain = unquote(html.unescape(unquote(html.unescape(text))))
    yield plain
    yield re.sub(r"<[^>]*>", "", plain)
    yield re.sub(r"(?i)\\(?:u|x|')?([0-9a-f]{2,4})", lambda found: chr(int(found[1], 16)), plain)
    yield re.sub(r"\\u(\d+)\??|\\[a-z]+ ?|[{}]", lambda found: chr(int(found[1])) if found[1] else "", text)
    yield re.sub(r"\)[-\d\s.]*\(|\) ?\] ?TJ|Tj|T\*|\(|<rt>.*?</rt>", "", plain)
    yield re.sub(r"\r?\n[ \t]|[ \t]+\r?\n", "", plain)
    with contextlib.suppress(*_TROUBLE):
        yield quopri.decodestring(text.encode()).decode("utf-8", "replace")
    with contextlib.suppress(*_TROUBLE):
        yield str(json.loads(text))


def _unpacked(octets: bytes, depth: int) -> Iterator[bytes]:
    """Yield whatever can be made of octets."""
    if not depth:
        return
    for one in {*_archived(octets), *_coded(octets)}:
        if one and one != octets:
            yield one
            yield from _unpacked(one, depth - 1)


def _archived(octets: bytes) -> Iterator[bytes]:
    with contextlib.suppress(*_TROUBLE), ZipFile(io.BytesIO(octets)) as archive:
        yield archive.comment
        for name in archive.namelist():
            yield name.encode()
            yield archive.read(name)
    with contextlib.suppress(*_TROUBLE, tarfile.TarError), tarfile.open(fileobj=io.BytesIO(octets)) as tarred:
        for entry in tarred:
            yield f"{entry.name} {entry.uname}".encode()
            file = tarred.extractfile(entry)
            yield file.read() if file else b""
    for mark, decompress in (
        (b"\x1f\x8b\x08", gzip.decompress),
        (b"BZh", bz2.decompress),
        (b"\xfd7zXZ", lzma.decompress),
    ):
        with contextlib.suppress(*_TROUBLE, lzma.LZMAError):
            yield decompress(octets[octets.index(mark) :])
    for found in re.finditer(b"\x78[\x01\x5e\x9c\xda]", octets):
        with contextlib.suppress(*_TROUBLE):
            yield zlib.decompressobj().decompress(octets[found.start() :])


def _coded(octets: bytes) -> Iterator[bytes]:
    for run in re.findall(rb"[A-Za-z0-9+/]{16,}(?:\r?\n[A-Za-z0-9+/]+)*", octets):
        joined = b"".join(run.split())
        with contextlib.suppress(*_TROUBLE):
            yield b64decode(joined[: len(joined) // 4 * 4])
            yield b64decode(joined + b"=" * (-len(joined) % 4))
    for run in re.findall(rb"[A-Za-z0-9_-]{16,}", octets):
        with contextlib.suppress(*_TROUBLE):
            yield urlsafe_b64decode(run + b"=" * (-len(run) % 4))
    for run in re.findall(rb"(?:[0-9A-Fa-f]{2}){10,}", octets):
        yield bytes.fromhex(run.decode())
    if octets.startswith(b"begin 6"):
        with contextlib.suppress(*_TROUBLE):
            yield b"".join(a2b_uu(line) for line in octets.splitlines()[1:-1])
