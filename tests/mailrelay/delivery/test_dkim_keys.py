"""Keys change with overlap, and whoever verifies finds the record of the key that signed."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from mailrelay.authentication.dkim import verify_dkim
from mailrelay.authentication.results import Result
from mailrelay.authentication.signature import SignedMessage
from mailrelay.delivery.dkim_keys import (
    VERIFIED_FOR,
    Algorithm,
    DkimKeys,
    DkimKeysError,
    KeyState,
    RotatingSigner,
)
from mailrelay.delivery.signing import Signer, write_key
from mailrelay.dns import Resolver
from mailrelay.message import RawMessage
from whoisproxy.demo.dns_server import DnsServer

DOMAIN = "relay.example"
RAW = RawMessage.parse(
    b"From: a@relay.example\r\nSubject:  folded\r\n\t value \r\nTo: x@y.example\r\n\r\nbody \t x\r\n\r\n"
)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, tzinfo=UTC)
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> DkimKeys:
    made = DkimKeys(tmp_path / "keys" / "dkim", DOMAIN, clock)
    made.ensure("first", tmp_path / "none.pem")
    return made


def _states(keys: DkimKeys) -> dict[str, KeyState]:
    return {one.selector: one.state for one in keys.all()}


def _selectors(signed: RawMessage) -> list[str]:
    return [value.partition("s=")[2].partition(";")[0] for value in signed.all("DKIM-Signature")]


def _publish(dns: DnsServer, keys: DkimKeys) -> None:
    for key in keys.all():
        dns.set(f"{key.selector}._domainkey.{DOMAIN}", "TXT", key.record)


async def test_every_signature_verifies_rsa_and_ed25519_alike(keys: DkimKeys, clock: Clock) -> None:
    keys.generate("second", Algorithm.ED25519)
    keys.activate("second")
    signed = RotatingSigner(DOMAIN, keys, clock).sign(RAW)
    async with DnsServer() as dns:
        _publish(dns, keys)
        resolver = Resolver([dns.nameserver], timeout_s=1.0, lifetime_s=2.0)
        results = await verify_dkim(SignedMessage(signed), resolver, clock())
    assert [(one.result, one.selector) for one in results] == [
        (Result.PASS, "first"),
        (Result.PASS, "second"),
    ]


def test_a_running_signer_follows_a_change_within_a_minute(keys: DkimKeys, clock: Clock) -> None:
    signer = RotatingSigner(DOMAIN, keys, clock, lambda: clock.seconds)
    keys.generate("second")
    assert _selectors(signer.sign(RAW)) == ["first"]
    keys.activate("second")
    assert _selectors(signer.sign(RAW)) == ["first"]
    clock.seconds += 60
    assert _selectors(signer.sign(RAW)) == ["second"]


def test_a_signer_whose_keys_are_damaged_goes_on_with_those_it_has(keys: DkimKeys, clock: Clock) -> None:
    signer = RotatingSigner(DOMAIN, keys, clock, lambda: clock.seconds)
    keys.index.write_text("{")
    clock.seconds += 60
    assert _selectors(signer.sign(RAW)) == ["first"]
    with pytest.raises(DkimKeysError, match="damaged"):
        RotatingSigner(DOMAIN, keys, clock)


def test_the_record_of_a_key_that_signed_stays_as_long_as_mail_may_wait(keys: DkimKeys, clock: Clock) -> None:
    keys.generate("second")
    keys.activate("second")
    assert _states(keys) == {"first": KeyState.RETIRING, "second": KeyState.ACTIVE}
    first = keys.all()[0]
    assert first.record_until == clock() + VERIFIED_FOR
    with pytest.raises(DkimKeysError, match="still needed"):
        keys.forget("first")
    clock.now += VERIFIED_FOR + timedelta(seconds=1)
    keys.forget("first")
    assert _states(keys) == {"second": KeyState.ACTIVE}


def test_the_private_part_of_a_retired_key_is_destroyed(keys: DkimKeys, tmp_path: Path) -> None:
    keys.generate("second")
    keys.activate("second")
    keys.generate("third", Algorithm.ED25519)
    keys.activate("third")
    keys.retire("third")
    assert [one.name for one in (tmp_path / "keys" / "dkim").glob("*.pem")] == ["second.pem"]


def test_something_always_signs(keys: DkimKeys) -> None:
    keys.generate("second", Algorithm.ED25519)
    keys.activate("second")
    with pytest.raises(DkimKeysError, match="another RSA key"):
        keys.retire("first")
    with pytest.raises(DkimKeysError, match="no selector"):
        keys.activate("unknown")
    with pytest.raises(DkimKeysError, match="in use"):
        keys.generate("first")
    keys.retire("second")
    with pytest.raises(DkimKeysError, match="retiring"):
        keys.activate("second")


def test_the_key_of_an_earlier_version_goes_on_signing(tmp_path: Path, clock: Clock) -> None:
    earlier = tmp_path / "dkim.pem"
    key = ed25519.Ed25519PrivateKey.generate()
    write_key(earlier, key)
    keys = DkimKeys(tmp_path / "dkim", DOMAIN, clock)
    keys.ensure("old", earlier)
    keys.ensure("old", earlier)
    assert [one.record for one in keys.all()] == [Signer(DOMAIN, "old", key, clock).dns_record()[1]]
    assert not earlier.exists()


def test_nobody_else_can_read_the_keys(keys: DkimKeys, tmp_path: Path) -> None:
    keys.generate("second")
    keys.activate("second")
    folder = tmp_path / "keys" / "dkim"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [*folder.glob("*.pem"), keys.index]
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
