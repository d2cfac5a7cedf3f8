"""Real reports of some eighty kinds of mail servers: what we make of them, and where we differ.

| collection | passed | failed | not applicable |
| --- | --- | --- | --- |
| flufl.bounce, recipients | 111 of 117 | 6 | |
| flufl.bounce, final or not | 112 of 112 | 0 | 5 that name no recipient |
| sisimai, recipients | 322 of 324 | 2 | 13 without an expectation |
| sisimai, kind | 314 of 324 | 10 | 13 without an expectation |

flufl.bounce tells what is final from what is tried again; `hard` says more, that the address is at fault.
So its column is compared with `Finding.final`, and sisimai's `hardbounce` with the kind.
"""

from pathlib import Path

from mailrelay.reports.reading.finding import Finding, Kind
from tests.mailrelay.reports.collections_of_reports import (
    FLUFL,
    MAIL,
    SISIMAI,
    flufl_expected,
    needs_collections,
    sisimai_expected,
)
from whoisproxy.cli.mail_bounce import findings_of

_RECIPIENTS, _KINDS = 0.98, 0.965
_SAME_WORDS = "the collection calls the same words hard in one file and soft in another"
_NO_REASON = "says only that it failed: on hold there, hard here"
_DELAYED = "a delay is never hard with us"
SISIMAI_KINDS = {
    "lhost-exim-37.eml": "the host that does not exist is the sender's",
    "lhost-notes-01.eml": _NO_REASON,
    "lhost-opensmtpd-12.eml": _DELAYED,
    "lhost-surfcontrol-01.eml": _SAME_WORDS,
    "lhost-x1-01.eml": _SAME_WORDS,
    "lhost-x2-01.eml": _SAME_WORDS,
    "rfc3464-01.eml": "one recipient in its fields, two expected",
    "rfc3464-35.eml": _SAME_WORDS,
    "rfc3464-39.eml": _NO_REASON,
    "rfc3464-42.eml": _SAME_WORDS,
}
SISIMAI_RECIPIENTS = {
    "arf-11.eml": "the complaint hides its recipient",
    "rfc3464-01.eml": "one recipient in its fields, two expected",
}
FLUFL_RECIPIENTS = {
    "qmail_08.txt": "an automatic reply, of which we name the author",
    "sendmail_01.txt": "names the address before and after an alias; we take the one that failed",
    "simple_14.txt": "names the address before and after an alias; we take the one that failed",
    "simple_42.txt": "the address is shortened; we take what is left",
    "simple_43.txt": "quotes a list's footer; we take its address",
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
        if {found.recipient.lower() for found in _read(FLUFL / name) if found.kind is not Kind.NONE}
        != recipients
    }
    assert wrong == set(FLUFL_RECIPIENTS)


@needs_collections
def test_flufls_reports_are_final_where_nobody_tries_again() -> None:
    expected = {name: final for name, (recipients, final) in flufl_expected().items() if recipients}
    for name, final in expected.items():
        assert {found.final for found in _read(FLUFL / name)} == {final}, name


@needs_collections
def test_every_arf_complaint_is_feedback() -> None:
    for file in (MAIL / "automatic/mail-auth_arf").glob("*.eml"):
        assert {found.kind for found in _read(file)} == {Kind.FEEDBACK}, file.name


def _read(file: Path) -> list[Finding]:
    return findings_of(file.read_bytes())
