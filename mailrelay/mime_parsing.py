"""Parse any octets as a MIME message (RFC 2045-2047, 2183, 2231) without ever raising.

The parser is `email` of the standard library under `compat32`, the policy that takes any octets. What it
still raises on, hostile parameters and nesting deeper than its stack, is caught in this one place.
"""

import re
from copy import copy
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import collapse_rfc2231_value
from typing import TypeVar

_T = TypeVar("_T")

_MOST_CONTAINERS = 200  # `email` recurses once per level, and would run out of stack at four times as many
_CONTAINER = re.compile(rb"boundary\s*\*?\d*\*?=|message/(?:rfc822|global|partial|news)", re.IGNORECASE)
# What `email` raises on octets that it did not foresee.
_TROUBLE = (ValueError, LookupError, TypeError, AttributeError, AssertionError)


class MimePart(Message):
    """A message or a part of one, as far as it can be read.

    A header or a parameter that cannot be read is one that is not there.
    """

    def get_param(  # type: ignore[override]  # it is always text
        self,
        param: str,
        failobj: _T | None = None,
        header: str = "content-type",
        unquote: bool = True,  # noqa: FBT001, FBT002 - as the library has it
    ) -> str | _T | None:
        """Return a parameter as text, put together and decoded (RFC 2231)."""
        try:
            value = super().get_param(param, failobj, header, unquote)
            text = collapse_rfc2231_value(value) if isinstance(value, tuple) else value
        except _TROUBLE:
            return failobj
        # UTF-7 can bring half characters, which no other charset can write.
        return text.encode("utf-8", "replace").decode("utf-8") if isinstance(text, str) else text

    @property
    def charset(self) -> str:
        """The charset of its text as declared, in lower case; empty where it is not."""
        return (self.get_param("charset") or "").strip().lower()

    @property
    def file_name(self) -> str:
        """By Content-Disposition, else by Content-Type; encoded words are left as they are. May be empty."""
        name = self.get_param("filename", None, "content-disposition")
        return ((self.get_param("name") if name is None else name) or "").strip()

    @property
    def parts(self) -> list["MimePart"]:
        """What it contains; empty for a leaf."""
        if not self.is_multipart():
            return []
        return [one for one in self.get_payload() if isinstance(one, MimePart)]

    @property
    def octets(self) -> bytes:
        """The content of a leaf with its transfer encoding undone, empty where that fails."""
        leaf = copy(self)
        for troublesome in ("Content-Type", "Content-Transfer-Encoding"):
            try:
                payload = leaf.get_payload(decode=True)
            except _TROUBLE:
                del leaf[troublesome]
            else:
                return payload if isinstance(payload, bytes) else b""
        return b""

    def text_of(self, name: str) -> str:
        """Return the first field of a name, not decoded; octets beyond ASCII as UTF-8. Empty for none."""
        return next((value for each, value in self.all_fields() if each.lower() == name.lower()), "")

    def all_fields(self) -> list[tuple[str, str]]:
        """Return name and value of each field as it stands; octets beyond ASCII are UTF-8 (RFC 6532)."""
        return [
            (name, str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
            for name, value in self.raw_items()
        ]


def parse_mime(raw: bytes) -> MimePart:
    """Return a message; of one that may be nested too deep the header, and a body that is not divided."""
    if containers_in(raw) > _MOST_CONTAINERS:
        return parse_mime_header(raw)
    try:
        return BytesParser(_class=MimePart).parsebytes(raw)
    except (RecursionError, *_TROUBLE):
        return parse_mime_header(raw)


def parse_mime_header(raw: bytes) -> MimePart:
    """Return a message of which only the header is parsed; the body is text."""
    return BytesHeaderParser(_class=MimePart).parsebytes(raw)


def containers_in(raw: bytes) -> int:
    """Return how many parts may contain others; a message is nested no deeper."""
    return sum(1 for _ in _CONTAINER.finditer(raw))
