"""The worker's loop: it wakes, works in parallel, survives faults and stops cleanly."""

import ssl
from datetime import timedelta
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.delivery.client import SmtpClient
from mailrelay.delivery.routing import Router, Target
from mailrelay.delivery.schedule import RETRY_AFTER, delay_after
from mailrelay.delivery.signing import Signer
from mailrelay.errors import PermanentMailError, TemporaryMailError
from mailrelay.message import RawMessage
from mailrelay.queue.entry import State
from registries.sandbox.authority import CertificateAuthority
from tests.mailrelay.world import OWNER_MAILBOX, World, running, utc_now
from whoisproxy.demo.mail_sink import MailSink

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


async def test_octets_arrive_as_they_were_sent() -> None:
    async with MailSink() as sink:
        client = SmtpClient("relay.example", timeout_s=5)
        await client.send([Target("mx", "127.0.0.1", sink.port)], "", "x@home.example", RAW)
        [got] = sink.messages
        assert (got.raw, got.reverse_path, got.tls) == (RAW, "", False)


async def test_the_connection_is_encrypted_where_the_server_offers_it(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path / "ca")
    issued = authority.issue("mx")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.cert_file, issued.key_file)
    async with MailSink(tls=context) as sink:
        client = SmtpClient("relay.example", timeout_s=5)
        await client.send([Target("mx", "127.0.0.1", sink.port)], "", "x@home.example", RAW)
        assert [one.tls for one in sink.messages] == [True]


async def test_the_next_server_is_tried_when_the_first_is_away(unused_tcp_port: int) -> None:
    async with MailSink() as sink:
        targets = [Target("one", "127.0.0.1", unused_tcp_port), Target("two", "127.0.0.1", sink.port)]
        await SmtpClient("relay.example", timeout_s=5).send(targets, "", "x@home.example", RAW)
        assert len(sink.messages) == 1


async def test_what_a_server_says_is_not_in_our_error() -> None:
    async with MailSink() as sink:
        sink.answer("x@home.example", "550 5.7.1 x@home.example is a spammer")
        with pytest.raises(PermanentMailError) as caught:
            await SmtpClient("relay.example", timeout_s=5).send(
                [Target("mx", "127.0.0.1", sink.port)], "", "x@home.example", RAW
            )
    assert (caught.value.code, caught.value.enhanced) == (550, "5.7.1")
    assert "home.example" not in f"{caught.value} {caught.value.public} {caught.value.reason}"


async def test_routes_follow_mx_null_mx_and_address(world: World) -> None:
    world.dns.set("two.example", "MX", "20 b.two.example.", "10 a.two.example.")
    world.dns.set("a.two.example", "A", "127.0.0.2")
    world.dns.set("b.two.example", "A", "127.0.0.3")
    world.dns.set("none.example", "MX", "0 .")
    world.dns.set("plain.example", "A", "127.0.0.4")
    world.dns.set("lost.example", "MX", "10 gone.lost.example.")
    world.dns.fail("broken.example")
    router = Router(world.resolver, 2525)

    assert [one.address for one in await router.targets("two.example")] == ["127.0.0.2", "127.0.0.3"]
    assert await router.targets("plain.example") == [Target("plain.example", "127.0.0.4", 2525)]
    with pytest.raises(PermanentMailError, match="null-mx"):
        await router.targets("none.example")
    with pytest.raises(PermanentMailError, match="no-such-domain"):
        await router.targets("nowhere.example")
    with pytest.raises(TemporaryMailError):
        await router.targets("lost.example")
    with pytest.raises(TemporaryMailError):
        await router.targets("broken.example")
    assert await Router(world.resolver, 25, "smart:587").targets("x") == [Target("smart", "smart", 587)]


async def test_a_zone_cannot_send_us_into_our_own_network(world: World) -> None:
    world.dns.set("inside.example", "MX", "10 a.inside.example.")
    world.dns.set("a.inside.example", "A", "10.0.0.1")
    world.dns.set("mixed.example", "MX", "10 a.inside.example.", "20 b.mixed.example.")
    world.dns.set("b.mixed.example", "A", "9.9.9.9")
    router = Router(world.resolver, public_only=True)

    with pytest.raises(PermanentMailError, match="mail-server-not-public"):
        await router.targets("inside.example")
    assert [one.address for one in await router.targets("mixed.example")] == ["9.9.9.9"]


@given(st.integers(1, 60), st.floats(0, 1))
def test_waits_vary_by_a_fifth_and_end(attempts: int, chance: float) -> None:
    delay = delay_after(attempts, lambda: chance)
    if attempts > len(RETRY_AFTER):
        assert delay is None
    else:
        assert delay is not None
        planned = RETRY_AFTER[attempts - 1]
        assert planned * 0.8 - timedelta(seconds=1) <= delay <= planned * 1.2 + timedelta(seconds=1)


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
