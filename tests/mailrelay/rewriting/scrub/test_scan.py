"""The last look at a message: what of the owner shows, and in what place."""

import gzip
import io
from base64 import b64encode, encodebytes, urlsafe_b64encode
from contextlib import suppress
from hashlib import sha256
from random import Random
from zipfile import ZipFile, ZipInfo

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.rewriting.scrub import CannotLookInside, Scrubber
from tests.mailrelay.world import OWNER, RELAY_ADDRESS, STRANGER

SCRUBBER = Scrubber(OWNER.identity, (STRANGER,), relay_address=RELAY_ADDRESS)
MAILBOX = b"zoe.lefevre@home.example"
NAME = "Zoë Müller-Lefèvre"


def letter(*parts: bytes, header: str = "") -> bytes:
    joined = b"".join(b"--b\r\n" + part + b"\r\n" for part in (b"\r\nYes.", *parts))
    return (
        f"Subject: x\r\n{header}Content-Type: multipart/mixed; boundary=b\r\n\r\n".encode()
        + joined
        + b"--b--\r\n"
    )


def attached(content: bytes, name: str = "a.bin") -> bytes:
    head = f"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename={name}\r\n\r\n"
    return head.encode() + b64encode(content)


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr(ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (letter().replace(b"Subject: x", b"Subject: from " + NAME.encode()), "subject"),
        (letter(header="X-Mailer: home.example\r\n"), "header"),
        (letter(b"\r\n" + MAILBOX), "text"),
        (letter(b"Content-Type: text/html\r\n\r\n<p>zoe.<b>lefevre</b>&#64;home.example</p>"), "html"),
        (letter(attached(b"a"), attached(b"a", "zoe.lefevre.txt")), "attachment 2 name"),
        (letter(attached(MAILBOX)), "attachment 1 content"),
        (letter(attached(zipped("zoe.lefevre.txt", b"x"))), "attachment 1 content"),
        (
            letter(attached(zipped("a.gz", gzip.compress(NAME.encode("utf-16"), mtime=0)))),
            "attachment 1 content",
        ),
        (letter(attached(b"\xff\xd8" + b"\1\2\3\4" * 200_000 + MAILBOX)), "attachment 1 content"),
        (letter(attached(b"\xff\xd8" + b"\1\2\3\4" * 200_000 + NAME.encode())), "attachment 1 content"),
        (letter() + MAILBOX, "text"),
    ],
)
def test_a_hit_names_its_place(raw: bytes, place: str) -> None:
    assert place in {hit.place for hit in SCRUBBER.scan(raw)}


def test_a_message_without_the_owner_has_no_hits() -> None:
    document = attached(zipped("a.txt", b"I sell it for 900."), "offer.zip")
    assert SCRUBBER.scan(letter(b"\r\nWrite to ada@offers.example or call +1 202 555 0199.", document)) == ()


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 not a zip",
        b"%PDF-1.7 \nstream\nnot flate",
        b"\x1f\x8b\x08 not gzip",
        gzip.compress(b"a", mtime=0) + gzip.compress(MAILBOX, mtime=0),
        b"7z\xbc\xaf\x27\x1c" + b"\0" * 40,
        b"-----BEGIN PGP MESSAGE-----",
        b"x\nBEGIN:VCARD\nFN:x",
    ],
)
def test_what_cannot_be_looked_into_is_said_to_be(content: bytes) -> None:
    with pytest.raises(CannotLookInside):
        SCRUBBER.scan(letter(attached(content)))


RANDOM = Random(5).randbytes(1500)  # noqa: S311 - a file


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1",
        b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0",
        b"%PDF-1.7 \n1 0 obj",
        RANDOM,
        "Зоя живёт в Невшателе. ".encode("koi8-r") * 50,
    ],
)
def test_a_file_that_is_written_in_text_cannot_be_cleaned(content: bytes) -> None:
    with pytest.raises(CannotLookInside):
        SCRUBBER.scan(letter(b"\r\n" + encodebytes(content).replace(b"\n", b"\r\n")))


@pytest.mark.parametrize(
    "text",
    [
        b"v=DKIM1; k=rsa; p=" + b64encode(RANDOM[:294]),
        b"https://news.example/click?upn=" + urlsafe_b64encode(RANDOM[:500]),
        b".".join(urlsafe_b64encode(RANDOM[at : at + 400]) for at in (0, 400, 800)),
        b"\r\n".join(sha256(b"%d" % number).hexdigest().encode() for number in range(40)),
        b"\r\n".join(b64encode(RANDOM[at : at + 20 + at % 7]) for at in range(0, 1500, 25)),
        encodebytes(b"I sell it for 900. " * 90),
        b"-" * 2000,
        b"Domain-For-Sale_Number0/" * 80,
    ],
)
def test_keys_tokens_hashes_and_encoded_text_are_no_files(text: bytes) -> None:
    assert SCRUBBER.scan(letter(b"\r\n" + text)) == ()


def test_a_picture_of_a_document_stands_in_its_address() -> None:
    picture = b64encode(b"GIF89a" + RANDOM)
    document = b"Content-Type: text/html\r\n\r\n<img src='data:image/gif;base64," + picture + b"'>"
    assert SCRUBBER.scan(letter(document)) == ()


def test_an_archive_that_grows_beyond_all_measure_is_not_unpacked() -> None:
    packed = gzip.compress(bytes(40 * 1024 * 1024))
    with pytest.raises(CannotLookInside):
        SCRUBBER.scan(letter(attached(packed)))


def test_archives_in_archives_end_somewhere() -> None:
    content = MAILBOX
    for _ in range(9):
        content = gzip.compress(content)
    with pytest.raises(CannotLookInside):
        SCRUBBER.scan(letter(attached(content)))


def test_an_encrypted_pdf_cannot_be_looked_into() -> None:
    written = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(written, encryption=pikepdf.Encryption(owner="x", user=""))
    with pytest.raises(CannotLookInside):
        SCRUBBER.scan(letter(attached(written.getvalue())))


@given(st.binary(max_size=4000))
def test_no_octets_trouble_the_scan(octets: bytes) -> None:
    # By chance a name may stand in them, and holds the message; nothing else may happen.
    for raw in (octets, letter(attached(octets)), letter(b"\r\n" + octets)):
        with suppress(CannotLookInside):
            SCRUBBER.scan(raw)
