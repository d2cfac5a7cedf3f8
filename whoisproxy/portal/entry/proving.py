"""Pages on which somebody proves once more who he is: the second step, and before a change that matters."""

from aiohttp import web

from whoisproxy.domain.owner_session import Stage
from whoisproxy.portal.dependencies import form_of
from whoisproxy.portal.entry.onward import onward
from whoisproxy.portal.entry.signed_in import SIGN_IN, SignedIn
from whoisproxy.portal.entry.visiting import EntryPage, field_of
from whoisproxy.portal.view import VIEW
from whoisproxy.services.owners.sessions import Entered


class ProvingPage(EntryPage):
    """Asks for a code, a password or a passkey; goes on in a new session."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show what is asked for."""
        return await self._form(request, owner)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Take a proof."""
        entered = await self._proven(request, owner)
        if entered is not None:
            return await self._let_in(
                request, entered, await onward(request, owner, self._deps.owner_domains)
            )
        if await self._entry.sessions.find(self._cookies.secret(request)) is None:
            # That was one try too many: the sign-in begins anew.
            return self._pages.redirect(SIGN_IN)
        return await self._form(request, owner, failed=True)

    async def _proven(self, request: web.Request, owner: SignedIn) -> Entered | None:
        form, visit = await form_of(request), self._visit(request)
        match field_of(form, "do"):
            case "code":
                return await self._entry.sign_in.by_code(owner.found, field_of(form, "code"), visit)
            case "passkey":
                answer = field_of(form, "answer")
                return await self._entry.passkeys.prove(owner.found, answer, self._site(request), visit)
            # A password is no second step after a password.
            case "password" if owner.session.stage is Stage.FULL:
                password = field_of(form, "password")
                return await self._entry.sign_in.prove_by_password(owner.found, password, visit)
            case _:
                return None

    async def _form(self, request: web.Request, owner: SignedIn, *, failed: bool = False) -> web.Response:
        security = await self._entry.methods.security(owner.account)
        return self._pages.page(
            "entry/proving",
            request[VIEW],
            422 if failed else 200,
            scripts=("passkey.js",),
            domain="",
            csrf=owner.csrf,
            failed=failed,
            is_second_step=owner.session.stage is Stage.SECOND_STEP,
            has_code=security.two_step.has_totp,
            has_passkey=security.two_step.has_passkey,
            has_password=bool(security.methods.password_hash) and owner.session.stage is Stage.FULL,
            options=await self._entry.passkeys.sign_in_options(self._site(request)),
        )
