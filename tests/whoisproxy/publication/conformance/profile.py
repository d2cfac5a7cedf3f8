"""ICANN's implementation guide and response profile of February 2024 (-20700 to -49300, -60100 to -63000)."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.whoisproxy.publication.conformance.selection import items, lines, objects, properties, with_role
from tests.whoisproxy.publication.conformance.structures import is_host, is_uri
from tests.whoisproxy.publication.conformance.table import EVERYTHING, LOOKUPS, Answer, Mode, each, rule

# EPP repository identifiers that IANA lists, as far as our samples go.
REPOSITORIES = {"CLOAK", "ICANNRST", "VRSN"}
# Registries that act as registrars (IANA's registrar ids).
RESERVED_REGISTRARS = {"9994", "9995", "9996", "9997", "9998", "9999"}


def has_roid_form(handle: str) -> bool:
    return re.fullmatch(r"\w{1,80}-\w{1,8}", handle) is not None


def is_registered(handle: str) -> bool:
    return handle.partition("-")[2] in REPOSITORIES


def is_for_tests(handle: str) -> bool:
    return handle.endswith("-ICANNRST")


# Guide.


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


# Profile: every answer.


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


def _events(answer: Answer) -> set[str]:
    return {event["eventAction"] for event in answer.document["events"]}


@rule(-43100, on=LOOKUPS)
def the_age_of_the_database_is_told(answer: Answer) -> bool:
    return "last update of RDAP database" in _events(answer)


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


# Profile: domains.


@rule(-46100, on="domain")
def the_a_label_is_there(answer: Answer) -> bool:
    return answer.url.endswith(f"/domain/{answer.document['ldhName']}")


@rule(-46101, on="domain")
def the_u_label_is_there(answer: Answer) -> bool:
    return ("xn--" in answer.url) is ("unicodeName" in answer.document)


@rule(-46200, on="domain")
def the_domains_id_is_a_roid(answer: Answer) -> bool:
    return has_roid_form(answer.document.get("handle", "X-VRSN"))


@rule(-46201, on="domain")
def the_domains_repository_is_registered(answer: Answer) -> bool:
    return is_registered(answer.document.get("handle", "X-VRSN"))


@rule(-46205, on="domain")
def the_domains_repository_is_not_for_tests(answer: Answer) -> bool:
    return not is_for_tests(answer.document.get("handle", ""))


@rule(-46300, on="domain")
def the_registration_is_told(answer: Answer) -> bool:
    return "registration" in _events(answer)


@rule(-46400, on="domain", mode=Mode.REGISTRY)
def a_registry_tells_the_expiration(answer: Answer) -> bool:
    return "expiration" in _events(answer)


@rule(-65600, on="domain", mode=Mode.REGISTRAR)
def a_registrar_tells_its_own_expiration(answer: Answer) -> bool:
    return "registrar expiration" in _events(answer)


@rule(-46800, on="domain")
def secure_dns_is_told(answer: Answer) -> bool:
    return "secureDNS" in answer.document


@rule(-46801, on="domain")
def it_is_told_whether_the_delegation_is_signed(answer: Answer) -> bool:
    return "delegationSigned" in answer.document["secureDNS"]


@rule(-46802, on="domain")
def a_signed_delegation_has_its_signers(answer: Answer) -> bool:
    told = answer.document["secureDNS"]
    return told["delegationSigned"] is bool(told.get("dsData"))


_PENDING = {"delete", "renew", "transfer", "update"}


def _agrees(statuses: set[str]) -> bool:
    """RFC 5731 section 2.3, RFC 5732 section 2.3."""
    under_way = {f"pending {operation}" for operation in (*_PENDING, "create")} & statuses
    prohibited = any(
        f"pending {operation}" in statuses and f"{who} {operation} prohibited" in statuses
        for operation in _PENDING
        for who in ("client", "server")
    )
    return len(under_way) <= 1 and not prohibited and ("active" not in statuses or len(statuses) == 1)


@rule(-46900, on="domain")
def statuses_agree_with_rfc_5731(answer: Answer) -> bool:
    return _agrees(set(answer.document["status"]))


@rule(-47001, on="domain")
def the_redemption_period_is_one_of_deletion(answer: Answer) -> bool:
    statuses = answer.document["status"]
    return "redemption period" not in statuses or "pending delete" in statuses


@rule(-47002, on="domain")
def a_restore_is_one_from_deletion(answer: Answer) -> bool:
    statuses = answer.document["status"]
    return "pending restore" not in statuses or "pending delete" in statuses


@rule(-47100, on="domain")
def there_is_a_status(answer: Answer) -> bool:
    return bool(answer.document["status"])


def hosts(document: Any) -> Iterator[Any]:
    return objects(document, "nameserver")


def host_handles(document: Any) -> Iterator[str]:
    return (host["handle"] for host in hosts(document) if "handle" in host)


each(-47200, hosts, lambda host: "ldhName" in host)
each(-47201, host_handles, has_roid_form, on="domain")
each(-47202, host_handles, is_registered, on="domain")


@rule(-47203, on="domain")
def all_or_none_of_the_hosts_have_handle_and_status(answer: Answer) -> bool:
    told = [{"handle", "status"} & set(host) for host in hosts(answer.document)]
    return all(members == {"handle", "status"} for members in told) or not any(told)


each(-47204, hosts, lambda host: _agrees(set(host.get("status", [])) - {"associated"}))
each(-47205, host_handles, lambda handle: not is_for_tests(handle), on="domain")


def _registrars(answer: Answer) -> list[Any]:
    return with_role(answer.document, "registrar")


@rule(-47300, on="domain")
def there_is_a_registrar(answer: Answer) -> bool:
    return bool(_registrars(answer))


@rule(-47301, on="domain")
def there_is_one_registrar(answer: Answer) -> bool:
    return len(_registrars(answer)) <= 1


@rule(-47302, on="domain")
def the_registrar_has_a_name(answer: Answer) -> bool:
    return all(line[3] for registrar in _registrars(answer) for line in lines(registrar, "fn"))


def is_positive(text: str) -> bool:
    return re.fullmatch("[1-9][0-9]*", text) is not None


def _identifiers(answer: Answer) -> list[str]:
    return [
        known["identifier"] for registrar in _registrars(answer) for known in registrar.get("publicIds", [])
    ]


@rule(-23300, -47400, on="domain")
@rule(-49200, on="nameserver")
def the_registrar_has_a_public_id(answer: Answer) -> bool:
    return all("publicIds" in registrar for registrar in _registrars(answer))


@rule(-23301, -47401, on="domain")
@rule(-49201, on="nameserver")
def the_public_id_is_a_number(answer: Answer) -> bool:
    return all(map(is_positive, _identifiers(answer)))


@rule(-47402, on="domain")
@rule(-49202, on="nameserver")
def the_registrars_handle_is_a_number(answer: Answer) -> bool:
    return all(is_positive(registrar.get("handle", "")) for registrar in _registrars(answer))


@rule(-47403, on="domain")
@rule(-49203, on="nameserver")
def handle_and_public_id_are_the_same(answer: Answer) -> bool:
    handles = {registrar.get("handle") for registrar in _registrars(answer)}
    return set(_identifiers(answer)) <= handles


@rule(-47500, on="domain")
def the_registrar_has_an_abuse_contact(answer: Answer) -> bool:
    contacts = [abuse for registrar in _registrars(answer) for abuse in with_role(registrar, "abuse")]
    return bool(contacts) and all(lines(one, "tel") and lines(one, "email") for one in contacts)


def _other_handles(document: Any) -> Iterator[str]:
    known = {"registrar", "registrant", "technical", "reseller"}
    return (one.get("handle", "") for one in document["entities"] if known.isdisjoint(one["roles"]))


each(-47600, _other_handles, has_roid_form, on="domain")
each(-47601, _other_handles, is_registered, on="domain")


def _about(answer: Answer) -> list[Any]:
    links = [link for registrar in _registrars(answer) for link in registrar["links"]]
    return [link for link in links if link["rel"] == "about"]


@rule(-47700, on="domain")
def the_registrar_has_a_link_about_it(answer: Answer) -> bool:
    return len(_about(answer)) == 1


@rule(-47701, on="domain")
def the_link_is_from_the_registrars_base_url(answer: Answer) -> bool:
    """IANA lists base URLs with a final slash; in our samples it is this service's."""
    base = answer.url.partition("/domain/")[0] + "/"
    return all(link["value"] == base for link in _about(answer))


