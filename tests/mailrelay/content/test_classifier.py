"""The model of spam: the same message always has the same score, and what weighed most can be named."""

import math
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailrelay.content.classifier.facts import facts
from mailrelay.content.classifier.grams import MOST_OCTETS, grams, normal_form
from mailrelay.content.classifier.model import BUCKETS, NO_WEIGHT, SpamModel, buckets, features, shipped_model
from mailrelay.content.reading import Content, read_content
from mailrelay.content.score import (
    LIKE_SPAM,
    QUARANTINE_POINTS,
    RULES_SHARE,
    TAG_POINTS,
    points,
    rule_hits,
    score,
    together,
    top_features,
)
from mailrelay.message import RawMessage

HONEST = Path(__file__).parents[2] / "data/mail/honest"
HEAD = "From: Ann Ruiz <ann@shop.example>\r\nMessage-ID: <1@shop.example>\r\n"
SCAM = (
    f"{HEAD}Subject: Increase your traffic\r\n\r\nWe place your website on the first page of Google with "
    "backlinks, guaranteed, for only $49 per month. Click here to claim your discount: https://cheap.example/1\r\n"
)
LETTER = (
    f"{HEAD}Subject: Opening times\r\n\r\nHello, the link to the opening times on your page does not work "
    "any more. Could you please have a look? Thanks, Ann\r\n"
)


def _read(text: str) -> tuple[RawMessage, Content]:
    message = RawMessage.parse(text.encode("utf-8", "surrogatepass"))
    return message, read_content(message)


def _log_odds(text: str, model: SpamModel | None = None) -> float:
    message, content = _read(text)
    names = tuple(name for name, _ in rule_hits(message, content))
    return (model or shipped_model()).score(message, content, names)


def _flat(**changes: float) -> SpamModel:
    """A model in which every feature weighs one step."""
    numbers = {"bias": 0.0, "scale": 1.0, "tag": 2.0, "quarantine": 4.0} | changes
    return SpamModel("0123456789abcdef", **numbers, weights=bytes([NO_WEIGHT + 1]) * BUCKETS)


def test_an_offer_nobody_asked_for_scores_higher_than_a_letter() -> None:
    assert _log_odds(SCAM) > 0 > _log_odds(LETTER)


@pytest.mark.parametrize("path", sorted(HONEST.glob("*.eml")), ids=lambda path: path.stem)
def test_an_honest_letter_stays_well_below_the_quarantine(path: Path) -> None:
    message = RawMessage.parse(path.read_bytes())
    content = read_content(message)
    hits = rule_hits(message, content)
    log_odds = shipped_model().score(message, content, tuple(name for name, _ in hits))
    assert together(log_odds, hits) < shipped_model().quarantine - 1


def test_case_digits_blanks_and_zero_width_characters_change_nothing() -> None:
    plain = f"{HEAD}Subject: Win 100 now\r\n\r\nclick here to win 500 euros today\r\n"
    tricky = f"{HEAD}Subject: WIN 734 now\r\n\r\ncl\u200bick  HERE\r\n to w\u00adin 912 eu\u2060ros today\r\n"
    assert (
        normal_form(_read(plain)[1])
        == normal_form(_read(tricky)[1])
        == (b" win 000 now click here to win 000 euros today ")
    )


@pytest.mark.parametrize("mark", ["Re: ", "AW: Re: ", "Fwd: ", "[list] ", "Re[2]: [a list] RE: "])
def test_marks_of_answers_and_lists_are_no_part_of_the_subject(mark: str) -> None:
    assert normal_form(_read(f"{HEAD}Subject: {mark}hello\r\n\r\nyou\r\n")[1]) == b" hello you "


def test_what_an_abuse_report_quotes_is_not_what_it_says() -> None:
    quoted = "".join(f"> buy cheap pills {number}\r\n" for number in range(5))
    own = "this message was sent to us from your network last night, please have a look at the logs of it."
    assert b"pills" not in normal_form(_read(f"{HEAD}Subject: abuse\r\n\r\n{own}\r\n\r\n{quoted}")[1])


def test_grams_are_the_distinct_runs_of_four_octets() -> None:
    text = b" the cat the cat "
    runs = {text[at : at + 4] for at in range(len(text) - 3)}
    assert {gram.to_bytes(4, "little") for gram in grams(text)} == runs
    assert grams(b"abc") == set()


def test_only_the_beginning_of_a_text_is_read() -> None:
    assert len(normal_form(_read(f"{HEAD}\r\n{'many words ' * 5_000}")[1])) == MOST_OCTETS + 2


def test_facts_say_what_kind_of_thing_is_there_and_never_who() -> None:
    text = (
        "From: Ann Ruiz <ann@shop.example>\r\nReply-To: other@elsewhere.invalid\r\n"
        "Message-ID: <1@mx.shop.example>\r\n"
        'Content-Type: text/plain; charset="utf-8"\r\n\r\nsee https://www.shop.example/x and http://host.test/\r\n'
    )
    message, content = _read(text)
    found = facts(message, content, ("urgency",))
    assert found == {
        "rule:urgency",
        "from-tld:example",
        "from-name:words-2",
        "reply-to:other-domain",
        "message-id:related-domain",
        "type:text/plain",
        "charset:utf-8",
        "encoding:",
        "links:2",
        "images:0",
        "length:6",
        "link-tld:example",
        "link-tld:test",
        "links-to-author:some",
    }
    assert not any(name in fact for fact in found for name in ("ann", "ruiz", "shop", "elsewhere"))


