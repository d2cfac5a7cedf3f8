"""How a registrar's pages look: its name, logo and colours, its legal pages, its own host name.

Not what RDAP and WHOIS publish in place of registrants; that is `proxy_identity`.
"""

import re
from dataclasses import dataclass, field

import idna

from whoisproxy.domain.contrast import LEAST, contrast
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.registrant import belongs_in_a_line

# What text stands on, as `portal/static/style.css` has it.
LIGHT_GROUNDS = ("#ffffff", "#f5f7f9")
DARK_GROUNDS = ("#12181f", "#1a222b")
# What stands on an accent.
ON_LIGHT_ACCENT, ON_DARK_ACCENT = "#ffffff", "#0d1216"

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_WEB_PAGE = re.compile(r"https://[a-z0-9.-]+(:[0-9]+)?(/[!-;=?-~]*)?", re.IGNORECASE)
_LONGEST_NAME = 60
_LONGEST_URL = 500
# Field, and what it must stand out from.
_ACCENTS = {
    "accent": (*LIGHT_GROUNDS, ON_LIGHT_ACCENT),
    "accent_dark": (*DARK_GROUNDS, ON_DARK_ACCENT),
}
_PAGES = ("imprint_url", "privacy_url", "terms_url", "help_url")


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture that is safe to show; `media_type` is `image/svg+xml` or `image/png`."""

    content: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class Appearance:
    """How the pages of one registrar look; "" stands for what the pages have of their own.

    Attributes:
        name: What stands at the head of each page.
        host: Host name in A-labels by which the pages are reached as well.
        accent: Colour of links and buttons on a light ground, `#rrggbb`.
        accent_dark: The same on a dark one.
        logo_type: Media type of the logo; "" for none.
        version: Changes with anything else.
    """

    registrar_id: str
    name: str
    host: str = ""
    accent: str = ""
    accent_dark: str = ""
    imprint_url: str = ""
    privacy_url: str = ""
    terms_url: str = ""
    help_url: str = ""
    logo_type: str = ""
    version: str = ""


def check(appearance: Appearance) -> None:
    """Raise InvalidInput where something of it cannot be shown."""
    name = appearance.name
    if not name.strip() or len(name) > _LONGEST_NAME or not all(map(belongs_in_a_line, name)):
        raise InvalidInput("name", f"must be one line of at most {_LONGEST_NAME} characters")
    if appearance.host != host_name(appearance.host):
        raise InvalidInput("host", "must be a host name in lower-case A-labels, without a port")
    for page in _PAGES:
        url = getattr(appearance, page)
        if url and (len(url) > _LONGEST_URL or not _WEB_PAGE.fullmatch(url)):
            raise InvalidInput(page, "must begin with https:// and be ASCII")
    for accent, others in _ACCENTS.items():
        _check_colour(accent, getattr(appearance, accent), others)


def host_name(text: str) -> str:
    """Return a host name in A-labels, without its port; "" where it is none."""
    try:
        name = idna.encode(text.partition(":")[0], uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return ""
    # The last label of a name is never a number, that of an IPv4 address is (RFC 3696 section 2).
    return "" if "." not in name or name.rpartition(".")[2].isdigit() else name


def _check_colour(name: str, colour: str, others: tuple[str, ...]) -> None:
    if not colour:
        return
    if not _COLOUR.fullmatch(colour):
        raise InvalidInput(name, "must be a colour such as #0b5c6b")
    for other in others:
        ratio = contrast(colour, other)
        if ratio < LEAST:
            least = f"must stand out from {other} by {LEAST}:1 (WCAG 2.2, 1.4.3), not {ratio:.1f}:1"
            raise InvalidInput(name, least)
