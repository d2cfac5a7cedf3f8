"""The page of the addresses by which an owner answers: whom each stands for, how long, and its end."""

import re

from aiohttp import web

from whoisproxy.portal.dependencies import name_in
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.mail_settings.domain_page import DomainPage, of_his

_ON_A_PAGE = 25
_ID = re.compile(r"\w{1,40}", re.ASCII)


class RepliesPage(DomainPage):
    """Lists reply addresses; ends one."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show a page of them, the newest first."""
        after = request.query.get("after", "")
        name, settings = name_in(request), self._deps.mail_settings
        found = await of_his(
            settings.replies(owner.account, name, after if _ID.fullmatch(after) else "", _ON_A_PAGE + 1)
        )
        shown, now = found[:_ON_A_PAGE], self._deps.clock()
        return self._named(
            request,
            owner,
            "replies",
            replies=[(one, one.takes_mail(now)) for one in shown],
            first=not after,
            more=shown[-1].id if len(found) > len(shown) else "",
        )

    async def revoke(self, request: web.Request, owner: SignedIn) -> web.Response:
        """End one."""
        reply = request.match_info["reply"]
        await of_his(self._deps.mail_settings.revoke(owner.found, name_in(request), reply))
        return self._saved(request, "mail/replies")
