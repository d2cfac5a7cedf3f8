"""What a request chooses: which domains, and to which side they are switched."""

from collections.abc import Iterable
from contextlib import suppress

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName

SIDES = {"on": True, "off": False}


def names_in(texts: Iterable[str]) -> list[DomainName]:
    """Return the names in a query or a form, each once; what is none is left out."""
    found: dict[DomainName, None] = {}
    for text in texts:
        with suppress(InvalidInput):
            found[DomainName.parse(text)] = None
    return list(found)


def for_people(name: DomainName) -> str:
    """Return a name as people write it."""
    return name.u_label if "xn--" in name.a_label else name.a_label
