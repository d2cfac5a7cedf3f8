"""How a withheld e-mail is redacted (-64100 to -64108, -65200 to -65207, -65400 to -65503)."""

from typing import Any

from tests.whoisproxy.publication.conformance.redactions import found, is_path, redactions
from tests.whoisproxy.publication.conformance.selection import with_role
from tests.whoisproxy.publication.conformance.table import Answer, Code, Mode, rule

# A registrar puts a page in its place; a registry removes it.


def _writes_to(answer: Answer, role: str) -> list[set[str]]:
    return [
        {line[0] for line in entity["vcardArray"][1]} & {"email", "contact-uri"}
        for entity in with_role(answer.document, role)
    ]


def enter_replacement(base: int, role: str, name: str) -> None:
    def listed(answer: Answer) -> list[Any]:
        return redactions(answer, name)

    on, mode = "domain", Mode.REGISTRAR
    rule(base, on=on, mode=mode)(lambda answer: all(len(ways) < 2 for ways in _writes_to(answer, role)))
    rule(base - 1, on=on, mode=mode)(lambda answer: all(_writes_to(answer, role)))
    rule(base - 2, on=on, mode=mode)(
        lambda answer: all(one["method"] == "replacementValue" for one in listed(answer))
    )
    rule(base - 3, base - 4, on=on, mode=mode)(
        lambda answer: not any("postPath" in one for one in listed(answer))
    )
    rule(base - 5, on=on, mode=mode)(
        lambda answer: all(is_path(one["replacementPath"]) for one in listed(answer))
    )
    rule(base - 6, on=on, mode=mode)(lambda answer: all(is_path(one["prePath"]) for one in listed(answer)))
    rule(base - 7, on=on, mode=mode)(
        lambda answer: all(found(answer, one["replacementPath"]) for one in listed(answer))
    )
    rule(f"{name} is listed exactly where a page is", on=on, mode=mode)(
        lambda answer: bool(listed(answer)) is ({"contact-uri"} in _writes_to(answer, role))
    )


enter_replacement(-64100, "registrant", "Registrant Email")
enter_replacement(-65200, "technical", "Tech Email")


@rule(-64108, on="domain", mode=Mode.REGISTRAR)
def the_registrant_can_be_written_to_or_is_listed(answer: Answer) -> bool:
    return bool(redactions(answer, "Registrant Email")) or {"email"} in _writes_to(answer, "registrant")


def enter_registrys_removal(codes: tuple[Code, ...], role: str, name: str) -> None:
    def listed(answer: Answer) -> list[Any]:
        return redactions(answer, name)

    on, mode = "domain", Mode.REGISTRY
    rule(codes[0], on=on, mode=mode)(lambda answer: bool(listed(answer)) or all(_writes_to(answer, role)))
    rule(codes[1], on=on, mode=mode)(lambda answer: all(is_path(one["prePath"]) for one in listed(answer)))
    rule(codes[2], on=on, mode=mode)(
        lambda answer: not any(found(answer, one["prePath"]) for one in listed(answer))
    )
    rule(codes[3], on=on, mode=mode)(lambda answer: all(one["method"] == "removal" for one in listed(answer)))
    rule(codes[4], on=on, mode=mode)(
        lambda answer: not listed(answer) or {"email"} not in _writes_to(answer, role)
    )


enter_registrys_removal((-65400, -65401, -65402, -65403, -65404), "registrant", "Registrant Email")
enter_registrys_removal(("tech e-mail", -65500, -65501, -65502, -65503), "technical", "Tech Email")
