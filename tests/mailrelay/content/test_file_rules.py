"""Attachments: what is a disguise or a lure, and what printing, signing and packing make of honest files."""

from base64 import encodebytes

import pytest

from mailrelay.content.archives import is_locked
from mailrelay.content.html_text import read_html
from mailrelay.content.reading import read_content
from mailrelay.content.score import rule_hits
from mailrelay.message import RawMessage

ZIP = b"PK\x03\x04\x14\x00%c\x00\x08\x00" + bytes(40)
RAR5 = b"Rar!\x1a\x07\x01\x00" + bytes(4) + b"\x0d%c" + bytes(40)
RAR4 = b"Rar!\x1a\x07\x00" + bytes(2) + b"\x73%c\x00" + bytes(10) + b"\x74%c\x80" + bytes(40)
FILES = {
    "program-attached", "double-extension", "page-attached", "macros-attached", "archive-attached",
    "locked-attachment",
}  # fmt: skip


def _hits(name: str, octets: bytes = b"MZ", encoding: str = "base64") -> set[str]:
    body = encodebytes(octets).replace(b"\n", b"\r\n") if encoding == "base64" else octets
    raw = (
        b"From: Ann <ann@home.example>\r\nTo: q7x@relay.example\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n'
        b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: %b\r\n"
        b'Content-Disposition: attachment; filename="%b"\r\n\r\n%b\r\n--b--\r\n'
    ) % (encoding.encode(), name.encode(), body)
    message = RawMessage.parse(raw)
    return {name for name, _ in rule_hits(message, read_content(message))} & FILES


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("setup.exe", {"program-attached"}),
        ("archive.VHDX", {"program-attached"}),
        ("invoice.pdf.exe", {"program-attached", "double-extension"}),
        ("photo.jpg          .scr", {"program-attached", "double-extension"}),
        ("invoice.pdf.html", {"page-attached", "double-extension"}),
        ("login.htm", {"page-attached"}),
        ("picture.svg", {"page-attached"}),
        ("order.xlsm", {"macros-attached"}),
        ("order.xlsb", {"macros-attached"}),
        ("evidence.zip", {"archive-attached"}),
        ("claim.pdf", set()),
        ("contract.docx.pdf", set()),
        ("scan.pdf.p7m", set()),
        ("letter.pdf.asc", set()),
        ("letter.pdf.zip", {"archive-attached"}),
        ("log.txt.gz", set()),
        ("report!example.com!1700000000.xml.gz", set()),
        ("order.xlsx", set()),
        ("", set()),
    ],
)
def test_files_are_told_by_their_names(name: str, told: set[str]) -> None:
    assert _hits(name) == told


@pytest.mark.parametrize(
    ("head", "locked"),
    [
        (ZIP % 1, True),
        (ZIP % 9, True),
        (ZIP % 0, False),
        (ZIP % 8, False),
        (RAR5 % 4, True),
        (RAR5 % 1, False),
        (RAR4 % (0x80, 0), True),
        (RAR4 % (0, 4), True),
        (RAR4 % (0, 0), False),
        (b"%PDF-1.7", False),
        (b"PK\x03\x04", False),
        (b"Rar!\x1a\x07\x00", False),
        (b"", False),
    ],
)
def test_archives_with_a_password_are_told_by_their_first_octets(head: bytes, *, locked: bool) -> None:
    assert is_locked(head) is locked


def test_a_locked_archive_is_told_under_any_name_and_encoding() -> None:
    assert _hits("claim.dat", ZIP % 1) == {"locked-attachment"}
    assert _hits("claim.zip", ZIP % 1, "8bit") == {"locked-attachment", "archive-attached"}
    assert _hits("claim.zip", ZIP % 0) == {"archive-attached"}


@pytest.mark.parametrize(
    "style",
    [
        "color:#fff;background:#FFFFFF",
        "background-color: white; color: #fff",
        "color:#1a2b3c;background-color:#1A2B3C",
        "text-indent:-9999px",
        "position:absolute;left:-10000px",
    ],
)
def test_text_of_its_grounds_colour_and_off_the_page_is_hidden(style: str) -> None:
    seen = read_html(f'<p>seen</p><p style="{style}">unseen</p>')
    assert (seen.visible.strip(), seen.hidden.strip()) == ("seen", "unseen")


@pytest.mark.parametrize(
    "style", ["color:#fff;background:#000", "background-color:white", "color:#123", "margin-left:-10px"]
)
def test_text_that_differs_from_its_ground_is_seen(style: str) -> None:
    assert "unseen" in read_html(f'<p style="{style}">unseen</p>').visible
