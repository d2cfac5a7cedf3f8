"""Real mail on its way to an owner: nothing raises, no octet of a body changes, and it reads as it did."""

import tarfile
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pysequoia
import pytest

from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.rewriting.banner import LANGUAGES
from mailrelay.rewriting.encryption import read_key
from mailrelay.rewriting.forward import ForwardFacts, author_of, rewrite_forward
from tests.mailrelay.conftest import NOW
from tests.mailrelay.rewriting.test_forward import FACTS
from tests.mailrelay.rewriting.test_forward_additions import leaves

_MAIL = (Path(__file__).parents[3] / "../shared/data/mail").resolve()
_MIME = _MAIL / "mime"
_SPAM = _MAIL / "spam/dev_2009_2024.tar.gz"
_HAM = "csdmc_ham_2009_10/"
_NO_MAIL = {"SOURCE.txt", "LICENSE.txt", "LICENSE"}
# Fields that a reader shows and that the relay leaves alone.
_SHOWN = ("Subject", "Date", "Message-ID", "References", "In-Reply-To")

mime = pytest.mark.skipif(not _MIME.exists(), reason="the collection of MIME messages is not here")
ham = pytest.mark.skipif(not _SPAM.exists(), reason="the collection of ham is not here")


def mime_messages() -> Iterator[tuple[str, RawMessage]]:
    for path in sorted(_MIME.rglob("*")):
        if path.suffix in {".msg", ".eml", ".txt"} and path.name not in _NO_MAIL:
            yield path.name, parsed(path.read_bytes())


def ham_messages() -> Iterator[tuple[str, RawMessage]]:
    with tarfile.open(_SPAM) as archive:
        for member in archive:
            if _HAM in member.name and (file := archive.extractfile(member)) is not None:
                yield member.name, parsed(file.read())


def parsed(raw: bytes) -> RawMessage:
    """Without the line that an mbox puts before a message."""
    return RawMessage.parse(canonical_line_ends(raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw))


def forward(message: RawMessage, facts: ForwardFacts) -> RawMessage:
    return rewrite_forward(message, author_of(message, "x@y.example"), facts)


def texts(message: Message) -> list[object]:
    return [part.get_payload(decode=True) for part in message.walk() if part.get_content_maintype() == "text"]


def check_plain(name: str, message: RawMessage) -> None:
    rewritten = forward(message, FACTS)
    before, after = message_from_bytes(message.raw), message_from_bytes(rewritten.raw)
    assert rewritten.raw.endswith(b"\r\n\r\n" + message.body), name
    if not message.fields or any(one.raw[len(one.name)] != ord(":") for one in message.fields):
        return  # the text of a part beside its message, or syntax that the standard library does not know
    assert leaves(after) == leaves(before), name
    assert texts(after) == texts(before), name
    for field in _SHOWN:
        if before[field] is not None:
            assert str(after[field]) == str(before[field]), (name, field)


def check_additions(name: str, message: RawMessage, language: str) -> None:
    facts = replace(FACTS, attach_original=True, banner=True, language=language)
    rewritten = forward(message, facts)
    before, after = message_from_bytes(message.raw), message_from_bytes(rewritten.raw)
    content, original = after.get_payload(0), list(after.get_payload())[-1]
    assert isinstance(content, Message), name
    assert isinstance(original, Message)
    assert original.get_content_type() == "message/rfc822", name
    assert content.get_content_type() == before.get_content_type(), name
    assert rewritten.body.count(message.body) >= 2, name
    if content.is_multipart():
        assert leaves(content) == leaves(before), name


@mime
def test_mime_of_every_kind_arrives_as_it_came() -> None:
    for number, (name, message) in enumerate(mime_messages()):
        check_plain(name, message)
        check_additions(name, message, LANGUAGES[number % len(LANGUAGES)])


@mime
def test_mime_of_every_kind_is_read_again_after_encryption() -> None:
    secret = pysequoia.Tsk.generate("Owner <owner@home.example>")
    facts = replace(FACTS, key=read_key(bytes(secret.extract_certificate()), NOW))
    for name, message in mime_messages():
        content = message_from_bytes(forward(message, facts).raw).get_payload(1)
        assert isinstance(content, Message), name
        opened = pysequoia.decrypt(str(content.get_payload()).encode(), decryptor=secret.decryptor()).bytes
        assert opened is not None
        assert message.body in opened, name


@pytest.mark.slow
@ham
def test_honest_mail_arrives_as_it_came() -> None:
    for number, (name, message) in enumerate(ham_messages()):
        check_plain(name, message)
        check_additions(name, message, LANGUAGES[number % len(LANGUAGES)])
