"""A letter that came through a mailing list, from the socket to the queue."""

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ed25519

from mailrelay.authentication import Result
from mailrelay.authentication.arc_sealing import Sealer, seal
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.delivery.signing import Signer
from mailrelay.message import HeaderField, RawMessage
from tests.mailrelay.world import OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, World, utc_now
from whoisproxy.demo.mail_actors import Letter, send

LIST = "list.example"


def _through_the_list(world: World) -> bytes:
    """A signed letter, its subject changed by a list that seals what it saw."""
    key = ed25519.Ed25519PrivateKey.generate()
    name, record = Signer(LIST, "arc", key, utc_now).dns_record()
    world.dns.set(name, "TXT", record)
    world.dns.set(LIST, "TXT", "v=spf1 ip4:127.0.0.1 -all")
    letter = Letter(f"Ada Buyer <{STRANGER}>", RELAY_ADDRESS, "Your domain", "Is it for sale?\n")
    signed = RawMessage.parse(world.offers.sign(letter.raw()))
    tagged = [
        HeaderField.make("Subject", "[list] Your domain") if field.name == "Subject" else field
        for field in signed.fields
    ]
    changed = RawMessage.assemble(tagged, signed.body)
    told = f"mx.{LIST}; dkim=pass header.d=offers.example; dmarc=pass header.from=offers.example"
    return seal(changed, told, Result.NONE, Sealer(LIST, "arc", key), utc_now()).raw


async def _answer(world: World, raw: bytes) -> int:
    return (await send(world.port, f"bounce@{LIST}", RELAY_ADDRESS, raw)).code


async def test_it_is_taken_where_the_list_is_trusted_and_refused_where_not(world: World) -> None:
    raw = _through_the_list(world)
    assert await _answer(world, raw) == 550
    limits = replace(CheckLimits(), trusted_arc_sealers=frozenset({LIST}))
    world.inbound._chains = build_chains(limits, utc_now)
    assert await _answer(world, raw) == 250
    await world.settle()
    [arrived] = await world.arrived_at(OWNER_MAILBOX)
    [told] = RawMessage.parse(arrived.raw).all("Authentication-Results")
    assert "dmarc=fail policy.dmarc=reject header.from=offers.example" in told
    assert "arc=pass header.oldest-pass=0" in told
    # A change after the list's seal is nobody's word.
    assert await _answer(world, raw.replace(b"for sale", b"a scam!!")) == 550
