"""Whatever a stranger fills in, his message has the header that we have made, and the text that he wrote."""

from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailrelay.authentication.authors import read_authors
from mailrelay.message import RawMessage
from tests.whoisproxy.storage.values import NOW
from whoisproxy.domain.contact_form import Attachment, Kind, Written
from whoisproxy.i18n import LANGUAGES
from whoisproxy.portal.contact.filling import usable_mailbox
from whoisproxy.services.contact.message import build_message, file_name

FIELDS = [
    "content-type", "mime-version", "content-transfer-encoding", "from", "subject", "date", "message-id",
    "content-language",
]  # fmt: skip
BREAKS = "x\r\nBcc: victim@home.example\r\n\r\nbody"
_anything = st.text(st.characters(codec="utf-8") | st.sampled_from('\r\n\0\x85\u2028\u202e"\\<>@,;:=?'))
_files = st.builds(Attachment, _anything, _anything, st.binary(max_size=200))


def _written(
    name: str = "Ada", text: str = "Hello", kind: Kind = Kind.OTHER, language: str = "en",
    files: tuple[Attachment, ...] = (),
) -> Written:  # fmt: skip
    return Written(
        "xn--zo-bakery-w4a.org", kind, name, "ada@offers.example", text, language, "192.0.2.1", files
    )


@given(
    _anything,
    _anything,
    st.sampled_from(Kind),
    st.sampled_from(list(LANGUAGES)),
    st.lists(_files, max_size=3),
)
@example(BREAKS, BREAKS, Kind.BUY, "de", [Attachment(BREAKS, BREAKS, b"x")])
@example(
    "=?utf-8?q?=0D=0ABcc=3A_x?=", ".", Kind.LEGAL, "fr", [Attachment("../../etc/passwd", "text/plain", b"")]
)
def test_nothing_that_is_filled_in_breaks_out(
    name: str, text: str, kind: Kind, language: str, files: list[Attachment]
) -> None:
    raw = build_message(_written(name, text, kind, language, tuple(files)), "relay.example", NOW)
    message = RawMessage.parse(raw)
    names = [field.name.lower() for field in message.fields]
    assert sorted(names) == sorted(set(FIELDS) - ({"content-transfer-encoding"} if files else set()))
    assert read_authors(message.all("From")) == ("ada@offers.example",)
    assert all(field.raw.isascii() for field in message.fields)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    read = message_from_bytes(raw, policy=default)
    assert [part.get_content_type() for part in read.walk() if part.is_multipart()] == (
        ["multipart/mixed"] if files else []
    )
    attached = list(read.iter_attachments()) if files else []
    assert [part.get_payload(decode=True) for part in attached] == [one.content for one in files]
    assert all((found := part.get_filename()) and not set(found) & set('\r\n\0/\\"') for part in attached)


@pytest.mark.parametrize(
    "text", ["Grüße aus Zürich 🌍", "a\r\nb\rc\nd", ".\r\n.\r\n..", "From here\n" * 3, "x" * 5000]
)
def test_the_text_arrives_as_it_was_written(text: str) -> None:
    for files in ((), (Attachment("a.txt", "text/plain", b"other text"),)):
        read = message_from_bytes(
            build_message(_written(text=text, files=files), "relay.example", NOW), policy=default
        )
        body = read.get_body(("plain",))
        assert body is not None
        wanted = text.replace("\r\n", "\n").replace("\r", "\n").rstrip()
        assert body.get_content().replace("\r\n", "\n").rstrip() == wanted


@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        ("application/pdf", "application/pdf"),
        ("IMAGE/PNG", "image/png"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed; boundary=x", "application/octet-stream"),
        ("text/html\r\nX-Evil: 1", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_declared_type_is_believed_where_it_names_a_file(declared: str, kept: str) -> None:
    written = _written(files=(Attachment("a", declared, b"x"),))
    read = message_from_bytes(build_message(written, "relay.example", NOW), policy=default)
    [part] = read.iter_attachments()
    assert part.get_content_type() == kept
    assert part.get_content_disposition() == "attachment"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("C:\\Users\\Ada\\offer.pdf", "offer.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nb.txt", "a b.txt"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ("...", "attachment"),
        ("\xa0", "attachment"),
        ("Zoë.png", "Zoë.png"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_a_file_keeps_the_name_and_nothing_else(name: str, kept: str) -> None:
    assert file_name(name) == kept


@given(_anything)
@example("a@b.example\r\nBcc: c@d.example")
def test_a_mailbox_that_is_used_is_one_in_any_header(text: str) -> None:
    for given_text in (text, f"{text}@offers.example", f"ada@{text}.example"):
        if mailbox := usable_mailbox(given_text):
            assert mailbox.isascii()
            assert len(mailbox) <= 254
            assert read_authors([f"Ada <{mailbox}>"]) == (mailbox,)


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        (" ada@Offers.EXAMPLE ", "ada@offers.example"),
        ("Ada.Buyer+x@offers.example", "Ada.Buyer+x@offers.example"),
        ("ada@zürich.example", "ada@xn--zrich-kva.example"),
        ("ada@localhost", ""),
        ("ada@[192.0.2.1]", ""),
        ("ada@192.0.2.1", ""),
        ('"a b"@offers.example', ""),
        ("zoë@offers.example", ""),
        ("ada@offers.example:25", ""),
        ("", ""),
        ("x" * 65 + "@offers.example", ""),
    ],
)
def test_only_what_mail_programs_give_out_is_a_mailbox(text: str, mailbox: str) -> None:
    assert usable_mailbox(text) == mailbox
