"""What a mail server's answer means for a message: the failure table (RFC 5321 section 4.2, RFC 3463).

Enhanced status codes go before reply codes, and the first rule that fits decides. A refusal speaks either
of the message, or of the server, and then another server of the same domain may be asked. The server's own
words are read for a few hints and otherwise forgotten: they may quote the owner's mailbox.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from mailrelay.delivery.replies import Reply
from mailrelay.errors import MailError, PermanentMailError, TemporaryMailError

_ENHANCED = re.compile(rb"([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_PERMANENT = 500  # RFC 5321 4.2.1


class Stage(StrEnum):
    """Where in a session an answer came, or did not."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    END = "end-of-data"


class HostUnavailable(TemporaryMailError):
    """This server does not take mail now, whatever the message; another of the domain may."""


class HostUnreachable(HostUnavailable):
    """There is no connection to this address."""


class HostRefuses(PermanentMailError):
    """This server will never take the message; another of the domain may."""


class OutcomeUnknown(TemporaryMailError):
    """The message was sent whole and no answer came: it may or may not have been taken.

    It is sent again later, to be safe; a second server asked at once would make a duplicate likely.
    """


class Ruling(StrEnum):
    """What follows from an answer."""

    FINAL = "final"
    LATER = "later"
    HOST_LATER = "host-later"
    HOST_NEVER = "host-never"


