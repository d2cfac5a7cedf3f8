"""Recognise software that answers mail (RFC 3834), receipts among it (RFC 8098)."""

import re

from mailrelay.reports.reading.addresses import addresses_in
from mailrelay.reports.reading.document import Document
from mailrelay.reports.reading.finding import Finding, Kind
from mailrelay.reports.reading.patterns import either

# (header field, pattern of its value): any one says that software wrote this.
_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("Auto-Submitted", re.compile(r"^\s*auto-(?:replied|generated|notified)", re.IGNORECASE)),
    ("Content-Type", re.compile(r"disposition-notification", re.IGNORECASE)),
    ("X-Autoreply", re.compile(r"^\s*(?!no\b)\S", re.IGNORECASE)),
    ("X-Autorespond", re.compile(r"\S")),
    ("X-Autoresponder", re.compile(r"\S")),
    ("X-Auto-Reply", re.compile(r"\S")),
    ("X-Apple-Action", re.compile(r"^\s*vacation", re.IGNORECASE)),
    ("X-Vacation", re.compile(r"\S")),
    ("Vacation", re.compile(r"\S")),
    ("Delivered-By-The-Graces-Of", re.compile(r"\S")),
    ("Precedence", re.compile(r"^\s*auto[-_]?reply", re.IGNORECASE)),
    ("X-Precedence", re.compile(r"^\s*auto[-_]?reply", re.IGNORECASE)),
    ("X-POST-MessageClass", re.compile(r"autoresponder", re.IGNORECASE)),
)
# Words at the start of a subject; people write them too, so they count only beside a weak sign.
_SUBJECT = re.compile(
    r"^\s*\[?"
    + either(
        r"auto(?:mati\w{1,6}|mated)?[- ]?(?:reply|respon\w+|antwort\w*|svar)",
        r"out of (?:the )?office",
        r"away (?:from|until)",
        r"(?:on )?vacation",
        r"abwesen\w+|automatische antwort",
        r"absence|absent|r[ée]ponse automatique",
        r"fuera de (?:la )?oficina|respuesta autom|ausente",
        r"risposta automatica|fuori (?:sede|ufficio)|assente",
        r"afwezig\w*|automatisch antwoord",
        r"autosvar|frånvaro|fravær|poissa",
        r"resposta autom",
        r"автоответ",
        r"自動応答|自動返信|不在|自动回复|自動回覆",
    ),
    re.IGNORECASE,
)
_WEAK: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("Return-Path", re.compile(r"^\s*<>\s*$")),
    ("In-Reply-To", re.compile(r"\S")),
    ("References", re.compile(r"\S")),
    ("Precedence", re.compile(r"^\s*(?:bulk|junk|list)", re.IGNORECASE)),
)


def read_automatic(document: Document) -> list[Finding]:
    """Return the finding about the mailbox that answered by itself; empty where none did."""
    if not (_any(document, _SIGNS) or (_SUBJECT.search(document.field("Subject")) and _any(document, _WEAK))):
        return []
    authors = addresses_in(document.field("From"))
    return [Finding(Kind.AUTO_REPLY, authors[0] if authors else "", "", "auto-reply")]


def _any(document: Document, signs: tuple[tuple[str, re.Pattern[str]], ...]) -> bool:
    return any(pattern.search(document.field(name)) for name, pattern in signs)
