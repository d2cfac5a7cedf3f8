"""In what dress a page is shown: its language, its registrar's brand, the areas that can be gone to."""

from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import urlencode

from aiohttp import web

from whoisproxy.domain.appearance import Appearance
from whoisproxy.i18n import DEFAULT_LANGUAGE, LANGUAGES, N_, known
from whoisproxy.portal.language import language_of


@dataclass(frozen=True, slots=True)
class Switch:
    """A link to the same page in another language, which calls itself `name`."""

    language: str
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Area:
    """Where the navigation of owners leads.

    Attributes:
        title: In English.
        path: Below the address of the pages, as are all other pages of the area but
        apart: the one that is not.
    """

    title: str
    path: str
    apart: str = ""


# In the order of the navigation.
AREAS: tuple[Area, ...] = (
    Area(N_("Domains"), "/domains"),
    Area(N_("Mail"), "/mail", "/mailboxes"),
    Area(N_("Account"), "/account"),
    Area(N_("Security"), "/security"),
)


@dataclass(frozen=True, slots=True)
class View:
    """What every page needs to know of who looks at it.

    Attributes:
        language: One of `LANGUAGES`.
        switches: The other languages; none where the profile says which it is.
        here: Path below the address of the pages, by which the navigation knows where one is.
        areas: What the navigation offers: `AREAS` to who has signed in, nothing to others.
        csrf: What his form to sign out carries; "" for others.
        appearance: Of the registrar; None for the look that the pages have of their own.
    """

    language: str = DEFAULT_LANGUAGE
    switches: tuple[Switch, ...] = ()
    here: str = ""
    areas: tuple[Area, ...] = ()
    csrf: str = field(default="", repr=False)
    appearance: Appearance | None = None

    def of_profile(self, language: str) -> Self:
        """Return the view of somebody whose profile names a language, as a BCP 47 tag."""
        return replace(self, language=known(language) or DEFAULT_LANGUAGE, switches=())

    def dressed(self, appearance: Appearance | None) -> Self:
        """Return the view in the look of a registrar; None for that which the pages have of their own."""
        return replace(self, appearance=appearance)

    def of_owner(self, csrf: str) -> Self:
        """Return the view of somebody who has signed in: he can go everywhere, and out."""
        return replace(self, areas=AREAS, csrf=csrf)


VIEW = web.RequestKey("view", View)


def first_view(request: web.Request) -> View:
    """Return the view of somebody of whom only the request is known."""
    language = language_of(request)
    kept = [(name, value) for name, value in request.query.items() if name != "lang"]
    switches = [
        Switch(one, name, "?" + urlencode([*kept, ("lang", one)]))
        for one, name in LANGUAGES.items()
        if one != language
    ]
    return View(language, tuple(switches), request.path)
