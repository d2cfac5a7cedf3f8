"""What owners type: passwords, recovery codes, names; and what browsers say of themselves."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.owner_account import (
    RECOVERY_BITS,
    Methods,
    checked_password,
    normalised_password,
    passkey_name,
    read_recovery_code,
    recovery_code,
)
from whoisproxy.domain.sign_in import BUDGETS, LETTER_LIFETIME, Lane, device_of


@given(st.integers(0, 2**RECOVERY_BITS - 1))
def test_a_recovery_code_is_read_as_people_type_it(chance: int) -> None:
    code = recovery_code(chance)
    read = read_recovery_code(code)
    assert len(code) == 19
    typed = code.upper().replace("-", " ").replace("0", "O").replace("1", "I")
    assert read_recovery_code(typed) == read == code.replace("-", "")


@given(st.text(max_size=40))
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    assert len(read_recovery_code(text)) in {0, 16}
    assert len(passkey_name(text)) <= 60


@given(st.text(min_size=0, max_size=300))
def test_a_password_that_is_taken_is_compared_as_it_is_hashed(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        kept = checked_password(text)
        assert normalised_password(text) == normalised_password(kept) == kept


def test_the_same_password_from_another_keyboard_is_the_same() -> None:
    assert checked_password("zo\u0065\u0308 und die Katze") == checked_password("zo\u00eb und die Katze")


def test_methods_are_not_shown() -> None:
    assert "secret" not in repr(Methods("secret", "secret", "secret"))


def test_who_gets_no_further_letter_has_a_link_that_works() -> None:
    assert BUDGETS[Lane.LETTER].within < LETTER_LIFETIME


_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox, Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0) {_WEBKIT} Chrome/131.0 Safari/537.36 Edg/131.0", "Edge, Windows"),
        (f"Mozilla/5.0 (iPhone; like Mac OS X) {_WEBKIT} Version/18.1 Safari/604.1", "Safari, iPhone"),
        (f"Mozilla/5.0 (Linux; Android 15) {_WEBKIT} Chrome/131.0 Safari/537.36", "Chrome, Android"),
        (f"Mozilla/5.0 (Macintosh) {_WEBKIT} Chrome/131.0 Safari/537.36 OPR/117.0", "Opera, macOS"),
        ("curl/8.5.0", ""),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_a_device_is_named_in_a_few_words(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device
