"""Mail that is passed on with an ARC set of ours, from the socket to the owner's mail server (RFC 8617)."""

from typing import TYPE_CHECKING, cast

import dkim
import dns.name
import dns.rdatatype
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mailrelay.authentication import Result
from mailrelay.authentication.arc import validate_arc
from mailrelay.authentication.arc_sealing import Sealer, seal
from mailrelay.authentication.results import ArcResult
from mailrelay.authentication.signature import SignedMessage
from mailrelay.delivery.signing import Signer
from mailrelay.message import RawMessage
from tests.mailrelay.world import OWNER_MAILBOX, RELAY_ADDRESS, RELAY_DOMAIN, STRANGER, World, utc_now
from whoisproxy.demo.mail_actors import Letter, send

if TYPE_CHECKING:
    from dns.rdtypes.ANY.TXT import TXT

LIST = "list.example"
SETS = ("ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results")


@pytest.fixture
def sealing(world: World) -> World:
    """The relay seals, with an RSA key as it has in service."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    world.deliverer._signer = Signer(RELAY_DOMAIN, "rsa", key, utc_now)
    _publish(world, world.deliverer._signer)
    world.deliverer._preparation._seals_arc = True
    return world


def _publish(world: World, signer: Signer) -> None:
    name, record = signer.dns_record()
    world.dns.set(name, "TXT", record)


def _letter(world: World) -> RawMessage:
    letter = Letter(f"Ada Buyer <{STRANGER}>", RELAY_ADDRESS, "Your domain", "Is it  for sale? \n\n")
    return RawMessage.parse(world.offers.sign(letter.raw()))


def _sealed_by_a_list(world: World, status: Result = Result.NONE) -> RawMessage:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - quickly made
    _publish(world, Signer(LIST, "arc", key, utc_now))
    told = f"mx.{LIST}; dkim=pass header.d=offers.example"
    return seal(_letter(world), told, status, Sealer(LIST, "arc", key), utc_now())


async def _delivered(world: World, raw: bytes) -> RawMessage:
    assert (await send(world.port, STRANGER, RELAY_ADDRESS, raw)).code == 250
    await world.settle()
    [arrived] = await world.arrived_at(OWNER_MAILBOX)
    return RawMessage.parse(arrived.raw)


async def _validated(world: World, message: RawMessage) -> ArcResult:
    return await validate_arc(SignedMessage(message), world.resolver, utc_now())


def _by_dkimpy(world: World, message: RawMessage) -> tuple[bytes, list[dict[str, object]]]:
    def text(name: bytes, timeout: int = 5) -> bytes:
        del timeout
        [record] = world.dns._records[dns.name.from_text(name.decode()), dns.rdatatype.TXT]
        return b"".join(cast("TXT", record).strings)

    status, sets, _ = dkim.arc_verify(message.raw, dnsfunc=text)
    return status, sets


async def test_a_set_of_ours_begins_the_chain_of_mail_that_has_none(sealing: World) -> None:
    arrived = await _delivered(sealing, _letter(sealing).raw)

    found = await _validated(sealing, arrived)
    assert (found.result, [one.sealer for one in found.sets]) == (Result.PASS, [RELAY_DOMAIN])
    [results] = arrived.all("Authentication-Results")
    assert arrived.all("ARC-Authentication-Results") == [f"i=1; {results}"]
    status, [ours] = _by_dkimpy(sealing, arrived)
    assert (status, ours["cv"], ours["as-valid"], ours["ams-valid"]) == (b"pass", b"none", True, True)


async def test_the_seal_covers_our_dkim_signature(sealing: World) -> None:
    """RFC 8617 section 4.1.2: so it stands above it."""
    arrived = await _delivered(sealing, _letter(sealing).raw)

    assert [field.name for field in arrived.fields[:4]] == [*SETS, "DKIM-Signature"]
    kept = arrived.raw.replace(b"DKIM-Signature: v=1", b"DKIM-Signature: v=2", 1)
    assert (await _validated(sealing, RawMessage.parse(kept))).result is Result.FAIL


async def test_a_chain_that_holds_is_kept_and_goes_on(sealing: World) -> None:
    arrived = await _delivered(sealing, _sealed_by_a_list(sealing).raw)

    found = await _validated(sealing, arrived)
    assert (found.result, found.oldest_pass) == (Result.PASS, 2)
    assert [one.sealer for one in found.sets] == [LIST, RELAY_DOMAIN]
    status, sets = _by_dkimpy(sealing, arrived)
    assert status == b"pass"
    assert [(one["cv"], one["as-valid"]) for one in sets] == [(b"pass", True), (b"none", True)]


async def test_a_chain_that_does_not_hold_gets_no_set_of_ours(sealing: World) -> None:
    changed = _sealed_by_a_list(sealing).raw.replace(b"i=1; mx.list.example", b"i=1; mx.other.example")
    failed_before = _sealed_by_a_list(sealing, Result.FAIL).raw
    for raw in (changed, failed_before):
        sealing.sink.messages.clear()
        arrived = await _delivered(sealing, raw)
        assert not any(arrived.count(name) for name in SETS)
        assert "arc=fail" in arrived.first("Authentication-Results")


async def test_without_the_wish_nothing_is_sealed_and_no_chain_kept(world: World) -> None:
    arrived = await _delivered(world, _sealed_by_a_list(world).raw)

    assert not any(arrived.count(name) for name in SETS)


async def test_a_domain_whose_keys_are_ed25519_alone_seals_with_that(sealing: World) -> None:
    signer = Signer(RELAY_DOMAIN, "new", ed25519.Ed25519PrivateKey.generate(), utc_now)
    _publish(sealing, signer)
    sealing.deliverer._signer = signer

    assert (await _validated(sealing, await _delivered(sealing, _letter(sealing).raw))).result is Result.PASS