_ERRORS: dict[Ruling, type[MailError]] = {
    Ruling.FINAL: PermanentMailError,
    Ruling.LATER: TemporaryMailError,
    Ruling.HOST_LATER: HostUnavailable,
    Ruling.HOST_NEVER: HostRefuses,
}
_SESSION = frozenset({Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH})
_ANY = frozenset(Stage)
_GREYLISTED = re.compile(rb"gr[ae]y.?list", re.IGNORECASE)
_NOBODY = re.compile(
    rb"unknown|no such|not (?:found|exist)|n't exist|(?:invalid|bad) (?:user|recipient|mailbox)",
    re.IGNORECASE,
)
_COME_AGAIN = re.compile(rb"gr[ae]y.?list|try (?:again )?later|(?:again|retry) in \d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: what must be the case, and what follows.

    Attributes:
        codes: Reply codes; a single digit stands for all that begin with it.
        detail: `subject.detail` of the enhanced code, or `subject.` for all of a subject; empty for any
            answer, with or without one.
        words: What the text must show.
        reason: For log and record.
    """

    stages: frozenset[Stage]
    codes: tuple[int, ...]
    detail: str
    ruling: Ruling
    reason: str
    words: re.Pattern[bytes] | None = None


def _at(*stages: Stage) -> frozenset[Stage]:
    return frozenset(stages)


_TRANSACTION = _at(Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.END)

RULES = (
    # RFC 5321 3.8: 421 announces the end of the connection, at any time.
    Rule(_ANY, (421,), "", Ruling.HOST_LATER, "closing"),
    # RFC 7504: a host that never takes mail, told by its greeting or later.
    Rule(_ANY, (521,), "", Ruling.HOST_NEVER, "host-takes-no-mail"),
    # Nothing was said about the message yet: even 5yz may be a passing fault of this host, or of ours.
    Rule(_at(Stage.AUTH), (4, 5), "", Ruling.HOST_LATER, "login-refused"),
    Rule(_SESSION, (4, 5), "", Ruling.HOST_LATER, "session-refused"),
    # Refused for good by number, but asked to come again in words.
    Rule(_TRANSACTION, (4, 5), "7.1", Ruling.LATER, "greylisted", _COME_AGAIN),
    # A mailbox that is full today may be read tomorrow (RFC 3463 3.3), whatever the first digit says.
    Rule(_TRANSACTION, (4, 5), "2.2", Ruling.LATER, "mailbox-full"),
    Rule(_TRANSACTION, (5,), "2.3", Ruling.FINAL, "too-big"),
    Rule(_TRANSACTION, (5,), "3.4", Ruling.FINAL, "too-big"),
    Rule(_TRANSACTION, (5,), "2.1", Ruling.FINAL, "mailbox-disabled"),
    Rule(_TRANSACTION, (5,), "1.1", Ruling.FINAL, "no-such-mailbox"),
    Rule(_TRANSACTION, (5,), "1.2", Ruling.FINAL, "no-such-domain"),
    Rule(_TRANSACTION, (5,), "1.3", Ruling.FINAL, "bad-recipient"),
    Rule(_TRANSACTION, (5,), "1.6", Ruling.FINAL, "mailbox-moved"),
    Rule(_TRANSACTION, (5,), "1.10", Ruling.FINAL, "null-mx"),
    # Full disk, shutting down, overloaded, too many connections: the host, not the message.
    Rule(_TRANSACTION, (4,), "3.", Ruling.HOST_LATER, "system-not-ready"),
    Rule(_TRANSACTION, (4,), "4.", Ruling.HOST_LATER, "network-not-ready"),
    Rule(_TRANSACTION, (5,), "3.2", Ruling.HOST_LATER, "system-not-ready"),
    Rule(_TRANSACTION, (5,), "4.6", Ruling.FINAL, "mail-loop"),
    Rule(_TRANSACTION, (5,), "4.", Ruling.HOST_LATER, "network-not-ready"),
    Rule(_TRANSACTION, (4, 5), "5.3", Ruling.LATER, "too-many-recipients"),
    Rule(_TRANSACTION, (5,), "6.", Ruling.FINAL, "content-unsupported"),
    # RFC 7372, RFC 8616 and the like: what the receiver's checks made of our SPF, DKIM, PTR.
    Rule(_TRANSACTION, (5,), "7.", Ruling.FINAL, "policy"),
    Rule(_ANY, (556,), "", Ruling.FINAL, "null-mx"),
    # Older servers say so without an enhanced code, and 550 to RCPT of many other things.
    Rule(_at(Stage.RCPT), (550, 551, 553), "", Ruling.FINAL, "no-such-mailbox", _NOBODY),
    Rule(_TRANSACTION, (4, 5), "", Ruling.LATER, "greylisted", _GREYLISTED),
    # RFC 5321 4.5.3.1.10: 552 to RCPT is an old way to say 452.
    Rule(_at(Stage.RCPT), (552, 452), "", Ruling.LATER, "too-many-recipients"),
    Rule(_at(Stage.MAIL, Stage.DATA, Stage.END), (552,), "", Ruling.FINAL, "too-big"),
    # The session is out of step, which is no fault of the message; a new one starts afresh.
    Rule(_TRANSACTION, (503,), "", Ruling.HOST_LATER, "out-of-step"),
    Rule(_at(Stage.MAIL), (4,), "", Ruling.HOST_LATER, "deferred"),
    Rule(_TRANSACTION, (4,), "", Ruling.LATER, "deferred"),
    Rule(_TRANSACTION, (5,), "", Ruling.FINAL, "refused"),
)  # fmt: skip


def judged(stage: Stage, reply: Reply) -> MailError:
    """Return the error that a negative reply amounts to; a positive one out of place is the host's fault."""
    text = reply.lines[-1]
    found = _ENHANCED.match(text)
    # RFC 2034: the class of the enhanced code agrees with the reply code, or it is not one.
    told = found if found and int(found[1]) == reply.code // 100 else None
    detail = f"{int(told[2])}.{int(told[3])}" if told else ""
    for rule in RULES:
        if _fits(rule, stage, reply, detail):
            permanent = rule.ruling in {Ruling.FINAL, Ruling.HOST_NEVER}
            enhanced = f"{5 if permanent else 4}.{detail or '0.0'}"
            code = reply.code if permanent == (reply.code >= _PERMANENT) else 550 if permanent else 451
            public = "Refused by the next mail server" if permanent else "Deferred by the next mail server"
            return _ERRORS[rule.ruling](code, enhanced, public, f"{rule.reason}-{reply.code}")
    return unavailable("out-of-step", stage)


def unreachable(what: str) -> HostUnreachable:
    """Return the error for an address that there is no connection to."""
    return HostUnreachable(451, "4.4.1", "No answer from host", f"{what}-at-{Stage.CONNECT}")


def unavailable(what: str, stage: Stage) -> HostUnavailable:
    """Return the error for a server that fell silent, or spoke out of turn, at a stage."""
    return HostUnavailable(451, "4.4.2", "Connection failed", f"{what}-at-{stage}")


def _fits(rule: Rule, stage: Stage, reply: Reply, detail: str) -> bool:
    if stage not in rule.stages or not any(code in {reply.code, reply.code // 100} for code in rule.codes):
        return False
    if (
        rule.detail
        and rule.detail != detail
        and not (rule.detail[-1] == "." and detail.startswith(rule.detail))
    ):
        return False
    return rule.words is None or any(rule.words.search(line) for line in reply.lines)
