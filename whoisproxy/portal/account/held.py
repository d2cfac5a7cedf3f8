"""The first page of the account: what the registrar has told of the owner, and how long all else is kept."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from aiohttp import web

from whoisproxy.domain.names import unicode_of
from whoisproxy.i18n import N_
from whoisproxy.portal.account.visiting import FIELDS, AccountPage, page_in, pager
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.formats import country, language_name
from whoisproxy.portal.view import VIEW
from whoisproxy.services.owners.held_data import Group, Kept

_ON_A_PAGE = 10
_MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class KeptLine:
    """What is kept, and how long; `%(count)s` in the text are days."""

    what: str
    text: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class GroupShown:
    """A registrant as the page shows him.

    Attributes:
        values: By field, as text.
        domains: The first of them, as U-labels.
        count: How many there are.
    """

    id: str
    values: dict[str, str]
    domains: tuple[str, ...]
    count: int

    @property
    def more(self) -> int:
        """How many of his domains are not named."""
        return self.count - len(self.domains)


class HeldPage(AccountPage):
    """Shows it."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show registrants, equal ones once."""
        found = await self._own.held.groups(owner.account, page_in(request), _ON_A_PAGE)
        return self._shown(
            request,
            owner,
            "held",
            groups=[_with_names(group_shown(one), request[VIEW].language) for one in found.groups],
            fields=FIELDS,
            pager=pager(found.number, more=found.more),
            kept=list(_kept(self._own.held.kept)) if found.number == 1 else [],
        )


def group_shown(group: Group) -> GroupShown:
    """Return a group as pages show it."""
    named = tuple([unicode_of(one.a_label) for one in group.domains[:_MOST_NAMES]])
    return GroupShown(group.id, values_of(group.registrant.as_dict()), named, len(group.domains))


def _with_names(group: GroupShown, language: str) -> GroupShown:
    """Return it with names in the place of codes, as a language has them."""
    values = group.values
    named = {
        "country_code": country(values["country_code"], language),
        "language": language_name(values["language"], language),
    }
    return replace(group, values={**values, **named})


def values_of(fields: dict[str, object]) -> dict[str, str]:
    """Return fields of a registrant as text; street lines below each other."""
    return {
        name: "\n".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for name, value in fields.items()
    }


def _kept(kept: Kept) -> Iterator[KeptLine]:
    yield KeptLine(
        N_("Your domains, your data above and the privacy of each domain"),
        N_("As long as your registrar keeps the domain here, with you as its owner"),
    )
    yield KeptLine(
        N_("Where your mail goes, how you want it, whom you allow and block"),
        N_("As long as the domain is yours, or until you change it"),
    )
    yield KeptLine(
        N_("Relay addresses"),
        N_("For ever, without your name, so that nobody else gets one of yours"),
    )
    for what, text, period in _periods(kept):
        yield KeptLine(what, text, -(-period // timedelta(days=1)))
    yield KeptLine(N_("What you sign in with"), N_("Until you remove it or close the account"))
    yield KeptLine(N_("Where you are signed in"), N_("Half a day at most"))


def _periods(kept: Kept) -> tuple[tuple[str, str, timedelta], ...]:
    return (
        (
            N_("Who wrote to you, so that you can answer"),
            N_("%(count)s days after the last message"),
            kept.replies,
        ),
        (
            N_("What became of each message, without its text"),
            N_("%(count)s days after its end"),
            kept.messages,
        ),
        (N_("Held mail, with its text, sealed"), N_("%(count)s days"), kept.held),
        (N_("What your registrar was told of your domains"), N_("%(count)s days"), kept.events),
        (N_("Corrections that you asked for"), N_("%(count)s days after the decision"), kept.events),
        (
            N_("Who was given your data by a disclosure"),
            N_("%(count)s days after the disclosure ended"),
            kept.disclosures,
        ),
        (N_("Who tried to sign in, with network and device"), N_("%(count)s days"), kept.sign_ins),
        (N_("Files with your data that you asked for"), N_("%(count)s days"), kept.exports),
    )
