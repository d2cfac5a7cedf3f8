"""The page of a domain's mail: what is done with it, where it goes, what answers look like."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from mailrelay.directory import MailPolicy
from registries.contact import Role
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import NoSuchLink, form_of, name_in
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.entry.visiting import field_of
from whoisproxy.portal.mail_settings.domain_page import DomainPage, of_his

Form = dict[str, list[str]]

# What an owner may choose, the most mail first: its name, and what it means.
POLICIES: Mapping[MailPolicy, tuple[str, str]] = {
    MailPolicy.FORWARD: (
        N_("Forward all"),
        N_(
            "Everything comes to you; what looks like spam is marked. Held are malware, mail that is not "
            "from whom it says, and senders whom you have blocked."
        ),
    ),
    MailPolicy.FILTER: (
        N_("Filter"),
        N_("What looks like spam is held. You find it in the quarantine, and emails tell you of it."),
    ),
    MailPolicy.DROP: (
        N_("No mail"),
        N_(
            "Everything is held, and no email tells you of it. What you have to answer in time still comes: "
            "legal letters, reports of abuse, notices of registries and known registrars; and whom you have "
            "allowed. Senders are not told."
        ),
    ),
}
SWITCHES: Mapping[str, str] = {
    "banner": N_("Begin each message to me with a line that says what it is and how to answer."),
    "attach_original": N_("Attach each message to me as it came, as evidence of abuse."),
    "plain_text_only": N_("Send my answers as plain text only."),
    "neutral_file_names": N_("Give the files that I send neutral names, such as “attachment-1.pdf”."),
}
WORDS: Mapping[str, tuple[str, str]] = {
    "identifiers": (
        N_("What else names me"),
        N_("A nickname, another address: it leaves in no answer. One in each line."),
    ),
    "released": (
        N_("What may be seen"),
        N_("What of my data may leave in my answers all the same. One in each line."),
    ),
}
ROLES: Mapping[Role, str] = {
    Role.REGISTRANT: N_("Owner"),
    Role.ADMIN: N_("Administrative contact"),
    Role.TECH: N_("Technical contact"),
    Role.BILLING: N_("Billing contact"),
}
_WORDS_WRONG = N_(
    "Nothing was changed: each line has to have 3 to 200 characters, and there may be 100 of them."
)


class MailPage(DomainPage):
    """Shows how a domain's mail stands; changes it."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show it."""
        return await self._page(request, owner)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Change what a form is about."""
        form = await form_of(request)
        action = _ACTIONS.get(field_of(form, "do"))
        if action is None:
            raise NoSuchLink
        return await action(self, request, owner, form)

    async def set_policy(self, request: web.Request, owner: SignedIn, form: Form) -> web.Response:
        """Have mail forwarded, filtered or kept back."""
        wanted = field_of(form, "policy")
        if wanted not in set(MailPolicy):
            raise NoSuchLink
        settings = self._deps.mail_settings
        await of_his(settings.set_policy(owner.found, name_in(request), MailPolicy(wanted)))
        return self._saved(request)

    async def lead_to(self, request: web.Request, owner: SignedIn, form: Form) -> web.Response:
        """Lead mail to another mailbox, if what was proven is fresh."""
        if not self._is_fresh(owner):
            return await self._to_proof(request, owner, "mail")
        mailbox = field_of(form, "mailbox")
        await of_his(self._deps.mail_settings.lead_to(owner.found, name_in(request), mailbox))
        return self._saved(request)

    async def wish(self, request: web.Request, owner: SignedIn, form: Form) -> web.Response:
        """Store what he gets and what leaves."""
        ticked: dict[str, object] = {each: each in form for each in SWITCHES}
        typed = {each: list(filter(str.strip, field_of(form, each).splitlines())) for each in WORDS}
        try:
            wishes = self._deps.mail_settings.wish(owner.found, name_in(request), ticked | typed)
            await of_his(wishes)
        except InvalidInput:
            texts = {each: field_of(form, each) for each in WORDS}
            return await self._page(request, owner, {**ticked, **texts}, note=_WORDS_WRONG)
        return self._saved(request)

    async def _page(
        self,
        request: web.Request,
        owner: SignedIn,
        typed: Mapping[str, object] | None = None,
        note: str = "",
    ) -> web.Response:
        """Return the page; `typed` stands in the place of the wishes that are stored."""
        mail = await of_his(self._deps.mail_settings.of_domain(owner.account, name_in(request)))
        stored = {each: getattr(mail.settings, each) for each in SWITCHES}
        stored |= {each: "\n".join(getattr(mail.settings, each)) for each in WORDS}
        return self._named(
            request,
            owner,
            "mail",
            422 if note else 200,
            mail=mail,
            note=note,
            policies=POLICIES,
            switches=SWITCHES,
            words=WORDS,
            wishes=typed or stored,
            roles=ROLES,
        )


_Action = Callable[[MailPage, web.Request, SignedIn, Form], Awaitable[web.Response]]
_ACTIONS: Mapping[str, _Action] = {
    "policy": MailPage.set_policy,
    "mailbox": MailPage.lead_to,
    "wishes": MailPage.wish,
}
