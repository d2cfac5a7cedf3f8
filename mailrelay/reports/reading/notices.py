"""Find who a report in free text is about, and what it says of each.

Mail servers that do not write RFC 3464 put the address in one of a few shapes. The readers below are
those shapes, named after who writes them; the first that finds an address decides.
"""

import re
from dataclasses import dataclass

from mailrelay.reports.reading.addresses import ADDRESS, addresses_in, is_machine, is_whole
from mailrelay.reports.reading.document import Document
from mailrelay.reports.reading.patterns import either

_MANY = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """A recipient and what the report says about him."""

    recipient: str
    text: str


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("ADDRESS", f"(?P<address>{ADDRESS})"), re.IGNORECASE | re.MULTILINE)


# (who writes it, shape).
_OPEN, _CLOSE = r"[<\"'(\[]{0,2}", r"[>\"')\]]{0,2}"
_LINE = r"^[ \t>*-]*"
_LABELS = either(
    r"unknown user|user unknown|user|userid|mailbox",
    r"(?:failed )?recipients?|address",
    r"undeliverable to|could not be delivered to|deliver(?:ed)? to|delivering your mail to",
    r"delivery failed|addressed to|rcpt to|to",
)
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("fml", _shape(r"\bmailing list <ADDRESS>")),
    # <a@b>: / a@b: reason / "a@b": / indented a@b alone / a@b on Thu, ... / a@b<mailto:a@b>
    (
        "qmail, Exim, Postfix, Gmail, GMX, MXLogic, OpenSMTPD, Exchange",
        _shape(rf"{_LINE}{_OPEN}ADDRESS{_CLOSE}(?::|[ \t]*$|[ \t]*\.\.\.|[ \t]+(?:on|\(|-)|<mailto:)"),
    ),
    # 550 5.1.1 <a@b>... User unknown
    ("Sendmail", _shape(r"^[ \t]*(?:\d{3}[ -](?:\d\.\d{1,3}\.\d{1,3}[ ])?)<?ADDRESS>?\.{3}")),
    (
        "IMail, DragonFly, EZweb, X styles",
        _shape(rf"\b{_LABELS}(?:\s{{0,3}}[:=]\s{{0,3}}|\s{{1,3}}|(?=[<\"'(]))[<\"'(]?ADDRESS"),
    ),
    ("Coremail, Tencent", _shape(r"(?:收件人|收信人|宛先|あて先|送信先)[^\n@]{0,20}?ADDRESS")),
    ("Microsoft", _shape(r"^[ \t]*\"[^\"\n]{0,80}\"[ \t]*<ADDRESS>[ \t]*$")),
    # a@b Invalid address, ERROR_CODE ...
    ("Zoho", _shape(rf"{_LINE}{_OPEN}ADDRESS{_CLOSE}[ \t]*[:,;]?[ \t]+\S")),
)
# Sendmail before 8.10 names the address that its sender wrote beside the one it was made into.
_MADE_FROM = _shape(r"\(expanded from: ADDRESS")
# Who writes the dialogue with the other server before the address that it is about.
_SAID_BEFORE = frozenset({"Sendmail"})


def read_passages(document: Document) -> list[Passage]:
    """Return what the notice says, by recipient; empty where it names none."""
    named = [each for each in addresses_in(document.field("X-Failed-Recipients")) if is_whole(each)]
    notice = document.notice
    others = _others(document) - {address.lower() for address in named}
    for who, shape in _SHAPES:
        found = [
            match
            for match in shape.finditer(notice)
            if match["address"].lower() not in others
            and is_whole(match["address"])
            and not is_machine(match["address"])
        ]
        if found:
            return _joined(notice, found[:_MANY], before=who in _SAID_BEFORE)
    return [Passage(address, notice) for address in named]


def _joined(notice: str, found: list[re.Match[str]], *, before: bool) -> list[Passage]:
    """Divide the notice at the addresses; some name one twice: in a list, and where they say why."""
    if before:
        ends = [_line_end(notice, match.end()) for match in found]
        spans = zip([0, *ends], ends, strict=False)
    else:
        starts = [match.start() for match in found]
        spans = zip(starts, [*starts[1:], len(notice)], strict=True)
    said: dict[str, Passage] = {}
    for match, (start, end) in zip(found, spans, strict=False):
        address = match["address"]
        known = said.get(address.lower(), Passage(address, ""))
        said[address.lower()] = Passage(known.recipient, known.text + notice[start:end])
    made_from = [
        Passage(match["address"], passage.text)
        for passage in said.values()
        for match in _MADE_FROM.finditer(passage.text)
    ]
    return [*said.values(), *made_from]


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _others(document: Document) -> set[str]:
    """Return the mailboxes that a report names but is not about: its own author's, and its reader's."""
    written = addresses_in(f"{document.field('From')} {document.field('To')} {document.field('Reply-To')}")
    return {address.lower() for address in written}
