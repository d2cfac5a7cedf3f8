"""The words that stand before a phrase are in everything that the phrase matches."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailrelay.content.phrases import BUSINESSES, businesses_in
from mailrelay.content.words import Words

PHRASES = [(business, pattern) for business in BUSINESSES for _, pattern in business.phrases]


_WRITTEN = [(business, pattern, st.from_regex(pattern, fullmatch=True)) for business, pattern in PHRASES]


# The time is not what is tested, and one example writes two hundred phrases.
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_a_pattern_matches_is_found(data: st.DataObject) -> None:
    for business, pattern, phrases in _WRITTEN:
        text = f"well, {data.draw(phrases).lower()}."
        # What grows in lower case, or is a word only with its neighbour, is not what the pattern means.
        if re.search(rf"(?<!\w)(?:{pattern})(?!\w)", text):
            assert business.name in businesses_in(Words.of(text)), pattern


@given(
    st.lists(st.sampled_from([pattern.replace("?", "") for _, pattern in PHRASES]) | st.text(), max_size=6)
)
def test_the_short_way_finds_what_searching_for_everything_finds(pieces: list[str]) -> None:
    text = " ".join(pieces).lower()
    everything = {
        business.name for business, pattern in PHRASES if re.search(rf"(?<!\w)(?:{pattern})(?!\w)", text)
    }
    assert businesses_in(Words.of(text)) == everything


@given(st.text(), st.sampled_from("_1- "), st.sampled_from(["free", "läuft", "займ"]))
def test_a_word_is_found_between_whatever_stands_beside_it(text: str, beside: str, word: str) -> None:
    known = frozenset({word.encode()})
    assert Words.of(f"{text}{beside.strip()} {word.upper()} {beside.strip()}{text}").among(known) == known


@given(st.text())
def test_every_word_of_letters_is_found(text: str) -> None:
    words = Words.of(text)
    whole = re.findall(r"\w+", words.text.encode("utf-8", "replace").decode())
    letters = frozenset(word.encode() for word in whole if not re.search(r"[0-9_]", word))
    assert words.among(letters) == letters
