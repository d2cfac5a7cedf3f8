"""What an owner may want added to his mail; the stranger's own content stays octet for octet."""

import base64
import hashlib
import quopri
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.rewriting.banner import LANGUAGES, without_banner
from mailrelay.rewriting.forward import ForwardFacts, author_of, rewrite_forward
from tests.mailrelay.rewriting.test_forward import FACTS

BANNER = replace(FACTS, banner=True, language="de", answer_url="https://relay.example/answer/1")
ORIGINAL = replace(FACTS, attach_original=True)
HEADER = b"From: Ada <ada@offers.example>\r\nSubject: Offer\r\nDate: x\r\nMessage-ID: <1@x>\r\n"
ALTERNATIVE = (
    b"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"preamble\r\n--b\r\n\r\nplain \xff\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>html\r\n--b--\r\nepilogue"
)


def forward(raw: bytes, facts: ForwardFacts) -> RawMessage:
    message = RawMessage.parse(canonical_line_ends(raw))
    return rewrite_forward(message, author_of(message, ""), facts)


def read(raw: bytes) -> Message:
    return message_from_bytes(raw)


def text_of(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode(part.get_content_charset("us-ascii"), "replace").replace("\r\n", "\n")


def leaves(message: Message) -> list[str]:
    """Return a hash of each part that holds no others.

    Of a multipart that nobody closed, the standard library takes line ends that belong to what follows.
    """
    octets = (
        str(part.get_payload()).rstrip("\r\n").encode("utf-8", "surrogateescape")
        for part in message.walk()
        if not part.is_multipart()
    )
    return [hashlib.sha256(one).hexdigest() for one in octets]


@pytest.mark.parametrize(
    ("charset", "encoding", "body"),
    [
        ("utf-8", "8bit", "Grüße\r\n".encode()),
        ("ISO-8859-1", "8BIT", b"Gr\xfc\xdfe\r\n"),
        ("utf-8", "quoted-printable", b"Gr=C3=BC=C3=9Fe\r\n"),
        ("utf-8", "base64", b"R3LDvMOfZQ0K\r\n"),
    ],
)
def test_a_banner_is_a_line_before_a_text_that_allows_it(charset: str, encoding: str, body: bytes) -> None:
    fields = _text_fields(charset, encoding)
    rewritten = forward(HEADER + fields + b"\r\n" + body, BANNER)

    assert fields in rewritten.raw
    assert rewritten.body.endswith(body)
    text = text_of(read(rewritten.raw))
    assert text.startswith(
        "Gesendet an den Inhaber von example.org über ein Relay zum Schutz der\nPrivatsphäre"
    )
    assert "Im Browser antworten: <https://relay.example/answer/1>\n" in text
    assert without_banner(text).strip().startswith("Grüße")


def _text_fields(charset: str, encoding: str) -> bytes:
    return (
        f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n".encode()
    )


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=200))
def test_a_line_before_a_text_changes_nothing_of_it(text: str) -> None:
    encoders = {"quoted-printable": quopri.encodestring, "base64": base64.encodebytes}
    for encoding, encode in encoders.items():
        raw = HEADER + _text_fields("utf-8", encoding) + b"\r\n" + encode(text.encode())
        assert text_of(read(forward(raw, BANNER).raw)).endswith(
            "\n" + text_of(read(canonical_line_ends(raw)))
        )


@pytest.mark.parametrize(
    "content",
    [
        ALTERNATIVE,
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+\r\n",
        b"\r\nno fields at all\r\n",
        b"Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n//5oAA==\r\n",
        b"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nfile\r\n",
        b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==",
        b"Content-Type: multipart/mixed; boundary=open\r\n\r\n--open\r\n\r\nnever closed",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: ;;=?\r\n\r\nbroken",
        b"Content-Type: text/plain; charset*=utf-8''a; charset*0=b\r\n\r\ntwo ways at once",
    ],
)
@pytest.mark.parametrize("facts", [BANNER, ORIGINAL, replace(BANNER, attach_original=True)])
def test_other_content_stands_untouched_in_a_new_multipart(content: bytes, facts: ForwardFacts) -> None:
    raw = HEADER + content
    rewritten = read(forward(raw, facts).raw)

    parts = rewritten.get_payload()
    assert rewritten.get_content_type() == "multipart/mixed"
    assert isinstance(parts, list)
    assert len(parts) == 1 + facts.banner + facts.attach_original
    first = parts[0]
    assert isinstance(first, Message)
    assert content.partition(b"\r\n\r\n")[2] in forward(raw, facts).raw
    assert leaves(first) == leaves(read(raw))
    assert first.get_content_type() == read(raw).get_content_type()
    assert rewritten["MIME-Version"] == "1.0"
    assert rewritten.get_all("Subject") == ["Offer"]


