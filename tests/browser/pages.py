"""Every page that there is, and how a browser comes to it: the table from which tests and pictures are made.

A page that is not here is found by a test. A row says what to open, what to fill in and what to press;
selectors name fields and buttons, never their words, since each page is looked at in each language.
"""

from dataclasses import dataclass

from tests.browser.places import path_in
from tests.browser.scene import Scene, Who
from tests.browser.tab import Tab


@dataclass(frozen=True, slots=True)
class PageRow:
    """One page.

    Attributes:
        path: With names of `places.PLACES` in braces.
        fill: Selectors and what is written into them.
        press: Selector of what leads on to the page from there; "" for nothing.
        forgets: Whether the browser loses its cookies before that.
        status: Of the answer.
    """

    name: str
    path: str
    who: Who = Who.ANYBODY
    fill: tuple[tuple[str, str], ...] = ()
    press: str = ""
    forgets: bool = False
    status: int = 200

    async def open(self, tab: Tab, scene: Scene) -> None:
        """Come to it in a new browser profile."""
        if self.who is not Who.ANYBODY:
            await tab.keep_session((await scene.session(self.who)).secret)
        status = await tab.open(await path_in(scene, self.path))
        for selector, text in self.fill:
            await tab.page.fill(selector, text)
        if self.forgets:
            await tab.context.clear_cookies()
        if self.press:
            status = (await tab.press(self.press)).status
        assert status == self.status, f"{self.name}: {status}"


