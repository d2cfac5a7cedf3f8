"""What says who somebody is is dropped, what nobody here can clean asks the owner; both by content."""

import io
import traceback
import zipfile
import zlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pikepdf
import pysequoia
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
    pkcs12,
)
from pikepdf import Array, Dictionary, Name
from PIL import Image

from mailrelay.rewriting.metadata import CannotClean, Cleaned, Dropped, cleaned
from tests.mailrelay.rewriting.metadata import files, office
from tests.mailrelay.rewriting.metadata.files import archive

_KEY = ec.generate_private_key(ec.SECP256R1())
_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Ann Smith")])
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_CERTIFICATE = (
    x509.CertificateBuilder()
    .subject_name(_NAME)
    .issuer_name(_NAME)
    .public_key(_KEY.public_key())
    .serial_number(1)
    .not_valid_before(_NOW)
    .not_valid_after(_NOW + timedelta(days=1))
    .sign(_KEY, hashes.SHA256())
)
_CMS = pkcs7.PKCS7SignatureBuilder().set_data(b"text").add_signer(_CERTIFICATE, _KEY, hashes.SHA256())
_TRANSFERABLE = pysequoia.Tsk.generate("Ann Smith <ann@home.example>")
_OPENPGP = _TRANSFERABLE.extract_certificate()
_MAIL = b"Received: by x\r\nFrom: Ann <ann@home.example>\r\nTo: x@y.example\r\nSubject: x\r\n\r\nbody\r\n"

DROPPED = {
    "openpgp": [
        bytes(_OPENPGP),
        str(_OPENPGP).encode(),
        bytes(_TRANSFERABLE),
        str(_TRANSFERABLE).encode(),
        b"-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n",
        b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nabc\n",
        b"-----BEGIN PGP MESSAGE-----\n\nabc\n",
    ],
    "certificate": [
        _CERTIFICATE.public_bytes(Encoding.PEM),
        _CERTIFICATE.public_bytes(Encoding.DER),
        pkcs12.serialize_key_and_certificates(
            b"x", _KEY, _CERTIFICATE, None, BestAvailableEncryption(b"secret")
        ),
        _KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    ],
    "key": [
        _KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        _KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
        _KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b" ann@laptop",
    ],
    "cms": [
        _CMS.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature]),
        _CMS.sign(Encoding.PEM, []),
    ],
    "vcard": [
        b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann\r\nEND:VCARD\r\n",
        "\ufeffBEGIN:VCARD\nFN:Ann\n".encode("utf-16"),
    ],
    "calendar": [b"\r\nbegin:vcalendar\r\nATTENDEE:mailto:ann@home.example\r\n"],
    "tnef": [b"\x78\x9f\x3e\x22\x01\x00\x06\x90\x08\x00"],
    "nested-message": [
        _MAIL,
        b"From ann@home.example Thu Jan  1 00:00:00 2026\n" + _MAIL,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "__substg1.0_0037001F".encode("utf-16-le"),
    ],
    "apple-double": [b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ", b"\0\x05\x16\0\0\x02\0\0"],
    "folder-view": [b"\0\0\0\x01Bud1\0\0"],
    "shortcut": [
        b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F",
        b"[InternetShortcut]\r\nURL=https://x.example\r\n",
    ],
}


@pytest.mark.parametrize(
    ("reason", "content"), [(reason, content) for reason, several in DROPPED.items() for content in several]
)
def test_what_says_who_somebody_is_is_dropped(reason: str, content: bytes) -> None:
    for name, declared in (("photo.jpg", "image/jpeg"), ("note.txt", "text/plain")):
        with pytest.raises(Dropped) as dropped:
            cleaned(content, declared, name)
        assert dropped.value.reason == reason


def _encrypted_pdf() -> bytes:
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(files.pdf())) as pdf:
        pdf.save(written, encryption=pikepdf.Encryption(owner="x", user="y"))
    return written.getvalue()


