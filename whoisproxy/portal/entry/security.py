"""The page of an owner's security: his ways in, his sessions, who tried.

What changes a way in wants a fresh proof.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.owner_account import SHORTEST_PASSWORD, Proof
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import NoSuchLink, form_of
from whoisproxy.portal.entry.signed_in import PROVE, SECURITY, SignedIn
from whoisproxy.portal.entry.visiting import EntryPage, field_of
from whoisproxy.portal.view import VIEW

PROOFS = {
    Proof.REGISTRAR_LINK: N_("Link from your registrar"),
    Proof.EMAIL_LINK: N_("Link by email"),
    Proof.PASSWORD: N_("Password"),
    Proof.PASSKEY: N_("Passkey"),
    Proof.TOTP: N_("Code from your app"),
    Proof.RECOVERY_CODE: N_("Recovery code"),
}
_WEAK = N_("This password is too easy to guess. Take at least %(count)s characters, of different kinds.")
_DIFFERENT = N_("The two passwords are not the same.")
_REQUIRED = N_("A second step is required: set a passkey up before you take the codes away.")

_Action = Callable[["SecurityPage", SignedIn, dict[str, list[str]]], Awaitable[str]]


class SecurityPage(EntryPage):
    """Shows how the account stands; changes what its owner signs in with."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show it."""
        return await self._page(request, owner)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Change something, if what was proven is fresh."""
        form = await form_of(request)
        action = _ACTIONS.get(field_of(form, "do"))
        if action is None:
            raise NoSuchLink
        if not owner.session.is_fresh(self._deps.clock()):
            return self._pages.redirect(PROVE)
        note = await action(self, owner, form)
        return await self._page(request, owner, note, 422) if note else self._pages.redirect(SECURITY)

    async def end_session(self, request: web.Request, owner: SignedIn) -> web.Response:
        """End one of the owner's sessions."""
        if not await self._entry.sessions.end(owner.account, request.match_info["id"]):
            raise NoSuchLink
        return self._pages.redirect(SECURITY)

    async def end_others(self, request: web.Request, owner: SignedIn) -> web.Response:
        """End all of the owner's sessions but this one."""
        del request
        await self._entry.sessions.end_others(owner.account, owner.session_id)
        return self._pages.redirect(SECURITY)

    async def set_password(self, owner: SignedIn, form: dict[str, list[str]]) -> str:
        """Set a password; return what is wrong with it."""
        password = field_of(form, "password")
        if password != field_of(form, "again"):
            return _DIFFERENT
        try:
            await self._entry.methods.set_password(owner.found, password)
        except InvalidInput:
            return _WEAK
        return ""

    async def remove_password(self, owner: SignedIn, form: dict[str, list[str]]) -> str:
        """Take the password away."""
        del form
        await self._entry.methods.remove_password(owner.found)
        return ""

    async def remove_codes(self, owner: SignedIn, form: dict[str, list[str]]) -> str:
        """Stop asking for codes."""
        del form
        return "" if await self._entry.methods.remove_totp(owner.found) else _REQUIRED

    async def remove_passkey(self, owner: SignedIn, form: dict[str, list[str]]) -> str:
        """Delete a passkey."""
        if not await self._entry.passkeys.remove(owner.found, field_of(form, "id")):
            raise NoSuchLink
        return ""

    async def wish_two_step(self, owner: SignedIn, form: dict[str, list[str]]) -> str:
        """Ask for a second step at each sign-in, or not."""
        await self._entry.methods.wish_two_step(owner.found, wanted=field_of(form, "wanted") == "yes")
        return ""

    async def _page(
        self, request: web.Request, owner: SignedIn, note: str = "", status: int = 200
    ) -> web.Response:
        security = await self._entry.methods.security(owner.account)
        return self._pages.page(
            "entry/security",
            request[VIEW],
            status,
            domain="",
            csrf=owner.csrf,
            note=note,
            shortest=SHORTEST_PASSWORD,
            security=security,
            wants_two_step=owner.account.profile.two_step,
            passkeys=await self._entry.passkeys.of_account(owner.account),
            sessions=await self._entry.sessions.of_account(owner.account),
            here=owner.session_id,
            proofs=PROOFS,
        )


_ACTIONS: dict[str, _Action] = {
    "set-password": SecurityPage.set_password,
    "remove-password": SecurityPage.remove_password,
    "remove-codes": SecurityPage.remove_codes,
    "remove-passkey": SecurityPage.remove_passkey,
    "two-step": SecurityPage.wish_two_step,
}
