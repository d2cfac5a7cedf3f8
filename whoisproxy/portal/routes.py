"""Every route of the pages, in one table, which is put together from those of the areas.

The application is built from it, and tests take their cases from it: a route that is not here does not exist,
and one that is here is tried with other people's links and sessions.
"""

from whoisproxy.portal.account.routes import ROUTES as ACCOUNT
from whoisproxy.portal.appearance_files import AppearanceFiles
from whoisproxy.portal.contact.routes import ROUTES as CONTACT
from whoisproxy.portal.domains.routes import ROUTES as DOMAINS
from whoisproxy.portal.entry.routes import ROUTES as ENTRY
from whoisproxy.portal.mail.routes import ROUTES as MAIL
from whoisproxy.portal.mail_settings.routes import ROUTES as MAIL_SETTINGS
from whoisproxy.portal.route import Audience, Route
from whoisproxy.portal.signed.routes import ROUTES as SIGNED
from whoisproxy.portal.static_files import StaticFiles
from whoisproxy.portal.switching.routes import ROUTES as SWITCHING

ROUTES: tuple[Route, ...] = (
    *SIGNED,
    *ENTRY,
    *CONTACT,
    *DOMAINS,
    *SWITCHING,
    *MAIL_SETTINGS,
    *MAIL,
    *ACCOUNT,
    Route("GET", "/static/{name}", StaticFiles, StaticFiles.show, Audience.PUBLIC, counted=False),
    Route(
        "GET",
        "/look/{registrar}/style.css",
        AppearanceFiles,
        AppearanceFiles.style,
        Audience.PUBLIC,
        counted=False,
    ),
    Route(
        "GET", "/look/{registrar}/logo", AppearanceFiles, AppearanceFiles.logo, Audience.PUBLIC, counted=False
    ),
)
