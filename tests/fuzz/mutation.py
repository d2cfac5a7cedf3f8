"""Mail that never was: real messages changed in their structure, with an owner's data planted in them.

Chance is passed in, so that a seed says what comes out.
"""

import base64
import html
import quopri
from binascii import b2a_uu
from collections.abc import Callable
from email.header import Header
from random import Random
from urllib.parse import quote

from tests.mailrelay.rewriting.metadata.test_canaries import KINDS

Change = Callable[[Random, bytes], bytes]

_CHARSETS = (
    "utf-8",
    "iso-8859-1",
    "cp1252",
    "utf-16",
    "utf-16-le",
    "utf-7",
    "koi8-r",
    "gb18030",
    "big5",
    "cp850",
)
_ENCODINGS = (b"base64", b"quoted-printable", b"8bit", b"7bit", b"binary", b"x-uuencode", b"BASE64 ", b"")
_TOKENS = (
    b"\0", b"\xff", b"\x85", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\t", b"=", b"=\r\n", b"=?", b"?=", b"--",
    b"%",
    b"<", b">", b"<!--", b"-->", b"<b>", b"</b>", b"<script>", b"<![CDATA[", b"&", b"&#64;", b"\xe2\x80\x8b",
    b"\\",
    b"begin 644 x\r\n", b"+AGE-", b"\x1b$B", b"\x1b(B", b"\xff\xfe", b"-----BEGIN PGP SIGNATURE-----\r\n",
    b"BEGIN:VCARD\r\n", b"> ", b"-- \r\n", b"On Monday, X wrote:\r\n", b'"', b"'", b"(", b")", b";", b"*0*=",
    b"{", b"}",
)  # fmt: skip
_FIELDS = (
    b"Content-Type: text/html", b"Content-Type: text/plain; charset=utf-16",
    b"Content-Type: multipart/mixed; boundary=x",
    b"Content-Type: multipart/alternative; boundary*=us-ascii''b; boundary*0=c",
    b"Content-Type: message/rfc822",
    b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable",
    b"Content-ID: <a@b>",
    b"Content-Disposition: attachment; filename*=utf-7''+AOk-", b"From: ((((", b"To: a:b:c:;",
    b"Subject: =?utf-8?b?",
    b"References: <a@b> <c@d", b"Date: never", b"Content-Type: text/plain; format=flowed; delsp=yes",
    b"Cc: <@a,@b:c@d>",
)  # fmt: skip


def _some(chance: Random, raw: bytes) -> tuple[int, int]:
    start = chance.randrange(len(raw) + 1)
    return start, min(len(raw), start + chance.choice((0, 1, 2, 8, 80, 800)))


def _token(chance: Random, raw: bytes) -> bytes:
    start, end = _some(chance, raw)
    return (
        raw[:start]
        + chance.choice(_TOKENS) * chance.choice((1, 1, 1, 3, 300))
        + raw[end if chance.random() < 0.3 else start :]
    )


def _without_some(chance: Random, raw: bytes) -> bytes:
    start, end = _some(chance, raw)
    return raw[:start] + raw[end:]


def _twice(chance: Random, raw: bytes) -> bytes:
    start, end = _some(chance, raw)
    return raw[:end] + raw[start:]


