"""What mail servers of many makers say, in many languages: hard where the address is at fault, else soft."""

from pathlib import Path

import pytest

from mailrelay.reports.reading.classification import classify

_FILE = Path(__file__).parents[2] / "data/mail/reports/refusals.tsv"
_ROWS = [tuple(line.split("\t")) for line in _FILE.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("kind", "said"), _ROWS, ids=[said[:60] for _, said in _ROWS])
def test_a_refusal_of_a_recipient_is_hard_only_where_his_address_is_at_fault(kind: str, said: str) -> None:
    at_rcpt = f"{said} (in reply to RCPT TO command)" if said[:1].isdigit() else said
    assert classify([at_rcpt], said).kind.value == kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("550 unknown user (in reply to RCPT TO command)", "hard"),
        ("550 unknown user (in reply to end of DATA command)", "soft"),
        ("did not like our RCPT TO: 550 unknown user", "hard"),
        ("did not like our DATA: 550 unknown user", "soft"),
        ("The error that the other server returned was: 550 unknown user (state 14)", "hard"),
        ("The error that the other server returned was: 550 unknown user (state 18)", "soft"),
        ("550 unknown user", "soft"),
        ("550 5.1.1 unknown user", "hard"),
        ("unknown user", "hard"),
        ("550 <a@ezweb.ne.jp>: User unknown", "hard"),
        ("550 : User unknown", "soft"),
    ],
)
def test_a_quoted_server_is_believed_about_an_address_only_where_it_refuses_the_address(
    said: str, kind: str
) -> None:
    """Filters call a recipient unknown as well, once they have the message."""
    assert classify([said], said).kind.value == kind


def test_what_no_table_knows_proves_nothing_against_an_address() -> None:
    meaning = classify(["It did not work."], "It did not work.")
    assert (meaning.kind.value, meaning.reason) == ("soft", "unknown")


def test_a_domain_that_does_not_exist_is_hard_when_delivery_ended_and_soft_while_it_is_tried() -> None:
    said = "450 4.1.2 Domain does not exist"
    assert classify([said]).kind.value == "hard"
    assert classify([said], delayed=True).kind.value == "soft"
