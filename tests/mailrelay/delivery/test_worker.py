"""The worker's loop: it wakes, works in parallel, survives faults and stops cleanly."""

from pathlib import Path

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa

from mailrelay.delivery.signing import Signer
from mailrelay.message import RawMessage
from mailrelay.queue.entry import State
from tests.mailrelay.world import OWNER_MAILBOX, World, running, utc_now

RAW = b"From: a@relay.example\r\nSubject: x\r\n\r\nbody\r\n.leading dot\r\n\xc3\xa9\r\n"


async def test_the_running_worker_delivers_what_arrives(world: World) -> None:
    async with running(world):
        for _ in range(3):
            assert (await world.stranger_writes()).code == 250
        assert len(await world.arrived_at(OWNER_MAILBOX, 3)) == 3

    records = await world.store.of_relay(["relay_1"], 10)
    assert {one.state for one in records} == {State.DELIVERED}


async def test_a_stopped_worker_has_finished_what_it_began(world: World) -> None:
    await world.stranger_writes()
    async with running(world):
        await world.arrived_at(OWNER_MAILBOX)

    assert await world.store.depth() == {}


def test_a_signature_verifies_elsewhere_and_a_second_author_breaks_it() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signer = Signer("relay.example", "s", key, utc_now)
    signed = signer.sign(RawMessage.parse(RAW)).raw

    def dns_text(_name: bytes, timeout: int = 5) -> bytes:
        del timeout
        return signer.dns_record()[1].encode()

    assert dkim.verify(signed, dnsfunc=dns_text)
    assert not dkim.verify(b"From: evil@x.example\r\n" + signed, dnsfunc=dns_text)
    assert not dkim.verify(signed.replace(b"body", b"b0dy"), dnsfunc=dns_text)


def test_a_made_key_is_for_us_alone_and_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "dkim.pem"

    first = Signer.load_or_create(path, "relay.example", "s", utc_now).dns_record()

    assert path.stat().st_mode & 0o777 == 0o600
    assert Signer.load_or_create(path, "relay.example", "s", utc_now).dns_record() == first
    assert first[0] == "s._domainkey.relay.example"
