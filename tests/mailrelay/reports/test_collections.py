"""Real reports of some eighty kinds of mail servers: what we make of them, and where we differ.

| collection | passed | failed | not applicable |
| --- | --- | --- | --- |
| flufl.bounce, recipients | 115 of 117 | 2 | |
| flufl.bounce, final or not | 112 of 112 | 0 | 5 that name no recipient |
| sisimai, recipients | 322 of 324 | 2 | 13 without an expectation |
| sisimai, kind | 319 of 324 | 5 | 13 without an expectation |
| XARF, valid documents | 102 of 102 | 0 | |

flufl.bounce tells what is final from what is tried again; `hard` says more, that the address is at fault.
So its column is compared with `Finding.final`, and sisimai's `hardbounce` with the kind.
"""

import tarfile
from pathlib import Path

import pytest

from mailrelay.reports.reading.finding import NOTHING, Finding, Kind
from tests.mailrelay.reports.collections_of_reports import (
    FLUFL,
    MAIL,
    SISIMAI,
    flufl_expected,
    needs_collections,
    sisimai_expected,
)
from whoisproxy.cli.mail_bounce import findings_of

_RECIPIENTS, _KINDS = 0.98, 0.98
_MANY = 1_000
_SAME_WORDS = "the collection calls the same words hard in one file and soft in another"
_DELAYED = "a delay is never hard with us"
_BOUNCES = frozenset({Kind.HARD, Kind.SOFT})
SISIMAI_KINDS = {
    "lhost-exim-37.eml": "the host that does not exist is the sender's",
    "lhost-opensmtpd-12.eml": _DELAYED,
    "lhost-x1-01.eml": _SAME_WORDS,
    "lhost-x2-01.eml": _SAME_WORDS,
    "rfc3464-01.eml": "one recipient in its fields, two expected",
}
SISIMAI_RECIPIENTS = {
    "arf-11.eml": "the complaint hides its recipient",
    "rfc3464-01.eml": "one recipient in its fields, two expected",
}
FLUFL_RECIPIENTS = {
    "simple_14.txt": "names the address before and after an alias; we take the one that was written to",
    "yale_01.txt": "names nobody; two addresses are guessed there",
}


@needs_collections
def test_sisimais_reports_are_about_the_recipients_that_they_name() -> None:
    expected = sisimai_expected()
    wrong = {
        name
        for name, kinds in expected.items()
        if [bool(found.recipient) for found in _read(SISIMAI / name)] != [True] * len(kinds)
    }
    assert wrong == set(SISIMAI_RECIPIENTS)
    assert 1 - len(wrong) / len(expected) >= _RECIPIENTS


@needs_collections
def test_sisimais_reports_are_hard_where_the_address_is_at_fault() -> None:
    expected = sisimai_expected()
    wrong = {
        name
        for name, kinds in expected.items()
        if sorted(found.kind.value for found in _read(SISIMAI / name)) != sorted(kinds)
    }
    assert wrong == set(SISIMAI_KINDS)
    assert 1 - len(wrong) / len(expected) >= _KINDS


@needs_collections
def test_flufls_reports_are_about_the_recipients_that_they_name() -> None:
    expected = flufl_expected()
    wrong = {
        name
        for name, (recipients, _) in expected.items()
        if {
            found.recipient.lower()
            for found in _read(FLUFL / name)
            if found.kind in _BOUNCES and found.recipient
        }
        != recipients
    }
    assert wrong == set(FLUFL_RECIPIENTS)
    assert 1 - len(wrong) / len(expected) >= _RECIPIENTS


@needs_collections
def test_flufls_reports_are_final_where_nobody_tries_again() -> None:
    expected = {name: final for name, (recipients, final) in flufl_expected().items() if recipients}
    for name, final in expected.items():
        assert {found.final for found in _read(FLUFL / name)} == {final}, name


@needs_collections
def test_every_arf_complaint_is_feedback() -> None:
    for file in (MAIL / "automatic/mail-auth_arf").glob("*.eml"):
        assert {found.kind for found in _read(file)} == {Kind.FEEDBACK}, file.name


@needs_collections
def test_every_valid_xarf_document_is_feedback() -> None:
    for file in (MAIL / "automatic/xarf/samples/positive").rglob("*.json"):
        assert {found.kind for found in _read(file)} == {Kind.FEEDBACK}, file.name


@pytest.mark.slow
@needs_collections
def test_honest_mail_is_no_report() -> None:
    """Twelve hundred messages that people and lists wrote, some of them about mail that failed."""
    with tarfile.open(MAIL / "spam/dev_2009_2024.tar.gz") as collection:
        honest = [each for each in collection if each.isfile() and "_ham_" in each.name]
        for each in honest:
            content = collection.extractfile(each)
            assert content is not None
            assert findings_of(content.read()) == [NOTHING], each.name
    assert len(honest) > _MANY


def _read(file: Path) -> list[Finding]:
    return findings_of(file.read_bytes())
