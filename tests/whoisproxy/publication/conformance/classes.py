"""STD 95: the members of domains, entities, name servers, help and errors (-12000 to -12600), and jCards."""

import re
from functools import partial
from typing import Any

from tests.whoisproxy.publication.conformance.selection import items, members, objects, properties
from tests.whoisproxy.publication.conformance.structures import (
    holding,
    is_list,
    is_text,
    items_of,
    named,
    notices,
    unique,
)
from tests.whoisproxy.publication.conformance.table import LOOKUPS, Answer, each, rule

_DS = {"keyTag", "algorithm", "digest", "digestType"}
# IANA: algorithms with "Zone Signing" Y; digest types that are assigned.
_ALGORITHMS = {3, 5, 6, 7, 8, 10, 12, 13, 14, 15, 16, 17, 23}
_DIGEST_TYPES = {1, 2, 3, 4, 5, 6}


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


each(-12000, named("secureDNS"), lambda told: isinstance(told, dict))
each(
    -12001,
    named("secureDNS"),
    lambda told: set(told) <= {"zoneSigned", "delegationSigned", "maxSigLife", "dsData"},
)
each(-12003, named("zoneSigned"), lambda told: isinstance(told, bool))
each(-12005, named("delegationSigned"), lambda told: isinstance(told, bool))
each(-12006, named("maxSigLife"), lambda told: is_number(told) and 1 <= told <= 2147483647)
each(-12008, named("dsData"), lambda told: is_list(told) and all(isinstance(ds, dict) for ds in told))
each(-12009, items_of("dsData"), lambda ds: set(ds) <= _DS)
each(-12011, items_of("dsData"), lambda ds: set(ds) >= _DS)
each(-12012, holding("dsData", "keyTag"), lambda tag: is_number(tag) and 1 <= tag <= 65535)
each(-12013, holding("dsData", "algorithm"), lambda algorithm: algorithm in _ALGORITHMS)
each(-12014, holding("dsData", "digest"), lambda digest: re.fullmatch("[0-9A-Fa-f]+", digest) is not None)
each(-12015, holding("dsData", "digestType"), lambda digest_type: digest_type in _DIGEST_TYPES)
# Keys themselves are not told.
each(-12018, named("keyData"), lambda _: False)


@rule(-12100, on="error")
def an_error_is_an_object(answer: Answer) -> bool:
    return isinstance(answer.document, dict)


@rule(-12101, on="error")
def an_error_has_code_title_and_description(answer: Answer) -> bool:
    return {"errorCode", "title", "description"} <= set(answer.document)


@rule(-12103, -12107, on="error")
def the_code_of_an_error_is_a_number(answer: Answer) -> bool:
    return is_number(answer.document.get("errorCode"))


@rule(-12104, on="error")
def the_title_of_an_error_is_text(answer: Answer) -> bool:
    return is_text(answer.document.get("title", ""))


@rule(-12105, on="error")
def the_description_of_an_error_is_a_list(answer: Answer) -> bool:
    return is_list(answer.document.get("description"))


@rule(-12106, on="error")
def the_description_of_an_error_is_texts(answer: Answer) -> bool:
    return all(map(is_text, answer.document.get("description", [])))


@rule(-12108, on="error")
def the_code_of_an_error_is_that_of_http(answer: Answer) -> bool:
    return bool(answer.document.get("errorCode") == answer.status)


_COMMON = {"objectClassName", "handle", "entities", "status", "remarks", "links", "port43", "events"}
_TOP = {"rdapConformance", "notices", "redacted", "lang"}
# Class -> members: those of RFC 9083 sections 5.1 to 5.3.
MEMBERS = {
    "domain": _COMMON
    | {"ldhName", "unicodeName", "variants", "nameservers", "secureDNS", "publicIds", "network"},
    "entity": _COMMON | {"vcardArray", "roles", "publicIds", "asEventActor"},
    "nameserver": _COMMON | {"ldhName", "unicodeName", "ipAddresses"},
}
# Class -> first of its codes.
_CODES = {"domain": -12200, "entity": -12300, "nameserver": -12400}


def _class_rules(name: str, code: int) -> None:
    of_class = partial(objects, name=name)

    @rule(code, on=name)
    def the_answer_is_such_an_object(answer: Answer) -> bool:
        return isinstance(answer.document, dict)

    each(code - 1, of_class, lambda found: set(found) <= MEMBERS[name] | _TOP)

    @rule(code - 3, on=name)
    def the_class_is_right(answer: Answer) -> bool:
        return bool(answer.document.get("objectClassName") == name)

    each(code - 4, of_class, lambda found: is_text(found.get("handle", "")))


for _name, _code in _CODES.items():
    _class_rules(_name, _code)


@rule(-12218, -12316, -12415)
def notices_are_at_the_top_only(answer: Answer) -> bool:
    return len(list(members(answer.document, "notices"))) <= 1


# jCard property -> (type of value, kind of value). A property that is not here is not known.
_SHAPES: dict[str, tuple[str, Any]] = {
    "version": ("text", str),
    "fn": ("text", str),
    "org": ("text", str),
    "adr": ("text", list),
    "tel": ("uri", str),
    "email": ("text", str),
    "contact-uri": ("uri", str),
    "url": ("uri", str),
}


@rule(-12305)
def jcards_have_known_properties_of_the_right_shape(answer: Answer) -> bool:
    cards = list(members(answer.document, "vcardArray"))
    return all(card[0] == "vcard" and len(card) == 2 for card in cards) and all(
        _is_property(line) for card in cards for line in card[1]
    )


def _is_property(line: Any) -> bool:
    if len(line) < 4 or line[0] not in _SHAPES or not isinstance(line[1], dict):
        return False
    kind, value = _SHAPES[line[0]]
    return line[2] == kind and isinstance(line[3], value)


_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
ADDR_SPEC = re.compile(rf"{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})+")


@rule(-12320, on=LOOKUPS)
def mailboxes_are_addr_specs(answer: Answer) -> bool:
    return all(ADDR_SPEC.fullmatch(line[3]) for line in properties(answer.document, "email"))


@rule(-12500, on="help")
def help_is_an_object(answer: Answer) -> bool:
    return isinstance(answer.document, dict)


@rule(-12501, on="help")
def help_has_notices_and_conformance_only(answer: Answer) -> bool:
    return set(answer.document) <= {"rdapConformance", "notices", "lang"}


@rule(-12503, on="help")
def help_tells_something(answer: Answer) -> bool:
    return any(notice.get("title") == "Help" for notice in notices(answer.document))


@rule(-13003, on=LOOKUPS)
def a_lookup_tells_its_class(answer: Answer) -> bool:
    return bool(answer.document.get("objectClassName") == answer.kind)


@rule("nothing appears twice in a list of objects")
def nothing_is_listed_twice(answer: Answer) -> bool:
    names = [host["ldhName"] for host in items(answer.document, "nameservers")]
    return unique(names)