def test_the_banner_comes_after_what_it_cannot_stand_in() -> None:
    """Programs show the first text as the message, and some the others as files."""
    banner = read(forward(HEADER + ALTERNATIVE, BANNER).raw).get_payload(1)
    assert isinstance(banner, Message)
    assert without_banner(text_of(banner)) == ""
    assert banner["Content-Disposition"] == "inline"


def test_a_banner_warns_of_a_sender_that_is_not_verified() -> None:
    warning = "The sender of this message could not be verified."
    for result, warned in (("pass", False), ("fail", True), ("none", True), ("temperror", True)):
        facts = replace(
            FACTS, banner=True, authentication=f"mx.relay.example;\r\n\tdmarc={result} header.from=x.example"
        )
        assert (warning in forward(HEADER + b"\r\nhello\r\n", facts).body.decode()) == warned, result
    unknown = replace(FACTS, banner=True, authentication="")
    assert warning not in forward(HEADER + b"\r\nhello\r\n", unknown).body.decode()


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: multipart/signed; boundary=b; protocol=x; micalg=y\r\n\r\n--b\r\n\r\na\r\n--b--\r\n",
        b"Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\na\r\n--b--\r\n",
        b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\na\r\n--b--\r\n",
        b"Content-Type: Application/PKCS7-MIME; smime-type=signed-data\r\n\r\nMIIB\r\n",
        b"\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nhello\r\n",
    ],
)
def test_what_is_signed_encrypted_or_a_report_gets_no_banner(content: bytes) -> None:
    assert (
        forward(HEADER + content, BANNER).raw
        == forward(HEADER + content, replace(FACTS, answer_url=BANNER.answer_url)).raw
    )


def test_the_original_is_attached_as_it_came() -> None:
    raw = HEADER + b"X-Whoisproxy-Domain: forged\r\nDKIM-Signature: v=1\r\n" + ALTERNATIVE
    rewritten = forward(raw, ORIGINAL)
    assert raw in rewritten.raw
    attached = read(rewritten.raw).get_payload(1)
    assert isinstance(attached, Message)
    assert attached.get_content_type() == "message/rfc822"
    assert attached.get_filename() == "original.eml"
    assert attached["Content-Transfer-Encoding"] == "8bit"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_banner_is_in_the_owners_language(language: str) -> None:
    bodies = {one: forward(HEADER + ALTERNATIVE, replace(BANNER, language=one)).body for one in LANGUAGES}
    assert list(bodies.values()).count(bodies[language]) == 1


# What a stranger may write in the fields by which the relay finds out how a text is encoded.
_KINDS = st.sampled_from(
    ["text/plain", "TEXT/Plain", "text/html", "multipart/mixed", "text", "", "a/b/c", "message/rfc822"]
)
_PARAMETERS = st.lists(
    st.sampled_from(
        [
            "; charset=utf-8", '; charset="us-ascii', "; charset=x-unknown", "; charset*=utf-8''%ff",
            "; charset*0=u", "; charset*0*=a'b'%E4; charset*1=x", "; charset*1*=%zz", "; charset=utf-16",
            "; charset=\u00e9", "; charset=", "; boundary=b", "; format=flowed", ";;;", "; =", "(comment",
            '; name="=?utf-8?b?/w==?="',
        ]
    ),
    max_size=3,
).map("".join)  # fmt: skip
_ENCODINGS = st.sampled_from(
    ["7bit", " 8BIT ", "base64", "quoted-printable", "x-uuencode", "", "\u00e9", "=?x?", "binary"]
)


@given(
    kind=_KINDS,
    parameters=_PARAMETERS,
    encoding=_ENCODINGS,
    disposition=st.sampled_from(["", "attachment", "inline; x=\u00e9", ";"]),
    body=st.binary(max_size=200),
)
def test_whatever_a_message_says_of_its_text_it_arrives(
    kind: str, parameters: str, encoding: str, disposition: str, body: bytes
) -> None:
    fields = (
        f"Content-Type: {kind}{parameters}\r\nContent-Transfer-Encoding: {encoding}\r\n"
        f"Content-Disposition: {disposition}\r\n"
    )
    for octets in (fields.encode(), fields.encode("latin-1")):
        raw = canonical_line_ends(HEADER + octets + b"\r\n" + body)
        rewritten = forward(raw, replace(BANNER, attach_original=True))
        assert rewritten.body.count(canonical_line_ends(b"\r\n\r\n" + body)[4:]) >= 2
        # The whole is too much for the standard library where parameters are as bad as some of these.
        boundary = BytesHeaderParser().parsebytes(rewritten.raw).get_boundary()
        assert rewritten.body.count(f"--{boundary}\r\n".encode()) in {2, 3}


def test_a_multipart_whose_parameters_nobody_can_read_arrives() -> None:
    raw = HEADER + b"Content-Type: multipart/mixed; boundary*=us-ascii''b; boundary*0=c\r\n\r\n--b\r\n\r\na"
    assert forward(raw, BANNER).body.count(b"\r\n\r\n--b\r\n\r\na\r\n") == 1
