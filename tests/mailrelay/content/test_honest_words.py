"""What lawyers and buyers write as a matter of course is no mark of spam by itself."""

from pathlib import Path

import pytest

from mailrelay.content.phrases import businesses_in
from mailrelay.content.reading import read_content
from mailrelay.content.words import Words
from mailrelay.message import RawMessage

HONEST = Path(__file__).parents[2] / "data/mail/honest"


@pytest.mark.parametrize("path", sorted(HONEST.glob("*.eml")), ids=lambda path: path.stem)
def test_no_honest_letter_is_taken_for_an_advance_fee_or_extortion(path: Path) -> None:
    content = read_content(RawMessage.parse(path.read_bytes()))
    assert content.businesses.isdisjoint({"advance-fee", "extortion", "pharmacy", "adult"})


@pytest.mark.parametrize(
    ("text", "is_advance_fee"),
    [
        ("I offer 4,500 US dollars through an escrow service.", False),
        ("This letter is strictly confidential. A. Smith, Barrister", False),
        ("I am Barrister Okoro, and the sum is large.", True),
        ("He left 12 million US dollars.", True),
    ],
)
def test_dollars_and_barristers_are_honest_until_there_are_millions(
    text: str, *, is_advance_fee: bool
) -> None:
    assert ("advance-fee" in businesses_in(Words.of(text))) is is_advance_fee
