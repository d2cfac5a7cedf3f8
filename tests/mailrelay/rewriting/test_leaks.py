"""An owner's answer with his data in every place that is known to leak, and what of it leaves.

Each probe puts the owner's data into one place of an otherwise harmless answer. The answer may be held,
or leave without it. What leaves is read by a reader of this test's own, who unpacks more than `scrub`
does: archives in archives, base64 in text, escapes, and compares letters and digits only.
"""

import gzip
import html
import io
import re
import tarfile
import unicodedata
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from urllib.parse import unquote
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import pikepdf
import pytest

from mailrelay.identity import Identity
from mailrelay.message import RawMessage
from mailrelay.rewriting.reply import AnswerHeld, ReplyFacts, rewrite_reply
from tests.mailrelay.world import OWNER, OWNER_MAILBOX, RELAY_ADDRESS, RELAY_DOMAIN, STRANGER

REPLY_ADDRESS = f"r0123456789abcdefghj@{RELAY_DOMAIN}"
FACTS = ReplyFacts(
    domain="example-bakery.org",
    relay_address=RELAY_ADDRESS,
    relay_domain=RELAY_DOMAIN,
    reply_address=REPLY_ADDRESS,
    correspondent=STRANGER,
    known_ids={},
    now=datetime(2026, 11, 24, 12, tzinfo=UTC),
)
MARKS = (
    "zoelefevre",
    "zoemullerlefevre",
    "mullerlefevrezoe",
    "homeexample",
    "325550123",
    "ruedeletang7",
    "ch2000neuchatel",
    "1730000530",
)
NAME = "Zoë Müller-Lefèvre"
HEADER = (
    f"From: {NAME} <{OWNER_MAILBOX}>\r\nTo: {REPLY_ADDRESS}\r\nMIME-Version: 1.0\r\n"
    "Date: Tue, 24 Nov 2026 17:30:00 +0530\r\nMessage-ID: <1@home.example>\r\n"
)


def plain(text: str = "Yes, for 900.\r\n", header: str = "Subject: Re: offer\r\n") -> bytes:
    return f"{HEADER}{header}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()


def coded(text: str, charset: str) -> bytes:
    head = f"{HEADER}Subject: x\r\nContent-Type: text/plain; charset={charset}\r\n"
    return f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode() + b64encode(text.encode(charset))


def markup(text: str) -> bytes:
    return f"{HEADER}Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Yes.</p>{text}".encode()


def mixed(head: str, content: bytes, preamble: str = "", epilogue: str = "") -> bytes:
    return (
        (
            f"{HEADER}Subject: x\r\nContent-Type: multipart/mixed; boundary=zoe.lefevre\r\n\r\n{preamble}\r\n"
            f"--zoe.lefevre\r\nContent-Type: text/plain\r\n\r\nYes.\r\n--zoe.lefevre\r\n{head}\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n"
        ).encode()
        + b64encode(content)
        + f"\r\n--zoe.lefevre--\r\n{epilogue}".encode()
    )


