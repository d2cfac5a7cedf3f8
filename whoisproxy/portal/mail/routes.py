"""The pages of an owner's mail."""

from whoisproxy.portal.mail.charts import ChartsPage
from whoisproxy.portal.mail.digest import DigestPage
from whoisproxy.portal.mail.held import HeldListPage, HeldPage
from whoisproxy.portal.mail.log import LogPage, MessagePage
from whoisproxy.portal.mail.senders import SendersPage
from whoisproxy.portal.route import Audience, Route

ROUTES: tuple[Route, ...] = (
    Route("GET", "/mail", LogPage, LogPage.show, Audience.OWNER),
    Route("GET", "/mail/messages/{message}", MessagePage, MessagePage.show, Audience.OWNER),
    Route("GET", "/mail/held", HeldListPage, HeldListPage.show, Audience.OWNER),
    Route("GET", "/mail/held/{message}", HeldPage, HeldPage.show, Audience.OWNER),
    Route("POST", "/mail/held/{message}", HeldPage, HeldPage.act, Audience.OWNER),
    Route("GET", "/mail/digest", DigestPage, DigestPage.show, Audience.OWNER),
    Route("POST", "/mail/digest", DigestPage, DigestPage.act, Audience.OWNER),
    Route("GET", "/mail/senders", SendersPage, SendersPage.show, Audience.OWNER),
    Route("POST", "/mail/senders", SendersPage, SendersPage.act, Audience.OWNER),
    Route("POST", "/mail/senders/{rule}", SendersPage, SendersPage.remove, Audience.OWNER),
    Route("GET", "/mail/charts", ChartsPage, ChartsPage.show, Audience.OWNER),
)