_ENTRY = (
    PageRow("sign-in", "/sign-in"),
    PageRow(
        "sign-in-failed",
        "/sign-in",
        fill=(("#name", "nobody@home.example"), ("#password", "wrong wrong wrong")),
        press="button[value=password]",
        status=422,
    ),
    PageRow(
        "sign-in-sent",
        "/sign-in",
        fill=(("#mailbox", "nobody@home.example"),),
        press="button[value=letter]",
    ),
    PageRow("arriving", "/enter/{new_link}"),
    PageRow("second-step", "/second-step", Who.HALF),
    PageRow(
        "second-step-failed",
        "/second-step",
        Who.HALF,
        fill=(("#code", "000000"),),
        press="button[value=code]",
        status=422,
    ),
    PageRow("prove", "/prove", Who.SECURED),
    PageRow("prove-bare", "/prove", Who.PLAIN),
    PageRow("security", "/security", Who.SECURED),
    PageRow("security-bare", "/security", Who.PLAIN),
    PageRow(
        "security-refused",
        "/security",
        Who.PLAIN,
        fill=(("#password", "correct horse"), ("#again", "other horse!")),
        press="form:has(#password) button",
        status=422,
    ),
    PageRow("codes", "/security/codes", Who.PLAIN),
    PageRow("codes-required", "/security/codes", Who.ENROLLING),
    PageRow("codes-picture", "/security/codes", Who.PLAIN, press="button[value=begin]"),
    PageRow("recovery-codes", "/security", Who.SECURED, press="form[action$='/security/codes'] button"),
    PageRow("new-passkey", "/security/passkeys", Who.PLAIN),
    PageRow(
        "stale-form",
        "/sign-in",
        fill=(("#mailbox", "nobody@home.example"),),
        press="button[value=letter]",
        forgets=True,
        status=403,
    ),
)
_SIGNED = (
    PageRow("gone", "/m/nothing", status=404),
    PageRow("answer", "/a/{answer}"),
    PageRow(
        "answer-preview",
        "/a/{answer}",
        fill=(("#text", "Not for sale, but ask me again in March."),),
        press="button[value=preview]",
    ),
    PageRow("answer-sent", "/a/{answer}?sent"),
    PageRow("confirm", "/c/{confirm}"),
    PageRow("stop", "/s/{stop}"),
    PageRow("stopped", "/s/{new_stop}", press="main form button"),
    PageRow("held", "/m/{held}"),
    PageRow("held-danger", "/m/{malware}"),
    PageRow("held-danger-sure", "/m/{malware}", press="button[value=release]"),
    PageRow("held-done", "/m/{new_held}", press="button[value=release]"),
    PageRow("held-list", "/q/{quarantine}"),
    PageRow("digest", "/d/{digest}"),
    PageRow("digest-saved", "/d/{digest}", press="main form button"),
)
_DOMAINS = (
    PageRow("domains", "/domains", Who.PLAIN),
    PageRow("domains-none", "/domains?q=nothing-like-it", Who.PLAIN),
    PageRow("domain", "/domains/{domain}", Who.PLAIN),
    PageRow("domain-open", "/domains/{open}", Who.SECURED),
    PageRow("evidence", "/domains/{domain}/evidence/{exhibit}", Who.PLAIN),
    PageRow("switch-on", "/domains/{open}/privacy", Who.SECURED),
    PageRow("switch-off", "/domains/{domain}/privacy", Who.PLAIN),
    PageRow("switch-many", "/domains/privacy?to=on&d={open}&d=nobodys.example", Who.SECURED),
    PageRow("operation", "/operations/{operation}", Who.PLAIN),
)
_MAIL_SETTINGS = (
    PageRow("mail-settings", "/domains/{domain}/mail", Who.PLAIN),
    PageRow("mail-settings-open", "/domains/{open}/mail", Who.SECURED),
    PageRow("key", "/domains/{domain}/mail/key", Who.PLAIN),
    PageRow("relay-address", "/domains/{domain}/mail/address", Who.PLAIN),
    PageRow("replies", "/domains/{domain}/mail/replies", Who.PLAIN),
    PageRow("mailboxes", "/mailboxes", Who.PLAIN),
    PageRow("confirm-mailbox", "/mailboxes/confirm/{confirm_mailbox}"),
)
_MAIL = (
    PageRow("mail", "/mail", Who.PLAIN),
    PageRow("mail-none", "/mail", Who.SECURED),
    PageRow("mail-message", "/mail/messages/{message}", Who.PLAIN),
    PageRow("mail-held", "/mail/held", Who.PLAIN),
    PageRow("mail-held-message", "/mail/held/{held_message}", Who.PLAIN),
    PageRow("mail-held-danger", "/mail/held/{malware_message}", Who.PLAIN, press="button[value=release]"),
    PageRow("mail-held-done", "/mail/held/{new_held_message}", Who.PLAIN, press="button[value=discard]"),
    PageRow("mail-digest", "/mail/digest", Who.PLAIN),
    PageRow("senders", "/mail/senders", Who.PLAIN),
    PageRow(
        "senders-refused",
        "/mail/senders",
        Who.PLAIN,
        fill=(("[name=sender]", "no sender"),),
        press="main form:has([name=sender]) button",
        status=422,
    ),
    PageRow("charts", "/mail/charts", Who.PLAIN),
)
_ACCOUNT = (
    PageRow("account", "/account", Who.PLAIN),
    PageRow("correcting", "/account/registrants/{registrant}/correction", Who.PLAIN),
    PageRow(
        "correcting-refused",
        "/account/registrants/{registrant}/correction",
        Who.PLAIN,
        fill=(("[name=phone]", "1"),),
        press="main form button",
        status=422,
    ),
    PageRow("corrections", "/account/corrections", Who.PLAIN),
    PageRow("preferences", "/account/preferences", Who.PLAIN),
    PageRow("access", "/account/access", Who.PLAIN),
    PageRow("exports", "/account/exports", Who.PLAIN),
    PageRow("closing", "/account/closing", Who.PLAIN),
)
_CONTACT = (
    PageRow("contact-start", "/contact"),
    PageRow("contact", "/contact/{domain}"),
    PageRow("contact-confirm", "/contact/confirm/{contact_confirm}"),
    PageRow("contact-confirmed", "/contact/confirm/{new_contact_confirm}", press="main form button"),
    PageRow("contact-status", "/contact/status/{contact_status}"),
)
PAGES: tuple[PageRow, ...] = (
    *_ENTRY,
    *_SIGNED,
    *_DOMAINS,
    *_MAIL_SETTINGS,
    *_MAIL,
    *_ACCOUNT,
    *_CONTACT,
)
