"""In what dress an owner sees where a link in his mail leads: his language, the look of his registrar."""

from urllib.parse import urlsplit

from aiohttp import web

from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.portal.view import VIEW, View


async def view_of_domain(deps: PortalDependencies, request: web.Request, domain: str, language: str) -> View:
    """Return the view of a domain's owner; `domain` is in A-labels, `language` a BCP 47 tag."""
    return request[VIEW].of_profile(language).dressed(await deps.appearances.of_domain(domain))


async def view_at_registrar(
    deps: PortalDependencies, request: web.Request, registrar_id: str, language: str
) -> View:
    """Return the view of an owner at a registrar."""
    return request[VIEW].of_profile(language).dressed(await deps.appearances.of_registrar(registrar_id))


def path_of(link: str) -> str:
    """Return a link for a page, which leads to the host by which the page was reached."""
    return urlsplit(link).path
