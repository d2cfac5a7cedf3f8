"""Pages on which a second step is set up: codes of an app (QR code as SVG), recovery codes, passkeys."""

import segno
from aiohttp import web
from markupsafe import Markup

from whoisproxy.domain.totp import enrolment_uri
from whoisproxy.portal.dependencies import form_of
from whoisproxy.portal.entry.onward import proof_for
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.entry.visiting import EntryPage, field_of
from whoisproxy.portal.view import VIEW
from whoisproxy.services.owners.sessions import csrf_token

_GROUP = 4
_QR_SCALE = 5


class CodesPage(EntryPage):
    """Shows a secret to an app; takes a code of it; shows recovery codes, once."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show what is to be done; the secret is shown when a button asks for it."""
        return await self._page(request, owner)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show the secret, or take a code of it, or make new recovery codes."""
        if not owner.session.is_fresh(self._deps.clock()):
            return self._pages.redirect(proof_for("codes"))
        form, methods = await form_of(request), self._entry.methods
        match field_of(form, "do"):
            case "begin":
                return await self._page(request, owner, await methods.begin_totp(owner.found))
            case "renew" if owner.account.methods.totp_secret:
                return self._codes(request, owner, await methods.new_recovery_codes(owner.found))
            case "confirm":
                code = field_of(form, "code")
                confirmed = await methods.confirm_totp(owner.found, code, self._visit(request))
            case _:
                return await self._page(request, owner)
        if confirmed is None:
            secret = await methods.begin_totp(owner.found)
            return await self._page(request, owner, secret, failed=True)
        request[VIEW] = request[VIEW].of_owner(csrf_token(confirmed.entered.secret))
        response = self._codes(request, owner, confirmed.codes)
        self._cookies.enter(response, confirmed.entered)
        return response

    def _codes(self, request: web.Request, owner: SignedIn, codes: tuple[str, ...]) -> web.Response:
        return self._pages.page(
            "entry/recovery_codes", request[VIEW], domain="", codes=codes, on=owner.onward
        )

    async def _page(
        self, request: web.Request, owner: SignedIn, secret: str = "", *, failed: bool = False
    ) -> web.Response:
        name = owner.registrar.name
        return self._pages.page(
            "entry/codes",
            request[VIEW],
            422 if failed else 200,
            scripts=("passkey.js",),
            domain="",
            csrf=owner.csrf,
            failed=failed,
            required=not owner.session.is_full(self._deps.clock()),
            secret=" ".join(secret[at : at + _GROUP] for at in range(0, len(secret), _GROUP)),
            picture=_picture(enrolment_uri(secret, name, name)) if secret else "",
            options=await self._entry.passkeys.creation_options(owner.found, self._site(request)),
        )


class NewPasskeyPage(EntryPage):
    """Takes a passkey that a browser has made."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show how; it takes a script, for browsers make passkeys in no other way."""
        return await self._page(request, owner)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Keep it, and go on in a session that it has proven."""
        if not owner.session.is_fresh(self._deps.clock()):
            return self._pages.redirect(proof_for("passkeys"))
        form = await form_of(request)
        answer, name = field_of(form, "answer"), field_of(form, "name")
        entered = await self._entry.passkeys.add(
            owner.found, answer, name, self._site(request), self._visit(request)
        )
        return (
            await self._page(request, owner, failed=True)
            if entered is None
            else await self._let_in(request, entered, owner.onward)
        )

    async def _page(self, request: web.Request, owner: SignedIn, *, failed: bool = False) -> web.Response:
        return self._pages.page(
            "entry/new_passkey",
            request[VIEW],
            422 if failed else 200,
            scripts=("passkey.js",),
            domain="",
            csrf=owner.csrf,
            failed=failed,
            options=await self._entry.passkeys.creation_options(owner.found, self._site(request)),
        )


def _picture(uri: str) -> Markup:
    """Return a QR code that is dark on light in every colour scheme, since cameras want it so."""
    drawn = segno.make(uri, error="m").svg_inline(scale=_QR_SCALE, dark="#000", light="#fff", border=4)
    return Markup(drawn)  # noqa: S704 - drawn by the library; the text is not in it
