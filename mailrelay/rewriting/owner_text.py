"""Take an owner out of the text of his answer: signature, lines with his name, quotes that name him.

A signature is what follows a line of two hyphens (RFC 3676 section 4.3). Only whole lines go: a text
with words missing in the middle would say what its author did not mean. What remains of the owner after
this is found by `scrub` and holds the answer.
"""

import re
from collections.abc import Iterable

from mailrelay.rewriting.scrub import traces_in_text

_SIGNATURE = re.compile(r"^--[ \t]?$")
_QUOTED = re.compile(r"^[ \t]*[>|]")
# Header lines of a quoted letter, as mail programs write them in the languages of our owners.
_QUOTED_HEADER = re.compile(
    r"^[ \t>*_]*(?:from|to|cc|sent|date|von|an|gesendet|de|à|a|para|envoyé|objet|cc|da|inviato|enviado)"
    r"[ \t*_]*:",
    re.IGNORECASE,
)
_ATTRIBUTION = re.compile(
    r"(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|skrev|schreef)\b.{0,200}:[ \t]*$", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+")


def without_owner(text: str, secrets: Iterable[str]) -> str:
    """Return the text without signature and without lines that only name or quote the owner."""
    needles = tuple(secrets)
    words = {word.casefold() for secret in needles for word in _WORD.findall(secret)}
    kept = []
    for line in _unsigned(text.split("\n")):
        if _only_names(line, words) or (_removable(line) and traces_in_text(line, needles)):
            continue
        kept.append(line)
    return "\n".join(kept).rstrip() + "\n"


def _unsigned(lines: Iterable[str]) -> Iterable[str]:
    """Leave out signatures: from their mark to the next quote."""
    in_signature = False
    for line in lines:
        if _SIGNATURE.match(line):
            in_signature = True
        elif _QUOTED.match(line) or _ATTRIBUTION.search(line):
            in_signature = False
        if not in_signature:
            yield line


def _only_names(line: str, words: set[str]) -> bool:
    if _QUOTED.match(line):
        return False
    found = [word.casefold() for word in _WORD.findall(line)]
    # A number alone is an answer, though his house or his postal code have it too.
    return any(not word.isdigit() for word in found) and all(word in words for word in found)


def _removable(line: str) -> bool:
    return bool(_QUOTED.match(line) or _QUOTED_HEADER.match(line) or _ATTRIBUTION.search(line))
