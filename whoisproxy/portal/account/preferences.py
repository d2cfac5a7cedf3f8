"""The page on which an owner says in which language he wants pages and letters, and how many of these."""

from aiohttp import web

from whoisproxy.domain.mail_settings import DigestWish
from whoisproxy.i18n import LANGUAGES, N_
from whoisproxy.portal.account.visiting import PREFERENCES, AccountPage
from whoisproxy.portal.dependencies import NoSuchLink, form_of
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.entry.visiting import field_of

_WISHES = {
    DigestWish.DAILY: N_("Every day"),
    DigestWish.WEEKLY: N_("Every week"),
    DigestWish.OFF: N_("Never"),
}
# Letters that cannot be switched off, and why.
_ALWAYS = (
    (N_("A new device has signed in"), N_("For your security")),
    (N_("Your ways to sign in were changed"), N_("For your security")),
    (N_("A correction of your data was asked for"), N_("For your security")),
    (N_("Your account is closed"), N_("For your security")),
    (N_("A link to sign in"), N_("Only when it is asked for")),
    (N_("Your data are ready"), N_("Only when you ask for them")),
    (N_("An answer of yours was held or could not be delivered"), N_("Only when it happens")),
)


class PreferencesPage(AccountPage):
    """Shows what he wishes; takes another wish."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show it."""
        return self._shown(
            request,
            owner,
            "preferences",
            languages=LANGUAGES,
            language=owner.account.profile.language,
            wishes=_WISHES,
            wish=await self._own.preferences.digest(owner.account),
            always=_ALWAYS,
        )

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Take a language, or how often held mail is told of."""
        form, preferences = await form_of(request), self._own.preferences
        language, wish = field_of(form, "language"), field_of(form, "wish")
        match field_of(form, "do"):
            case "language" if language in {"", *LANGUAGES}:
                await preferences.wish_language(owner.found, language)
            case "letters" if wish in _WISHES:
                await preferences.wish_digest(owner.found, DigestWish(wish))
            case _:
                raise NoSuchLink
        return self._pages.redirect(PREFERENCES)
