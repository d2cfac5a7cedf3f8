"""From what a server said to a reason, and from the reason to hard or soft.

The whole policy is in the tables of this file. Enhanced codes (RFC 3463 and IANA's registry of them) that
servers use for one thing only decide first, after what providers document of their own; then phrases, for
servers say 5.1.1 or 550 about everything; then what a code means when the text says nothing; then reply codes
(RFC 5321 4.2.3).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from mailrelay.reports.reading.addresses import ADDRESS
from mailrelay.reports.reading.finding import Kind
from mailrelay.reports.reading.patterns import without_accents, without_case
from mailrelay.reports.reading.phrases import PHRASES
from mailrelay.reports.reading.provider_codes import PROVIDER_CODES

# What an address gets by the reason: where the failure is final, where the code says that it might pass
# (4.x.x), and where delivery is still tried. A reason that is not here is soft: the address may well be good.
_OF_THE_ADDRESS = {
    "no-such-user": (Kind.HARD, Kind.HARD, Kind.HARD),
    "host-unknown": (Kind.HARD, Kind.HARD, Kind.SOFT),
    "moved": (Kind.HARD, Kind.HARD, Kind.HARD),
    "no-mail-service": (Kind.HARD, Kind.SOFT, Kind.SOFT),
}

# Codes that mean one thing wherever they are used; class left out.
_DECISIVE = {
    "1.2": "host-unknown",
    "1.6": "moved",
    "1.7": "sender-rejected",
    "1.8": "sender-rejected",
    "1.10": "no-such-user",
    "1.351": "no-such-user",
    "2.2": "mailbox-full",
    "2.3": "too-large",
    "3.4": "too-large",
    "4.6": "mail-loop",
    "7.13": "mailbox-disabled",
    "7.20": "auth-failure",
    "7.21": "auth-failure",
    "7.22": "auth-failure",
    "7.23": "auth-failure",
    "7.24": "auth-failure",
    "7.25": "reverse-dns",
    "7.26": "auth-failure",
    "7.27": "sender-rejected",
    "7.28": "over-rate",
    "7.29": "auth-failure",
    "7.30": "auth-failure",
    "7.509": "auth-failure",
    "7.606": "blocked",
    "7.650": "blocked",
}

# What a code means where the text does not say more.
_TELLING = {
    "1.1": "no-such-user",
    "1.3": "no-such-user",
    "1.4": "no-such-user",
    "2.1": "mailbox-disabled",
    "2.4": "no-such-user",
    "3.1": "mailbox-full",
    "4.1": "network-error",
    "4.2": "network-error",
    "4.3": "system-error",
    "4.4": "host-unknown",
    "4.5": "over-rate",
    "4.7": "expired",
    "5.3": "over-rate",
}
# What a text may make of "no such user" although the code says it.
_NOT_THE_USER = frozenset(
    {
        "auth-failure",
        "blocked",
        "mailbox-disabled",
        "mailbox-full",
        "moved",
        "no-mail-service",
        "over-rate",
        "recipient-refuses",
        "relay-denied",
        "reverse-dns",
        "sender-rejected",
        "spam-blocked",
        "system-error",
        "virus",
    }
)
# What is left to go by where no text says more: the subject of the code, then the reply code.
_SUBJECTS = {
    "1": "rejected",
    "2": "rejected",
    "3": "system-error",
    "4": "network-error",
    "5": "syntax-error",
    "6": "content-rejected",
    "7": "policy",
}
_REPLY_CODES = {
    "421": "system-error",
    "450": "rejected",
    "451": "system-error",
    "452": "mailbox-full",
    "500": "syntax-error",
    "501": "syntax-error",
    "502": "syntax-error",
    "503": "syntax-error",
    "551": "moved",
    "552": "mailbox-full",
    "553": "no-such-user",
}
# What the point of the dialogue at which a server refused makes of a reason.
_UNKNOWN = frozenset({"no-such-user", "host-unknown"})
_STAGES: tuple[tuple[tuple[str, ...], str], ...] = (
    # A server that took the recipient and then calls him unknown refuses for what the message holds.
    (
        (
            r"in reply to (?:end of )?DATA",
            r"after (?:end of data|DATA|sending|I sent)",
            r"final DATA",
            r"did not like our (?:final )?DATA",
            r"\(state 1[78]\)",
            r"^DATA$",
            r">>> ?(?:DATA|\.)\s*\n<<< ?(?!503)[45].*\n(?!550 5\.1\.1)",
        ),
        "recipient-refuses",
    ),
    (
        (
            r"in reply to MAIL FROM",
            r"after MAIL FROM",
            r"did not like our MAIL FROM",
            r"\(state (?:9|13)\)",
            r"sender was rejected",
            r">>> ?MAIL FROM:.*\n<<< ?(?!503)[45]",
        ),
        "sender-rejected",
    ),
)
_STAGE_ROWS = tuple((without_case(*signs), reason) for signs, reason in _STAGES)
_ENHANCED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY_WITH_CODE = re.compile(r"(?<![\d.])[45]\d\d[ -]['\"#]?([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.#-])([45][0-5]\d)(?![\d.]*\d)(?=[\s,;-])")
_ADDRESS = re.compile(ADDRESS)
# What Postfix and IronPort say before the reason, about every recipient that is refused.
_PREAMBLE = re.compile(
    r"recipient address rejected: (?!access denied)(?=\S)|unknown address error (?=\d)", re.IGNORECASE
)
_AT_RCPT = re.compile(
    r"(?:after|to|in|our|>>>|was|smtp:|\[|\() ?rcpt|\(state 14\)|does not like recipient|@\S+ rejected\b",
    re.IGNORECASE,
)
# KDDI names the address where it refuses RCPT TO, and does not where its users' filters refuse the message.
_NAMED_AT_RCPT = re.compile(r"@(?:ezweb\.ne|au|uqmobile|ne\.auone-net)\.(?:com|jp)\b", re.IGNORECASE)
# Yahoo looks recipients up only when it has the whole message.
_LOOKED_UP_LATE = re.compile(r"delivery error: dd", re.IGNORECASE)
_RECIPIENT_REFUSED = re.compile(r"recipient (?:address )?reject", re.IGNORECASE)
_TEXT_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a server's answer comes to."""

    kind: Kind
    status: str
    reason: str