def _pdf_with(**entries: object) -> bytes:
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(files.pdf())) as pdf:
        for name, value in entries.items():
            pdf.Root[f"/{name}"] = value
        pdf.save(written)
    return written.getvalue()


def _signed_pdf() -> bytes:
    field = Dictionary(FT=Name.Sig, T="Signature1", V=Dictionary(Type=Name.Sig, Name="Ann Smith"))
    return _pdf_with(AcroForm=Dictionary(Fields=Array([field]), SigFlags=3))


def _encrypted_zip() -> bytes:
    content = bytearray(archive({"a.txt": b"text"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    return bytes(content)


def _nested_zip(levels: int) -> bytes:
    content = b"text"
    for _ in range(levels):
        content = archive({"inner.zip": content})
    return content


def _png_of(width: int, height: int) -> bytes:
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"

    def chunk(kind: bytes, payload: bytes) -> bytes:
        return (
            len(payload).to_bytes(4, "big") + kind + payload + zlib.crc32(kind + payload).to_bytes(4, "big")
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def _large_bmp() -> bytes:
    written = io.BytesIO()
    Image.new("1", (10_000, 6_000)).save(written, "BMP")
    return written.getvalue()


def _bmp_with_alpha() -> bytes:
    """Return a bitmap of version 5 with a mask for alpha, which Pillow reads and does not write."""
    written = io.BytesIO()
    files.drawing("RGBA").save(written, "BMP")
    plain = written.getvalue()
    masks = b"".join(mask.to_bytes(4, "little") for mask in (0xFF0000, 0xFF00, 0xFF, 0xFF000000))
    header = (124).to_bytes(4, "little") + plain[18:30] + (3).to_bytes(4, "little") + plain[34:54] + masks
    pixels = plain[54:]
    return b"BM" + bytes(8) + (14 + 124).to_bytes(4, "little") + header.ljust(124, b"\0") + pixels


def _pdf_with_spaces(count: int) -> bytes:
    """Return a PDF whose catalogue stands in a stream of objects, before so many spaces."""
    packed = zlib.compress(b"1 0 <</Type/Catalog/Pages 2 0 R>>" + b" " * count, 1)
    head = b"%PDF-1.5\n2 0 obj\n<</Type/Pages/Kids[<</Type/Page/Parent 2 0 R>>]/Count 1>>\nendobj\n"
    objects = (
        b"3 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream\nendobj\n"
    )
    body = head + objects % (len(packed), packed)
    places = ((0, 0, 0), (2, 3, 0), (1, 9, 0), (1, len(head), 0), (1, len(body), 0))
    table = b"".join(
        bytes((kind,)) + place.to_bytes(4, "big") + bytes((index,)) for kind, place, index in places
    )
    return (
        body
        + b"4 0 obj\n<</Type/XRef/Size 5/W[1 4 1]/Root 1 0 R/Length %d>>stream\n" % len(table)
        + table
        + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)
    )


def _svg_with(inner: str, doctype: str = "") -> bytes:
    return f'{doctype}<svg xmlns="http://www.w3.org/2000/svg">{inner}</svg>'.encode()


_LAUGHS = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
_EMF = b"\x01\0\0\0\x6c\0\0\0" + bytes(32) + b" EMF" + bytes(64)

CANNOT_CLEAN = {
    "an encrypted PDF": ("encrypted", _encrypted_pdf),
    "a signed PDF": ("signed", _signed_pdf),
    "a PDF portfolio": ("pdf-portfolio", lambda: _pdf_with(Collection=Dictionary())),
    "a form of XFA": ("xfa-form", lambda: _pdf_with(AcroForm=Dictionary(XFA="x", Fields=Array()))),
    "half a PDF": ("broken-document", lambda: b"%PDF-1.7\nhalf"),
    "a PDF bomb": ("broken-document", lambda: _pdf_with_spaces(100_000_000)),
    "an encrypted ZIP": ("encrypted", _encrypted_zip),
    "half a ZIP": ("broken-archive", lambda: archive({"a.txt": b"x" * 999})[:60]),
    "a ZIP in ZIPs": ("nested-too-deep", lambda: _nested_zip(9)),
    "a ZIP bomb": ("too-large", lambda: archive({"a.txt": b"x" * 20_000_000})),
    "a ZIP of many": ("too-large", lambda: archive({f"{number}.txt": b"" for number in range(5001)})),
    "a gzip bomb": ("too-large", lambda: zlib.compress(b"x" * 20_000_000, wbits=31)),
    "a program in a ZIP": ("executable", lambda: archive({"a": b"MZ\x90\0\x03\0\0\0"})),
    "Office macros": ("macros", lambda: office.docx(word__vbaProject_dot_bin=b"x")),
    "an embedded object": (
        "legacy-office",
        lambda: office.docx(word__embeddings__a_dot_bin=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    ),
    "a certificate in a document": (
        "embedded-object",
        lambda: office.docx(word__embeddings__a_dot_bin=_CERTIFICATE.public_bytes(Encoding.DER)),
    ),
    "a metafile in a document": ("unknown-format", lambda: office.docx(word__media__a_dot_emf=_EMF)),
    "entities in a document": (
        "xml-entities",
        lambda: office.docx(
            word__extra_dot_xml=b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
        ),
    ),
    "addresses in a style that do not end": (
        "broken-style",
        lambda: _svg_with(f"<style>{'url(' * 200_000}</style>"),
    ),
    "an element of many attributes": (
        "too-large",
        lambda: _svg_with("<g " + " ".join(f'a{number}="x"' for number in range(100_000)) + "/>"),
    ),
    "deep HTML": ("too-large", lambda: b"<html>" + b"<div>" * 100_000),
    "HTML that opens again and again": (
        "too-large",
        lambda: (
            b"<html><p>" + b"".join(b"<b id=%d>" % number for number in range(500)) + b"</p><p>x" * 20_000
        ),
    ),
    "a namespace nobody declared": ("broken-document", lambda: _svg_with('<g who:name="Ann"/>')),
    "a ZIP of times to come": (
        "archive-format",
        lambda: archive({"a.txt": b"x"}).replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\x54"),
    ),
    "entities in a drawing": ("xml-entities", lambda: _svg_with("&b;", _LAUGHS)),
    "a film in a drawing": (
        "sound-or-film",
        lambda: _svg_with(f'<image href="data:image/png;base64,{b64encode(b"OggS" + bytes(99)).decode()}"/>'),
    ),
    "escapes in a style": ("escaped-style", lambda: _svg_with(r"<style>a{b:\75rl(x)}</style>")),
    "an encrypted OpenDocument file": (
        "encrypted",
        lambda: archive(
            {
                "mimetype": b"application/vnd.oasis.opendocument.text",
                "META-INF/manifest.xml": b"<m><encryption-data/></m>",
            }
        ),
    ),
    "Pages of Apple": ("apple-iwork", lambda: archive({"Index/Document.iwa": b"x"})),
    "an old Word document": ("legacy-office", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    "an encrypted Office document": (
        "encrypted",
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
    ),
    "Word in one XML file": (
        "office-xml",
        lambda: (
            b'<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">'
        ),
    ),
    "an object in rich text": ("embedded-object", lambda: rb"{\rtf1{\object{\*\objdata 0105}}}"),
    "octets in rich text": ("embedded-object", lambda: rb"{\rtf1{\pict\bin4 abcd}}"),
    "a bitmap that one can see through": ("picture-mode", _bmp_with_alpha),
    "half of rich text": ("broken-document", lambda: rb"{\rtf1{\b x}"),
    "a photo of a telephone": ("heif-picture", lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1"),
    "music": ("sound-or-film", lambda: b"ID3\x04\0\0\0\0\0\x21TPE1"),
    "a film": ("sound-or-film", lambda: b"\0\0\0\x18ftypmp42\0\0\0\0"),
    "a program": ("executable", lambda: b"\x7fELF\x02\x01\x01\0"),
    "another archive": ("archive-format", lambda: b"7z\xbc\xaf\x27\x1c\0\x04"),
    "whatever": ("unknown-format", lambda: b"\0\x01\x02\x03" * 99),
    "a broken picture": ("broken-picture", lambda: files.jpeg()[:300]),
    "a flood of pixels": ("too-large", lambda: _png_of(200_000, 200_000)),
    "a large bitmap": ("too-large", _large_bmp),
    "a card in a text": ("text-with-key-or-card", lambda: b"Hello\n> BEGIN:VCARD\nFN:Ann\nEND:VCARD\n"),
    "a key in a text": ("text-with-key-or-card", lambda: b"Hello\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n"),
    "more than a message": ("too-large", lambda: bytes(50 * 1024 * 1024 + 1)),
}


@pytest.mark.parametrize("what", CANNOT_CLEAN)
def test_what_cannot_be_cleaned_asks_the_owner(what: str) -> None:
    reason, make = CANNOT_CLEAN[what]
    with pytest.raises(CannotClean) as refused:
        cleaned(make(), "text/plain", "harmless.txt")
    assert refused.value.reason == reason


def test_a_refusal_quotes_nothing_of_the_file() -> None:
    """What a library says of a broken file may quote it, and would be logged with the refusal."""
    with pytest.raises(CannotClean) as refused:
        cleaned(_svg_with(f"<g></{files.CANARY}>"), "", f"{files.CANARY}.svg")
    assert files.CANARY not in "".join(traceback.format_exception(refused.value))


def test_the_pdf_bomb_is_refused_for_its_size_alone() -> None:
    assert cleaned(_pdf_with_spaces(1000), "", "").content_type == "application/pdf"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"Dear all,\n\nFrom: Monday we are closed.\n",
        b"MZ is how it begins.",
        b"0123\n",
        b"ID3 is a tag of music.\n",
        b"GIF89a and BZh are magic numbers.\n",
        b"FORM 27\n",
        b"BM: remarks\n",
        b"To: the shop\nabout: the chair\nSize: large\nPrice: 3\n",
        "Grüße".encode("utf-16"),
        "日本".encode("iso-2022-jp"),
        "日本語".encode("shift_jis"),
        "中文".encode("gb18030"),
        b"key,value\n1,2\n",
        b'{"a": 1}',
        b"<p align=center>Markdown may begin with a tag.</p>\n\n# Title\n",
        b"# Title\n\nCertificate: none\n",
    ],
)
def test_plain_text_is_not_mistaken_for_something_else(text: bytes) -> None:
    assert cleaned(text, "application/octet-stream", "x").content == text


@pytest.mark.parametrize(
    "content",
    [
        rb"{\rtf1{" + b" " * 500_000 + b"}}",
        b"<!---->" * 500_000,
        b" " * 2_000_000,
        _svg_with(f"<style>{'/*' * 500_000}</style>"),
    ],
    ids=["spaces in rich text", "comments", "spaces", "comments in a style that do not end"],
)
def test_much_of_the_same_takes_time_by_its_size_alone(content: bytes) -> None:
    """Were the time the square of the size, this would take hours."""
    assert cleaned(content, "", "").content


def test_a_member_of_an_archive_stays_inside_of_it() -> None:
    result = cleaned(archive({"../../C:/x/../../y.txt": b"a", "/etc/z.txt": b"b", r"C:\w.txt": b"c"}), "", "")
    assert isinstance(result, Cleaned)
    with zipfile.ZipFile(io.BytesIO(result.content)) as members:
        assert not [
            name for name in members.namelist() if name.startswith("/") or ".." in name or ":" in name
        ]
