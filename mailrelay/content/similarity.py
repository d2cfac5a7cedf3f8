"""Sketch a text so that near-copies can be recognised without keeping the text.

Words and links are put into a normal form that survives the usual variations (case, numbers, personal
salutations, tracking parameters); overlapping runs of words are hashed, and the smallest hashes are
kept (bottom-k MinHash, Broder 1997). The share of common hashes estimates how much text is common.
Hashes are those of this process, with a key of its own that nobody can foresee: sketches are never stored.
"""

from mailrelay.content.reading import Content
from mailrelay.content.words import runs_of_letters

SKETCH_SIZE = 64
_MAX_WORDS = 2_000
_MIN_SHINGLES = 8  # "Is this domain for sale?" is written by many honest people
_MOST_HOSTS = 50
_LEAST_HASH = -(2**63)
Sketch = tuple[int, ...]


def sketch(content: Content) -> Sketch:
    """Return up to SKETCH_SIZE hashes, ascending; empty where there is too little to compare."""
    words = _words(content)
    # Runs of four words, hashed as tuples: no object is made for a run that Python code would see.
    shingles = list(map(hash, zip(words, words[1:], words[2:], words[3:], strict=False)))
    # Path, query and fragment carry the recipient's number; of a link only its host is text.
    shingles += [hash(("host", host.removeprefix("www."))) for host in content.hosts[:_MOST_HOSTS]]
    return _smallest(shingles) if len(shingles) >= _MIN_SHINGLES else ()


def _smallest(hashes: list[int]) -> Sketch:
    """Return the smallest of 64-bit hashes, each once; only those are sorted that may be among them."""
    bound = _LEAST_HASH + 2**65 * SKETCH_SIZE // len(hashes)
    low = {one for one in hashes if one < bound}
    if len(low) < SKETCH_SIZE:
        low = set(hashes)
    return tuple(sorted(low)[:SKETCH_SIZE]) if len(low) >= _MIN_SHINGLES else ()


def _words(content: Content) -> list[bytes]:
    text = content.words.text
    if "://" not in text and "@" not in text and "www." not in text:
        return content.words.runs[:_MAX_WORDS]
    return runs_of_letters(" ".join([word for word in text.split() if not _is_address(word)]))[:_MAX_WORDS]


def _is_address(word: str) -> bool:
    return "://" in word or "@" in word or word.startswith("www.")


def resemblance(one: Sketch, other: Sketch, least: float = 0.0) -> float:
    """Return the estimated share of common shingles, 0 to 1 (Jaccard); 0 where it cannot reach `least`."""
    if one == other:
        return float(bool(one))
    common = set(one).intersection(other)
    # Only those of the common hashes count that are among the smallest of the union: there may be fewer.
    size = min(SKETCH_SIZE, len(one) + len(other) - len(common))
    if not common or len(common) / size < least:
        return 0.0
    # Both are sorted already, and merging them is all that is left to do.
    union = list(dict.fromkeys(sorted(one + other)))[:size]
    return len(common.intersection(union)) / size
