"""Where an owner goes on once he has proven that it is he: one of our own places, by a word for it.

The page that asks for a proof is told the word and, for a page of a domain, which; neither is an address, and
a domain counts only where it is his.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName
from whoisproxy.portal.entry.signed_in import ENROLMENT, HOME, PROVE, SECURITY, SignedIn
from whoisproxy.services.owners.domains import OwnerDomains

_DOMAIN = "{domain}"
PLACES: Mapping[str, str] = {
    "security": SECURITY,
    "codes": ENROLMENT,
    "passkeys": f"{SECURITY}/passkeys",
    "mailboxes": "/mailboxes",
    "mail": f"{HOME}/{_DOMAIN}/mail",
    "key": f"{HOME}/{_DOMAIN}/mail/key",
    "account": "/account",
    "exports": "/account/exports",
    "closing": "/account/closing",
}


def proof_for(place: str, domain: str = "") -> str:
    """Return the path of the page that asks for a proof, and leads on to one of `PLACES`."""
    return f"{PROVE}?{urlencode({'for': place} | ({'domain': domain} if domain else {}))}"


async def onward(request: web.Request, owner: SignedIn, domains: OwnerDomains) -> str:
    """Return where an owner wanted to go; where he goes on anyhow if that was not said."""
    place = PLACES.get(request.query.get("for", ""), owner.onward)
    if _DOMAIN not in place:
        return place
    name = await _his(request.query.get("domain", ""), owner, domains)
    return place.replace(_DOMAIN, name) if name else HOME


async def _his(typed: str, owner: SignedIn, domains: OwnerDomains) -> str:
    """Return the name of a domain of the owner's, as it is stored, "" where it is none."""
    try:
        found = await domains.get(owner.account, DomainName.parse(typed))
    except InvalidInput:
        return ""
    return found.registration.name.a_label if found else ""
