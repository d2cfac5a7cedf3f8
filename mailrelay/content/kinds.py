"""What kind of letter a message is."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

CHECK = "mail-class"
"""Name of the verdict that carries the class: the first word of its reason; the others say why."""


class MailClass(StrEnum):
    """What a message is about; each with what it is to the owner."""

    PROTECTED = "protected"  # of a listed sender, authenticated: nothing stops it
    LEGAL = "legal"  # disputes, cease and desist, takedown notices, courts
    ABUSE_REPORT = "abuse_report"  # ARF, XARF, and prose that may quote spam word for word
    REGISTRAR = "registrar"  # notices about the registration
    PURCHASE_INQUIRY = "purchase_inquiry"  # somebody wants the domain
    BULK = "bulk"  # lists, newsletters, campaigns
    SCAM = "scam"  # advance fee, extortion, false renewals, phishing lures
    OTHER = "other"


class Note(Protocol):
    """A verdict, or what is kept of one."""

    @property
    def check(self) -> str:
        """Name of the check."""
        ...

    @property
    def reason(self) -> str:
        """Why."""
        ...


def class_in(notes: Iterable[Note]) -> MailClass:
    """Return the class that the verdicts about a message name; OTHER where none does."""
    for note in notes:
        if note.check == "protected-mail":
            return MailClass.PROTECTED
        if note.check == CHECK:
            return MailClass(note.reason.partition(" ")[0])
    return MailClass.OTHER