@rule(-47702, on="domain")
def the_registrars_base_url_is_https(answer: Answer) -> bool:
    return all(link["value"].startswith("https://") for link in _about(answer))


@rule(-47703, on="domain")
def the_link_leads_to_a_page(answer: Answer) -> bool:
    return all(is_uri(link["href"]) and is_host(urlsplit(link["href"]).hostname) for link in _about(answer))


@rule(-63000, on="domain", mode=Mode.REGISTRAR)
def a_registrar_tells_one_registrant(answer: Answer) -> bool:
    return len(with_role(answer.document, "registrant")) == 1


# Profile: registrars and name servers by themselves.


@rule(-60100, on="entity")
def the_entity_is_a_registrar(answer: Answer) -> bool:
    return "registrar" in answer.document["roles"]


@rule(-60101, on="entity")
def the_registrar_is_told_in_full(answer: Answer) -> bool:
    names = ("fn", "adr", "tel", "email")
    return "handle" in answer.document and all(lines(answer.document, name) for name in names)


@rule(-49100, on="nameserver")
def the_hosts_a_label_is_there(answer: Answer) -> bool:
    return answer.url.endswith(f"/nameserver/{answer.document['ldhName']}")


@rule(-49101, on="nameserver")
def the_hosts_u_label_is_there(answer: Answer) -> bool:
    return ("xn--" in answer.url) is ("unicodeName" in answer.document)


@rule(-49102, on="nameserver")
def the_hosts_id_is_a_roid(answer: Answer) -> bool:
    return has_roid_form(answer.document.get("handle", ""))


@rule(-49103, on="nameserver")
def the_hosts_repository_is_registered(answer: Answer) -> bool:
    return is_registered(answer.document.get("handle", ""))


@rule(-49104, on="nameserver")
def the_hosts_repository_is_not_for_tests(answer: Answer) -> bool:
    return not is_for_tests(answer.document.get("handle", ""))


@rule(-49300, on="nameserver")
def the_hosts_statuses_agree_with_rfc_5732(answer: Answer) -> bool:
    return _agrees(set(answer.document["status"]) - {"associated"})
