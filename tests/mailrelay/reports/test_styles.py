"""Reports in the style of each maker that writes no RFC 3464: the file's name tells the kind."""

from pathlib import Path

import pytest

from mailrelay.reports.reading.finding import NOTHING
from mailrelay.reports.reading.report import read_report

_DATA = Path(__file__).parents[2] / "data/mail"
_FILES = sorted(_DATA.glob("reports/*.eml"))
# Exim names the address that failed, which is another than the one that was written to.
_RECIPIENTS = {"exim_expanded.hard.eml": "k2@x.example"}


@pytest.mark.parametrize("file", _FILES, ids=[file.stem for file in _FILES])
def test_a_report_in_words_tells_kind_and_recipient(file: Path) -> None:
    _, kind, _ = file.name.split(".")
    [found] = read_report(file.read_bytes())
    assert (found.kind.value, found.recipient) == (kind, _RECIPIENTS.get(file.name, "k@x.example"))


def test_an_address_with_something_left_out_is_no_recipient() -> None:
    """Google Groups shortens addresses; whom it is about is known from where the report came back to."""
    [found] = read_report(
        b"From: mailer-daemon@mx.example\nSubject: Mail delivery failed\n\n"
        b"The following address failed:\n\n  ann...@x.example\n    550 5.1.1 no such user\n\n"
        b"------ This is a copy of the message ------\n\nTo: ann...@x.example\n"
    )
    assert (found.kind.value, found.recipient) == ("hard", "")


def test_what_people_write_is_no_report() -> None:
    """Complaints that quote spam and notices of lawyers among it."""
    for file in _DATA.glob("honest/*.eml"):
        assert read_report(file.read_bytes()) == (NOTHING,), file.name
