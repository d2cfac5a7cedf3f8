"""The demonstration finds the registrant wherever he shows, and not where chance spells a short name."""

import pytest

from whoisproxy.demo.cast import TRACES, traces_in


@pytest.mark.parametrize("trace", TRACES)
def test_every_trace_is_found_in_any_case(trace: str) -> None:
    assert trace in traces_in(f"From: <{trace.upper()}>")
    assert trace in traces_in(f"-- \r\n{trace}\r\n".encode())


@pytest.mark.parametrize("written", ["Zoe", "zoe_lefevre", "(ZOE)", "x=zoe;", "zoe.", "_Zoe_"])
def test_a_short_name_is_found_as_a_word(written: str) -> None:
    assert "Zoe" in traces_in(written)


def test_a_short_name_within_a_token_is_chance() -> None:
    assert traces_in(b"DKIM-Signature: v=1; b=q7ZoeK1m; bh=aZOEb") == []


@pytest.mark.parametrize("number", ["0325550123", "0041325550123"])
def test_a_long_number_is_found_within_a_longer_one(number: str) -> None:
    assert "325550123" in traces_in(number)
