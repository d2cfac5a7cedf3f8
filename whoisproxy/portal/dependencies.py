"""What the pages work with, and how they read a form."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from mailrelay.directory import Opening
from mailrelay.links import Links
from mailrelay.rewriting.owner_words import words_for
from mailrelay.rewriting.scrub import Hit
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName
from whoisproxy.services.appearances import Appearances
from whoisproxy.services.contact.desk import ContactDesk
from whoisproxy.services.correspondence import CorrespondenceService
from whoisproxy.services.owners.answers import OwnerAnswers
from whoisproxy.services.owners.domains import OwnerDomains
from whoisproxy.services.owners.entry import OwnerEntry
from whoisproxy.services.owners.mail import OwnerMail
from whoisproxy.services.owners.mail_settings import OwnerMailSettings
from whoisproxy.services.owners.mailboxes import Mailboxes
from whoisproxy.services.owners.own_data import OwnData
from whoisproxy.services.owners.switching import OwnerSwitching
from whoisproxy.services.quarantine import QuarantineService
from whoisproxy.services.quarantine_decisions import QuarantineDecisions
from whoisproxy.services.settings import Clock

_NUMBER = re.compile(r"[0-9]{1,3}")


class NoSuchLink(Exception):
    """The link is forged, expired, for something else, or there is nothing left to do behind it."""


@dataclass(frozen=True, slots=True)
class PortalDependencies:
    """Everything below the pages.

    Attributes:
        base_url: Of the pages, as the outside sees them.
        requests_per_minute: Per /24 (IPv4) or /56 (IPv6).
    """

    appearances: Appearances
    answers: OwnerAnswers
    correspondence: CorrespondenceService
    mail_settings: OwnerMailSettings
    mailboxes: Mailboxes
    quarantine: QuarantineService
    decisions: QuarantineDecisions
    entry: OwnerEntry
    contact: ContactDesk
    owner_domains: OwnerDomains
    owner_switching: OwnerSwitching
    mail: OwnerMail
    own_data: OwnData
    links: Links
    relay_domain: str
    base_url: str
    requests_per_minute: int
    clock: Clock


@dataclass(frozen=True, slots=True)
class ShownHit:
    """Something of the owner that would show, as a line of a form."""

    number: int
    what: str
    found: str
    ticked: bool


def shown_hits(hits: Sequence[Hit], ticked: frozenset[int], language: str) -> list[ShownHit]:
    """Return the lines of a form for what would show."""
    words = words_for(language)
    return [ShownHit(number, words.hit(hit), hit.found, number in ticked) for number, hit in enumerate(hits)]


def name_in(request: web.Request) -> DomainName:
    """Return the domain in a path, in A- or U-labels; raise NoSuchLink for what is no name of one."""
    try:
        return DomainName.parse(request.match_info["domain"])
    except InvalidInput:
        raise NoSuchLink from None


async def form_of(request: web.Request) -> dict[str, list[str]]:
    """Return the fields of a form by name; files are left out."""
    form = await request.post()
    fields: dict[str, list[str]] = {}
    for name, value in form.items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    return fields


def ticked_in(form: dict[str, list[str]]) -> frozenset[int]:
    """Return the numbers of the hits that are ticked."""
    return frozenset(map(int, filter(_NUMBER.fullmatch, form.get("hit", ()))))


def words_of(hits: Sequence[Hit], ticked: frozenset[int]) -> tuple[str, ...]:
    """Return what may show, as it was found."""
    return tuple([hit.found for number, hit in enumerate(hits) if number in ticked])


def named(opening: Opening) -> str:
    """Return how a correspondent is called, by name where he gave one, and his mailbox."""
    return f"{opening.display} <{opening.correspondent}>" if opening.display else opening.correspondent
