"""What registries and registrars write of a delegation is read leniently, and nothing odd gets through."""

import re
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registries.delegation import delegation_signer, host_below, registry_id
from registries.epp.facts import facts_of
from registries.epp.frames import DomainData, DomainInfo
from registries.epp.frames.base import Greeting, Response, read_frame
from registries.epp.markup import SECDNS, FrameError

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "epp" / "samples"


@settings(deadline=None)
@given(st.text(), st.text())
def test_an_id_has_the_form_of_rfc_5730_or_is_none(left: str, right: str) -> None:
    text = f"{left}-{right}"
    known = registry_id(text)
    assert (known is not None) == bool(re.fullmatch(r"[A-Za-z0-9_]{1,80}-[A-Za-z0-9_]{1,8}", text))


@settings(deadline=None)
@given(
    st.integers(0, 65535),
    st.integers(0, 255),
    st.sampled_from([(1, 20), (2, 32), (4, 48)]),
    st.data(),
)
def test_a_ds_record_is_read_as_number_and_as_text(
    tag: int, algorithm: int, kind: tuple[int, int], data: st.DataObject
) -> None:
    digest = data.draw(st.binary(min_size=kind[1], max_size=kind[1]))
    as_numbers = delegation_signer(tag, algorithm, kind[0], digest.hex())
    as_text = delegation_signer(str(tag), str(algorithm), str(kind[0]), f" {digest.hex().upper()} ")
    assert as_numbers is not None
    assert as_numbers == as_text
    assert bytes.fromhex(as_numbers.digest) == digest


@pytest.mark.parametrize(
    ("tag", "algorithm", "kind", "digest"),
    [
        (65536, 13, 2, "AB" * 32),
        (1, 256, 2, "AB" * 32),
        (-1, 13, 2, "AB" * 32),
        (1, 13, 2, "AB" * 20),
        (1, 13, 99, "ABC"),
        (1, 13, 99, ""),
        (1, 13, 2, "ZZ" * 32),
        ("one", 13, 2, "AB" * 32),
    ],
)
def test_what_cannot_be_a_ds_record_is_none(tag: int | str, algorithm: int, kind: int, digest: str) -> None:
    assert delegation_signer(tag, algorithm, kind, digest) is None


@settings(deadline=None)
@given(st.sets(st.ip_addresses(), min_size=1))
def test_addresses_have_one_form_and_one_order(addresses: set[object]) -> None:
    host = host_below("cheese.com", "NS1.Cheese.com.", map(str, addresses))
    assert host is not None
    assert host.name == "ns1.cheese.com"
    assert list(host.addresses) == sorted(host.addresses)
    assert {ip_address(each) for each in host.addresses} == addresses


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("ns1.other.com", ["192.0.2.1"]),
        ("ns1.notcheese.com", ["192.0.2.1"]),
        ("cheese.com", ["192.0.2.1"]),
        ("ns1.cheese.com", []),
        ("ns1.cheese.com", ["192.0.2.256"]),
        ("ns1.cheese.com", ["fe80::1%eth0"]),
    ],
)
def test_a_host_elsewhere_or_without_good_addresses_is_none(name: str, addresses: list[str]) -> None:
    assert host_below("cheese.com", name, addresses) is None


def greeting(*extensions: str) -> Greeting:
    return Greeting("registry", ("1.0",), ("en",), (), extensions)


def domains() -> Iterator[DomainData]:
    """Every domain that a registry shows in the samples."""
    for file in sorted(SAMPLES.rglob("*.xml")):
        with suppress(FrameError):
            frame = read_frame(file.read_bytes())
            if isinstance(frame, Response):
                yield DomainInfo("example.com").read(frame)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the EPP samples are not here")
def test_what_real_registries_answer_to_info_is_learned() -> None:
    found = [facts_of(domain, greeting(SECDNS)) for domain in domains()]
    assert len([facts for facts in found if facts.ds]) >= 3
    assert len([facts for facts in found if facts.registry_id]) >= 20
    assert all(facts.delegation_signed is not None for facts in found)
    assert all(facts.delegation_signed or not facts.ds for facts in found)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the EPP samples are not here")
def test_a_registry_without_the_extension_says_nothing_of_dnssec() -> None:
    assert {facts_of(domain, greeting()).delegation_signed for domain in domains()} == {None}
