"""Owner's messages for tests, and what a correspondent sees of the answers."""

import email
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.message import Message

from mailrelay.identity import Identity
from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.rewriting.reply import Answer, ReplyFacts, rewrite_reply
from tests.mailrelay.rewriting.reply.test_clients import FACTS

__all__ = ["FACTS", "Seen", "answer", "html", "letter", "mixed", "part", "replace", "seen"]

TO = f'"Ada Buyer, ada at offers.example (via example-bakery.org)" <{FACTS.reply_address}>'


def letter(body: bytes, kind: str = "text/plain; charset=utf-8", header: str = "Subject: Re: x\r\n") -> bytes:
    """Return a message of the owner with one entity."""
    head = f"From: zoe.lefevre@home.example\r\nTo: {TO}\r\n{header}MIME-Version: 1.0\r\n"
    return f"{head}Content-Type: {kind}\r\n\r\n".encode() + canonical_line_ends(body)


def html(body: str) -> bytes:
    """Return a message of the owner in HTML."""
    return letter(body.encode(), "text/html; charset=utf-8")


def part(content: bytes, kind: str = "text/plain", further: str = "") -> bytes:
    """Return a part in base64."""
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{further}\r\n"
    return head.encode() + b64encode(content) + b"\r\n"


def mixed(parts: Sequence[bytes], kind: str = "mixed") -> bytes:
    """Return a message of the owner with several parts."""
    body = b"".join([b"--zz\r\n" + one for one in parts]) + b"--zz--\r\n"
    return letter(body, f"multipart/{kind}; boundary=zz")


def answer(raw: bytes, facts: ReplyFacts = FACTS, identity: Identity | None = None) -> Answer:
    """Return what becomes of a message of the owner; nothing identifies him where no identity is given."""
    return rewrite_reply(RawMessage.parse(canonical_line_ends(raw)), identity or Identity(), facts)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the standard library's parser sees of a message: kinds in order, texts by kind, and names."""

    kinds: list[str]
    plain: str
    html: str
    names: list[str]
    message: Message


def seen(one: Answer) -> Seen:
    """Read an answer."""
    message = email.message_from_bytes(one.message.raw)
    parts = list(message.walk())
    texts = {"text/plain": "", "text/html": ""}
    for each in parts:
        if each.get_content_type() in texts and not each.get_filename():
            payload = each.get_payload(decode=True)
            assert isinstance(payload, bytes)
            text = payload.decode(each.get_content_charset("ascii")).replace("\r\n", "\n")
            texts[each.get_content_type()] += text
    names = [name for each in parts if (name := each.get_filename())]
    return Seen(
        [each.get_content_type() for each in parts], texts["text/plain"], texts["text/html"], names, message
    )
