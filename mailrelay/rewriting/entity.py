"""MIME entities as octets: header fields of their own and a body (RFC 2045 section 2.4, RFC 2046)."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from mailrelay.message import HeaderField

MIME_VERSION = HeaderField("MIME-Version", b"MIME-Version: 1.0\r\n")


class Entity(NamedTuple):
    """What a message or a part of it holds.

    Attributes:
        fields: Content-Type and other fields of the content, each with its line end; none for plain US-ASCII.
        body: Octets, encoded as the fields say; lines end with CRLF.
    """

    fields: tuple[HeaderField, ...]
    body: bytes

    @classmethod
    def make(cls, body: bytes, **fields: str) -> "Entity":
        """Make one; `content_type` stands for Content-Type, and so on. A folded value is folded with CRLF."""
        named = {name.replace("_", "-").title(): value for name, value in fields.items()}
        return cls(tuple([HeaderField.make(name, value) for name, value in named.items()]), body)

    @property
    def octets(self) -> bytes:
        """The entity as it stands in a multipart."""
        return b"".join([one.raw for one in self.fields]) + b"\r\n" + self.body


def multipart(kind: str, parts: Sequence[Entity], parameters: str = "") -> Entity:
    """Put entities together as they are.

    Args:
        kind: Subtype: `mixed`, `encrypted`.
        parts: At least one.
        parameters: Further parameters of Content-Type, such as `; hp="cipher"`.
    """
    octets = [one.octets for one in parts]
    # The boundary is made from what stands between, and so cannot stand there.
    boundary = b"=_" + hashlib.sha256(b"".join(octets)).hexdigest()[:40].encode()
    body = (
        b"".join([b"--" + boundary + b"\r\n" + one + b"\r\n" for one in octets])
        + b"--"
        + boundary
        + b"--\r\n"
    )
    return Entity.make(
        body,
        content_type=f'multipart/{kind}; boundary="{boundary.decode()}"{parameters}',
        # RFC 2045 section 6.4: a multipart has no other encoding than these.
        content_transfer_encoding="7bit" if body.isascii() else "8bit",
    )