def classify(texts: Iterable[str], near: str = "", *, delayed: bool = False, quoted: bool = False) -> Meaning:
    """Return the meaning of what was said about a recipient.

    Args:
        texts: From the most to the least telling: diagnostic and status, text around the address.
        near: Text around the address, which may show at what point of the dialogue he was refused.
        delayed: The report says that it is not final.
        quoted: The first text is what another server answered; without it, one that has a reply code is.
    """
    said = [text[:_TEXT_CHARACTERS] for text in texts if text.strip()]
    status = next((found for text in said if (found := _status(text))), "")
    reply = next((match[1] for text in said if (match := _REPLY.search(text))), "")
    passing = (status or reply)[:1] == "4"
    told, source = next(((found, text) for text in said if (found := _reason(text))), ("", ""))
    quoted = quoted and bool(said) and source == said[0]
    reason = _at_stage(told or _reason_of_codes(status, reply), status, source, near, quoted=quoted)
    # Words that are not in the tables prove nothing against the address; no words at all are all there is.
    reason = reason or ("rejected" if status or reply else "expired" if delayed else "unknown")
    for_good, for_now, while_tried = _OF_THE_ADDRESS.get(reason, (Kind.SOFT,) * 3)
    return Meaning(while_tried if delayed else for_now if passing else for_good, status, reason)


def _at_stage(reason: str, status: str, source: str, near: str, *, quoted: bool) -> str:
    """Return the reason in the light of where in the dialogue the server refused."""
    if reason not in _UNKNOWN or status.endswith(".1.1") or _LOOKED_UP_LATE.search(source):
        return reason
    for signs, then in _STAGE_ROWS:
        if signs.search(source) or signs.search(near):
            return then
    doubtful = reason == "no-such-user" and _is_doubtful(source, status, near, quoted=quoted)
    return "recipient-refuses" if doubtful else reason


def _is_doubtful(source: str, status: str, near: str, *, quoted: bool) -> bool:
    """Whether a filter may have said this.

    Filters call a recipient unknown as well, after they have seen the message. Where another server is
    quoted, a code about the address or the point of the dialogue tells the two apart.
    """
    if _AT_RCPT.search(f"{source}\n{near}"):
        return False
    if status[2:4] == "7.":
        return True
    if _RECIPIENT_REFUSED.search(source) or _NAMED_AT_RCPT.search(source):
        return False
    return (quoted or bool(_REPLY.search(source))) and (not status or status.endswith(".0.0"))


def _status(text: str) -> str:
    """Return the enhanced code of a text; where it has several, one that tells something."""
    codes = [found[1] for pattern in (_REPLY_WITH_CODE, _ENHANCED) for found in pattern.finditer(text)]
    telling = [code for code in codes if not code.endswith(".0.0")]
    return (telling or codes or [""])[0]


# A report on many recipients gives the same text for each that it says nothing else about.
@lru_cache(maxsize=4)
def _reason(text: str) -> str:
    code = _status(text).partition(".")[2]
    by_provider = next((reason for pattern, reason in PROVIDER_CODES if pattern.search(text)), "")
    if by_provider or code in _DECISIVE:
        return by_provider or _DECISIVE[code]
    plain = without_accents(_PREAMBLE.sub("", _ADDRESS.sub("ADDR", " ".join(text.replace("_", " ").split()))))
    by_phrase = next((reason for reason, pattern in PHRASES if pattern.search(plain)), "")
    told = _TELLING.get(code, "")
    return told if told == "no-such-user" and by_phrase not in _NOT_THE_USER else by_phrase or told


def _reason_of_codes(status: str, reply: str) -> str:
    subject = status.split(".")[1] if status else ""
    return _SUBJECTS.get(subject, "") or _REPLY_CODES.get(reply, "")
