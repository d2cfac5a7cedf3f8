"""Pages on which an owner asks his registrar to correct his data, and sees what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from whoisproxy.domain.correction import (
    ANOTHER_HOLDER,
    CORRECTABLE,
    SAME,
    CorrectionState,
)
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import unicode_of
from whoisproxy.domain.registrant import COUNTRY_CODES
from whoisproxy.i18n import N_
from whoisproxy.portal.account.held import group_shown, values_of
from whoisproxy.portal.account.visiting import CORRECTIONS, FIELDS, AccountPage, id_in
from whoisproxy.portal.dependencies import NoSuchLink, form_of
from whoisproxy.portal.entry.onward import proof_for
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.entry.visiting import field_of
from whoisproxy.portal.formats import country
from whoisproxy.portal.view import VIEW
from whoisproxy.services.owners.corrections import OwnersCorrection
from whoisproxy.services.owners.held_data import Group

STATES = {
    CorrectionState.OPEN: N_("Waits for your registrar"),
    CorrectionState.APPLIED: N_("Done"),
    CorrectionState.REFUSED: N_("Refused by your registrar"),
    CorrectionState.WITHDRAWN: N_("Taken back"),
}
# What is wrong with a field, by its name; a value that was typed is not quoted.
_WRONG = {
    "name": N_("Please enter a name of at most 255 characters."),
    "organization": N_("Please enter at most 255 characters."),
    "email": N_("Please enter an email address, such as ann@home.example."),
    "phone": N_("Please enter a number with country code, such as +41 44 668 18 00."),
    "street": N_("Please enter one to three lines."),
    "city": N_("Please enter a city."),
    "region": N_("Please enter at most 255 characters."),
    "postal_code": N_("Please enter at most 16 characters."),
    "country_code": N_("Please choose a country."),
}
_WHOLE = {
    SAME: N_("Nothing is different from what is held."),
    ANOTHER_HOLDER: N_(
        "With another name and another email address it would be another owner. Change one after the other, "
        "or let your registrar transfer the domain."
    ),
}
_TOO_MANY = N_("You have asked for many corrections today. Please try again tomorrow.")
_AUTOCOMPLETE = {
    "name": "name",
    "organization": "organization",
    "email": "email",
    "phone": "tel",
    "city": "address-level2",
    "region": "address-level1",
    "postal_code": "postal-code",
}
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class CorrectionShown:
    """A correction as its owner sees it."""

    id: str
    state: CorrectionState
    changes: Mapping[str, str]
    domains: tuple[str, ...]
    count: int
    reason: str
    created_at: datetime
    ended_at: datetime | None


class CorrectionsPage(AccountPage):
    """Lists corrections; takes one back."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """List them, the newest first."""
        found = await self._own.corrections.of_account(owner.account)
        shown = [_shown(one) for one in found]
        return self._shown(request, owner, "corrections", corrections=shown, states=STATES, fields=FIELDS)

    async def withdraw(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Take one back."""
        if not await self._own.corrections.withdraw(owner.found, id_in(request, "correction")):
            raise NoSuchLink
        return self._pages.redirect(CORRECTIONS)


class CorrectingPage(AccountPage):
    """The form. It wants a fresh proof: a mailbox that is corrected leads into the account."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show the data as they are held."""
        group = await self._group(request, owner)
        if not self._is_fresh(owner):
            return self._pages.redirect(proof_for("account"))
        return self._form(request, owner, group, values_of(group.registrant.as_dict()))

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Ask the registrar."""
        group = await self._group(request, owner)
        if not self._is_fresh(owner):
            return self._pages.redirect(proof_for("account"))
        form = await form_of(request)
        typed = {name: field_of(form, name) for name in CORRECTABLE}
        wanted: dict[str, object] = {**typed, "street": _lines(typed["street"])}
        try:
            asked = await self._own.corrections.ask(owner.found, group.id, wanted)
        except InvalidInput as wrong:
            return self._form(request, owner, group, typed, wrong)
        if asked is None:
            raise NoSuchLink
        return self._pages.redirect(CORRECTIONS)

    async def _group(self, request: web.Request, owner: SignedIn) -> Group:
        group = await self._own.held.group_of(owner.account, id_in(request, "registrant"))
        if group is None:
            raise NoSuchLink
        return group

    def _form(
        self,
        request: web.Request,
        owner: SignedIn,
        group: Group,
        values: Mapping[str, str],
        wrong: InvalidInput | None = None,
    ) -> web.Response:
        name = wrong.field.removeprefix("registrant.") if wrong else ""
        note = "" if wrong is None or name in _WRONG else _WHOLE.get(wrong.problem, _TOO_MANY)
        return self._shown(
            request,
            owner,
            "correcting",
            422 if wrong else 200,
            group=group_shown(group),
            values=values,
            fields=FIELDS,
            autocomplete=_AUTOCOMPLETE,
            errors={name: _WRONG[name]} if name in _WRONG else {},
            note=note,
            countries=_countries(request[VIEW].language),
        )


def _shown(one: OwnersCorrection) -> CorrectionShown:
    correction = one.correction
    return CorrectionShown(
        correction.id,
        correction.state,
        values_of(dict(correction.changes)),
        tuple([unicode_of(each.a_label) for each in one.domains[:_MOST_NAMES]]),
        len(one.domains),
        correction.reason,
        correction.created_at,
        correction.ended_at,
    )


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.splitlines()) if line]


def _countries(language: str) -> list[tuple[str, str]]:
    """Return codes and names, by name."""
    named = [(code, country(code, language)) for code in COUNTRY_CODES]
    return sorted(named, key=lambda one: one[1].casefold())
