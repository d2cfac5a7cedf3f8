"""Read the replies of a mail server as they arrive (RFC 5321 section 4.2).

Whatever comes over the wire either is a reply, or makes the connection useless. What a server may make us
keep is bounded.
"""

from dataclasses import dataclass

_LONGEST_LINE = 2048  # octets; RFC 5321 4.5.3.1.5 allows 512, some servers quote whole policies
_LONGEST_REPLY = 32 * 1024  # octets of all lines; the longest EHLO answers seen have less than 1 KiB
_CODE_OCTETS = 3
_CODES = {b"%d" % code: code for code in range(200, 600)}
_SEPARATORS = frozenset({b"", b" ", b"-"})


class NotAReply(Exception):
    """The server sent what is no reply, or too much of it; the connection cannot be used further."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply.

    Attributes:
        code: 200 to 599.
        lines: The texts after the codes; they may name mailboxes, so they go into no log.
    """

    code: int
    lines: tuple[bytes, ...]

    @property
    def positive(self) -> bool:
        """Whether the command was done, or waits for its continuation (2yz, 3yz)."""
        return self.code < 400  # noqa: PLR2004 - RFC 5321 section 4.2.1


class ReplyReader:
    """Puts replies together from octets in pieces of any size."""

    __slots__ = ("_kept_octets", "_lines", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[tuple[int, bytes]] = []
        self._kept_octets = 0

    @property
    def between_replies(self) -> bool:
        """Whether nothing of a further reply has come."""
        return not self._rest and not self._lines

    def feed(self, data: bytes) -> list[Reply]:
        """Take octets and return the replies that they complete.

        Raises:
            NotAReply: They are none; the reader is not to be used again.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            raise NotAReply
        replies = []
        for line in lines:
            code, last, text = _line(line)
            # RFC 5321 4.2.1: every line of a reply has the same code.
            if self._lines and self._lines[0][0] != code:
                raise NotAReply
            if last and not self._lines:
                replies.append(Reply(code, (text,)))
                continue
            self._keep(code, text)
            if last:
                replies.append(Reply(code, tuple(kept for _, kept in self._lines)))
                self._lines, self._kept_octets = [], 0
        return replies

    def _keep(self, code: int, text: bytes) -> None:
        self._lines.append((code, text))
        self._kept_octets += len(text) + _CODE_OCTETS
        if self._kept_octets > _LONGEST_REPLY:
            raise NotAReply


def _line(line: bytes) -> tuple[int, bool, bytes]:
    """Return code, whether it is the last line of its reply, and text."""
    code = _CODES.get(line[:_CODE_OCTETS])
    rest = line[_CODE_OCTETS:].removesuffix(b"\r")
    separator = rest[:1]
    if code is None or separator not in _SEPARATORS or len(rest) > _LONGEST_LINE:
        raise NotAReply
    return code, separator != b"-", rest[1:]
