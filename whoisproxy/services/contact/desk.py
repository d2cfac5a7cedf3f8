"""What the public pages work with: the form, and what the configuration says of the proxy."""

from dataclasses import dataclass

from whoisproxy.domain.proxy_identity import Brand
from whoisproxy.services.contact.form import ContactForm
from whoisproxy.services.contact.pages import ContactPages


@dataclass(frozen=True, slots=True)
class ContactDesk:
    """Everything below the public pages; none of it knows of a domain.

    Attributes:
        brand: What the world sees in place of owners, where a registrar has no brand of its own.
        rdap_url: Where the public directory is, without a final slash.
    """

    form: ContactForm
    pages: ContactPages
    brand: Brand
    relay_domain: str
    rdap_url: str
