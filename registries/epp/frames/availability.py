"""What a check answers, for objects of any kind (RFC 5730 section 2.9.2.1)."""

from dataclasses import dataclass

from registries.epp.frames.base import Response
from registries.epp.markup import find, find_all, flag_of, text_of


@dataclass(frozen=True, slots=True)
class Availability:
    """One line of a check's answer; `reason` is the registry's words, "" when available."""

    available: bool
    reason: str = ""


def read_availability(response: Response, namespace: str, tag: str) -> dict[str, Availability]:
    """Read the `chkData` of a check, by the name of what was asked for."""
    found: dict[str, Availability] = {}
    for item in find_all(find(response.data, namespace, "chkData"), namespace, "cd"):
        named = find(item, namespace, tag)
        if named is not None and named.text:
            reason = text_of(item, namespace, "reason")
            found[named.text.strip()] = Availability(flag_of(named, "avail"), reason)
    return found
