"""ICANN's profile of registrars and other entities (-23300, -47300 to -47703, -49200 to -49205, -60100)."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.whoisproxy.publication.conformance.epp import has_roid_form, is_registered
from tests.whoisproxy.publication.conformance.selection import lines, with_role
from tests.whoisproxy.publication.conformance.structures import is_host, is_uri
from tests.whoisproxy.publication.conformance.table import Answer, each, rule


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


def _listed(answer: Answer) -> list[Any]:
    """Return the registrar; for a name server only one that IANA can list (profile 4.3)."""
    unlisted = "not applicable" if answer.kind == "nameserver" else ""
    return [registrar for registrar in _registrars(answer) if registrar.get("handle") != unlisted]


def _identifiers(answer: Answer) -> list[str]:
    return [known["identifier"] for registrar in _listed(answer) for known in registrar.get("publicIds", [])]


@rule(-23300, -47400, on="domain")
@rule(-49200, on="nameserver")
def the_registrar_has_a_public_id(answer: Answer) -> bool:
    return all("publicIds" in registrar for registrar in _listed(answer))


@rule(-23301, -47401, on="domain")
@rule(-49201, on="nameserver")
def the_public_id_is_a_number(answer: Answer) -> bool:
    return all(map(is_positive, _identifiers(answer)))


@rule(-47402, on="domain")
@rule(-49202, on="nameserver")
def the_registrars_handle_is_a_number(answer: Answer) -> bool:
    return all(is_positive(registrar.get("handle", "")) for registrar in _listed(answer))


@rule(-47403, on="domain")
@rule(-49203, on="nameserver")
def handle_and_public_id_are_the_same(answer: Answer) -> bool:
    handles = {registrar.get("handle") for registrar in _listed(answer)}
    return set(_identifiers(answer)) <= handles


@rule(-49205, on="nameserver")
def a_registrar_that_is_not_listed_has_no_public_id(answer: Answer) -> bool:
    unlisted = [one for one in _registrars(answer) if one.get("handle") == "not applicable"]
    return not any("publicIds" in one for one in unlisted)


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


@rule(-60100, on="entity")
def the_entity_is_a_registrar(answer: Answer) -> bool:
    return "registrar" in answer.document["roles"]


@rule(-60101, on="entity")
def the_registrar_is_told_in_full(answer: Answer) -> bool:
    names = ("fn", "adr", "tel", "email")
    return "handle" in answer.document and all(lines(answer.document, name) for name in names)
