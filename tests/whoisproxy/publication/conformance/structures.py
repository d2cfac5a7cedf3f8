"""STD 95: URIs, conformance, links, notices, events and the other common structures (-10100 to -11901)."""

import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import idna

from tests.whoisproxy.publication.conformance.selection import items, members, objects
from tests.whoisproxy.publication.conformance.table import Answer, each, rule

# IANA's registries, as far as we have a use for them.
EXTENSIONS = {
    "icann_rdap_response_profile_1",
    "icann_rdap_technical_implementation_guide_1",
    "redacted",
}
RELATIONS = {"about", "glossary", "help", "related", "self", "terms-of-service"}
MEDIA_TYPES = {"application/rdap+json", "text/html"}
EVENTS = {
    "expiration",
    "last changed",
    "last update of RDAP database",
    "registrar expiration",
    "registration",
}
ROLES = {"abuse", "administrative", "billing", "registrant", "registrar", "technical"}
STATUSES = {
    "active",
    "add period",
    "associated",
    "auto renew period",
    "inactive",
    "pending create",
    "pending delete",
    "pending renew",
    "pending restore",
    "pending transfer",
    "pending update",
    "redemption period",
    "renew period",
    "transfer period",
    *(
        f"{who} {what}"
        for who in ("client", "server")
        for what in (
            "delete prohibited",
            "hold",
            "renew prohibited",
            "transfer prohibited",
            "update prohibited",
        )
    ),
}

is_list = partial(lambda kind, value: isinstance(value, kind), list)
is_text = partial(lambda kind, value: isinstance(value, kind), str)


def unique(values: Any) -> bool:
    return len(set(values)) == len(values)


def named(name: str) -> Callable[[Any], Iterator[Any]]:
    return partial(members, name=name)


def items_of(name: str) -> Callable[[Any], Iterator[Any]]:
    return partial(items, name=name)


def holding(name: str, member: str) -> Callable[[Any], Iterator[Any]]:
    """Return a selection of `member` of every item of the lists called `name`."""
    return lambda document: (item[member] for item in items(document, name) if member in item)


def uris(document: Any) -> Iterator[str]:
    for link in items(document, "links"):
        yield from (link[name] for name in ("value", "href") if name in link)


def is_uri(uri: str) -> bool:
    return re.fullmatch(r"[a-z]+://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+", uri) is not None


def is_host(name: str | None) -> bool:
    try:
        labels = idna.encode(name or "", uts46=True).decode().split(".")
    except idna.IDNAError:
        return False
    return len(labels) > 1


each(-10400, uris, is_uri)
each(-10401, uris, lambda uri: uri.startswith(("http://", "https://")))
each(-10402, uris, lambda uri: is_host(urlsplit(uri).hostname))

each(-10500, named("rdapConformance"), is_list)
each(-10501, items_of("rdapConformance"), is_text)
each(-10502, items_of("rdapConformance"), lambda one: one in EXTENSIONS | {"rdap_level_0"})
each(-10503, named("rdapConformance"), lambda told: "rdap_level_0" in told)


@rule(-10504)
def conformance_is_declared(answer: Answer) -> bool:
    return "rdapConformance" in answer.document


@rule(-10505)
def conformance_is_declared_at_the_top_only(answer: Answer) -> bool:
    return len(list(members(answer.document, "rdapConformance"))) <= 1


@rule(-10602, -10702, -10902, -11202, -11303, -11402, -11502, -11509)
@rule(-12002, -12010, -12020, -12102, -12202, -12302, -12402, -12502)
def no_member_appears_twice(answer: Answer) -> bool:
    """The tool has a code for each structure; a parser cannot tell them apart, and need not."""
    twice: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice.extend(name for name in names if names.count(name) > 1)
        return dict(pairs)

    json.loads(answer.body, object_pairs_hook=collect)
    return not twice


_LINK = {"value", "rel", "href", "hreflang", "title", "media", "type"}

each(-10600, named("links"), is_list)
each(-10601, items_of("links"), lambda link: set(link) <= _LINK)
each(-10603, holding("links", "media"), lambda media: media in {"screen", "print", "all"})
each(-10604, holding("links", "rel"), lambda rel: rel in RELATIONS)
each(-10605, holding("links", "type"), lambda media_type: media_type in MEDIA_TYPES)
each(-10606, holding("links", "title"), is_text)
each(-10607, holding("links", "hreflang"), lambda tags: is_list(tags) or is_text(tags))
each(-10608, holding("links", "hreflang"), lambda tags: all(map(is_language, tags)))
each(-10609, holding("links", "value"), is_uri)
each(-10610, items_of("links"), lambda link: "href" in link)
each(-10611, holding("links", "href"), is_uri)
each(-10612, items_of("links"), lambda link: "value" in link)
each(-10613, items_of("links"), lambda link: "rel" in link)


def notices(document: Any) -> Iterator[Any]:
    yield from items(document, "notices")
    yield from items(document, "remarks")