def attached(content: bytes, name: str = "a.bin", kind: str = "application/octet-stream") -> bytes:
    return mixed(f"Content-Type: {kind}\r\nContent-Disposition: attachment; filename={name}", content)


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def tar_gz(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a.txt")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def pdf(content: bytes, info: dict[str, str]) -> bytes:
    written = io.BytesIO()
    with pikepdf.new() as document:
        page = document.add_blank_page()
        page.Contents = document.make_stream(content)
        for name, value in info.items():
            document.docinfo[name] = value
        document.save(written)
    return written.getvalue()


def png_with_text(text: bytes) -> bytes:
    content = b"Author\0\0" + zlib.compress(text)
    chunk = len(content).to_bytes(4, "big") + b"zTXt" + content
    return b"\x89PNG\r\n\x1a\n" + chunk + zlib.crc32(chunk[4:]).to_bytes(4, "big")


MAILBOX = OWNER_MAILBOX.encode()
LETTER = b"From: x <zoe.lefevre@home.example>\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64encode(
    MAILBOX
)
ARMOUR = "-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\n" + b64encode(b"xx" + MAILBOX).decode()
VCARD = b"BEGIN:VCARD\r\nFN;ENCODING=BASE64:" + b64encode(NAME.encode()) + b"\r\nEND:VCARD\r\n"
PROBES: dict[str, bytes] = {
    "own thread ids": plain(header="In-Reply-To: <a@home.example>\r\nReferences: <b@home.example>\r\n"),
    "time zone of date": plain(),
    "subject": plain(header=f"Subject: from {NAME}\r\n"),
    "subject in encoded words": plain(
        header="Subject: =?utf-8?b?" + b64encode(NAME.encode()).decode() + "?=\r\n"
    ),
    "other headers": plain(
        header="X-Mailer: home.example\r\nOrganization: home.example\r\nSender: zoe.lefevre@home.example\r\n"
    ),
    "other recipients": plain(
        header="Cc: zoe.lefevre@home.example\r\nReply-To: zoe.lefevre@home.example\r\n"
    ),
    "trace headers": plain(
        header="Received: from zoe.lefevre (home.example [192.0.2.1])\r\nDKIM-Signature: d=home.example\r\n"
    ),
    "autocrypt header": plain(header="Autocrypt: addr=zoe.lefevre@home.example\r\n"),
    "boundary": mixed("Content-Type: text/csv", b"a,b"),
    "preamble": mixed("Content-Type: text/csv", b"a,b", preamble="zoe.lefevre@home.example"),
    "epilogue": mixed("Content-Type: text/csv", b"a,b", epilogue="zoe.lefevre@home.example"),
    "headers of parts": mixed("Content-Type: text/csv\r\nContent-Description: Zoë Müller-Lefèvre", b"a,b"),
    "content ids": mixed("Content-Type: image/png\r\nContent-ID: <1@home.example>", b"a"),
    "content location": mixed("Content-Type: image/png\r\nContent-Location: https://home.example/", b"a"),
    "mailbox": plain("Write to zoe.lefevre@home.example please.\r\n"),
    "mailbox in mixed case": plain("Write to Zoe.LeFevre@Home.EXAMPLE please.\r\n"),
    "mailbox with a tag": plain("Write to zoe.lefevre+shop@home.example please.\r\n"),
    "percent escape": plain("See mailto:zoe.lefevre%40home.example today\r\n"),
    "entity in plain text": plain("See zoe.lefevre&#64;home.example today\r\n"),
    "spelled out": plain("Write to zoe.lefevre (at) home.example please.\r\n"),
    "split by wbr": markup("<p>write zoe.lef<wbr>evre&#64;ho<wbr>me.example</p>"),
    "split by spans": markup("<p>write <b>zoe.</b><i>lefevre</i>@<u>home</u>.example</p>"),
    "html comment": markup("<!-- zoe.lefevre@home.example -->"),
    "conditional comment": markup("<!--[if mso]><p>zoe.lefevre@home.example</p><![endif]-->"),
    "style sheet": markup("<style>/* zoe.lefevre@home.example */</style>"),
    "alternative text": markup("<img alt='Zoë Müller-Lefèvre' src='https://home.example/a.png'>"),
    "title and meta": markup("<title>Zoë Müller-Lefèvre</title><meta name=author content=zoe.lefevre>"),
    "link target": markup("<a href='mailto:zoe.lefevre@home.example'>me</a>"),
    "hidden text": markup("<p style='display:none'>zoe.lefevre@home.example</p>"),
    "zero width": plain("I am zoe\u200b.lefevre\u2060@home\u200d.example now\r\n"),
    "soft hyphen": plain("I am Zoë Müller-Le\u00adfèvre now\r\n"),
    "right-to-left marks": plain("I am \u202aZoë\u202c Müller\u200f-Lefèvre now\r\n"),
    "wide letters": plain("I am \uff3a\uff4f\uff45 Müller-Lefèvre now\r\n"),
    "other hyphen": plain("I am Zoë Müller\u2011Lefèvre now\r\n"),
    "no hyphen": plain("I am Zoë Müller Lefèvre now\r\n"),
    "name": plain(f"I am {NAME}, hello.\r\n"),
    "name reversed": plain("Registered as Müller-Lefèvre, Zoë since then.\r\n"),
    "name without accents": plain("I am Zoe Muller-Lefevre, hello.\r\n"),
    "name in a greeting": plain(f"Yes.\r\n\r\nBest regards, {NAME}\r\n"),
    "signature": plain(f"Yes.\r\n-- \r\n{NAME}\r\nRue de l'Étang 7\r\n+41 32 555 01 23\r\n"),
    "street": plain("I live at rue de l'étang 7 there.\r\n"),
    "street with a curly apostrophe": plain("I live at Rue de l\u2019Étang 7 there.\r\n"),
    "street with a comma": plain("I live at Rue de l'Étang, 7 there.\r\n"),
    "place": plain("I live in CH-2000 Neuchâtel now.\r\n"),
    "phone": plain("Call +41325550123 now\r\n"),
    "phone in groups": plain("Call 0041 (0)32/555.01.23 now\r\n"),
    "national phone": plain("Call 032 555 01 23 now\r\n"),
    "quoted header": plain(f"Yes.\r\n\r\n> From: {NAME} <zoe.lefevre@home.example>\r\n> hello\r\n"),
    "quoted attribution": plain(
        "Yes.\r\n\r\nOn Monday, Zoë Müller-Lefèvre <zoe.lefevre@home.example> wrote:\r\n> hello\r\n"
    ),
    "attribution over two lines": plain(
        "Yes.\r\n\r\nOn Monday, Zoë\r\nMüller-Lefèvre <zoe.lefevre@home.example> wrote:\r\n> hello\r\n"
    ),
    "quoted banner": plain(
        "Yes.\r\n> X-Whoisproxy-Domain: example-bakery.org\r\n> Delivered-To: zoe.lefevre@home.example\r\n"
    ),
    "utf-7": coded(f"I am {NAME}, hello.", "utf-7"),
    "utf-16": coded(f"I am {NAME}, hello.", "utf-16"),
    "latin-1": coded(f"I am {NAME}, hello.", "latin-1"),
    "base64 in text": plain("See " + b64encode(b"I am zoe.lefevre@home.example, hello").decode() + "\r\n"),
    "file name": attached(b"a", "zoe.lefevre.txt"),
    "file name with the name": attached(b"a", '"CV Zoe Muller-Lefevre.pdf"'),
    "file name with underscores": attached(b"a", '"CV_Zoe_Muller_Lefevre.pdf"'),
    "file name by RFC 2231": mixed(
        "Content-Type: text/csv\r\nContent-Disposition: attachment; filename*0*=utf-8''zoe%2Elef;"
        " filename*1*=evre%2Etxt",
        b"a",
    ),
    "file name by encoded word": attached(b"a", '"=?utf-8?q?Zo=C3=AB_M=C3=BCller-Lef=C3=A8vre?="'),
    "path in file name": attached(b"a", '"C:\\\\Users\\\\zoe.lefevre\\\\a.txt"'),
    "name of the type": mixed("Content-Type: text/csv; name=zoe.lefevre.csv", b"a"),
    "calendar": attached(b"BEGIN:VCALENDAR\r\n" + MAILBOX, "a.ics", "text/calendar"),
    "calendar in disguise": attached(b"ATTENDEE:mailto:" + MAILBOX, "a.ics"),
    "visiting card": attached(VCARD, "a.vcf", "text/vcard"),
    "visiting card in disguise": attached(VCARD, "a.vcf"),
    "mail in mail": mixed("Content-Type: message/rfc822", LETTER),
    "mail in disguise": attached(LETTER, "a.eml"),
    "tnef": attached(b"x", "winmail.dat", "application/ms-tnef"),
    "tnef in disguise": attached(b"\x78\x9f\x3e\x22xx" + gzip.compress(MAILBOX), "winmail.dat"),
    "pgp key": attached(ARMOUR.encode(), "k.asc", "application/pgp-keys"),
    "pgp key in disguise": attached(ARMOUR.encode(), "k.asc"),
    "pgp key in text": plain(f"Yes.\r\n{ARMOUR}\r\n"),
    "smime": attached(b"x", "smime.p7s", "application/pkcs7-signature"),
    "smime in disguise": attached(b"\x30\x82" + MAILBOX, "smime.p7s"),
    "certificate in text": attached(b"-----BEGIN CERTIFICATE-----\n" + b64encode(b"xx" + MAILBOX), "c.pem"),
    "office document": attached(zipped("docProps/core.xml", NAME.encode()), "a.docx"),
    "archive in an archive": attached(zipped("inner.zip", zipped("a.txt", MAILBOX)), "a.zip"),
    "archive behind a program": attached(b"MZ stub" + zipped("a.txt", MAILBOX), "a.exe"),
    "gzip": attached(gzip.compress(MAILBOX), "a.gz"),
    "tar and gzip": attached(tar_gz(MAILBOX), "a.tgz"),
    "pdf": attached(b"%PDF-1.7\nstream\n" + zlib.compress(MAILBOX) + b"\nendstream", "a.pdf"),
    "pdf behind a prefix": attached(
        b"\n\n%PDF-1.7\nstream\n" + zlib.compress(MAILBOX) + b"\nendstream", "a.pdf"
    ),
    "pdf with sixteen bits": attached(
        b"%PDF-1.7\n/Author (\xfe\xff" + NAME.encode("utf-16-be") + b")", "a.pdf"
    ),
    "pdf with hexadecimal": attached(
        b"%PDF-1.7\n/Author <FEFF" + NAME.encode("utf-16-be").hex().encode() + b">", "a.pdf"
    ),
    "exif": attached(b"\xff\xd8\xff\xe1Exif\0\0" + NAME.encode("utf-16-le"), "a.jpg", "image/jpeg"),
    "png text": attached(png_with_text(MAILBOX), "a.png", "image/png"),
    "html attachment": attached(b"<p>zoe.lefevre&#64;home.example</p>", "a.html", "text/html"),
    "rich text": attached(b"{\\rtf1 {\\author Zo\\'eb M\\'fcller-Lef\\'e8vre}}", "a.rtf", "text/rtf"),
}


