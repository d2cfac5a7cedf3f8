"""ICANN's implementation guide, and its profile of any answer (-20700 to -43100, -46500 ff., -61000 ff.)."""

import re
from collections.abc import Iterator
from typing import Any

from tests.whoisproxy.publication.conformance.selection import items, properties, with_role
from tests.whoisproxy.publication.conformance.table import EVERYTHING, LOOKUPS, Answer, Mode, each, rule

# Registries that act as registrars (IANA's registrar ids).
RESERVED_REGISTRARS = {"9994", "9995", "9996", "9997", "9998", "9999"}


@rule(-20700, on=EVERYTHING)
def some_notice_has_a_link(answer: Answer) -> bool:
    return any("links" in notice for notice in answer.document["notices"])


@rule(-20701, on="help")
def help_has_conformance_and_notices(answer: Answer) -> bool:
    return {"rdapConformance", "notices"} <= set(answer.document)


def addresses(document: Any) -> Iterator[Any]:
    return properties(document, "adr")


each(-20800, addresses, lambda line: isinstance(line[3], list) and "label" not in line[1])
each(
    -20900, lambda document: properties(document, "tel"), lambda line: line[1].get("type") in {"voice", "fax"}
)


def _related(answer: Answer) -> list[Any]:
    [registrar] = with_role(answer.document, "registrar")
    if registrar["handle"] in RESERVED_REGISTRARS:
        return [{"value": answer.url, "href": answer.url}]
    return [link for link in answer.document["links"] if link["rel"] == "related"]


@rule(-23200, on="domain", mode=Mode.REGISTRY)
def a_registry_refers_to_the_registrar(answer: Answer) -> bool:
    return any("href" in link for link in _related(answer))


@rule(-23201, on="domain", mode=Mode.REGISTRY)
def the_referral_is_from_the_queried_uri(answer: Answer) -> bool:
    return any(link["value"] == answer.url for link in _related(answer))


@rule(-23202, on="domain", mode=Mode.REGISTRY)
def the_referral_is_a_domain_query(answer: Answer) -> bool:
    """The tool wants a path before `/domain/`, which RFC 9082 does not."""
    return all(re.match("https?://[^/]+/.*/domain/.", link["href"]) for link in _related(answer))


def _conformance(answer: Answer) -> set[str]:
    return set(answer.document["rdapConformance"])


@rule(-61000)
def the_guide_is_declared(answer: Answer) -> bool:
    return "icann_rdap_technical_implementation_guide_1" in _conformance(answer)


@rule(-61001)
def the_guide_of_2019_is_not_declared(answer: Answer) -> bool:
    return "icann_rdap_technical_implementation_guide_0" not in _conformance(answer)


def _terms(answer: Answer) -> list[Any]:
    notices = answer.document["notices"]
    return [link for link in items(notices, "links") if link["rel"] == "terms-of-service"]


@rule(-61200)
def there_is_one_link_to_the_terms(answer: Answer) -> bool:
    return len(_terms(answer)) == 1


@rule(-61201)
def the_terms_are_a_page(answer: Answer) -> bool:
    return all(link["href"].startswith(("http://", "https://")) for link in _terms(answer))


@rule(-61202)
def the_terms_are_those_of_the_queried_uri(answer: Answer) -> bool:
    return all(link["value"] == answer.url for link in _terms(answer))


# The profile.


@rule(-40100)
def no_octet_is_executable(answer: Answer) -> bool:
    return re.search(rb"<(?i:.*script.*)>", answer.body) is None


each(-40400, addresses, lambda line: line[3][6] == "")
each(-62100, addresses, lambda line: line[3][6] == "")
each(-62101, addresses, lambda line: re.fullmatch("[A-Z]{2}", line[1].get("cc", "")) is not None)


@rule(-62000)
def the_profile_is_declared(answer: Answer) -> bool:
    return "icann_rdap_response_profile_1" in _conformance(answer)


@rule(-62006)
def the_profile_of_2019_is_not_declared(answer: Answer) -> bool:
    return "icann_rdap_response_profile_0" not in _conformance(answer)


def events(answer: Answer) -> set[str]:
    return {event["eventAction"] for event in answer.document["events"]}


@rule(-43100, on=LOOKUPS)
def the_age_of_the_database_is_told(answer: Answer) -> bool:
    return "last update of RDAP database" in events(answer)


@rule(-46500, on=EVERYTHING)
def there_are_notices(answer: Answer) -> bool:
    return "notices" in answer.document


# (first code, title, text, page, relation). The tool asks for them in every look-up, and for help.
_NOTICES = (
    (
        -46601,
        "Status Codes",
        "For more information on domain status codes, please visit https://icann.org/epp",
        "https://icann.org/epp",
        "glossary",
    ),
    (
        -46701,
        "RDDS Inaccuracy Complaint Form",
        "URL of the ICANN RDDS Inaccuracy Complaint Form: https://icann.org/wicf",
        "https://icann.org/wicf",
        "help",
    ),
)


def _notice_rules(code: int, title: str, text: str, page: str, rel: str) -> None:
    kinds = (*LOOKUPS, "help")

    def found(answer: Answer) -> list[Any]:
        return [notice for notice in answer.document["notices"] if notice.get("title") == title]

    def links(answer: Answer) -> list[Any]:
        return [link for notice in found(answer) for link in notice.get("links", []) if link["href"] == page]

    rule(code, on=kinds)(lambda answer: len(found(answer)) == 1)
    rule(code - 1, on=kinds)(lambda answer: all(notice["description"] == [text] for notice in found(answer)))
    rule(code - 2, on=kinds)(lambda answer: all("links" in notice for notice in found(answer)))
    rule(code - 3, on=kinds)(lambda answer: len(links(answer)) == 1)
    rule(code - 4, on=kinds)(lambda answer: all(link["rel"] == rel for link in links(answer)))
    rule(code - 5, on=kinds)(lambda answer: all(link["value"] == answer.url for link in links(answer)))


for _row in _NOTICES:
    _notice_rules(*_row)
