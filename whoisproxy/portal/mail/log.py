"""The log of all mail of an owner, and the page of one message: its way, with times."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.mail_log import Fate, LogEntry
from whoisproxy.domain.names import DomainName
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.mail.words import FATES, means, reasons, step_of
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW
from whoisproxy.services.owners.mail_log import LogFilter, Period

PERIODS = {
    Period.WEEK: N_("The last 7 days"),
    Period.MONTH: N_("The last 30 days"),
}
_ON_A_PAGE = 25
_LONGEST = 253


@dataclass(frozen=True, slots=True)
class LogLine:
    """A message as an entry of the list."""

    entry: LogEntry = field(repr=False)
    fate: str
    reason: str


@dataclass(frozen=True, slots=True)
class Happening:
    """A step of a message's way, in English."""

    at: datetime
    what: str
    why: str


class LogPage:
    """Lists messages, newest first, with filters that stand in the address."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._log = deps.mail.log
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show a page of the log."""
        wanted, before = _filter(request), request.query.get("before", "")[:_LONGEST]
        found = await self._log.page(owner.account, wanted, before, _ON_A_PAGE)
        return self._pages.page(
            "mail/log",
            request[VIEW],
            domain="",
            csrf=owner.csrf,
            lines=[_line(one, owner.language) for one in found.entries],
            wanted=wanted,
            fates=FATES,
            periods=PERIODS,
            older=_query(wanted, before=found.older) if found.older else "",
            newest=_query(wanted) if before else "",
        )


class MessagePage:
    """Shows one message: never its text, which is not kept once it has left."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._log = deps.mail.log
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show it."""
        entry = await self._log.find(owner.account, request.match_info["message"])
        if entry is None:
            raise NoSuchLink
        return self._pages.page(
            "mail/message", request[VIEW], csrf=owner.csrf, **_facts(entry, owner.language)
        )


def _facts(entry: LogEntry, language: str) -> dict[str, Any]:
    told = [Happening(step.at, *step_of(step)) for step in entry.steps]
    return {
        "domain": "",
        "entry": entry,
        "fate": FATES[entry.fate],
        "means": means(entry),
        "reasons": reasons(entry, language),
        "steps": [one for one in told if one.what],
        "waits": entry.fate is Fate.WAITING and entry.record.next_attempt_at > entry.record.updated_at,
        "held": entry.fate is Fate.HELD and not entry.is_answer,
    }


def _line(entry: LogEntry, language: str) -> LogLine:
    return LogLine(entry, FATES[entry.fate], " ".join(reasons(entry, language)[:1]))


def _filter(request: web.Request) -> LogFilter:
    fate, period = request.query.get("fate", ""), request.query.get("period", "")
    return LogFilter(
        domain_in(request),
        Fate(fate) if fate in FATES else None,
        Period(period) if period in PERIODS else None,
    )


def domain_in(request: web.Request) -> str:
    """Return the domain that is asked for, as it is stored; of what is none, as much as a page can show."""
    text = request.query.get("domain", "")
    try:
        return DomainName.parse(text).a_label
    except InvalidInput:
        return text.strip()[:_LONGEST]


def _query(wanted: LogFilter, **more: str) -> str:
    chosen = {"domain": wanted.domain, "fate": wanted.fate or "", "period": wanted.period or "", **more}
    return "?" + urlencode({name: value for name, value in chosen.items() if value})
