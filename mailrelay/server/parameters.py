"""The arguments of SMTP commands: paths (RFC 5321 section 4.1.2, RFC 6531) and parameters of extensions.

SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), RET, ENVID, NOTIFY and ORCPT (RFC 3461, RFC 6533).
Stricter than the standard in source routes, which are refused; looser in dots, which real local parts have
in any place, in lengths of local parts, and in spaces behind the colon.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mailrelay.checks.verdict import BAD_SENDER, Reply
from mailrelay.dsn_request import NOTHING_ASKED, DsnRequest, Notify
from mailrelay.server import replies
from mailrelay.server.dsn_text import original_recipient, xtext
from mailrelay.server.replies import CommandRefused

# What is beyond ASCII (RFC 6531 section 3.3) needs SMTPUTF8.
_BEYOND_ASCII = r"\u0080-\U0010ffff"
_LOCAL = rf"(?:[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.{_BEYOND_ASCII}\-]+|\"(?:[^\"\\]|\\[ -~])*\")"
_LABEL = rf"[A-Za-z0-9_{_BEYOND_ASCII}\-]+"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Za-z:.\-]+\])"
_PATH = re.compile(rf" *<(|{_LOCAL}(?:@{_DOMAIN})?)>(?: +(.*))?")
_HELLO = re.compile(r"[\w.\-]{1,255}|\[[0-9A-Za-z:.]{2,64}\]", re.ASCII)
_CHUNK = re.compile(r"([0-9]{1,18})(?: +(LAST))?", re.IGNORECASE)
_MAX_PATH_OCTETS = (
    1000  # RFC 5321 says 256; return addresses of mailing lists pass it. The line has its own limit.
)
_MAX_DIGITS = 20  # RFC 1870 section 4


@dataclass(frozen=True, slots=True)
class MailParameters:
    """What MAIL says beside the reverse-path.

    Attributes:
        size_octets: Declared size; None where not given.
        smtputf8: Whether addresses and header may go beyond ASCII.
        returns_full: RET=FULL.
        envelope_id: ENVID, decoded; empty where not given.
    """

    size_octets: int | None = None
    smtputf8: bool = False
    returns_full: bool = False
    envelope_id: str = ""


NOTHING_SAID = MailParameters()


def mail_arguments(argument: str, *, extended: bool) -> tuple[str, MailParameters]:
    """Read what follows `MAIL `: return the reverse-path, empty for the null one, and the parameters.

    Args:
        argument: Printable characters.
        extended: Whether EHLO was said; without it there are no parameters (RFC 5321 section 4.1.1.1).

    Raises:
        CommandRefused: 501, 553 or 555.
    """
    path, rest = _path(argument, "FROM:", replies.MAIL_SYNTAX, BAD_SENDER)
    if path and "@" not in path:
        raise CommandRefused(BAD_SENDER)
    found = _parameters(rest, _OF_MAIL if extended else {})
    if not found:
        parameters = NOTHING_SAID
    else:
        parameters = MailParameters(
            size_octets=found.get("SIZE"),
            smtputf8="SMTPUTF8" in found,
            returns_full=found.get("RET", False),
            envelope_id=found.get("ENVID", ""),
        )
    _require_utf8(argument, allowed=parameters.smtputf8)
    return path, parameters


def rcpt_arguments(argument: str, mail: MailParameters, *, extended: bool) -> tuple[str, DsnRequest]:
    """Read what follows `RCPT `: return the address and what the sender wants to be told.

    Args:
        argument: Printable characters.
        mail: Parameters of the transaction's MAIL, which hold its part of the wishes.
        extended: As for MAIL.

    Raises:
        CommandRefused: 501, 553 or 555.
    """
    path, rest = _path(argument, "TO:", replies.RCPT_SYNTAX, replies.BAD_RECIPIENT)
    # RFC 5321 section 4.1.1.3: postmaster alone needs no domain.
    if "@" not in path and path.lower() != "postmaster":
        raise CommandRefused(replies.BAD_RECIPIENT)
    found = _parameters(rest, _OF_RCPT if extended else {})
    _require_utf8(argument, allowed=mail.smtputf8)
    if not found and not mail.returns_full and not mail.envelope_id:
        return path, NOTHING_ASKED
    wishes = DsnRequest(found.get("NOTIFY"), mail.returns_full, mail.envelope_id, found.get("ORCPT", ""))
    return path, wishes


def hello_name(argument: str) -> str:
    """Return the name given in EHLO or HELO: a domain, or an address literal.

    Raises:
        CommandRefused: It is neither. Underscores are let through; what they mean is for checks to say.
    """
    if not _HELLO.fullmatch(argument):
        raise CommandRefused(replies.HELLO_SYNTAX)
    return argument


def chunk(argument: str) -> tuple[int, bool]:
    """Read what follows `BDAT ` (RFC 3030): return the number of octets and whether it is the last chunk.

    Raises:
        CommandRefused: 501. Where the chunk ends is then unknown.
    """
    found = _CHUNK.fullmatch(argument)
    if not found:
        raise CommandRefused(replies.BDAT_SYNTAX)
    return int(found[1]), found[2] is not None


def _path(argument: str, keyword: str, syntax: Reply, bad_address: Reply) -> tuple[str, str]:
    if argument[: len(keyword)].upper() != keyword:
        raise CommandRefused(syntax)
    found = _PATH.fullmatch(argument, len(keyword))
    if found is None:
        bracketed = argument[len(keyword) :].lstrip().startswith("<")
        raise CommandRefused(bad_address if bracketed else syntax)
    if len(found[1]) > _MAX_PATH_OCTETS:
        raise CommandRefused(bad_address)
    return found[1], found[2] or ""


def _require_utf8(argument: str, *, allowed: bool) -> None:
    if not allowed and not argument.isascii():
        raise CommandRefused(replies.NEEDS_SMTPUTF8)


def _parameters(text: str, readers: Mapping[str, Callable[[str | None], Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in text.split():
        keyword, equals, value = word.partition("=")
        keyword = keyword.upper()
        reader = readers.get(keyword)
        if reader is None:
            raise CommandRefused(replies.UNKNOWN_PARAMETER)
        if keyword in found:
            raise CommandRefused(replies.BAD_PARAMETER)
        try:
            found[keyword] = reader(value if equals else None)
        except ValueError:
            raise CommandRefused(replies.BAD_PARAMETER) from None
    return found


def _size(value: str | None) -> int:
    if not value or len(value) > _MAX_DIGITS or not (value.isascii() and value.isdigit()):
        raise ValueError("SIZE is up to 20 digits")
    return int(value)


def _body(value: str | None) -> str:
    # BINARYMIME (RFC 3030) is not offered: what is relayed must go through DATA elsewhere.
    if value is None or value.upper() not in {"7BIT", "8BITMIME"}:
        raise ValueError("BODY is 7BIT or 8BITMIME")
    return value


def _smtputf8(value: str | None) -> bool:
    if value is not None:
        raise ValueError("SMTPUTF8 has no value")
    return True


def _returns(value: str | None) -> bool:
    if value is None or value.upper() not in {"FULL", "HDRS"}:
        raise ValueError("RET is FULL or HDRS")
    return value.upper() == "FULL"


def _envelope_id(value: str | None) -> str:
    return xtext(value or "", max_octets=100)  # RFC 3461 section 4.4


def _notify(value: str | None) -> frozenset[Notify]:
    words = (value or "").lower().split(",")
    if words == ["never"]:
        return frozenset()
    events = frozenset(Notify(word) for word in words)
    if len(events) < len(words):
        raise ValueError("NOTIFY names an event twice")
    return events


def _original_recipient(value: str | None) -> str:
    return original_recipient(value or "")


_OF_MAIL: Mapping[str, Callable[[str | None], Any]] = {
    "SIZE": _size,
    "BODY": _body,
    "SMTPUTF8": _smtputf8,
    "RET": _returns,
    "ENVID": _envelope_id,
}
_OF_RCPT: Mapping[str, Callable[[str | None], Any]] = {
    "NOTIFY": _notify,
    "ORCPT": _original_recipient,
}
