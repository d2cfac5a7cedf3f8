"""The page to sign in: by a link in a letter, a password, a passkey. What fails, fails in the same words."""

from aiohttp import web

from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import form_of
from whoisproxy.portal.entry.signed_in import HOME, SIGN_IN, SignedIn
from whoisproxy.portal.entry.visiting import EntryPage, field_of, own_host
from whoisproxy.portal.messages import Said
from whoisproxy.portal.view import VIEW

SENT = Said(
    N_("Check your email"),
    N_("If we hold domains for that address, an email with a link is on its way. It takes a minute."),
)


class SignInPage(EntryPage):
    """Shows the ways in; takes one."""

    async def show(self, request: web.Request) -> web.Response:
        """Show the ways in."""
        return await self._form(request)

    async def act(self, request: web.Request) -> web.Response:
        """Go one of the ways."""
        form, sign_in = await form_of(request), self._entry.sign_in
        mailbox = field_of(form, "mailbox")
        match field_of(form, "do"):
            case "letter" if mailbox.strip():
                await sign_in.ask_link(mailbox, self._registrar_id(request))
                return self._pages.message(SENT, request[VIEW])
            case "password" if mailbox.strip():
                password = field_of(form, "password")
                entered = await sign_in.by_password(
                    mailbox, password, self._visit(request), self._registrar_id(request)
                )
            case "passkey":
                answer = field_of(form, "answer")
                entered = await self._entry.passkeys.sign_in(
                    answer, self._site(request), self._visit(request)
                )
            case _:
                return await self._form(request, status=422)
        return (
            await self._form(request, mailbox, failed=True)
            if entered is None
            else await self._let_in(request, entered)
        )

    async def home(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Lead to where an owner comes first."""
        del request, owner
        return self._pages.redirect(HOME)

    async def leave(self, request: web.Request, owner: SignedIn) -> web.Response:
        """End the session."""
        del request
        await self._entry.sessions.end(owner.account, owner.session_id)
        response = self._pages.redirect(SIGN_IN)
        self._cookies.leave(response)
        return response

    def _registrar_id(self, request: web.Request) -> str:
        """Return whose customers sign in here; "" where the pages are those of all registrars."""
        look = own_host(request)
        return look.registrar_id if look else ""

    async def _form(
        self, request: web.Request, mailbox: str = "", *, failed: bool = False, status: int = 200
    ) -> web.Response:
        return self._shown(
            request,
            "entry/sign_in",
            422 if failed else status,
            scripts=("passkey.js",),
            mailbox=mailbox,
            failed=failed,
            options=await self._entry.passkeys.sign_in_options(self._site(request)),
        )
