"""Read Authentication-Results fields of others (RFC 8601 section 2.2).

Who speaks in a field must be known exactly: results under our own name that we did not write are forged,
however they are spelt, and in an ARC chain the sealer's results are the testimony. Comments and folding may
stand nearly anywhere, the name may be a quoted string and may be followed by a version.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_MAX_CHARACTERS = 32 * 1024
_MAX_NAME_CHARACTERS = 2048
_MAX_STATEMENTS = 100
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_TOKEN_CHARACTERS = re.compile(r"[^\s()<>@,;:\\\"/\[\]?=]+")  # RFC 2045 section 5.1
# Blanks, a quoted string, a separator, or a run of anything else; comments nest and are taken out first.
_TOKEN = re.compile(r'\s+|"(?P<quoted>(?:[^"\\]|\\.)*)"?|(?P<separator>[;=])|(?P<word>[^\s";=]+)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """One result: `method=result ptype.property=value ...`; names and result in lower case."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


def authserv_id(value: str) -> str:
    """Return who speaks in an Authentication-Results value, in lower case; empty where nobody does."""
    for kind, text in _tokens(_without_comments(value[:_MAX_NAME_CHARACTERS])):
        return text.rstrip(".").lower() if kind in {"word", "quoted"} else ""
    return ""


def claims_to_be(value: str, own: str) -> bool:
    """Return whether an Authentication-Results value speaks under our name, or under none at all."""
    # What does not belong to a name may follow it where its writer mistook the grammar; readers may, too.
    token = _TOKEN_CHARACTERS.match(authserv_id(value).strip())
    name = token[0].rstrip(".") if token else ""
    return name in {"", own.rstrip(".").lower()}


def statements(value: str) -> list[Statement]:
    """Return the results of an Authentication-Results value; what is malformed yields nothing."""
    found: list[Statement] = []
    words: list[str] = []
    position = 0
    for kind, text in (*_tokens(_without_comments(value[:_MAX_CHARACTERS])), ("separator", ";")):
        if (kind, text) != ("separator", ";"):
            words.append(text)
            continue
        # What stands before the first semicolon is the name of the speaker.
        if position and (statement := _statement(words)) is not None:
            found.append(statement)
        words, position = [], position + 1
        if position > _MAX_STATEMENTS:
            break
    return found


def _statement(words: list[str]) -> Statement | None:
    pairs = [
        (words[at - 1].lower(), words[at + 1])
        for at in range(1, len(words) - 1)
        if words[at] == "=" and "=" not in {words[at - 1], words[at + 1]}
    ]
    if not pairs or words[1] != "=":
        return None
    (method, result), *properties = pairs
    return Statement(method.partition("/")[0], result.lower(), dict(reversed(properties)))


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(text):
        if (quoted := found["quoted"]) is not None:
            yield "quoted", _QUOTED_PAIR.sub(r"\1", quoted)
        elif found["separator"]:
            yield "separator", found["separator"]
        elif found["word"]:
            yield "word", found["word"]


def _without_comments(text: str) -> str:
    """Return text with each comment (RFC 5322 section 3.2.2) made one space; an open one runs to the end."""
    if "(" not in text:
        return text
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\" and (quoted or depth):
            escaped = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif character == "(" and not quoted:
            depth += 1
        elif character == ")" and depth:
            depth -= 1
            kept.append(" ")
            continue
        if not depth:
            kept.append(character)
    return "".join(kept)
