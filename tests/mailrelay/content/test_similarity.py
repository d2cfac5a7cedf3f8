"""Near-copies are recognised whatever is done to them; honest letters with something in common are none."""

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.content.reading import Content, read_content
from mailrelay.content.similarity import _RUN, MOST_MARKS, Sketch, Sketcher
from mailrelay.message import RawMessage

KEY = b"k" * 32
SKETCHER = Sketcher(KEY)
SENTENCES = (
    "We build web sites for small firms in your region and would be glad to show you what our team did.",
    "Our prices are fair and our designers are kind, and the very first draft costs you nothing at all.",
    "Last year forty shops of your trade doubled their sales with a page that we had drawn for them.",
    "Call us any morning before noon, or write back with a number at which you can be reached today.",
    "This offer ends when the month does, and we take no more than six new customers in one quarter.",
)
PITCH = " ".join(SENTENCES)
LINKS = "See http://pages.example/work and http://prices.example/list and http://team.example/we."
LOOK_ALIKES = str.maketrans("aceopxyi", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456")


def _read(text: str, *, head: str = "From: a@b.example\r\n", kind: str = "text/plain") -> Content:
    fields = f"{head}MIME-Version: 1.0\r\nContent-Type: {kind}; charset=utf-8\r\n"
    return read_content(RawMessage.parse(f"{fields}\r\n{text}".encode()))


def _sketch(text: str) -> Sketch:
    return SKETCHER.sketch(_read(text))


def _alike(one: Sketch, other: Sketch) -> bool:
    """Whether the second counts as a near-copy of the first."""
    marks = {mark for mark, _ in other.marks}
    return sum(weight for mark, weight in one.marks if mark in marks) >= one.needed


@given(st.permutations(SENTENCES))
def test_the_order_of_sentences_does_not_matter(sentences: list[str]) -> None:
    assert _alike(_sketch(" ".join(sentences)), _sketch(PITCH))


@given(st.text("0123456789", max_size=12), st.sampled_from(["Ann", "Bo", "Dr. Zoë Li", ""]), st.booleans())
def test_names_numbers_links_and_case_do_not_matter(number: str, name: str, shout: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    text = f"Dear {name}, {PITCH} Reference {number}. http://x{number}.example/?to={number} {name}@c.example"
    assert _alike(_sketch(text.upper() if shout else text), _sketch(PITCH))


@given(st.data())
def test_what_is_not_seen_and_what_looks_the_same_do_not_matter(data: st.DataObject) -> None:
    unseen = st.sampled_from(["", "", "", "\u200b", "\u200c", "\u00ad", "\u2060"])
    looks = st.sampled_from([str.upper, lambda char: char.translate(LOOK_ALIKES), lambda char: char])
    text = "".join(data.draw(looks)(char) + data.draw(unseen) for char in SENTENCES[0]) + PITCH
    assert _sketch(text) == _sketch(SENTENCES[0] + PITCH)


@given(st.lists(st.text("bcdfghjklm", min_size=3, max_size=9), max_size=100), st.booleans())
def test_a_letter_is_known_under_as_much_noise(noise: list[str], above: bool) -> None:  # noqa: FBT001 - same
    words = " ".join(noise)
    assert _alike(_sketch(f"{words}\n{PITCH}" if above else f"{PITCH}\n{words}"), _sketch(PITCH))


def test_quotes_and_footers_do_not_matter() -> None:
    quoted = f"{PITCH}\r\n\r\n> What do you want?\r\n> Who are you?\r\n"
    footer = f"{PITCH}\r\n-- \r\nList of shops, to leave it write to\r\nleave@lists.example or call us\r\n"
    assert _sketch(quoted) == _sketch(footer) == _sketch(PITCH)


def test_letters_that_share_a_footer_alone_are_not_alike() -> None:
    footer = (
        "\r\n_______________________________________________\r\nThis list is for owners of shops, you get it "
        "since you asked for it. To leave it, send an empty message to the address below, or follow the link."
    )
    one = _sketch(f"Is anybody here who knows how a domain is moved to another registrar?{footer}")
    other = _sketch(f"The meeting of next month will be at my house, please bring chairs and cake.{footer}")
    assert one.marks
    assert not _alike(one, other)
    assert not _alike(other, one)


@pytest.mark.parametrize(
    "text", ["", "Is this domain for sale?", "Hello, is shop.example for sale? Thanks, Ann"]
)
def test_short_questions_are_not_compared(text: str) -> None:
    assert _sketch(text).marks == ()


def test_offers_with_a_phrase_in_common_are_not_alike() -> None:
    one = _sketch("Hello, I am interested in buying your domain. I sell shoes in Bern. What would it cost?")
    other = _sketch(
        "Good day! I am interested in buying your domain for our choir, if we can pay for it at all."
    )
    assert one.marks
    assert not _alike(one, other)


def test_a_short_text_is_known_by_its_link_unless_that_is_the_authors_or_everybodys() -> None:
    link = "Look: http://win.example/p/17"
    assert _alike(_sketch(link), _sketch("For you, Bo: http://www.win.example/p/4?to=bo"))
    assert _sketch("Is it for sale? https://www.b.example/about").marks == ()
    assert _sketch("Is it for sale? Get the program: https://aka.ms/o0ukef").marks == ()


def test_the_same_three_links_make_a_copy_of_another_text_and_one_does_not() -> None:
    other = "A letter that is about gardens and how they look in autumn when leaves lie on the ground."
    assert _alike(_sketch(f"{other} {LINKS}"), _sketch(f"{PITCH} {LINKS}"))
    one = "http://pages.example/work"
    assert not _alike(_sketch(f"{other} {one}"), _sketch(f"{PITCH} {one}"))


def _with_file(text: str, octets: bytes) -> Sketch:
    body = (
        f"--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b\r\nContent-Type: image/png\r\n"
        f"Content-Disposition: attachment; filename=a.png\r\n\r\n{octets.hex()}\r\n--b--\r\n"
    )
    return SKETCHER.sketch(_read(body, kind="multipart/mixed; boundary=b"))


def test_a_picture_is_a_copy_where_there_is_hardly_any_text() -> None:
    picture, other = bytes(range(256)) * 4, bytes(reversed(range(256))) * 4
    assert _alike(_with_file("Hi Ann", picture), _with_file("Hi Bo", picture))
    assert not _alike(_with_file("Hi Ann", picture), _with_file("Hi Ann", other))
    assert not _alike(_with_file(PITCH, picture), _with_file("Hi Ann", picture))


def test_a_text_without_blanks_between_words_is_compared() -> None:
    text = "尊敬的负责人我们是中国的域名注册服务商收到一家公司申请注册贵公司的品牌作为域名请尽快与我们联系"
    assert _alike(_sketch(f"{text}张伟"), _sketch(f"李娜{text}"))
    assert not _alike(
        _sketch("今天的天气很好我们去公园散步然后回家做饭看书听音乐晚上早点睡觉明天再见"), _sketch(text)
    )


def test_whoever_has_another_key_makes_other_marks() -> None:
    ours, others = _sketch(PITCH), Sketcher(b"l" * 32).sketch(_read(PITCH))
    assert len(ours.marks) == len(others.marks) == 16
    assert not {mark for mark, _ in ours.marks} & {mark for mark, _ in others.marks}
    assert Sketcher(KEY).sketch(_read(PITCH)) == ours


@given(st.lists(st.binary(max_size=8), min_size=_RUN, max_size=200))
def test_places_made_at_once_are_those_made_one_by_one(words: list[bytes]) -> None:
    one, two, three = SKETCHER._factors
    sums = [
        crc32(a) * one + crc32(b) * two + crc32(c) * three
        for a, b, c in zip(words, words[1:], words[2:], strict=False)
    ]
    assert list(SKETCHER._order(words)) == [each % 2**32 for each in sums]


@given(st.text(max_size=2000))
def test_any_text_has_a_sketch_of_bounded_size(text: str) -> None:
    sketch = SKETCHER.sketch(_read(text.encode("utf-8", "replace").decode()))
    assert len(sketch.marks) <= MOST_MARKS
    assert all(0 <= mark < 2**64 for mark, _ in sketch.marks)