def _octet(chance: Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + chance.randbytes(1) + raw[at + 1 :]


def _lines_moved(chance: Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    start = chance.randrange(len(lines) + 1)
    taken = lines[start : start + chance.choice((1, 2, 10))]
    del lines[start : start + len(taken)]
    at = chance.randrange(len(lines) + 1)
    return b"".join([*lines[:at], *taken * chance.choice((1, 1, 2)), *lines[at:]])


def _field(chance: Random, raw: bytes) -> bytes:
    """Put a field into the header of the message or of a part."""
    at = chance.choice([0, *_find(raw, b"\r\nContent-")])
    line = chance.choice(_FIELDS)
    return line + b"\r\n" + raw if at == 0 else raw[:at] + b"\r\n" + line + raw[at:]


def _find(raw: bytes, what: bytes) -> list[int]:
    found, at = [], raw.find(what)
    while at >= 0:
        found.append(at)
        at = raw.find(what, at + 1)
    return found


def _line_ends(chance: Random, raw: bytes) -> bytes:
    return raw.replace(b"\r\n", chance.choice((b"\n", b"\r", b"\r\r\n")))


def _other_charset(chance: Random, raw: bytes) -> bytes:
    places = _find(raw, b"charset=")
    if not places:
        return raw
    at = chance.choice(places) + len(b"charset=")
    end = min([one for stop in (b"\r", b"\n", b";") if (one := raw.find(stop, at)) >= 0], default=len(raw))
    return raw[:at] + chance.choice(_CHARSETS).encode() + raw[end:]


def _encoded_anew(chance: Random, raw: bytes) -> bytes:
    """Write the whole body in another transfer encoding."""
    header, blank, body = raw.partition(b"\r\n\r\n")
    if b"multipart/" in header.lower():
        return raw
    name = chance.choice(_ENCODINGS)
    match name.strip().lower():
        case b"base64":
            width = chance.choice((4, 7, 57, 76, 900))
            text = base64.b64encode(body)
            body = b"\r\n".join(text[at : at + width] for at in range(0, len(text), width))
        case b"quoted-printable":
            body = quopri.encodestring(body)
        case b"x-uuencode":
            lines = (b2a_uu(body[at : at + 45]) for at in range(0, len(body), 45))
            body = b"begin 644 file\n" + b"".join(lines) + b"`\nend\n"
    return b"Content-Transfer-Encoding: " + name + b"\r\n" + header + blank + body


def _in_multipart(chance: Random, raw: bytes) -> bytes:
    header, blank, body = raw.partition(b"\r\n\r\n")
    content = [line for line in header.split(b"\r\n") if line.lower().startswith(b"content-")]
    rest = [line for line in header.split(b"\r\n") if line not in content]
    kind = chance.choice(
        (b"mixed", b"alternative", b"related", b"signed", b"digest", b"report", b"parallel", b"appledouble")
    )
    part = b"\r\n".join(content) + blank + body
    other = chance.choice(
        (b"\r\nother\r\n", b"Content-Type: text/html\r\n\r\n<p>other</p>", part, attachment(chance))
    )
    pieces = [part, other] if chance.random() < 0.5 else [other, part]
    name = b"=_%d" % chance.randrange(100)
    top = b"\r\n".join([b'Content-Type: multipart/%s; boundary="%s"' % (kind, name), *rest])
    return (
        top + b"\r\n\r\n" + b"".join(b"--%s\r\n%s\r\n" % (name, one) for one in pieces) + b"--%s--\r\n" % name
    )


def _in_message(chance: Random, raw: bytes) -> bytes:
    kind = chance.choice(
        (b"message/rfc822", b"message/global", b"text/rfc822-headers", b"application/octet-stream")
    )
    return b"From: Zo\xc3\xab <zoe.lefevre@home.example>\r\nSubject: Fwd\r\nContent-Type: %s\r\n\r\n%s" % (
        kind,
        raw,
    )


def attachment(chance: Random) -> bytes:
    """Return a part with a file that has a canary wherever its format lets somebody be named."""
    make, kind, extension = chance.choice(list(KINDS.values()))
    content = make()
    for _ in range(chance.choice((0, 0, 1, 3))):
        content = chance.choice((_octet, _without_some, _twice))(chance, content)
    declared = chance.choice((kind, "application/octet-stream", "text/plain", "text/html"))
    fields = (
        f'Content-Type: {declared}; name="a{extension}"',
        f'Content-Disposition: {chance.choice(("attachment", "inline"))}; filename="a{extension}"',
        "Content-Transfer-Encoding: base64",
    )
    return "\r\n".join((*fields, "", "")).encode() + base64.encodebytes(content).replace(b"\n", b"\r\n")


CHANGES: tuple[Change, ...] = (
    _token, _without_some, _twice, _octet, _lines_moved, _field, _line_ends, _other_charset, _encoded_anew,
    _in_multipart, _in_message,
)  # fmt: skip


def changed(chance: Random, raw: bytes) -> bytes:
    """Return a message after a few changes."""
    for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
        raw = chance.choice(CHANGES)(chance, raw)
    return raw


def spelled(chance: Random, mark: str) -> bytes:
    """Return what identifies an owner, written in one of the ways that programs read."""
    charset = chance.choice(_CHARSETS[:3])
    ways: tuple[Callable[[], str], ...] = (
        lambda: mark, mark.upper, mark.lower, mark.title,
        lambda: "".join(chance.choice((char, f"&#{ord(char)};", f"&#x{ord(char):X};")) for char in mark),
        lambda: html.escape(mark).encode("ascii", "xmlcharrefreplace").decode(),
        lambda: quote(mark), lambda: quote(quote(mark, safe="")),
        lambda: quote(mark, safe="", encoding="utf-8").lower(),
        lambda: "".join(char + chance.choice(("", "", "<b></b>", "<!-- -->", "<wbr>")) for char in mark),
        lambda: "".join(char + chance.choice(("", "", "\u200b", "\u00ad", "\u2060")) for char in mark),
        lambda: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in mark),
        lambda: mark.replace(" ", "\r\n "), lambda: mark.replace(" ", "\u00a0"),
        lambda: mark.replace(" ", "\r\n> "),
        lambda: Header(mark, charset).encode() if _fits(mark, charset) else mark,
        lambda: base64.b64encode(f"I am {mark}.".encode()).decode(),
        lambda: quopri.encodestring(mark.encode()).decode(),
        lambda: mark.encode().hex(), lambda: mark.encode("ascii", "backslashreplace").decode(),
        lambda: "".join(f"\\{ord(char):x} " for char in mark), lambda: mark.encode("utf-7").decode(),
        lambda: f'<a href="mailto:{mark}" title="{mark}">x</a>',
        lambda: f"<img alt='{mark}' src='cid:{quote(mark)}'>",
        lambda: f"<style>p::after {{ content: '{mark}' }}</style>", lambda: f"<!-- {mark} -->",
        lambda: f"\r\n-- \r\n{mark}\r\n",
    )  # fmt: skip
    return chance.choice(ways)().encode("utf-8", "replace")


def _fits(mark: str, charset: str) -> bool:
    return mark.encode(charset, "ignore").decode(charset) == mark


def planted(chance: Random, raw: bytes, marks: tuple[str, ...]) -> bytes:
    """Return a message with some of the marks in its header, its body, or names of files."""
    for _ in range(chance.choice((1, 2, 4))):
        said = spelled(chance, chance.choice(marks))
        line = said.replace(b"\r\n", b" ").replace(b"\n", b" ")
        header, blank, body = raw.partition(b"\r\n\r\n")
        at = chance.choice([0, *(end + 1 for end in _find(body, b"\n"))])
        match chance.randrange(6):
            case 0:
                name = chance.choice(
                    (b"Subject", b"Cc", b"X-Mailer", b"Comments", b"In-Reply-To", b"Thread-Topic")
                )
                raw = name + b": " + line + b"\r\n" + raw
            case 1:
                name = chance.choice((b"name", b"filename", b"charset", b"boundary", b"title", b"format"))
                raw = raw.replace(
                    b"Content-Type: text/", b'Content-Type: text/x; %s="%s"; y=' % (name, line), 1
                )
            case 2:
                part = b'Content-Disposition: attachment; filename="%s.txt"\r\n\r\n%s' % (line, said)
                raw = _beside(raw, part)
            case _:
                raw = header + blank + body[:at] + said + chance.choice((b"\r\n", b" ")) + body[at:]
    return raw


def _beside(raw: bytes, part: bytes) -> bytes:
    header, blank, body = raw.partition(b"\r\n\r\n")
    content = [line for line in header.split(b"\r\n") if line.lower().startswith(b"content-")]
    rest = [line for line in header.split(b"\r\n") if line not in content]
    top = b"\r\n".join([b"Content-Type: multipart/mixed; boundary=beside", *rest])
    first = b"\r\n".join(content) + blank + body
    return top + b"\r\n\r\n--beside\r\n" + first + b"\r\n--beside\r\n" + part + b"\r\n--beside--\r\n"
