"""What comes back is understood, whoever wrote it; and whatever comes, nothing breaks."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailrelay.reports.reading.finding import NOTHING, Finding, Kind
from mailrelay.reports.reading.report import read_report
from tests.mailrelay.reports.collections_of_reports import needs_collections, samples

_FROM_A_SERVER = "From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail\n"
_SAMPLES = [path.read_bytes()[:20_000] for path in samples()] if samples() else [b""]


def dsn(*fields: str, text: str = "It could not be delivered.", kind: str = "delivery-status") -> bytes:
    """Return a report with those fields about its recipient."""
    return (
        f"{_FROM_A_SERVER}Content-Type: multipart/report; report-type={kind}; boundary=b\n\n"
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--b\nContent-Type: message/{kind}\n\nReporting-MTA: dns; mx.example\n\n"
        + "\n".join(fields)
        + "\n\n--b--\n"
    ).encode()


def notice(text: str, header: str = _FROM_A_SERVER) -> bytes:
    """Return a report in plain words."""
    return f"{header}\n{text}\n".encode()


def test_a_standard_report_is_read_by_its_fields() -> None:
    """RFC 3464 2.3: the recipient as his sender wrote him, where that is known."""
    raw = dsn(
        "Original-Recipient: rfc822; ann@home.example",
        "Final-Recipient: rfc822; ann7@store.example",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 no such user here",
    )
    assert read_report(raw) == (Finding(Kind.HARD, "ann@home.example", "5.1.1", "no-such-user", final=True),)


def test_an_international_report_is_read() -> None:
    """RFC 6533: message/global-delivery-status, addresses in UTF-8."""
    raw = dsn(
        "Final-Recipient: utf-8; änne@zuhause.example",
        "Action: failed",
        "Status: 5.2.2",
        kind="global-delivery-status",
    )
    assert read_report(raw) == (
        Finding(Kind.SOFT, "änne@zuhause.example", "5.2.2", "mailbox-full", final=True),
    )


def test_each_recipient_gets_a_finding_of_his_own() -> None:
    raw = dsn(
        *("Final-Recipient: rfc822; a@one.example", "Action: failed", "Status: 5.1.1", ""),
        *("Final-Recipient: rfc822; b@one.example", "Action: delayed", "Status: 4.4.1", ""),
        *("Final-Recipient: rfc822; c@one.example", "Action: relayed", "Status: 2.0.0"),
    )
    assert read_report(raw) == (
        Finding(Kind.HARD, "a@one.example", "5.1.1", "no-such-user", final=True),
        Finding(Kind.SOFT, "b@one.example", "4.4.1", "network-error"),
        Finding(Kind.NONE, "c@one.example", "2.0.0", "delivered"),
    )


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("550 5.1.1 mailbox is full", Kind.SOFT, "mailbox-full"),
        ("550 5.7.1 Unable to relay", Kind.SOFT, "relay-denied"),
        ("550 5.1.1 User unknown in relay recipient table", Kind.HARD, "no-such-user"),
        ("554 5.7.1 blocked using zen.spamhaus.org", Kind.SOFT, "blocked"),
        ("550 5.7.26 This mail is unauthenticated", Kind.SOFT, "auth-failure"),
        ("550 5.4.310 DNS domain x.example does not exist", Kind.HARD, "host-unknown"),
        ("450 4.7.1 cannot find your reverse hostname", Kind.SOFT, "reverse-dns"),
        ("552 5.3.4 too long for you", Kind.SOFT, "too-large"),
        ("556 5.1.10 recipient has a null MX", Kind.HARD, "no-such-user"),
        ("550 5.2.1 The account is disabled", Kind.SOFT, "mailbox-disabled"),
        ("550 gibberish", Kind.SOFT, "rejected"),
    ],
)
def test_the_words_of_a_server_give_kind_and_reason(text: str, kind: Kind, reason: str) -> None:
    raw = dsn("Final-Recipient: rfc822; a@one.example", "Action: failed", f"Diagnostic-Code: smtp; {text}")
    [found] = read_report(raw)
    assert (found.kind, found.reason) == (kind, reason)


def test_a_server_that_calls_the_recipient_unknown_after_the_message_blames_the_message() -> None:
    said = "<a@one.example>: host mx.one.example said: 550 Unknown user (in reply to {} command)"
    [at_rcpt] = read_report(notice(said.format("RCPT TO")))
    [at_data] = read_report(notice(said.format("end of DATA")))
    assert (at_rcpt.kind, at_rcpt.reason) == (Kind.HARD, "no-such-user")
    assert (at_data.kind, at_data.reason) == (Kind.SOFT, "recipient-refuses")


def test_a_report_in_words_names_its_recipients_and_not_those_of_the_returned_message() -> None:
    raw = notice(
        "Hi. This is the qmail-send program.\n\n"
        "<a@one.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
        "<b@two.example>:\nI couldn't find any host named two.example. (#5.1.2)\n\n"
        "--- Below this line is a copy of the message.\n\nTo: c@three.example\n"
    )
    assert [(found.recipient, found.reason) for found in read_report(raw)] == [
        ("a@one.example", "no-such-user"),
        ("b@two.example", "host-unknown"),
    ]


def test_a_warning_is_soft_and_not_final() -> None:
    raw = notice(
        "a@one.example\n    Connection timed out. It has not yet been delivered.",
        "From: mailer-daemon@mx.example\nSubject: Delayed Mail (still being retried)\n",
    )
    assert read_report(raw) == (Finding(Kind.SOFT, "a@one.example", "", "expired"),)


def test_a_forwarded_report_is_read() -> None:
    inner = dsn("Final-Recipient: rfc822; a@one.example", "Action: failed", "Status: 5.1.1")
    raw = b"From: ann@home.example\nContent-Type: multipart/mixed; boundary=f\n\n--f\n\nLook\n--f\n"
    raw += b"Content-Type: message/rfc822\n\n" + inner + b"\n--f--\n"
    assert read_report(raw)[0].recipient == "a@one.example"


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Precedence: auto_reply",
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="x"',
        "Subject: Automatische Antwort: Frage\nIn-Reply-To: <1@one.example>",
        "Subject: Out of office\nReturn-Path: <>",
        "Subject: =?utf-8?B?6Ieq5YuV5b+c562U?=\nReferences: <1@one.example>",
    ],
)
def test_software_that_answers_is_an_automatic_reply_of_its_author(header: str) -> None:
    raw = notice("I am away.", f"From: ann@home.example\n{header}\n")
    assert read_report(raw) == (Finding(Kind.AUTO_REPLY, "ann@home.example", "", "auto-reply"),)


def test_a_word_of_absence_in_a_subject_alone_is_a_persons() -> None:
    raw = notice("Out of office hours I paint.", "From: ann@home.example\nSubject: Out of office paintings\n")
    assert read_report(raw) == (NOTHING,)


def test_a_complaint_names_every_recipient() -> None:
    """RFC 5965 3.2: Original-Rcpt-To may stand several times."""
    fields = "Feedback-Type: abuse\nOriginal-Rcpt-To: <a@one.example>\nOriginal-Rcpt-To: <b@one.example>"
    raw = dsn(fields, kind="feedback-report").replace(b"Reporting-MTA: dns; mx.example\n\n", b"")
    assert read_report(raw) == (
        Finding(Kind.FEEDBACK, "a@one.example", "", "abuse"),
        Finding(Kind.FEEDBACK, "b@one.example", "", "abuse"),
    )


def test_an_event_of_amazon_ses_is_read_although_its_lines_were_cut() -> None:
    event = (
        '{"Message": "{\\"notificationType\\":\\"Bounce\\",\\"bounce\\":{\\"bouncedRecipients\\":'
        '[{\\"emailAddress\\":\\"a@one.exa!\n mple\\",\\"status\\":\\"5.1.1\\",'
        '\\"diagnosticCode\\":\\"smtp; 550 5.1.1 user unknown\\"}]}}"}'
    )
    raw = notice(event, "From: no-reply@sns.example\nSubject: AWS Notification Message\n")
    assert read_report(raw) == (Finding(Kind.HARD, "a@one.example", "5.1.1", "no-such-user", final=True),)


@pytest.mark.parametrize(
    "text",
    ["Could you deliver it to ann@home.example by Monday?", "My user is unknown: bob@home.example", ""],
)
def test_a_persons_mail_reports_nothing(text: str) -> None:
    assert read_report(notice(text, "From: ann@home.example\nSubject: A question\n")) == (NOTHING,)


@given(st.binary(max_size=2_000))
@example(b"Content-Type: multipart/report; boundary=\n\n--\nContent-Type: message/delivery-status\n\n")
@example(b"Subject: =?x?b?\xff?=\nFrom: \xff\xfe <\n\n\xff@\xff")
def test_arbitrary_octets_do_no_harm(raw: bytes) -> None:
    assert read_report(raw)


@needs_collections
@settings(max_examples=200)
@given(st.sampled_from(_SAMPLES), st.sampled_from(_SAMPLES), st.data())
def test_damaged_reports_do_no_harm(one: bytes, other: bytes, data: st.DataObject) -> None:
    """Cut anywhere, joined with a piece of another, with octets struck in between."""
    cut = data.draw(st.integers(0, len(one)))
    again = data.draw(st.integers(0, len(other)))
    assert read_report(one[:cut] + data.draw(st.binary(max_size=20)) + other[again:])


@needs_collections
def test_no_message_of_the_collections_is_too_much() -> None:
    for path in samples():
        assert read_report(path.read_bytes()), path.name


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(20_000)),
        notice("\n".join(f"<u{i}@x.example>: no" for i in range(100_000))),
        dsn(*("Final-Recipient: rfc822; u@x.example\nAction: failed\n" for _ in range(50_000))),
        notice("unknown or or " * 100_000),
        b"Content-Type: message/rfc822\n\n" * 50_000,
    ],
    ids=["nesting", "recipients", "groups", "words", "messages"],
)
def test_hostile_reports_are_bounded(raw: bytes) -> None:
    assert 1 <= len(read_report(raw)) <= 500


def test_fields_that_a_report_gives_twice_are_one_finding() -> None:
    """Some servers repeat them in words, and some put the written address into a group of its own."""
    fields = ("Original-Recipient: rfc822; a@one.example", "")
    final = ("Final-Recipient: rfc822; a@one.example", "Action: failed", "Status: 5.1.1")
    raw = dsn(*fields, *final, text="Final-Recipient: a@one.example\nAction: failed\nStatus: 5.0.0 of mine")
    assert read_report(raw) == (Finding(Kind.HARD, "a@one.example", "5.1.1", "no-such-user", final=True),)


@pytest.mark.parametrize(
    ("subtype", "kind", "reason"),
    [("NoEmail", Kind.HARD, "no-such-user"), ("MailboxFull", Kind.SOFT, "mailbox-full")],
)
def test_a_bounce_of_amazon_ses_without_an_answer_is_read_by_its_type(
    subtype: str, kind: Kind, reason: str
) -> None:
    event = f'"bounceSubType":"{subtype}","bouncedRecipients":[{{"emailAddress":"a@one.example"}}]'
    [found] = read_report(notice(f'{{"notificationType":"Bounce","bounce":{{{event}}}}}'))
    assert (found.kind, found.recipient, found.reason) == (kind, "a@one.example", reason)


@pytest.mark.parametrize(
    ("report_type", "reason"), [("Phishing", "fraud"), ("Botnet", "virus"), ("Spam", "abuse")]
)
def test_an_abuse_report_in_xarf_is_feedback_and_names_whom_it_is_about(
    report_type: str, reason: str
) -> None:
    report = f'"ReportType": "{report_type}", "SmtpRcptToAddress": "a@one.example"'
    raw = notice(f'{{"Version": "3", "ReporterInfo": {{}}, "Report": {{{report}}}}}', "From: b@two.example\n")
    assert read_report(raw) == (Finding(Kind.FEEDBACK, "a@one.example", "", reason),)


def test_an_abuse_report_in_the_current_xarf_or_the_old_one_is_feedback() -> None:
    current = notice('{"xarf_version": "4.0.0", "reporter": {}, "type": "phishing"}', "From: b@two.example\n")
    old = notice("Category: abuse", "From: b@two.example\nX-XARF: PLAIN\n")
    assert read_report(current) == (Finding(Kind.FEEDBACK, "", "", "fraud"),)
    assert read_report(old) == (Finding(Kind.FEEDBACK, "", "", "abuse"),)
