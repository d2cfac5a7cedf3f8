"""What a held message is shown as: bounded, never failing, and without anything that deceives."""

import base64
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.message import RawMessage
from mailrelay.rewriting.held_letter import TEXT_CHARACTERS, read_letter, safe_line, unlinked


def _message(head: str, body: str = "Hello") -> RawMessage:
    return RawMessage.parse(f"{head}\r\n\r\n{body}\r\n".encode())


@given(st.binary(max_size=4000))
def test_any_octets_can_be_shown(raw: bytes) -> None:
    letter = read_letter(RawMessage.parse(raw))
    for line in (letter.sender, letter.mailbox, letter.subject, letter.date):
        assert line.isprintable()
    letter.html.encode()
    letter.text.encode()


@given(st.text())
def test_a_safe_line_is_one_line_of_what_can_be_seen(text: str) -> None:
    line = safe_line(text, 50)
    assert len(line) <= 50
    assert all(unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for one in line)


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("ada@offers.example", "ada@offers[.]example"),
        ("see http://203.0.113.7/x", "see http[:]//203.0.113.7/x"),
        ("WWW.Example.COM, now", "WWW[.]Example[.]COM, now"),
        ("münchen.example", "münchen[.]example"),
        ("version 1.2 of 3.4.", "version 1.2 of 3.4."),
    ],
)
def test_nothing_is_left_that_a_program_makes_a_link_of(line: str, safe: str) -> None:
    assert unlinked(line) == safe


def test_look_alike_domains_are_shown_as_they_are_looked_up() -> None:
    letter = read_letter(_message("From: PayPal <service@pаypal.example>"))  # noqa: RUF001 - Cyrillic a
    assert letter.mailbox == "service@xn--pypal-4ve.example"
    assert letter.sender == "PayPal <service@xn--pypal-4ve.example>"


def test_names_lose_what_turns_them_round_or_covers_the_page() -> None:
    name = base64.b64encode(
        "moc.elpmaxe\u202e Z\u0301\u0301\u0301\u0301\u0301algo\r\nBcc: x".encode()
    ).decode()
    letter = read_letter(_message(f"From: =?utf-8?b?{name}?= <a@b.example>\r\nSubject: =?utf-8?b?{name}?="))
    assert letter.subject == "moc.elpmaxe Z\u0301\u0301algo Bcc: x"
    assert letter.sender.endswith("<a@b.example>")


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        ("Thu, 26 Nov 2026 06:00:00 +0100", "2026-11-26 06:00 +0100"),
        ("Thu, 26 Nov 2026 06:00:00 -0000", "2026-11-26 06:00"),
        ("yester\tday", "yester day"),
        ("Thu, 99 Nov 99999 06:00:00 +9999", "Thu, 99 Nov 99999 06:00:00 +9999"),
        ("", ""),
    ],
)
def test_dates_are_written_as_everybody_reads_them(date: str, shown: str) -> None:
    assert read_letter(_message(f"Date: {date}")).date == shown


def test_long_texts_are_cut_and_files_are_only_named() -> None:
    boundary = 'Content-Type: multipart/mixed; boundary="z"'
    body = (
        f"--z\r\nContent-Type: text/plain\r\n\r\n{'word ' * TEXT_CHARACTERS}\r\n"
        "--z\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n"
        '--z\r\nContent-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
        'Content-Disposition: attachment; filename="a.pdf"\r\n\r\nJVBERi0x\r\n--z--'
    )
    letter = read_letter(_message(boundary, body))
    assert letter.cut
    assert len(letter.text) <= TEXT_CHARACTERS
    assert letter.html == "<p>Hi</p>"
    [file] = letter.files
    assert (file.name, file.content_type, file.size_octets) == ("a.pdf", "application/pdf", 6)
