"""What an RDAP client asks of the form of an answer: contacts, content coding, whether it has it already.

Headers of clients repeat, so what they mean is remembered. None of them can make a query fail: RFC 7480
section 4.2 answers in `application/rdap+json` whatever is accepted.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from whoisproxy.publication.answer import View

_REMEMBERED = 1024

_JSCONTACT = "jscard"  # identifier of draft-ietf-regext-rdap-jscontact
# Parameter of the media type by which a client names the extensions that it knows
# (draft-ietf-regext-rdap-x-media-type).
_EXTENSIONS = re.compile(r'exts_list\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)


class Coding(Enum):
    """A content coding (RFC 9110 section 8.4.1), the dearest first: of equals the first is taken."""

    ZSTD = "zstd"
    GZIP = "gzip"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class Form:
    """How objects are written for a client.

    Attributes:
        extensions: Whether it told the extensions that it knows, so that it is told those of the answer.
    """

    view: View
    extensions: bool


# The plain form is acceptable without being named, and nobody wants it who names another.
_UNNAMED = 0.0001

_USUAL = Form(View.RDAP, extensions=False)


@lru_cache(_REMEMBERED)
def form_of(accept: str) -> Form:
    """Read `Accept`: contacts are JSContact for whoever lists this extension, else jCard."""
    lists = [quoted or plain for quoted, plain in _EXTENSIONS.findall(accept)]
    if not lists:
        return _USUAL
    known = {name.lower() for text in lists for name in text.split()}
    return Form(View.JSCONTACT if _JSCONTACT in known else View.RDAP, extensions=True)


@lru_cache(_REMEMBERED)
def coding_of(accept_encoding: str) -> Coding:
    """Read `Accept-Encoding` (RFC 9110 section 12.5.3).

    Returns:
        The coding of the highest weight among those that are named and that we know, else the plain one:
        `*` does not prove that a client can decode.
    """
    weights = dict(_weighted(item) for item in accept_encoding.lower().split(",") if item.strip())
    weights.setdefault(Coding.IDENTITY.value, _UNNAMED)
    best = max(Coding, key=lambda coding: weights.get(coding.value, 0.0))
    return best if weights.get(best.value) else Coding.IDENTITY


def _weighted(item: str) -> tuple[str, float]:
    """Return coding and weight; a weight that is none refuses."""
    name, _, parameter = item.partition(";")
    key, _, value = parameter.partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        weight = float(value)
    except ValueError:
        return name.strip(), 0.0
    return name.strip(), weight if 0 <= weight <= 1 else 0.0


def has_already(if_none_match: str, tag: str) -> bool:
    """Whether `If-None-Match` names the entity tag `tag` (with quotes) or any (RFC 9110 section 13.1.2)."""
    if if_none_match.strip() == "*":
        return True
    return any(known.strip().removeprefix("W/") == tag for known in if_none_match.split(","))
