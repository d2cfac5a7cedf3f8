"""Members that RDAP documents share: conformance, links, events and notices (RFC 9083 section 4)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from whoisproxy.publication.answer import View

CONTENT_TYPE = "application/rdap+json"

BASE_CONFORMANCE = ("rdap_level_0",)

# By these a document is made. JSContact is not what the profile asks for, so that one does not claim it.
CONFORMANCE = {
    View.RDAP: (
        *BASE_CONFORMANCE,
        "icann_rdap_response_profile_1",
        "icann_rdap_technical_implementation_guide_1",
    ),
    View.JSCONTACT: (*BASE_CONFORMANCE, "jscard"),
}

_PROFILE_NOTICES = (
    # Title, text, relation, page: wording of the profile's 2.6.3 and 2.10.
    (
        "Status Codes",
        "For more information on domain status codes, please visit https://icann.org/epp",
        "glossary",
        "https://icann.org/epp",
    ),
    (
        "RDDS Inaccuracy Complaint Form",
        "URL of the ICANN RDDS Inaccuracy Complaint Form: https://icann.org/wicf",
        "help",
        "https://icann.org/wicf",
    ),
)


# Stands for the queried URL in notices that are written before there is a query.
_URL = "\N{OBJECT REPLACEMENT CHARACTER}".encode()


def dumps(document: Mapping[str, Any]) -> bytes:
    """Return the document as it is sent. No octet of it can be taken for markup (profile 1.2.2)."""
    body = orjson.dumps(document, option=orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS)
    if b"<" in body or b">" in body:
        # In JSON these stand in strings only; a browser that guesses types sees no element.
        body = body.replace(b"<", b"\\u003c").replace(b">", b"\\u003e")
    return body


def event(action: str, moment: datetime) -> dict[str, Any]:
    """Return an event (RFC 9083 section 4.5) in UTC, to the second."""
    return {"eventAction": action, "eventDate": moment.astimezone(UTC)}


def database_event(read_at: datetime) -> dict[str, Any]:
    """Return the event that the profile demands of every object (2.3.1.3, 3.3, 4.4)."""
    return event("last update of RDAP database", read_at)


def self_link(url: str) -> dict[str, str]:
    """Return the link of an object to itself."""
    return link(url, "self", url, CONTENT_TYPE)


def link(value: str, rel: str, href: str, media_type: str = "text/html") -> dict[str, str]:
    """Return a link (RFC 9083 section 4.2); `value` is the URI of what links, absolute."""
    return {"value": value, "rel": rel, "href": href, "type": media_type}


def terms_notice(terms_url: str, url: str) -> dict[str, Any]:
    """Return the notice of the terms of service (technical implementation guide 3.3) for a query of `url`."""
    text = "By querying this service you agree to its terms."
    return notice("Terms of Service", text, link(url, "terms-of-service", terms_url))


def notices(terms_url: str, url: str) -> list[dict[str, Any]]:
    """Return the terms and the notices that the profile prescribes, for the answer to a query of `url`."""
    prescribed = [notice(title, text, link(url, rel, page)) for title, text, rel, page in _PROFILE_NOTICES]
    return [terms_notice(terms_url, url), *prescribed]


def written_notices(terms_url: str, url: str) -> orjson.Fragment:
    """Return `notices` as JSON; between queries only the URL differs."""
    return orjson.Fragment(_form(terms_url).replace(_URL, orjson.dumps(url)[1:-1]))


@lru_cache(maxsize=256)
def _form(terms_url: str) -> bytes:
    return orjson.dumps(notices(terms_url, _URL.decode()))


def notice(title: str, text: str, *links: dict[str, str]) -> dict[str, Any]:
    """Return a notice (RFC 9083 section 4.3)."""
    return {"title": title, "description": [text], "links": list(links)}
