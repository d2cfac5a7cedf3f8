"""The colours and the logo of a registrar: files of their own, since pages have no style within."""

from aiohttp import web

from whoisproxy.domain.appearance import Appearance
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies
from whoisproxy.portal.rendering import Pages

_LASTING = "public, max-age=86400"
# An SVG that is opened by itself is a page: it may draw, and nothing else.
_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


class AppearanceFiles:
    """Shows what a page's links for its look lead to; these change with the look."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        del pages  # it renders none
        self._appearances = deps.appearances

    async def style(self, request: web.Request) -> web.Response:
        """Answer with a style sheet that sets the colours."""
        found = await self._appearances.of_registrar(request.match_info["registrar"])
        if found is None:
            raise NoSuchLink
        return web.Response(text=_style(found), content_type="text/css", headers={"Cache-Control": _LASTING})

    async def logo(self, request: web.Request) -> web.Response:
        """Answer with the logo."""
        found = await self._appearances.logo(request.match_info["registrar"])
        if found is None:
            raise NoSuchLink
        return web.Response(
            body=found.content,
            content_type=found.media_type,
            headers={"Cache-Control": _LASTING, "Content-Security-Policy": _POLICY},
        )


def _style(appearance: Appearance) -> str:
    accents = {"light": appearance.accent, "dark": appearance.accent_dark}
    rules = [
        f"@media (prefers-color-scheme: {scheme}) {{ :root {{ --accent: {accent}; }} }}\n"
        for scheme, accent in accents.items()
        if accent
    ]
    return "".join(rules)
