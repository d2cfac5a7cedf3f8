"""What leaves the relay, both ways, verifies with software that is not ours."""

import email
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import aiosmtplib
import pysequoia
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mailrelay.authentication import Result
from mailrelay.authentication.arc_sealing import Sealer, seal
from mailrelay.delivery.signing import Signer
from mailrelay.directory import Wishes
from mailrelay.message import RawMessage
from tests.mailrelay.delivery.verifiers import (
    Verdicts,
    dkimpy,
    dkimpy_chain,
    mailauth,
    needs_mailauth,
    needs_opendkim,
    opendkim,
)
from tests.mailrelay.rewriting.metadata import files, office
from tests.mailrelay.world import OWNER, OWNER_MAILBOX, RELAY_ADDRESS, RELAY_DOMAIN, STRANGER, World, utc_now
from whoisproxy.demo.mail_actors import send
from whoisproxy.demo.mail_sink import SunkMessage

pytestmark = [pytest.mark.slow, needs_opendkim, needs_mailauth]

TEXT = "Is it for sale?\r\n\r\n.\r\n..dots at the beginning \r\n" + "long " * 150 + "\r\n\r\n\r\n"
EIGHT_BITS = (
    "Subject: Größe, 大きさ\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nGrüße aus Zürich. 大きい。\r\n"
).encode()
LATIN = (
    b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe.\r\n"
)


def _plain() -> bytes:
    return f"Subject: Your domain\r\n\r\n{TEXT}".encode()


def _with_files() -> bytes:
    message = EmailMessage()
    message["Subject"] = "With files"
    message.set_content("Please see the files.\n")
    message.add_alternative("<p>Please see the <b>files</b>. Größe.</p>", subtype="html")
    message.add_attachment(files.jpeg(), maintype="image", subtype="jpeg", filename="größe.jpg")
    message.add_attachment(
        office.docx(), maintype="application", subtype="octet-stream", filename="offer.docx"
    )
    return bytes(message).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


CONTENTS = {"plain": _plain(), "8-bit": EIGHT_BITS, "Latin-1": LATIN, "HTML and files": _with_files()}


def _written(content: bytes, author: str, recipient: str, name: str = "Ada Buyer") -> bytes:
    header = f"From: {name} <{author}>\r\nTo: {recipient}\r\nMessage-ID: <{len(content)}@{author}>\r\n"
    return header.encode() + b"Date: Tue, 24 Nov 2026 12:00:00 +0000\r\n" + content


