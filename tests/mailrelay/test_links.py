"""A link does what it was made for, until its day, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.links import Links, Purpose
from mailrelay.tokens import ALPHABET

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
BASE = "https://mail.registrar.example/portal"
LINKS = Links(BASE + "/", b"k" * 32)
names = st.text(ALPHABET, min_size=1, max_size=64)


def _token(url: str, purpose: Purpose) -> str:
    assert url.startswith(f"{BASE}/{purpose}/")
    return url.rpartition("/")[2]


def test_the_same_links_below_another_host_name() -> None:
    there = LINKS.at("mail.reseller.example:8443").confirm("msg_a", NOW)
    assert there.startswith("https://mail.reseller.example:8443/portal/c/")
    assert LINKS.message_id(there.rpartition("/")[2], NOW) == "msg_a"
    assert LINKS.at("").confirm("msg_a", NOW) == LINKS.confirm("msg_a", NOW)


@given(names)
def test_a_link_leads_to_what_it_was_made_for(name: str) -> None:
    answer = _token(LINKS.answer(f"{name}@relay.example", NOW), Purpose.ANSWER)
    stop = _token(LINKS.stop(f"{name}@relay.example", NOW), Purpose.STOP)
    confirm = _token(LINKS.confirm(f"msg_{name}", NOW), Purpose.CONFIRM)

    assert LINKS.reply_local_part(Purpose.ANSWER, answer, NOW) == name
    assert LINKS.reply_local_part(Purpose.STOP, stop, NOW) == name
    assert LINKS.message_id(confirm, NOW) == f"msg_{name}"
    held = _token(LINKS.held(f"msg_{name}", NOW), Purpose.HELD)
    assert LINKS.message_id(held, NOW, Purpose.HELD) == f"msg_{name}"
    assert LINKS.message_id(held, NOW) is None
    for purpose, url in (
        (Purpose.QUARANTINE, LINKS.quarantine(f"qua_{name}", NOW)),
        (Purpose.DIGEST, LINKS.digest(f"qua_{name}", NOW)),
    ):
        assert LINKS.quarantine_id(purpose, _token(url, purpose), NOW) == f"qua_{name}"


@given(names)
def test_a_link_for_one_purpose_is_none_for_another(name: str) -> None:
    tokens = {
        Purpose.ANSWER: LINKS.answer(f"{name}@relay.example", NOW),
        Purpose.STOP: LINKS.stop(f"{name}@relay.example", NOW),
        Purpose.CONFIRM: LINKS.confirm(f"msg_{name}", NOW),
        Purpose.QUARANTINE: LINKS.quarantine(f"qua_{name}", NOW),
        Purpose.HELD: LINKS.held(f"msg_{name}", NOW),
        Purpose.DIGEST: LINKS.digest(f"qua_{name}", NOW),
    }
    assert set(tokens) == set(Purpose)
    for made_for, url in tokens.items():
        for purpose in set(Purpose) - {made_for}:
            assert LINKS.reply_local_part(purpose, _token(url, made_for), NOW) is None


@given(names, st.data())
def test_a_changed_or_shortened_link_is_nobodys(name: str, data: st.DataObject) -> None:
    token = _token(LINKS.answer(f"{name}@relay.example", NOW), Purpose.ANSWER)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda one: one != token[place]))

    for forged in (
        token[:place] + other + token[place + 1 :],
        token[:place],
        token[place + 1 :],
        token + "0",
    ):
        assert LINKS.reply_local_part(Purpose.ANSWER, forged, NOW) is None


@given(st.text(max_size=80))
def test_any_other_text_is_nobodys(text: str) -> None:
    assert LINKS.reply_local_part(Purpose.ANSWER, text, NOW) is None
    assert LINKS.message_id(text, NOW) is None


@pytest.mark.parametrize(
    ("purpose", "days"), [(Purpose.ANSWER, 90), (Purpose.STOP, 365), (Purpose.CONFIRM, 60)]
)
def test_a_link_ends_on_its_day(purpose: Purpose, days: int) -> None:
    made = {
        Purpose.ANSWER: LINKS.answer("7h2k@relay.example", NOW),
        Purpose.STOP: LINKS.stop("7h2k@relay.example", NOW),
        Purpose.CONFIRM: LINKS.confirm("msg_7h2k", NOW),
    }
    token = _token(made[purpose], purpose)

    assert LINKS.reply_local_part(purpose, token, NOW + timedelta(days=days)) == "7h2k"
    assert LINKS.reply_local_part(purpose, token, NOW + timedelta(days=days + 1)) is None


def test_the_key_of_another_installation_opens_nothing() -> None:
    token = _token(LINKS.answer("7h2k@relay.example", NOW), Purpose.ANSWER)
    assert Links(BASE, b"x" * 32).reply_local_part(Purpose.ANSWER, token, NOW) is None
    with pytest.raises(ValueError, match="32 octets"):
        Links(BASE, b"short")


def test_what_no_link_can_name_gets_none() -> None:
    assert not LINKS.answer("Ada.Buyer@offers.example", NOW)
    assert not LINKS.stop("", NOW)
    assert not LINKS.confirm("rpl_UPPER", NOW)