def described(document: Any) -> Iterator[Any]:
    return (notice["description"] for notice in notices(document) if "description" in notice)


each(-10700, named("notices"), is_list)
each(-10701, notices, lambda notice: set(notice) <= {"title", "type", "description", "links"})
each(-10703, notices, lambda notice: is_text(notice.get("title", "")))
each(-10704, notices, lambda notice: all("href" in link for link in notice.get("links", [])))
each(-10705, notices, lambda notice: is_text(notice.get("type", "")))
each(-10706, notices, lambda notice: "type" not in notice)
each(-10707, notices, lambda notice: "description" in notice)
each(-10708, described, is_list)
each(-10709, described, lambda texts: all(map(is_text, texts)))


def is_language(tag: str) -> bool:
    return re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) is not None


each(-10800, named("lang"), is_language)


def is_moment(text: str) -> bool:
    return text.endswith("Z") and datetime.fromisoformat(text).tzinfo is not None


_EVENT = {"eventAction", "eventActor", "eventDate", "links"}

each(-10900, named("events"), is_list)
each(-10901, items_of("events"), lambda event: set(event) <= _EVENT)
each(-10903, items_of("events"), lambda event: "eventAction" in event)
each(-10904, holding("events", "eventAction"), is_text)
each(-10905, holding("events", "eventAction"), lambda action: action in EVENTS)
each(-10906, items_of("events"), lambda event: "eventDate" in event)
each(-10907, holding("events", "eventDate"), is_text)
each(-10908, holding("events", "eventDate"), is_moment)
each(-10909, holding("events", "eventActor"), is_text)
each(-10910, items_of("events"), lambda event: "links" not in event or "eventActor" in event)
each(-10911, items_of("events"), lambda event: all("href" in link for link in event.get("links", [])))
each(-10912, named("events"), lambda events: unique([event.get("eventAction") for event in events]))

each(-11000, named("status"), is_list)
each(-11001, items_of("status"), is_text)
each(-11002, items_of("status"), lambda status: status in STATUSES)
each(-11003, named("status"), unique)

each(-11100, named("port43"), is_host)

_PUBLIC_ID = {"type", "identifier"}

each(-11200, named("publicIds"), is_list)
each(-11201, items_of("publicIds"), lambda known: set(known) <= _PUBLIC_ID)
each(-11203, items_of("publicIds"), lambda known: set(known) >= _PUBLIC_ID)
each(-11204, holding("publicIds", "type"), is_text)
each(-11205, holding("publicIds", "identifier"), is_text)

# We name no event actors and no variants; the day we do, these ask for their rules.
each(-11300, named("asEventActor"), lambda _: False)
each(-11500, named("variants"), lambda _: False)


def is_address(version: int) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            return ipaddress.ip_address(text).version == version and str(ipaddress.ip_address(text)) == text
        except ValueError:
            return False

    return holds


each(-11400, named("ipAddresses"), lambda told: isinstance(told, dict))
each(-11401, named("ipAddresses"), lambda told: set(told) <= {"v4", "v6"})
each(-11403, named("ipAddresses"), bool)
each(-11404, named("v4"), is_list)
each(-11405, items_of("v4"), is_text)
each(-11406, items_of("v4"), is_address(4))
each(-11407, named("v6"), is_list)
each(-11408, items_of("v6"), is_text)
each(-11409, items_of("v6"), is_address(6))


def is_u_label(label: str) -> bool:
    """Return whether the label is NR-LDH or what IDNA 2008 makes of its own A-label."""
    if re.fullmatch(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?", label):
        return not label.startswith("xn--")
    return idna.decode(idna.encode(label)) == label


def is_a_label(label: str) -> bool:
    if not re.fullmatch(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?", label):
        return False
    return not label.startswith("xn--") or idna.encode(idna.decode(label)).decode() == label


# (code of labels, of the whole, of the number of labels, of their kind), member, kind of label.
for codes, member, is_label in (
    ((-11600, -11601, -11602, -11603), "unicodeName", is_u_label),
    ((-11700, -11701, -11702, -11703), "ldhName", is_a_label),
):
    each(codes[0], named(member), lambda name: all(1 <= len(label) <= 63 for label in name.split(".")))
    each(codes[1], named(member), lambda name: len(name) <= 253)
    each(codes[2], named(member), lambda name: "." in name)
    each(codes[3], named(member), lambda name, is_label=is_label: all(map(is_label, name.split("."))))  # type: ignore[misc]

each(-11800, named("roles"), is_list)
each(-11801, items_of("roles"), is_text)
each(-11802, items_of("roles"), lambda role: role in ROLES)
each(-11803, named("roles"), unique)

each(-11900, named("entities"), is_list)
each(-11901, items_of("entities"), lambda entity: entity.get("objectClassName") == "entity")


def entities(document: Any) -> Iterator[Any]:
    return objects(document, "entity")
