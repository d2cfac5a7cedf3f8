"""Write a message from parts: new boundaries, transfer encodings of ours, nothing else (RFC 2045, 2046, 2183).

Lines end with CRLF. Text is US-ASCII as it is, or UTF-8 in quoted-printable or base64, whichever is shorter.
"""

import binascii
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

_LONGEST_LINE = 998  # RFC 5322 section 2.1.1
_BASE64_OCTETS = 57  # of each line
_SEVERAL = re.compile(rb"\r\n|\r|\n")
_TOKEN = re.compile(r"[\w .,()+@=-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """A part: header fields in order, and the body with its transfer encoding done."""

    fields: tuple[tuple[str, str], ...]
    body: bytes

    def octets(self) -> bytes:
        """Return the part as it stands in a multipart."""
        head = "".join([f"{name}: {value}\r\n" for name, value in self.fields])
        return head.encode() + b"\r\n" + self.body


def text_part(text: str, kind: str, parameters: str = "") -> Part:
    """Return a part that is shown.

    Args:
        text: Line ends LF.
        kind: `text/plain` or `text/html`.
        parameters: Further ones of the Content-Type, each with its semicolon before it.
    """
    octets = text.encode()
    charset = "us-ascii" if octets.isascii() else "utf-8"
    encoding, body = _encoded(octets)
    return Part(
        (
            ("Content-Type", f"{kind}; charset={charset}{parameters}"),
            ("Content-Transfer-Encoding", encoding),
        ),
        body,
    )


def file_part(content: bytes, kind: str, name: str, content_id: str = "") -> Part:
    """Return a part that is a file: within the HTML where it has a Content-ID, else an attachment."""
    disposition = "inline" if content_id else "attachment"
    fields = [
        ("Content-Type", kind),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"{disposition};\r\n {_file_name(name)}"),
    ]
    if content_id:
        fields.append(("Content-ID", f"<{content_id}>"))
    return Part(tuple(fields), _base64(content))


def together(kind: str, parts: Sequence[Part]) -> Part:
    """Return several parts as one; a single one as it is."""
    if len(parts) == 1:
        return parts[0]
    boundary = f"=_{secrets.token_hex(16)}"
    related = f';\r\n type="{_kind(parts[0])}"' if kind == "multipart/related" else ""
    delimiter = f"--{boundary}\r\n".encode()
    inner = b"".join([delimiter + part.octets() + _line_end(part.body) for part in parts])
    return Part(
        (("Content-Type", f'{kind}{related};\r\n boundary="{boundary}"'),),
        inner + f"--{boundary}--\r\n".encode(),
    )


def _kind(part: Part) -> str:
    return part.fields[0][1].partition(";")[0]


def _line_end(body: bytes) -> bytes:
    # RFC 2046 section 5.1.1: the line end before a delimiter belongs to it, not to the part.
    return b"\r\n" if body else b""


def _encoded(octets: bytes) -> tuple[str, bytes]:
    if octets.isascii() and max(map(len, octets.split(b"\n")), default=0) <= _LONGEST_LINE - 2:
        return "7bit", _SEVERAL.sub(b"\r\n", octets)
    quoted = binascii.b2a_qp(octets, istext=True)
    if len(quoted) < len(octets) * 4 / 3:
        return "quoted-printable", quoted.replace(b"\n", b"\r\n")
    return "base64", _base64(_SEVERAL.sub(b"\r\n", octets))


def _base64(content: bytes) -> bytes:
    lines = [
        binascii.b2a_base64(content[at : at + _BASE64_OCTETS], newline=False)
        for at in range(0, len(content), _BASE64_OCTETS)
    ]
    return b"".join([line + b"\r\n" for line in lines])


def _file_name(name: str) -> str:
    if _TOKEN.fullmatch(name) and "=?" not in name:
        return f'filename="{name}"'
    # RFC 2231 section 4.
    return f"filename*=utf-8''{quote(name, safe='')}"
