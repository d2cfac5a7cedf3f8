"""Where mail and directories lead those who look for another way to the owner of a domain."""

from whoisproxy.config import Settings
from whoisproxy.services.contact.pages import ContactPages


def contact_pages(settings: Settings) -> ContactPages:
    """Return where the public pages are."""
    return ContactPages(settings.portal.base_url.rstrip("/"), settings.contact.base_url.rstrip("/"))


def contact_page(settings: Settings, domain: str = "") -> str:
    """Return the page of a domain, or where the domain is asked for; the operator's own where he has one."""
    pages = contact_pages(settings)
    return settings.relay.contact_url or (pages.page(domain) if domain else pages.start)
