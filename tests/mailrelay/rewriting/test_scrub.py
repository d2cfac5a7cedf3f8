"""An owner's data is found wherever it hides in an answer."""

import contextlib
import io
import zlib
from base64 import b64encode
from quopri import encodestring
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from mailrelay.message import RawMessage
from mailrelay.rewriting.owner_text import without_owner
from mailrelay.rewriting.scrub import traces
from mailrelay.rewriting.unpack import CannotLookInside
from tests.mailrelay.world import OWNER

CLEAN_HEADER = b"From: x <a@relay.example>\r\nSubject: Re: offer\r\n"


def body(octets: bytes, extra: bytes = b"") -> bytes:
    return CLEAN_HEADER + extra + b"\r\n" + octets


MAILBOX = b"zoe.lefevre@home.example"
HIDING = {
    "as it is": body(b"write to zoe.lefevre@home.example"),
    "in capitals": body(b"ZOE.LEFEVRE@HOME.EXAMPLE"),
    "with a tag": body(b"zoe.lefevre+shop@home.example"),
    "percent": body(b"mailto:zoe.lefevre%40home.example"),
    "percent twice": body(b"zoe.lefevre%2540home.example"),
    "entity": body(b"zoe.lefevre&#64;home.example"),
    "hexadecimal entity": body(b"zoe.lefevre&#x40;home.example"),
    "split by wbr": body(b"zoe.lef<wbr>evre@ho<wbr/>me.example"),
    "zero width": body("zoe.lef\u200bevre@home.example".encode()),
    "blanks": body(b"zoe . lefevre @ home . example"),
    "across lines": body(b"zoe.lefevre@\r\nhome.example"),
    "base64": body(b64encode(b"see " + MAILBOX), b"Content-Transfer-Encoding: base64\r\n"),
    "quoted-printable": body(
        encodestring(b"zoe.lefevre=40home.example").replace(b"=3D40", b"=40"),
        b"Content-Transfer-Encoding: quoted-printable\r\n",
    ),
    "local part": body(b"my handle is zoe.lefevre on every site"),
    "domain": body(b"https://home.example/shop"),
    "name": body("Zoë Müller-Lefèvre".encode()),
    "name without accents": body(b"Zoe Muller-Lefevre"),
    "name in German spelling": body(b"Zoe Mueller-Lefevre"),
    "name in Latin-1 octets": body("Zoë Müller-Lefèvre".encode("latin-1")),
    "name in sixteen bits": body("Zoe Muller-Lefevre".encode("utf-16-le")),
    "street": body(b"Rue de l'Etang 7"),
    "phone": body(b"+41 32 555 01 23"),
    "national phone": body(b"032 555 01 23"),
    "subject": b"Subject: from =?utf-8?q?Zo=C3=AB_M=C3=BCller-Lef=C3=A8vre?=\r\n\r\nx",
    "any header": b"X-Mailer: host home.example\r\n\r\nx",
    "file name": b"Content-Type: text/plain\r\nContent-Disposition: attachment;"
    b" filename*=utf-8''zoe.lefevre.txt\r\n\r\nx",
    "preamble": b"Content-Type: multipart/mixed; boundary=b\r\n\r\nzoe.lefevre\r\n--b\r\n\r\nx\r\n--b--\r\n",
    "epilogue": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\nzoe.lefevre\r\n",
    "part header": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    b"Content-ID: <1@home.example>\r\n\r\nx\r\n--b--\r\n",
}


@pytest.mark.parametrize("raw", HIDING.values(), ids=HIDING.keys())
def test_a_trace_is_found(raw: bytes) -> None:
    assert traces(raw, OWNER.identity.values()) in {"header", "body"}


@pytest.mark.parametrize(
    "raw",
    [
        body(b"I sell it for 900. Regards"),
        body(b"Write to ada@offers.example or call +1 202 555 0199."),
        body("Müller is not me, nor is the rue de Rivoli 7.".encode()),
    ],
)
def test_ordinary_text_is_no_trace(raw: bytes) -> None:
    assert traces(raw, OWNER.identity.values()) == ""


def test_the_correspondents_own_address_may_be_named_though_a_secret_be_part_of_it() -> None:
    raw = b"To: ada@home.example\r\n\r\nx"
    assert traces(raw, OWNER.identity.values()) == "header"
    assert traces(raw, OWNER.identity.values(), ("ada@home.example",)) == ""


def test_a_signature_goes_and_the_quote_below_it_stays() -> None:
    text = "Yes.\n-- \nZoë\nmobile 1\n> your question\nmore\n"
    assert without_owner(text, OWNER.identity.values()) == "Yes.\n> your question\nmore\n"


def test_a_line_that_only_signs_goes() -> None:
    assert without_owner("Fine.\n\nZoë\n", OWNER.identity.values()) == "Fine.\n"


def test_a_sentence_that_names_the_owner_stays_to_be_found() -> None:
    text = "I am Zoë Müller-Lefèvre, by the way.\n"
    assert without_owner(text, OWNER.identity.values()) == text
    assert traces(body(text.encode()), OWNER.identity.values()) == "body"


def test_reading_a_message_for_traces_leaves_it_alone() -> None:
    raw = body(b"x")
    message = RawMessage.parse(raw)
    traces(raw, OWNER.identity.values())
    assert message.raw == raw


def _attached(document: bytes) -> bytes:
    return CLEAN_HEADER + b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(document)


def test_the_author_in_an_office_document_is_found() -> None:
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("docProps/core.xml", "<dc:creator>Zoë Müller-Lefèvre</dc:creator>")

    assert traces(_attached(packed.getvalue()), OWNER.identity.values()) == "body"


def test_the_author_in_a_pdf_is_found_and_an_encrypted_one_is_not_let_through() -> None:
    stream = zlib.compress(b"<xmp>zoe.lefevre@home.example</xmp>")
    pdf = b"%PDF-1.7\n1 0 obj <</Filter/FlateDecode>>\nstream\n" + stream + b"\nendstream"

    assert traces(_attached(pdf), OWNER.identity.values()) == "body"
    with pytest.raises(CannotLookInside):
        traces(_attached(pdf + b"\ntrailer <</Encrypt 5 0 R>>"), OWNER.identity.values())


@pytest.mark.parametrize("document", [b"PK\x03\x04 not a zip", b"%PDF-1.7 \nstream\nnot flate"])
def test_broken_documents_do_no_harm(document: bytes) -> None:
    with contextlib.suppress(CannotLookInside):
        assert traces(_attached(document), OWNER.identity.values()) == ""


@pytest.mark.parametrize("trace", ["Zoë Müller-Lefèvre".encode(), b"ZOE.LEFEVRE@home.example"])
def test_a_large_picture_is_searched_too(trace: bytes) -> None:
    raw = _attached(b"\xff\xd8" + b"\1\2\3\4" * 300_000 + trace)
    assert (
        traces(raw.replace(b"\r\n\r\n", b"\r\nContent-Type: image/jpeg\r\n\r\n", 1), OWNER.identity.values())
        == "body"
    )


@pytest.mark.parametrize("number", ["2000", "7"])
def test_a_number_alone_is_an_answer_and_stays(number: str) -> None:
    assert without_owner(f"My price:\n{number}\n", OWNER.identity.values()) == f"My price:\n{number}\n"
