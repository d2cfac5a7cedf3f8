"""What software writes for an owner is told from what he writes himself."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailrelay.message import RawMessage
from mailrelay.reports.automation import sign_of_automation

MAIL = Path(__file__).parents[4] / "shared" / "data" / "mail"
REPLY = "METHOD:REPLY\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:x@home.example"


def message(header: str, body: str = "Yes.\r\n", subject: str = "Re: Your domain") -> RawMessage:
    head = f"From: zoe@home.example\r\nSubject: {subject}\r\n{header}\r\n"
    return RawMessage.parse(f"{head}\r\n{body}".encode())


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Auto-Submitted: auto-replied (vacation)", "auto-submitted"),
        ("Auto-Submitted: auto-generated", "auto-submitted"),
        ("Return-Path: <>", "null-reverse-path"),
        ("X-Auto-Response-Suppress: DR, OOF, AutoReply", "auto-response"),
        ("X-Auto-Response-Suppress: All", "auto-response"),
        ("X-Autoreply: yes", "auto-response"),
        ("X-Autorespond: x", "auto-response"),
        ("Precedence: bulk", "precedence"),
        ("Precedence: auto_reply", "precedence"),
        ("Precedence: junk", "precedence"),
        ("List-Unsubscribe: <https://news.example/u>", "list"),
        ("List-Id: <news.example>\r\nList-Post: NO", "list"),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=x", "report"),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=x", "report"),
        ("X-OTRS-Loop: yes", "ticket-system"),
        ("RT-Ticket: rt.example #12", "ticket-system"),
        ("X-JIRA-FingerPrint: x", "ticket-system"),
        ("X-Mailer: Zendesk Mailer", "ticket-system"),
        ("X-Apple-Action: VACATION", "vacation"),
        ("Content-Class: urn:content-classes:calendarmessage", "calendar-reply"),
    ],
)
def test_software_is_known_by_its_marks(header: str, reason: str) -> None:
    assert sign_of_automation(message(header)) == reason


@pytest.mark.parametrize(
    "author", ["MAILER-DAEMON <>", "mailer-daemon@home.example", "no-reply@home.example"]
)
def test_software_is_known_by_its_name(author: str) -> None:
    raw = f"From: {author}\r\nSubject: x\r\n\r\nx\r\n"
    assert sign_of_automation(RawMessage.parse(raw.encode())) == "machine-sender"


@pytest.mark.parametrize(
    "subject",
    [
        "Out of office: x",
        "Automatic reply: x",
        "Abwesenheitsnotiz",
        "=?utf-8?q?R=C3=A9ponse_automatique?=: x",
        "Respuesta automática: x",
        "自动回复: x",
        "Accepted: meeting",
        "Gelesen: x",
    ],
)
def test_a_subject_counts_only_beside_another_sign(subject: str) -> None:
    alone = message("X-Mailer: x", subject=subject)
    assert sign_of_automation(alone) == ""
    assert sign_of_automation(message("In-Reply-To: <1@offers.example>", subject=subject)) == "subject"


@pytest.mark.parametrize("kind", ["text/calendar; method=REPLY", "text/calendar"])
def test_the_answer_of_a_calendar_is_automatic_alone_or_beside_a_text(kind: str) -> None:
    calendar = f"BEGIN:VCALENDAR\r\n{REPLY}\r\nEND:VCALENDAR\r\n"
    assert sign_of_automation(message(f"Content-Type: {kind}", calendar)) == "calendar-reply"
    parts = f"--z\r\n\r\nAccepted\r\n--z\r\nContent-Type: {kind}\r\n\r\n{calendar}--z--\r\n"
    both = message("Content-Type: multipart/alternative; boundary=z", parts)
    assert sign_of_automation(both) == "calendar-reply"


@pytest.mark.parametrize(
    "header",
    [
        "X-Mailer: Thunderbird",
        "Auto-Submitted: no",
        "X-Autoreply: no",
        "X-Auto-Response-Suppress: DR",
        "Precedence: first-class",
        "List-Id: <talk.example>\r\nList-Post: <mailto:talk@lists.example>\r\nPrecedence: list",
        "List-Id: <talk.example>\r\nPrecedence: bulk\r\nUser-Agent: Mutt",
        "In-Reply-To: <1@offers.example>\r\nReferences: <1@offers.example>",
    ],
)
def test_what_a_person_writes_is_not_taken_for_software(header: str) -> None:
    assert sign_of_automation(message(header)) == ""


def test_a_person_may_attach_a_calendar() -> None:
    parts = (
        "--z\r\n\r\nHere it is\r\n--z\r\nContent-Type: text/calendar; method=PUBLISH\r\n"
        "Content-Disposition: attachment\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n"
        "--z--\r\n"
    )
    assert sign_of_automation(message("Content-Type: multipart/mixed; boundary=z", parts)) == ""


@pytest.mark.skipif(not MAIL.is_dir(), reason="the shared mail is not there")
def test_reports_of_the_world_are_known() -> None:
    found = [sign_of_automation(RawMessage.parse(raw)) for raw in _reports()]
    assert len(found) > 400
    # Those missed come from people's addresses and say in words alone that software wrote them.
    assert sum(1 for sign in found if not sign) < 0.04 * len(found)


@pytest.mark.skipif(not MAIL.is_dir(), reason="the shared mail is not there")
def test_mail_of_people_is_not_taken_for_software() -> None:
    found = [sign_of_automation(RawMessage.parse(raw)) for raw in _ham()]
    assert len(found) > 1000
    assert sum(1 for sign in found if sign) < 0.12 * len(found)


def _reports() -> Iterator[bytes]:
    for folder in ("dsn/flufl_bounce_data", "dsn/sisimai_half", "automatic"):
        for file in sorted((MAIL / folder).rglob("*")):
            if file.suffix in {".eml", ".txt", ".msg"} and file.name != "SOURCE.txt":
                raw = file.read_bytes()
                yield raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw


def _ham() -> Iterator[bytes]:
    with tarfile.open(MAIL / "spam" / "dev_2009_2024.tar.gz") as archive:
        for member in archive:
            if "ham" in member.name and (file := archive.extractfile(member)) is not None:
                yield file.read()
