"""Mail that comes to owners: delivered, held, and answered in a way that waits for their word."""

import email
import email.policy
import re
from email.message import EmailMessage

from mailrelay.queue.entry import Direction, NewMessage, NoteOfVerdict, State
from tests.journeys.journey import STRANGER, Journey
from whoisproxy.demo.mail_actors import Letter, send
from whoisproxy.demo.mail_sink import SunkMessage

_HTML = (
    "<h1>An offer</h1><p>Would you <b>sell</b> it? <a href='https://offers.example/x'>Look</a></p>"
    "<table><tr><td>2,400</td><td>francs</td></tr></table>"
)


def offer(owner: Journey, subject: str, sender: str = f"Ada Buyer <{STRANGER}>") -> bytes:
    """Return a letter of text, HTML and a file."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, owner.address, subject
    message["Date"], message["Message-ID"] = "Thu, 26 Nov 2026 06:00:00 +0000", f"<1@{owner.domain}>"
    message.set_content("Dear owner,\n\nwould you sell this domain? We offer 2,400 francs.\n\nAda Buyer\n")
    message.add_alternative(_HTML, "html")
    message.add_attachment(b"%PDF-1.4", "application", "pdf", filename="the offer in all detail.pdf")
    return message.as_bytes(policy=email.policy.SMTP)


async def unproven(owner: Journey, raw: bytes, sender: str = "ed@press.example") -> str:
    """Let a letter come that nothing proves, from a domain that asks to hold such; return its id."""
    owner.world.dns.set(f"_dmarc.{sender.rpartition('@')[2]}", "TXT", "v=DMARC1; p=quarantine")
    assert (await send(owner.world.smtp_port, sender, owner.address, raw)).code == 250
    return str((await owner.messages())[0]["id"])


async def held_in_queue(owner: Journey, subject: str, *notes: NoteOfVerdict) -> str:
    """Hold a letter to an owner for reasons that are given; return its id."""
    core = owner.world.service.core
    async with core.storage.reading() as uow:
        relay = await uow.relays.by_local_part(*owner.address.split("@"))
        assert relay is not None
        registration = await uow.registrations.by_id(relay.domain_id)
    assert registration is not None
    raw = offer(owner, subject)
    message = NewMessage(
        Direction.FORWARD, registration.registrant_id, relay.id, owner.address, STRANGER, raw, len(raw),
        verdicts=notes, author=f"Ada Buyer <{STRANGER}>", subject=subject,
    )  # fmt: skip
    [message_id] = await core.queue.enqueue([message], State.QUARANTINED)
    return message_id


async def delivered(owner: Journey) -> SunkMessage:
    """Let a stranger write to an owner; return what arrives, the newest."""
    before = len(_to(owner))
    assert (await owner.letter("Would you sell it?")).code == 250
    arrived = await owner.world.sink.wait_for(before + 1, matching=lambda one: owner.owner in one.recipients)
    return next(one for one in reversed(arrived) if header(one, "X-Whoisproxy-Answer"))


async def answer_that_waits(owner: Journey) -> str:
    """Let an owner answer from a mailbox that proves nothing; return the link at which he decides."""
    received = await delivered(owner)
    owner.world.dns.set("_dmarc.home.example", "TXT", "v=DMARC1; p=none")
    raw = Letter(owner.owner, header(received, "Reply-To"), "Re: sale", "Call me: +41 32 555 01 23.").raw()
    assert (await send(owner.world.smtp_port, _ELSEWHERE, header(received, "Reply-To"), raw)).code == 250
    link = re.compile(r"<(https?://[^>]+/c/\w+)>")
    letters = await owner.world.sink.wait_for(
        1, matching=lambda one: owner.owner in one.recipients and bool(link.search(_text(one)))
    )
    found = link.search(_text(letters[-1]))
    assert found is not None
    return found[1]


_ELSEWHERE = "somebody@lottery-desk.example"


def header(sunk: SunkMessage, name: str) -> str:
    """Return a header field without angle brackets."""
    return str(email.message_from_bytes(sunk.raw, policy=email.policy.default)[name] or "").strip("<>")


def _to(owner: Journey) -> list[SunkMessage]:
    return [one for one in owner.world.sink.messages if owner.owner in one.recipients]


def _text(sunk: SunkMessage) -> str:
    read = email.message_from_bytes(sunk.raw, EmailMessage, policy=email.policy.default)
    body = read.get_body(("plain",))
    return str(body.get_content()) if isinstance(body, EmailMessage) else ""
