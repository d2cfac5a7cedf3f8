"""What gives an owner away, sent through the running relay, and what of it arrives at a stranger."""

import asyncio
import email
import html
import re
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import replace
from email.header import decode_header, make_header
from email.utils import parseaddr
from urllib.parse import unquote

import pytest

from mailrelay.queue.entry import State
from tests.mailrelay.rewriting.test_leaks import IDENTITY, PROBES
from tests.mailrelay.world import OWNER, OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, World, running
from whoisproxy.demo.mail_actors import send
from whoisproxy.demo.mail_sink import SunkMessage

# One of each kind: header, charset, encoding, markup, container, metadata, quote, disguise.
NASTIEST = (
    "subject-utf-16-word.eml", "subject-language-word.eml", "file-name-continued.eml", "charset-utf-7.eml",
    "text-gb18030.eml", "base64-odd-lines.eml", "quoted-printable-odd-lines.eml", "mailbox-percent-twice.eml",
    "html-spans.eml", "html-hexadecimal-entities.eml", "html-css-content.eml", "html-data-uri-svg.eml",
    "zip-in-zip.eml",
    "jpeg-exif.eml", "pdf-xmp.eml", "office-properties.eml", "quoted-banner.eml", "vcard-in-disguise.eml",
    "tnef.eml",
    "smime-signed.eml", "mail-in-mail.eml", "own-thread-ids.eml", "svg.eml",
)  # fmt: skip
_ON_THEIR_WAY = {State.QUEUED, State.DELIVERING, State.DEFERRED}
LAST = "That is all; nothing follows."

_HEADER = (
    f"From: Zoë Müller-Lefèvre <{OWNER_MAILBOX}>\r\nTo: {{to}}\r\nMessage-ID: <{{number}}@home.example>\r\n"
)
_REPORT = "Content-Type: multipart/report; report-type={kind}; boundary=x\r\n\r\n--x\r\n\r\n{text}\r\n--x\r\n"
_ABOUT = "Final-Recipient: rfc822; zoe.lefevre@home.example\r\n"
_AWAY = "I am away until Monday.\r\nZoë Müller-Lefèvre\r\n"
AUTOMATIC = {
    "vacation": f"Subject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\n{_AWAY}",
    "vacation of Exchange": f"Subject: Automatic reply\r\nX-Auto-Response-Suppress: All\r\n\r\n{_AWAY}",
    "read receipt": "Subject: Read: offer\r\n"
    + _REPORT.format(kind="disposition-notification", text="Your message was read.")
    + f"Content-Type: message/disposition-notification\r\n\r\n{_ABOUT}"
    "Disposition: manual-action/MDN-sent-manually; displayed\r\n--x--\r\n",
    "delivery report": "Subject: Undelivered\r\n"
    + _REPORT.format(kind="delivery-status", text="zoe.lefevre@home.example is full.")
    + "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.home.example\r\n\r\n"
    f"{_ABOUT}Action: failed\r\nStatus: 5.2.2\r\n--x--\r\n",
    "calendar reply": "Subject: Accepted: meeting\r\n"
    "Content-Type: text/calendar; method=REPLY; charset=utf-8\r\n\r\n"
    "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"
    f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{OWNER_MAILBOX}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "ticket system": f"Subject: [#1] received\r\nX-Zendesk-From-Account-Id: 1\r\n\r\n{_AWAY}",
}


@pytest.fixture
async def relay(world: World) -> AsyncIterator[World]:
    world.directory.health.owners["relay_1"] = replace(OWNER, identity=IDENTITY)
    async with running(world):
        yield world


async def _reply_address(relay: World) -> str:
    assert (await relay.stranger_writes()).code == 250
    [letter] = await relay.arrived_at(OWNER_MAILBOX)
    return parseaddr(email.message_from_bytes(letter.raw)["Reply-To"])[1]


async def _all_settled(relay: World, count: int) -> None:
    """Wait until nothing of the relay's queue is on its way."""
    async with asyncio.timeout(60):
        while True:
            records = await relay.store.of_relay(["relay_1"], 1000)
            if len(records) >= count and not any(one.state in _ON_THEIR_WAY for one in records):
                return
            await asyncio.sleep(0.05)


def readable_in(sent: SunkMessage) -> str:
    """Return what a program shows and what a curious person reads: everything decoded, escapes resolved."""
    texts = [sent.reverse_path, sent.raw.decode("utf-8", "replace")]
    for part in email.message_from_bytes(sent.raw).walk():
        texts += [str(make_header(decode_header(value))) for value in part.values()]
        texts.append(part.get_filename() or "")
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            texts += [content.decode(charset, "ignore") for charset in ("utf-8", "latin-1", "utf-16-le")]
    resolved = [unquote(html.unescape(unquote(text))) for text in texts]
    texts += [*resolved, *(re.sub(r"<[^>]*>", "", text) for text in resolved)]
    return " ".join(unicodedata.normalize("NFC", "\n".join(texts)).casefold().split())


def traces(sent: SunkMessage) -> list[str]:
    known = (
        *(one for one in IDENTITY.values() if len(one) > 3),
        "home.example",
        "Müller-Lefèvre",
        "555 01 23",
    )
    text = readable_in(sent)
    return [one for one in known if one.casefold() in text]


async def test_of_answers_that_give_their_owner_away_nothing_of_him_arrives(relay: World) -> None:
    reply_address = await _reply_address(relay)
    chosen = [probe for probe in PROBES if probe.file in NASTIEST]
    for number, probe in enumerate(chosen):
        raw = probe.raw.replace(b"<1@home.example>", b"<probe-%d@home.example>" % number)
        assert (await relay.owner_answers(raw, reply_address)).code == 250, probe.file
    await _all_settled(relay, 1 + len(chosen))

    arrived = [one for one in relay.sink.messages if STRANGER in one.recipients]
    assert len(arrived) >= len(chosen) // 2
    assert [(traces(one), one.raw) for one in arrived if traces(one)] == []


@pytest.mark.parametrize("kind", AUTOMATIC)
async def test_what_the_owners_software_answers_never_arrives(relay: World, kind: str) -> None:
    """Neither to the reply address nor to the relay address, whoever the reverse-path names."""
    reply_address = await _reply_address(relay)
    count = 1
    for address in (reply_address, RELAY_ADDRESS):
        for number, reverse_path in enumerate((OWNER_MAILBOX, "")):
            header = _HEADER.format(to=address, number=number).encode()
            raw = relay.home.sign(
                header + b"Date: Tue, 24 Nov 2026 12:00:00 +0000\r\n" + AUTOMATIC[kind].encode()
            )
            answer = await send(relay.port, reverse_path, address, raw)
            count += answer.code == 250
    last = _HEADER.format(to=reply_address, number="last") + f"Subject: x\r\n\r\n{LAST}\r\n"
    assert (await relay.owner_answers(last.encode(), reply_address)).code == 250
    await _all_settled(relay, count + 1)

    arrived = await relay.arrived_at(STRANGER)
    assert [LAST.encode() in one.raw for one in arrived] == [True]
