"""What ICANN's tool was seen not to notice."""

from typing import Any

from tests.whoisproxy.publication.conformance.selection import (
    items,
    lines,
    members,
    objects,
    properties,
    select,
    with_role,
)
from tests.whoisproxy.publication.conformance.table import LOOKUPS, Answer, rule

REGISTERED_NAMES = {
    "Registry Domain ID",
    *(f"Registry {who} ID" for who in ("Registrant", "Tech")),
    *(
        f"{who} {what}"
        for who in ("Registrant", "Tech")
        for what in ("Name", "Organization", "Street", "City", "Postal Code", "Phone", "Email")
    ),
}
_CONTACTS = ("registrant", "technical")


def contacts(answer: Answer) -> list[Any]:
    return [one for role in _CONTACTS for one in with_role(answer.document, role)]


@rule("every contact has one address", on="domain")
def every_contact_has_one_address(answer: Answer) -> bool:
    return all(len(lines(one, "adr")) == 1 for one in contacts(answer))


@rule("an address has seven components of text")
def an_address_has_seven_components(answer: Answer) -> bool:
    return all(
        len(line[3]) == 7 and all(_is_component(value) for value in line[3])
        for line in properties(answer.document, "adr")
    )


def _is_component(value: Any) -> bool:
    """Several lines are a list, one is not (guide 3.8)."""
    return isinstance(value, str) or (len(value) > 1 and all(value))


@rule("a jCard property has four items")
def a_property_has_four_items(answer: Answer) -> bool:
    return all(len(line) == 4 for line in properties(answer.document))


@rule("a jCard tells its version first, and each thing once")
def a_jcard_tells_each_thing_once(answer: Answer) -> bool:
    cards = [[line[0] for line in card[1]] for card in members(answer.document, "vcardArray")]
    return all(names[:2] == ["version", "fn"] and len(set(names)) == len(names) for names in cards)


@rule("a number is global (RFC 3966)")
def a_number_is_global(answer: Answer) -> bool:
    return all(line[3].startswith("tel:+") for line in properties(answer.document, "tel"))


@rule("name servers are listed", on="domain")
def name_servers_are_listed(answer: Answer) -> bool:
    """Also where there are none: a missing list could be one that was forgotten."""
    return "nameservers" in answer.document


@rule("a domain's contacts are each there once", on="domain")
def contacts_are_there_once(answer: Answer) -> bool:
    roles = [one["roles"] for one in answer.document["entities"]]
    return all(len(told) == 1 for told in roles) and len({told[0] for told in roles}) == len(roles)


@rule("nothing is null")
def nothing_is_null(answer: Answer) -> bool:
    return b"null" not in answer.body or not _nulls(answer.document)


def _nulls(node: Any) -> bool:
    if isinstance(node, dict | list):
        return any(_nulls(inner) for inner in (node.values() if isinstance(node, dict) else node))
    return node is None


@rule("links are absolute and of this query or this service")
def links_are_absolute(answer: Answer) -> bool:
    base = answer.url[: answer.url.index("/", len("https://"))]
    return all(link["value"].startswith(base) for link in items(answer.document, "links"))


@rule("an object links to itself first", on=LOOKUPS)
def an_object_links_to_itself(answer: Answer) -> bool:
    own = [link for link in answer.document["links"] if link["rel"] == "self"]
    return [link["href"] for link in own] == [answer.url]


@rule("a redaction has known members")
def a_redaction_has_known_members(answer: Answer) -> bool:
    known = {"name", "prePath", "postPath", "replacementPath", "method"}
    return all(set(one) <= known for one in answer.document.get("redacted", []))


@rule("a redaction has a registered name, each once")
def redactions_have_registered_names(answer: Answer) -> bool:
    names = [one["name"]["type"] for one in answer.document.get("redacted", [])]
    return set(names) <= REGISTERED_NAMES and len(set(names)) == len(names)


@rule("a redaction is of an entity that is there", on="domain")
def redactions_are_of_what_is_there(answer: Answer) -> bool:
    paths = [one.get("prePath", one.get("postPath")) for one in answer.document.get("redacted", [])]
    owners = [path[: path.index(")]") + 2] for path in paths if path.startswith("$.entities")]
    return all(select(owner, answer.document) for owner in owners)


@rule("redaction is declared only where it is used", on=LOOKUPS)
def redaction_is_declared_only_where_used(answer: Answer) -> bool:
    return ("redacted" in answer.document["rdapConformance"]) is ("redacted" in answer.document)


@rule("a part that is empty is listed", on="domain")
def a_part_that_is_empty_is_listed(answer: Answer) -> bool:
    """Also of the technical contact, of whom the tool asks name, phone and e-mail only."""
    listed = {one["name"]["type"] for one in answer.document.get("redacted", [])}
    return all(
        line[3][index] or f"{who} {what}" in listed
        for role, who in (("registrant", "Registrant"), ("technical", "Tech"))
        for entity in with_role(answer.document, role)
        for line in lines(entity, "adr")
        for index, what in ((2, "Street"), (3, "City"))
    )


@rule("every object tells its class")
def every_object_tells_its_class(answer: Answer) -> bool:
    told = [one for name in ("entities", "nameservers") for one in items(answer.document, name)]
    known = {id(one) for name in ("entity", "nameserver") for one in objects(answer.document, name)}
    return all(id(one) in known for one in told)