@pytest.fixture
def relay(world: World) -> World:
    """Sign with a key of the kind that every verifier knows, for a domain that has all records."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    world.deliverer._signer = Signer(RELAY_DOMAIN, "rsa", key, utc_now)
    name, record = world.deliverer._signer.dns_record()
    world.dns.set(name, "TXT", record)
    world.dns.set(RELAY_DOMAIN, "TXT", "v=spf1 ip4:127.0.0.1 -all")
    return world


async def _verify(relay: World, sent: SunkMessage, folder: Path, arc: str = "none") -> None:
    assert dkimpy(relay, sent.raw) == [True]
    assert await opendkim(relay, sent.raw, folder) == ["pass"]
    assert await mailauth(relay, sent) == Verdicts("pass", (f"{RELAY_DOMAIN}=pass",), "pass", arc)


async def _to_owner(relay: World, raw: bytes, wishes: Wishes | None = None) -> SunkMessage:
    relay.directory.health.owners["relay_1"] = replace(OWNER, wishes=wishes or Wishes())
    assert (await send(relay.port, STRANGER, RELAY_ADDRESS, raw)).code == 250
    await relay.settle()
    return (await relay.arrived_at(OWNER_MAILBOX))[-1]


def _letter(relay: World, content: bytes) -> bytes:
    name = "Ada Buyer" if content.isascii() else "Ädä Büyer"
    return relay.offers.sign(_written(content, STRANGER, RELAY_ADDRESS, name))


def _wishes(wish: str) -> Wishes:
    if wish == "encrypted":
        key = pysequoia.Tsk.generate(f"Owner <{OWNER_MAILBOX}>").extract_certificate()
        return Wishes(encryption_key=str(key))
    return Wishes(banner=wish == "banner", attach_original=wish == "original")


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("wish", ["as it came", "banner", "original", "encrypted"])
async def test_forwarded_mail_verifies(relay: World, tmp_path: Path, content: str, wish: str) -> None:
    sent = await _to_owner(relay, _letter(relay, CONTENTS[content]), _wishes(wish))
    await _verify(relay, sent, tmp_path)


async def test_the_verifiers_see_what_was_changed(relay: World, tmp_path: Path) -> None:
    """Else what they say of the other messages would prove nothing."""
    sent = await _to_owner(relay, _letter(relay, CONTENTS["plain"]))
    for changed in (
        sent.raw.replace(b"for sale", b"for free"),
        sent.raw.replace(b"Subject: ", b"Subject: no "),
    ):
        assert dkimpy(relay, changed) == [False]
        assert await opendkim(relay, changed, tmp_path) != ["pass"]
        assert (await mailauth(relay, replace(sent, raw=changed))).dkim != (f"{RELAY_DOMAIN}=pass",)
    elsewhere = replace(sent, reverse_path="x@elsewhere.example")
    assert (await mailauth(relay, elsewhere)).spf != "pass"


async def test_mail_of_a_mailbox_in_any_letters_verifies_and_so_does_its_answer(
    relay: World, tmp_path: Path
) -> None:
    """RFC 6531: only a server that takes such mailboxes is asked to."""
    mailbox = "ädä@offers.example"
    raw = relay.offers.sign(_written(EIGHT_BITS, mailbox, RELAY_ADDRESS, "Ädä"))
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=relay.port, start_tls=False)
    async with client:
        await client.sendmail(mailbox, [RELAY_ADDRESS], raw, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
    await relay.settle()
    [letter] = await relay.arrived_at(OWNER_MAILBOX)
    await _verify(relay, letter, tmp_path)

    reply_address = parseaddr(email.message_from_bytes(letter.raw)["Reply-To"])[1]
    answer = _written(EIGHT_BITS, OWNER_MAILBOX, reply_address, "Zoë")
    assert (await relay.owner_answers(answer, reply_address)).code == 250
    await relay.settle()
    [sent] = await relay.arrived_at(mailbox)
    await _verify(relay, sent, tmp_path)


@pytest.mark.parametrize("content", CONTENTS)
async def test_what_is_sealed_validates(relay: World, tmp_path: Path, content: str) -> None:
    relay.deliverer._preparation._seals_arc = True
    sent = await _to_owner(relay, _letter(relay, CONTENTS[content]))
    await _verify(relay, sent, tmp_path, arc="pass")
    assert dkimpy_chain(relay, sent.raw) == b"pass"


async def test_a_chain_that_goes_on_validates(relay: World, tmp_path: Path) -> None:
    relay.deliverer._preparation._seals_arc = True
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    relay.dns.set(*_record(Signer("list.example", "arc", key, utc_now)))
    told = "mx.list.example; dkim=pass header.d=offers.example"
    letter = RawMessage.parse(_letter(relay, CONTENTS["plain"]))
    sealed = seal(letter, told, Result.NONE, Sealer("list.example", "arc", key), utc_now())
    sent = await _to_owner(relay, sealed.raw)
    await _verify(relay, sent, tmp_path, arc="pass")
    assert dkimpy_chain(relay, sent.raw) == b"pass"


def _record(signer: Signer) -> tuple[str, str, str]:
    name, record = signer.dns_record()
    return name, "TXT", record


@pytest.mark.parametrize("plain_text_only", [False, True], ids=["as written", "plain text only"])
@pytest.mark.parametrize("content", CONTENTS)
async def test_answers_verify(relay: World, tmp_path: Path, content: str, *, plain_text_only: bool) -> None:
    wishes = Wishes(plain_text_only=plain_text_only)
    letter = await _to_owner(relay, _letter(relay, CONTENTS["8-bit"]), wishes)
    reply_address = parseaddr(email.message_from_bytes(letter.raw)["Reply-To"])[1]

    raw = _written(CONTENTS[content], OWNER_MAILBOX, f"Ädä Büyer <{reply_address}>", "Zoë Müller-Lefèvre")
    assert (await relay.owner_answers(raw, reply_address)).code == 250
    await relay.settle()

    [sent] = await relay.arrived_at(STRANGER)
    await _verify(relay, sent, tmp_path)
