"""From words and facts to a page, and the headers under which it is shown."""

from collections.abc import Sequence
from functools import cache, partial
from gettext import NullTranslations
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from whoisproxy.i18n import translations
from whoisproxy.portal.formats import day, moment, month, number, short_day, short_month
from whoisproxy.portal.messages import Said
from whoisproxy.portal.static_files import static_path
from whoisproxy.portal.view import View

_POLICY = "Content-Security-Policy"
# No script, nothing from elsewhere, shown in no frame of others, kept by nobody; and the address of the page,
# which is a secret, is told to nobody.
HEADERS = {
    _POLICY: "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# A browser says to us, and to nobody else, that a form is ours: else its Origin is `null`.
_WITH_OWN_FORMS = {"Referrer-Policy": "same-origin"}

OWN_FORMS = web.RequestKey("own-forms", bool)
"""Set where the answer to a request may hold forms that only our own pages may send."""

# A page with scripts of ours: they are files, and speak with nobody but us.
_WITH_SCRIPTS = f"{HEADERS[_POLICY]}; script-src 'self'; connect-src 'self'"

_FORMATS = (day, moment, month, number, short_day, short_month)


def headers_for(request: web.Request) -> dict[str, str]:
    """Return the headers that every answer to a request has; a page may have another policy of its own."""
    return HEADERS | _WITH_OWN_FORMS if request.get(OWN_FORMS) else HEADERS


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        # Everything is escaped, whatever its template is called.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = translations(language)
    environment.globals.update(_=partial(_said, words), ngettext=partial(_counted, words))
    environment.filters.update({each.__name__: partial(each, language=language) for each in _FORMATS})
    return environment


def _said(words: NullTranslations, message: str, /, **facts: object) -> str:
    """Return a text with its facts, as plain text, which the template escapes like any other."""
    return words.gettext(message) % facts


def _counted(words: NullTranslations, one: str, many: str, count: int, /, **facts: object) -> str:
    """Return a text that depends on a number, which is `%(count)d` in it."""
    return words.ngettext(one, many, count) % {**facts, "count": count}


class Pages:
    """Renders the pages below one address."""

    def __init__(self, base_url: str) -> None:
        self._root = urlsplit(base_url).path.rstrip("/")

    def page(
        self, template: str, view: View, status: int = 200, *, scripts: Sequence[str] = (), **facts: Any
    ) -> web.Response:
        """Return a page from a template.

        Args:
            template: Path below `templates/`, without `.html`.
            view: In what dress.
            status: Of HTTP.
            scripts: Names of files of `static/`, which run when the page is read.
            facts: What the template shows.
        """
        body = self.text(template, view, scripts=scripts, **facts)
        headers = {"Cache-Control": "no-store"} | ({_POLICY: _WITH_SCRIPTS} if scripts else {})
        return web.Response(status=status, text=body, content_type="text/html", headers=headers)

    def text(self, template: str, view: View, **facts: Any) -> str:
        """Return what a template says; arguments as in `page`."""
        found = _environment(view.language).get_template(f"{template}.html")
        return found.render(view=view, root=self._root, static=self._static, **facts)

    def message(self, said: Said, view: View, status: int = 200, **facts: str) -> web.Response:
        """Return a page that says one thing."""
        return self.page("message", view, status, said=said, facts=facts, domain=facts.get("domain", ""))

    def path(self, path: str) -> str:
        """Return a path of ours as browsers know it."""
        return self._root + path

    def redirect(self, path: str) -> web.Response:
        """Return the answer that leads to one of our own pages; `path` is never taken from a request."""
        headers = {"Location": self._root + path, "Cache-Control": "no-store"}
        return web.Response(status=303, headers=headers)

    def _static(self, name: str) -> str:
        return self._root + static_path(name)
