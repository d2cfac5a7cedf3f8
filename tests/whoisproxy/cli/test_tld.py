"""`whoisproxy tld show` explains to people, and helps on with what is mistyped."""

from pathlib import Path

import pytest

from tests.whoisproxy.cli.conftest import Run


def test_a_tld_is_explained_with_all_that_follows_from_it(run: Run) -> None:
    shown = run("tld", "show", "ch").out
    assert "none (TLD_ALREADY_REDACTED): The registry already withholds holders" in shown
    assert "Swiss law has forbidden" in shown
    assert shown.count("The public sees nothing.") == 2
    assert "a change of holder is an ordinary update" in shown
    assert "Demanded of a holder: nothing; the registry may ask for a Swiss address" in shown
    assert "bakom.admin.ch" in shown
    assert "High: " in shown
    assert "ch-switch.toml" in shown


def test_what_a_switch_costs_is_explained(run: Run) -> None:
    shown = run("tld", "show", "org").out
    assert "Transfers may then be locked for 60 days." in shown
    assert "contacts of the privacy service as registrant, admin and tech" in shown


@pytest.mark.parametrize("typed", [".CH", "ch.", " ch ", "CH", "example.ch", "zürich.ch", "。ch", "ch。"])
def test_a_tld_is_understood_however_it_is_typed(run: Run, typed: str) -> None:
    ended = run("tld", "show", typed, "--json")
    assert ended.json()["tld"] == "ch"


def test_a_domain_is_told_which_rule_is_its_own(run: Run) -> None:
    assert ".de  DENIC  (the rule for münchen.de)\n" in run("tld", "show", "münchen.de").out


def test_a_tld_in_another_script_is_shown_as_people_write_it(run: Run) -> None:
    for typed in ("рф", "xn--p1ai", "XN--P1AI"):
        assert run("tld", "show", typed).out.startswith(".рф (xn--p1ai)  ")
    assert run("tld", "show", "РФ", "--json").json()["tld_unicode"] == "рф"


@pytest.mark.parametrize(("typed", "hint"), [("chh", "Did you mean .ch?"), ("xn--p1a", "No such TLD")])
def test_a_tld_that_does_not_exist_is_refused_with_a_hint(run: Run, typed: str, hint: str) -> None:
    ended = run("tld", "show", typed)
    assert (ended.code, ended.err) == (0, "")
    assert "TLD_UNSUPPORTED" in ended.out
    assert hint in ended.out
    assert "No such TLD is in the Public Suffix List." in ended.out


def test_a_tld_that_exists_and_has_no_rule_is_told_where_one_is_added(run: Run) -> None:
    shown = run("tld", "show", "aaa").out
    assert "No such TLD" not in shown
    assert "docs/howto/add-a-tld.md" in shown


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("", "is empty: write one such as ch, org or co.uk"),
        (" . ", "is empty: write one such as ch, org or co.uk"),
        ("a b", "is not a domain name (RFC 5891): write one such as ch or co.uk"),
        ("https://example.ch/", "is not a domain name (RFC 5891): write one such as ch or co.uk"),
        ("x" * 64, "is not a domain name (RFC 5891): write one such as ch or co.uk"),
        ("a..ch", "is not a domain name (RFC 5891): write one such as ch or co.uk"),
    ],
)
def test_what_is_no_name_at_all_is_one_line_and_exit_code_2(run: Run, typed: str, complaint: str) -> None:
    ended = run("tld", "show", typed)
    assert (ended.code, ended.out, ended.err) == (2, "", f"whoisproxy: tld: {complaint}\n")


def test_brackets_in_an_operators_words_are_shown_as_they_are(run: Run, tmp_path: Path) -> None:
    (tmp_path / "whoisproxy.toml").write_text('[catalogue]\noverrides = ["tlds.toml"]\n')
    (tmp_path / "tlds.toml").write_text(
        """
[[policy]]
tlds = ["example"]
operator = "[i]Ex"
mechanism = "none"
reason = "TLD_PROHIBITED"
explanation = "Forbidden [red] by the rules."
source = "rules [1]"
source_date = ""
confidence = "high"
holder_change = { kind = "manual", lock_days = 0 }
roles = []
"""
    )
    shown = run("tld", "show", "example").out
    assert ".example  [i]Ex\n" in shown
    assert "Forbidden [red] by the rules." in shown
    assert "tlds.toml" in shown
    assert "Public Suffix List" not in shown
    assert "[i]Ex" in run("tld", "list").out