def test_buckets_are_what_the_score_is_summed_over() -> None:
    message, content = _read(SCAM)
    mine = buckets(message, content, ("urgency",))
    assert mine == sorted(mine)
    assert mine[0] >= 0
    assert mine[-1] < BUCKETS
    model = shipped_model()
    assert model.score_of(mine) == model.score(message, content, ("urgency",))


def test_the_score_is_the_sum_of_weights_by_the_root_of_their_number() -> None:
    message, content = _read(LETTER)
    count = len(features(message, content, ()))
    expected = -1 + 0.5 * count / math.sqrt(count)
    assert math.isclose(_flat(bias=-1.0, scale=0.5).score(message, content, ()), expected)


@pytest.mark.parametrize(
    ("text", "expected"), [(SCAM, -1.14978), (LETTER, -1.416684)], ids=["scam", "letter"]
)
def test_a_model_means_today_what_it_meant_when_it_was_made(text: str, expected: float) -> None:
    """Golden scores by weights that anybody can make: a change of features needs a new model."""
    weights = bytes([number * 7919 % 251 for number in range(BUCKETS)])
    model = SpamModel("0123456789abcdef", -1.0, 0.01, 2.0, 4.0, weights)
    assert round(_log_odds(text, model), 6) == expected


def test_reasons_add_up_to_the_score() -> None:
    """Every gram is counted in one word, so that no part of a verdict stays unexplained."""
    message, content = _read(SCAM)
    model = shipped_model()
    reasons = model.reasons(message, content, ())
    score_of = model.score(message, content, ())
    assert math.isclose(model.bias + sum(one.weight for one in reasons), score_of, abs_tol=0.05)


def test_reasons_name_words_and_facts_heaviest_first() -> None:
    message, content = _read(SCAM)
    reasons = shipped_model().reasons(message, content, ("money-offered",))[:12]
    assert len(reasons) == 12
    assert all(one.name.startswith("word:") or ":" in one.name for one in reasons)
    assert {"word:click", "word:only", "word:discount:", "word:website"} & {one.name for one in reasons}
    weights = [abs(one.weight) for one in reasons]
    assert weights == sorted(weights, reverse=True)


def test_top_features_speak_for_spam_and_are_always_the_same() -> None:
    text = SCAM.replace("Increase your traffic", "ACT NOW OR LOSE IT")
    found = top_features(*_read(text))
    assert found == top_features(*_read(text))
    assert len(found) == 8
    assert [one.weight for one in found] == sorted((one.weight for one in found), reverse=True)
    assert found[-1].weight > 0
    assert "rule:shouting-subject" in {one.name for one in found}
    assert {one.name.partition(":")[0] for one in found} >= {"rule", "word"}


def test_points_lead_over_the_thresholds_of_the_model() -> None:
    model = _flat()
    marks = {-9.0: 0.0, 0.0: 0.0, 1.0: 1.75, 2.0: TAG_POINTS, 3.0: 4.25, 4.0: QUARANTINE_POINTS, 6.0: 6.5}
    assert {odds: points(odds, model) for odds in marks} == marks
    assert points(3.9999, model) < QUARANTINE_POINTS
    assert points(1.9999, model) <= TAG_POINTS


def test_a_score_names_the_rules_and_then_the_model_if_it_speaks_for_spam() -> None:
    message, content = _read(SCAM)
    found = score(message, content)
    assert found.names[-1] == LIKE_SPAM
    assert found.hits[:-1] == rule_hits(message, content)
    assert LIKE_SPAM not in score(*_read(LETTER)).names


def test_rules_count_by_their_share() -> None:
    assert together(1.0, (("one", 2.0), ("other", 1.0))) == 1.0 + RULES_SHARE * 3.0


def test_a_model_file_is_read_as_it_was_written() -> None:
    octets = (files("mailrelay") / "data" / "spam_model.bin").read_bytes()
    assert SpamModel.parse(octets).octets() == octets
    assert len(octets) < 270_000


def test_the_thresholds_of_the_shipped_model_are_in_order() -> None:
    model = shipped_model()
    assert 0 < model.tag < model.quarantine


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"{}\n",
        b"[]\n",
        b"\xff\n",
        b'{"format": "other"}\n' + bytes(BUCKETS),
        shipped_model().octets()[:-1],
        shipped_model().octets().replace(b'"bias"', b'"bios"', 1),
    ],
)
def test_what_is_no_model_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match=r"model|Expecting"):
        SpamModel.parse(octets)


@settings(deadline=None)
@given(st.binary(max_size=2_000))
def test_any_octets_have_a_finite_score_and_always_the_same(raw: bytes) -> None:
    message = RawMessage.parse(raw)
    content = read_content(message)
    model = shipped_model()
    first = model.score(message, content, ())
    assert math.isfinite(first)
    assert first == model.score(RawMessage.parse(raw), read_content(RawMessage.parse(raw)), ())
    model.reasons(message, content, ())


@pytest.mark.parametrize(
    "text", ["[a] ", "re: ", "\u200b", "[", "re[1", "\ud800", "\x00", "\u0130", "\ufdfa"]
)
def test_hostile_repetition_is_read_to_the_end(text: str) -> None:
    """The test ends: quadratic work on these would outlast the time limit of the suite."""
    message, content = _read(f"{HEAD}Subject: {text * 30_000}\r\n\r\n{text * 100_000}")
    assert math.isfinite(shipped_model().score(message, content, ()))
    shipped_model().reasons(message, content, ())
