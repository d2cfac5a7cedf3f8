"""Where the public pages are, as the outside sees them."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class ContactPages:
    """Addresses of the public pages.

    Attributes:
        portal_url: Where all pages are, without a final slash.
        own_url: A host name of theirs alone, `https://contact.example`; "" for none.
    """

    portal_url: str
    own_url: str = ""

    @property
    def start(self) -> str:
        """Where anybody names the domain whose owner he looks for."""
        return f"{self.own_url or self.portal_url}/contact"

    @property
    def prefix(self) -> str:
        """What stands before a domain in the address of its page."""
        return f"{self.own_url}/" if self.own_url else f"{self.start}/"

    @property
    def own_host(self) -> str:
        """The host name of their own, with its port, in lower case; "" for none."""
        return urlsplit(self.own_url).netloc.lower()

    def page(self, domain: str) -> str:
        """Return the address of a domain's page; the domain is in A-labels."""
        return self.prefix + domain

    def confirm(self, token: str) -> str:
        """Return the address by which a sender says that a message is his."""
        return f"{self.start}/confirm/{token}"
