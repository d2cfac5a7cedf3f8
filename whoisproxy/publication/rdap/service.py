"""Answers that tell of no object: help (RFC 9083 section 7) and errors (section 6)."""

from whoisproxy.publication.answer import View
from whoisproxy.publication.rdap.members import CONFORMANCE, dumps, notice, notices, self_link, terms_notice

_USAGE = (
    "Registration data of this registrar's customers (RFC 9082, RFC 9083).",
    "Queries: /domain/NAME, /nameserver/NAME, /entity/IANA-ID and /help.",
    "NAME may be in A-labels or U-labels, in any case. Searches are not supported here.",
    "Contacts are written as JSContact (RFC 9553) for clients that accept this media type:",
    'application/rdap+json;exts_list="rdap_level_0 jscard"',
)


def help_json(terms_url: str, queried_url: str) -> bytes:
    """Return the answer to a help query (RFC 9082 section 3.1.6).

    Drafts are told in words: identifiers that IANA does not list must not stand in the conformance.
    """
    usage = notice("Help", "", self_link(queried_url)) | {"description": _USAGE}
    document = {
        "rdapConformance": (*CONFORMANCE[View.RDAP], "redacted"),
        "notices": [usage, *notices(terms_url, queried_url)],
    }
    return dumps(document)


def error_json(status: int, title: str, description: str, *, terms_url: str, queried_url: str) -> bytes:
    """Return the body of an error; it repeats nothing of the query but its URL."""
    document = {
        "rdapConformance": CONFORMANCE[View.RDAP],
        "errorCode": status,
        "title": title,
        "description": [description],
        "notices": [terms_notice(terms_url, queried_url)],
    }
    return dumps(document)