def unpacked(octets: bytes, depth: int = 0) -> Iterator[bytes]:
    """Yield octets and whatever can be made of them."""
    yield octets
    if depth > 3:
        return
    inner: list[bytes] = []
    try:
        with ZipFile(io.BytesIO(octets)) as archive:
            inner += [archive.read(name) for name in archive.namelist()]
    except (BadZipFile, ValueError):
        pass
    if octets[:2] == b"\x1f\x8b":
        inner.append(gzip.decompress(octets))
    for found in re.finditer(b"\x78[\x01\x5e\x9c\xda]", octets):
        try:
            inner.append(zlib.decompressobj().decompress(octets[found.start() :]))
        except zlib.error:
            continue
    inner += [b64decode(run + b"=" * (-len(run) % 4)) for run in re.findall(rb"[A-Za-z0-9+/]{20,}", octets)
              if len(run) % 4 != 1]  # fmt: skip
    inner += [bytes.fromhex(run.decode()) for run in re.findall(rb"(?:[0-9A-Fa-f]{2}){10,}", octets)]
    inner.append(re.sub(rb"\\'([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), octets))
    for one in inner:
        if one != octets:
            yield from unpacked(one, depth + 1)


def seen_in(raw: bytes) -> set[str]:
    """Return the marks that a curious correspondent finds."""
    seen = set()
    for octets in (one for part in message_from_bytes(raw).walk() for one in _of_part(part)):
        for text in (octets.decode("utf-8", "replace"), octets.replace(b"\0", b"").decode("latin-1")):
            folded = unicodedata.normalize("NFKD", html.unescape(unquote(text)).casefold())
            bare = "".join(char for char in folded if char.isalnum() and char.isascii())
            seen |= {mark for mark in MARKS if mark in bare}
    return seen


def _of_part(part: Message) -> Iterator[bytes]:
    for name, value in part.items():
        yield f"{name}: {make_header(decode_header(str(value)))}".encode("utf-8", "replace")
    yield (part.get_filename() or "").encode()
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        yield from unpacked(payload)


@pytest.mark.parametrize("raw", PROBES.values(), ids=PROBES.keys())
def test_what_leaves_does_not_show_the_owner(raw: bytes) -> None:
    try:
        answer = rewrite_reply(RawMessage.parse(raw), OWNER.identity, FACTS)
    except AnswerHeld:
        return
    assert seen_in(answer.message.raw) == set()


def test_ordinary_answers_are_not_held() -> None:
    """A postal code is also a price, a domain may be the owner's name, a picture is full of chance."""
    identity = replace(
        OWNER.identity, organisations=("Example Bakery",), places=("75001, Paris",), phones=("+4533123456",)
    )
    document = pdf(b"BT (0000075001 00000 n) Tj ET", {})
    for raw in (plain("I sell example-bakery.org for 2000 or 75001.\r\n"), attached(document, "a.pdf")):
        assert rewrite_reply(RawMessage.parse(raw), identity, FACTS).message.raw


@pytest.mark.parametrize(
    ("phone", "text"),
    [
        ("+4533123456", "Call 33 12 34 56 now"),
        ("+3222345678", "Call 02 234 56 78 now"),
        ("+3545678901", "567-8901"),
    ],
)
def test_a_phone_number_is_found_as_dialled_in_its_country(phone: str, text: str) -> None:
    answer = rewrite_reply(RawMessage.parse(plain(text)), Identity(phones=(phone,)), FACTS)
    assert b"56" not in answer.message.raw.partition(b"\r\n\r\n")[2]


def test_a_correspondents_address_is_put_in_as_it_is() -> None:
    facts = replace(FACTS, correspondent=r"a\g<1>\1@offers.example")
    answer = rewrite_reply(RawMessage.parse(plain(f"> {REPLY_ADDRESS} wrote\r\nYes.\r\n")), Identity(), facts)
    assert rb"\g<1>" in answer.message.raw


@pytest.mark.parametrize("charset", ["undefined", "idna", "x-none", "utf-7"])
def test_an_answer_in_a_strange_charset_leaves(charset: str) -> None:
    raw = plain("Yes. +2AA-\r\n").replace(b"charset=utf-8", b"charset=" + charset.encode())
    assert b"Yes." in rewrite_reply(RawMessage.parse(raw), OWNER.identity, FACTS).message.raw
