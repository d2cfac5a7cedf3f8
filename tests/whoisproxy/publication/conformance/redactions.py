"""RFC 9537 as the profile uses it but for e-mail (-46202 to -46206, -62001 to -62005, -63100 to -65810)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.whoisproxy.publication.conformance.epp import has_roid_form, is_registered
from tests.whoisproxy.publication.conformance.selection import lines, select, voice, with_role
from tests.whoisproxy.publication.conformance.table import LOOKUPS, Answer, Code, rule


def redactions(answer: Answer, name: str) -> list[Any]:
    """Return what is listed under a registered name."""
    listed = answer.document.get("redacted", [])
    return [one for one in listed if one["name"].get("type") == name]


def is_path(path: str) -> bool:
    try:
        select(path, {})
    except ValueError:
        return False
    return True


def found(answer: Answer, path: str) -> list[Any]:
    return select(path, answer.document)


# Structure.


@rule(-62001)
def redaction_is_declared_where_it_is_used(answer: Answer) -> bool:
    return "redacted" not in answer.document or "redacted" in answer.document["rdapConformance"]


@rule(-62002)
def the_list_is_of_objects(answer: Answer) -> bool:
    listed = answer.document.get("redacted", [])
    return isinstance(listed, list) and all(isinstance(one, dict) for one in listed)


@rule(-62003)
def a_name_is_registered_or_described(answer: Answer) -> bool:
    names = [one.get("name", {}) for one in answer.document.get("redacted", [])]
    return all(("type" in name) is not ("description" in name) for name in names)


@rule(-62004)
def paths_and_methods_are_text(answer: Answer) -> bool:
    texts = ("prePath", "postPath", "replacementPath", "pathLang", "method")
    listed = answer.document.get("redacted", [])
    return all(isinstance(one[name], str) for one in listed for name in texts if name in one)


@rule(-62005)
def a_reason_has_known_members(answer: Answer) -> bool:
    reasons = [one["reason"] for one in answer.document.get("redacted", []) if "reason" in one]
    return all(set(reason) <= {"lang", "type", "description"} for reason in reasons)


# The domain's id.

_DOMAIN_ID = "Registry Domain ID"


@rule(-46202, on="domain")
def a_missing_domain_id_is_listed(answer: Answer) -> bool:
    return "handle" in answer.document or bool(redactions(answer, _DOMAIN_ID))


@rule(-46203, on="domain")
def the_domain_id_is_at_its_place(answer: Answer) -> bool:
    return all(one.get("prePath", "$.handle") == "$.handle" for one in redactions(answer, _DOMAIN_ID))


@rule(-46204, on="domain")
def the_domain_id_is_removed(answer: Answer) -> bool:
    return all(one.get("method", "removal") == "removal" for one in redactions(answer, _DOMAIN_ID))


@rule(-46206, on="domain")
def a_domain_id_that_is_shown_is_not_listed(answer: Answer) -> bool:
    return "handle" not in answer.document or not redactions(answer, _DOMAIN_ID)


# Parts of contacts.


@dataclass(frozen=True)
class Part:
    """A part of a contact: who, the registered name, and what is found of it in an entity."""

    role: str
    name: str
    values: Callable[[Any], list[Any]]

    def of(self, answer: Answer) -> Iterator[list[Any]]:
        """Yield what each such entity shows."""
        return (self.values(entity) for entity in with_role(answer.document, self.role))


def component(index: int) -> Callable[[Any], list[Any]]:
    return lambda entity: [line[3][index] for line in lines(entity, "adr")]


def fn(entity: Any) -> list[Any]:
    return [line[3] for line in lines(entity, "fn")]


# Code of presence, of the list, of the path, of what it finds, of the method: those of an empty value.
for base, part in {
    -63200: Part("registrant", "Registrant Name", fn),
    -63400: Part("registrant", "Registrant Street", component(2)),
    -63500: Part("registrant", "Registrant City", component(3)),
    -63600: Part("registrant", "Registrant Postal Code", component(5)),
    -65000: Part("technical", "Tech Name", fn),
}.items():

    def enter_empty_value(base: int, part: Part) -> None:
        def listed(answer: Answer) -> list[Any]:
            return redactions(answer, part.name)

        @rule(base, on="domain")
        def it_is_there(answer: Answer) -> bool:
            return all(part.of(answer))

        @rule(base - 1, on="domain")
        def it_is_listed_where_it_is_empty(answer: Answer) -> bool:
            return bool(listed(answer)) or all(all(values) for values in part.of(answer))

        @rule(base - 2, on="domain")
        def its_path_is_valid(answer: Answer) -> bool:
            return all(is_path(one["postPath"]) for one in listed(answer))

        @rule(base - 3, on="domain")
        def its_path_finds_something(answer: Answer) -> bool:
            return all(found(answer, one["postPath"]) for one in listed(answer))

        @rule(base - 4, on="domain")
        def its_method_is_an_empty_value(answer: Answer) -> bool:
            return all(one["method"] == "emptyValue" for one in listed(answer))

        @rule(f"{part.name} is listed only where it is empty", on="domain")
        def it_is_listed_only_where_it_is_empty(answer: Answer) -> bool:
            return all(found(answer, one["postPath"]) == [""] for one in listed(answer))

    enter_empty_value(base, part)


def handle(entity: Any) -> list[Any]:
    return [entity["handle"]] if "handle" in entity else []


def org(entity: Any) -> list[Any]:
    return lines(entity, "org")


# Code of the list, of the path, of what it finds, of the method, of a listed part that is shown.
_REMOVALS: dict[Part, tuple[Code, ...]] = {
    Part("registrant", "Registry Registrant ID", handle): (-63102, -63103, -63104, -63105, -63106),
    Part("registrant", "Registrant Organization", org): (
        -63300,
        -63301,
        -63302,
        -63303,
        "organization shown",
    ),
    Part("registrant", "Registrant Phone", voice): (-63700, -63701, -63702, -63703, "phone shown"),
    Part("technical", "Tech Phone", voice): (-65100, -65101, -65102, -65103, -65104),
}


def enter_removal(part: Part, codes: tuple[Code, ...]) -> None:
    def listed(answer: Answer) -> list[Any]:
        return redactions(answer, part.name)

    @rule(codes[0], on="domain")
    def it_is_listed_where_it_is_missing(answer: Answer) -> bool:
        return bool(listed(answer)) or all(part.of(answer))

    @rule(codes[1], on="domain")
    def its_path_is_valid(answer: Answer) -> bool:
        return all(is_path(one["prePath"]) for one in listed(answer))

    @rule(codes[2], on="domain")
    def its_path_finds_nothing(answer: Answer) -> bool:
        return not any(found(answer, one["prePath"]) for one in listed(answer))

    @rule(codes[3], on="domain")
    def its_method_is_removal(answer: Answer) -> bool:
        return all(one["method"] == "removal" for one in listed(answer))

    @rule(codes[4], on="domain")
    def what_is_shown_is_not_listed(answer: Answer) -> bool:
        return not listed(answer) or not any(part.of(answer))


for _part, _codes in _REMOVALS.items():
    enter_removal(_part, _codes)


def _handles(answer: Answer, role: str) -> list[str]:
    return [one["handle"] for one in with_role(answer.document, role) if "handle" in one]


@rule(-63100, on="domain")
def the_registrants_id_is_a_roid(answer: Answer) -> bool:
    return all(map(has_roid_form, _handles(answer, "registrant")))


@rule(-63101, on="domain")
def the_registrants_repository_is_registered(answer: Answer) -> bool:
    return all(map(is_registered, _handles(answer, "registrant")))


@rule(-65700, on="domain")
def the_tech_contacts_id_is_a_roid(answer: Answer) -> bool:
    return all(map(has_roid_form, _handles(answer, "technical")))


@rule(-65701, on="domain")
def the_tech_contacts_repository_is_registered(answer: Answer) -> bool:
    return all(map(is_registered, _handles(answer, "technical")))


@rule(-65702, on="domain")
def a_tech_id_that_is_shown_is_not_listed(answer: Answer) -> bool:
    return not _handles(answer, "technical") or not redactions(answer, "Registry Tech ID")


# Telephone extensions and faxes are not held, so they cannot be withheld.
@rule(-63800, -63801, -63802, -63900, -63901, -63902, -64000, -64001, -64002, on="domain")
def what_is_not_held_is_not_listed(answer: Answer) -> bool:
    names = ("Registrant Phone Ext", "Registrant Fax", "Registrant Fax Ext")
    return not any(redactions(answer, name) for name in names)


# Warnings: one code for each name that could have been a type.
@rule(*range(-65810, -65799), on=LOOKUPS)
def nothing_is_described_in_place_of_its_registered_name(answer: Answer) -> bool:
    return all("description" not in one["name"] for one in answer.document.get("redacted", []))
