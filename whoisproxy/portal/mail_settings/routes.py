"""How an owner wants the mail of his domains."""

from whoisproxy.portal.mail_settings.address import AddressPage
from whoisproxy.portal.mail_settings.confirming import ConfirmMailboxPage
from whoisproxy.portal.mail_settings.key import KeyPage
from whoisproxy.portal.mail_settings.mail import MailPage
from whoisproxy.portal.mail_settings.mailboxes import MAILBOXES, MailboxesPage
from whoisproxy.portal.mail_settings.replies import RepliesPage
from whoisproxy.portal.route import Audience, Route

_MAIL = "/domains/{domain}/mail"
_CONFIRM = f"{MAILBOXES}/confirm/{{token}}"

ROUTES: tuple[Route, ...] = (
    Route("GET", _MAIL, MailPage, MailPage.show, Audience.OWNER),
    Route("POST", _MAIL, MailPage, MailPage.act, Audience.OWNER),
    Route("GET", f"{_MAIL}/key", KeyPage, KeyPage.show, Audience.OWNER),
    Route("POST", f"{_MAIL}/key", KeyPage, KeyPage.act, Audience.OWNER),
    Route("GET", f"{_MAIL}/address", AddressPage, AddressPage.show, Audience.OWNER),
    Route("POST", f"{_MAIL}/address", AddressPage, AddressPage.act, Audience.OWNER),
    Route("GET", f"{_MAIL}/replies", RepliesPage, RepliesPage.show, Audience.OWNER),
    Route("POST", f"{_MAIL}/replies/{{reply}}", RepliesPage, RepliesPage.revoke, Audience.OWNER),
    Route("GET", MAILBOXES, MailboxesPage, MailboxesPage.show, Audience.OWNER),
    Route("POST", MAILBOXES, MailboxesPage, MailboxesPage.add, Audience.OWNER),
    Route("POST", f"{MAILBOXES}/{{mailbox}}", MailboxesPage, MailboxesPage.act, Audience.OWNER),
    Route("GET", _CONFIRM, ConfirmMailboxPage, ConfirmMailboxPage.show, Audience.LINK),
    Route("POST", _CONFIRM, ConfirmMailboxPage, ConfirmMailboxPage.act, Audience.LINK),
)
