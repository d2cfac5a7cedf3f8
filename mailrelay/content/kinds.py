"""What kind of letter a message is: by its structure, its header, and phrases of five languages.

Whoever wants to can write like a lawyer. So a kind says how careful the filter has to be, and nothing about
whether a message is honest; what follows from it is decided by `checks.spam_decision`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mailrelay.content.kind_phrases import shipped_phrases
from mailrelay.content.reading import Content
from mailrelay.message import RawMessage

CHECK = "mail-class"
"""Name of the verdict that carries the class: the first word of its reason; the others say why."""

KNOWN_SENDER = "known-sender"
"""Reason of REGISTRAR where the author is on the list of protected senders and authenticated."""


class MailClass(StrEnum):
    """What a message is about; each with what it is to the owner."""

    PROTECTED = "protected"  # of a listed sender, authenticated: nothing stops it
    LEGAL = "legal"  # disputes, cease and desist, takedown notices, courts
    ABUSE_REPORT = "abuse_report"  # ARF, XARF, and prose that may quote spam word for word
    REGISTRAR = "registrar"  # notices about the registration
    PURCHASE_INQUIRY = "purchase_inquiry"  # somebody wants the domain
    BULK = "bulk"  # lists, newsletters, campaigns, pitches
    SCAM = "scam"  # advance fee, extortion, false renewals, phishing lures
    OTHER = "other"


# Plain strings, for members of an enumeration are slow as keys.
LEGAL = MailClass.LEGAL.value
ABUSE_REPORT = MailClass.ABUSE_REPORT.value
REGISTRAR = MailClass.REGISTRAR.value
PURCHASE_INQUIRY = MailClass.PURCHASE_INQUIRY.value
BULK = MailClass.BULK.value
SCAM = MailClass.SCAM.value
OTHER = MailClass.OTHER.value


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


@dataclass(frozen=True, slots=True)
class Kind:
    """A class and by what it was found: names of phrases and signs, kebab-case, the strongest first."""

    mail_class: MailClass
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Structure:
    """What was found out about a message before its words are looked at.

    Attributes:
        complaint: What kind of report for machines it is, kebab-case; empty for none.
        known_sender: Its author is a registry, registrar or the like that is listed, and authenticated.
        declared: Value of the class that its author says it has; "" where he was not asked.
    """

    complaint: str = ""
    known_sender: bool = False
    declared: str = ""


NOTHING_KNOWN = Structure()

_SURE = 3  # points of what makes a class by itself
_ENOUGH = 4  # points of several things that do so together
_KNOWN = 2  # points of an author who sends such letters, and advertisements too
_DECLARED = 2  # points of what an author says himself: something else must say so too
_LEAD = 3  # points by which a scam or a campaign must lead what we have to be careful with
_MOST_REASONS = 4
_Holds = Callable[[RawMessage, Content], bool]


def _field(name: str) -> _Holds:
    return lambda message, _: bool(message.named(name))


def _precedence(*words: str) -> _Holds:
    return lambda message, _: message.first("Precedence").strip().lower() in words


def _written_by(*names: str) -> _Holds:
    return lambda _, content: content.from_address.partition("@")[0].startswith(names)


def _wants(*businesses: str) -> _Holds:
    return lambda _, content: not content.businesses.isdisjoint(businesses)


# (class, points, reason, whether it holds): what is no phrase.
_SIGNS: tuple[tuple[str, int, str, _Holds], ...] = (
    (BULK, 3, "list-id", _field("list-id")),
    (BULK, 3, "list-post", _field("list-post")),
    (BULK, 3, "precedence-list", _precedence("list")),
    (BULK, 2, "precedence-bulk", _precedence("bulk", "junk")),
    (BULK, 2, "list-unsubscribe", _field("list-unsubscribe")),
    (BULK, 1, "feedback-id", _field("feedback-id")),
    (BULK, 2, "sells", _wants("bulk-offer", "pharmacy", "loan-and-debt", "claims-not-spam", "adult")),
    (BULK, 1, "promises", _wants("money-promise", "prize-and-free", "stock-and-coin")),
    (BULK, 1, "talks-of-unsubscribing", _wants("unsubscribe-talk")),
    (SCAM, 2, "extortion", _wants("extortion")),
    (SCAM, 2, "domain-scare", _wants("domain-scare")),
    (SCAM, 1, "advance-fee", _wants("advance-fee")),
    (SCAM, 1, "credential-lure", _wants("credential-lure")),
    (ABUSE_REPORT, 2, "abuse-desk", _written_by("abuse", "csirt", "cert")),
    (LEGAL, 2, "legal-desk", _written_by("legal", "dmca", "copyright", "trademark", "kanzlei")),
)
_OF_A_LIST = frozenset((-_SURE, reason) for reason in ("list-id", "list-post", "precedence-list"))
# In the order in which they win where points are equal.
_CAREFUL = (ABUSE_REPORT, LEGAL)
_PLAIN = (REGISTRAR, PURCHASE_INQUIRY, BULK)


_Found = dict[str, list[tuple[int, str]]]  # class → (points below 0, reason)


def classify(message: RawMessage, content: Content, structure: Structure = NOTHING_KNOWN) -> Kind:
    """Return the class of a message; deterministic, never raises."""
    if structure.complaint:
        return Kind(MailClass.ABUSE_REPORT, (structure.complaint,))
    found: _Found = {REGISTRAR: [(-_KNOWN, KNOWN_SENDER)]} if structure.known_sender else {}
    if structure.declared:
        found.setdefault(structure.declared, []).append((-_DECLARED, "declared"))
    for mail_class, points, reason, holds in _SIGNS:
        if holds(message, content):
            found.setdefault(mail_class, []).append((-points, reason))
    for phrase in shipped_phrases().found_in(content.subject_words, content.own_words):
        found.setdefault(phrase.kind, []).append((-phrase.points, phrase.name))
    chosen = _chosen(found, known_sender=structure.known_sender)
    reasons = sorted(found.get(chosen, ()))[:_MOST_REASONS]
    return Kind(MailClass(chosen), tuple([reason for _, reason in reasons]))


def _chosen(found: _Found, *, known_sender: bool) -> str:
    points = {mail_class: -sum([worth for worth, _ in reasons]) for mail_class, reasons in found.items()}
    enough = {one for one in found if points[one] >= _ENOUGH or min(found[one])[0] <= -_SURE}
    known_sender = known_sender and REGISTRAR in enough
    if not known_sender and not _OF_A_LIST.isdisjoint(found.get(BULK, ())):
        # Lists pass on what people write, and that is of every kind.
        return BULK
    rival = max(points.get(SCAM, 0), points.get(BULK, 0))
    careful = [one for one in _CAREFUL if one in enough and rival < points[one] + _LEAD]
    plain = [one for one in _PLAIN if one in enough]
    if careful:
        return max(careful, key=points.__getitem__)
    if known_sender:
        return REGISTRAR
    if SCAM in enough:
        return SCAM
    return max(plain, key=points.__getitem__, default=OTHER)


def class_in(notes: Iterable[Note]) -> MailClass:
    """Return the class that the verdicts about a message name; OTHER where none does."""
    for note in notes:
        if note.check == "protected-mail":
            return MailClass.PROTECTED
        if note.check == CHECK:
            return MailClass(note.reason.partition(" ")[0])
    return MailClass.OTHER
