"""What the pages of an account have in common: their navigation, ids in paths, words for fields."""

import re
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies
from whoisproxy.portal.entry.owners_page import OwnersPage
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.rendering import Pages

HELD = "/account"
CORRECTIONS = "/account/corrections"
PREFERENCES = "/account/preferences"
ACCESS = "/account/access"
EXPORTS = "/account/exports"
CLOSING = "/account/closing"

# In the order of the navigation of these pages.
_PLACES = {
    HELD: N_("Your data"),
    CORRECTIONS: N_("Corrections"),
    PREFERENCES: N_("Language and emails"),
    ACCESS: N_("Who saw your data"),
    EXPORTS: N_("Take your data along"),
    CLOSING: N_("Close the account"),
}

# Of a registrant, in the order in which they are shown.
FIELDS = {
    "name": N_("Name"),
    "organization": N_("Organisation"),
    "email": N_("Email"),
    "phone": N_("Phone"),
    "street": N_("Street"),
    "city": N_("City"),
    "region": N_("State or province"),
    "postal_code": N_("Postal code"),
    "country_code": N_("Country"),
}

_ID = re.compile(r"[a-z]{1,8}_[0-9a-z]{1,30}")
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a page of a list leads; pages are counted from 1.

    Attributes:
        earlier: Number of the page before, 0 for none.
        later: Of the one after, 0 for none.
    """

    earlier: int
    later: int


class AccountPage(OwnersPage):
    """A page of the account."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        super().__init__(deps, pages)
        self._own = deps.own_data

    def _shown(
        self, request: web.Request, owner: SignedIn, template: str, status: int = 200, **facts: Any
    ) -> web.Response:
        facts |= {"places": _PLACES, "registrar": owner.registrar.name}
        return super()._shown(request, owner, f"account/{template}", status, **facts)


def id_in(request: web.Request, name: str) -> str:
    """Return an id from the path; what cannot be one is not looked up."""
    found = request.match_info[name]
    if not _ID.fullmatch(found):
        raise NoSuchLink
    return found


def page_in(request: web.Request) -> int:
    """Return which page of a list is asked for, from 1."""
    number = request.query.get("page", "1")
    return int(number) if _NUMBER.fullmatch(number) else 1


def pager(page: int, *, more: bool) -> Pager:
    """Return where a page of a list leads; `more` says whether there is a later one."""
    return Pager(page - 1, page + 1 if more else 0)
