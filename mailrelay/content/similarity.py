"""Sketch a text so that near-copies can be recognised without keeping the text.

Words and links are put into a normal form that survives the usual variations (case, numbers, personal
salutations, tracking parameters); overlapping runs of words are hashed, and the smallest hashes are
kept (bottom-k MinHash, Broder 1997). The share of common hashes estimates how much text is common.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b
from urllib.parse import urlsplit

from mailrelay.content.reading import Content

SKETCH_SIZE = 64
_RUN = 4  # words per shingle
_MAX_WORDS = 2_000
_MIN_SHINGLES = 8  # "Is this domain for sale?" is written by many honest people
_WORD = re.compile(r"[^\W\d_]{2,}")
_LINK = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@]{1,255}", re.IGNORECASE)

Sketch = tuple[int, ...]


def sketch(content: Content) -> Sketch:
    """Return up to SKETCH_SIZE hashes, ascending; empty where there is too little to compare."""
    words = _WORD.findall(_LINK.sub(" ", content.text.casefold()))[:_MAX_WORDS]
    shingles = {" ".join(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)}
    shingles.update(_links(content.urls))
    if len(shingles) < _MIN_SHINGLES:
        return ()
    return tuple(sorted({_hash(shingle) for shingle in shingles})[:SKETCH_SIZE])


def resemblance(one: Sketch, other: Sketch) -> float:
    """Return the estimated share of common shingles, 0 to 1 (Jaccard)."""
    if not one or not other:
        return 0.0
    union = sorted({*one, *other})[:SKETCH_SIZE]
    common = set(one) & set(other)
    return sum(1 for value in union if value in common) / len(union)


def _links(urls: tuple[str, ...]) -> Iterator[str]:
    for url in urls[:50]:
        try:
            parts = urlsplit(url if "//" in url else f"//{url}")
        except ValueError:
            continue
        # Query and fragment carry the recipient's number, and so may the last of the path.
        yield f"host {(parts.hostname or '').removeprefix('www.')}"


def _hash(shingle: str) -> int:
    return int.from_bytes(blake2b(shingle.encode("utf-8", "replace"), digest_size=8).digest(), "big")
