"""Write texts and files as entities of a new message, in transfer encodings of ours (RFC 2045, 2046, 2183).

Lines end with CRLF. Text is US-ASCII as it is, or UTF-8 in quoted-printable or base64, whichever is shorter.
"""

import binascii
import re
from collections.abc import Sequence
from urllib.parse import quote

from mailrelay.rewriting.entity import Entity, multipart

_LONGEST_LINE = 998  # octets (RFC 5322 section 2.1.1)
_BASE64_OCTETS = 57  # of each line
_LINE_END = re.compile(rb"\r\n|\r|\n")
_TOKEN = re.compile(r"[\w .,()+@=-]*", re.ASCII)


def text_entity(text: str, kind: str, parameters: str = "") -> Entity:
    """Return what is shown.

    Args:
        text: Line ends LF.
        kind: `text/plain` or `text/html`.
        parameters: Further ones of the Content-Type, each with its semicolon before it.
    """
    octets = text.encode()
    charset = "us-ascii" if octets.isascii() else "utf-8"
    encoding, body = _encoded(octets)
    return Entity.make(
        body, content_type=f"{kind}; charset={charset}{parameters}", content_transfer_encoding=encoding
    )


def file_entity(content: bytes, kind: str, name: str, content_id: str = "") -> Entity:
    """Return a file: a picture within the HTML where it has a Content-ID, else an attachment."""
    within = {"content_id": f"<{content_id}>"} if content_id else {}
    return Entity.make(
        _base64(content),
        content_type=kind,
        content_transfer_encoding="base64",
        content_disposition=f"{'inline' if content_id else 'attachment'};\r\n {_file_name(name)}",
        **within,
    )


def together(kind: str, entities: Sequence[Entity], parameters: str = "") -> Entity:
    """Return several entities as one `multipart/kind`; a single one as it is."""
    return entities[0] if len(entities) == 1 else multipart(kind, entities, parameters)


def _encoded(octets: bytes) -> tuple[str, bytes]:
    lines = _LINE_END.sub(b"\r\n", octets)
    if octets.isascii() and max(map(len, lines.split(b"\r\n"))) <= _LONGEST_LINE:
        return "7bit", lines
    quoted = binascii.b2a_qp(lines.replace(b"\r\n", b"\n"), istext=True)
    if len(quoted) < len(octets) * 4 / 3:
        return "quoted-printable", quoted.replace(b"\n", b"\r\n")
    return "base64", _base64(lines)


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
