"""Imports."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whoisproxy.services.world import REGISTRANT, World
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.services.import_lines import BadLine, ImportFormat, ImportLine, read_lines
from whoisproxy.services.imports import Outcome, Progress, import_domains

DOMAIN = {"domain": "one.com", "registrant": REGISTRANT.as_dict()}
HEADER = (
    b"domain,name,organization,email,phone,street,city,region,postal_code,country_code,language,"
    b"registrant_verified,nameservers\n"
)
ROW = (
    b'%s,Ann Lee,,ann@home.example,+41221234567,"Rue 1 | Etage 2",Geneva,,1200,CH,fr,'
    b"true,ns1.x.example ns2.x.example\n"
)


def test_csv_gives_domains_and_names_what_is_wrong_by_line_and_field() -> None:
    lines = [
        b"\xef\xbb\xbf" + HEADER,
        ROW % b"one.com",
        b"\n",
        (ROW % b"two.com").replace(b"+41221234567", b"12"),
        b"three.com,only two\n",
        (ROW % b"four.com").replace(b"Ann", b"\xff"),
        ROW % b"not a name",
        (ROW % b"five.com").replace(b"true", b"maybe"),
        ROW % b"six.com",
    ]
    read = list(read_lines(lines, ImportFormat.CSV))
    good = [each for each in read if isinstance(each, ImportLine)]
    bad = [(each.line, each.field) for each in read if isinstance(each, BadLine)]
    assert [(each.line, each.name.a_label) for each in good] == [(2, "one.com"), (9, "six.com")]
    assert good[0].spec.registrant.street == ("Rue 1", "Etage 2")
    assert good[0].spec.nameservers == ("ns1.x.example", "ns2.x.example")
    assert good[0].spec.registrant_verified
    assert bad == [
        (4, "registrant.phone"),
        (5, "line"),
        (6, "line"),
        (7, "domain"),
        (8, "registrant_verified"),
    ]


CSV_FACTS = (
    b"D1-TEST,,12345 13 2 " + b"ab" * 32 + b" | 2 13 4 " + b"CD" * 24 + b" " + b"CD" * 24 + b","
    b'"ns1.one.com=2001:DB8::1,192.0.2.1"'
)


def test_both_forms_tell_ids_ds_records_and_hosts_alike() -> None:
    header = HEADER.rstrip() + b",registry_id,delegation_signed,ds,hosts\n"
    [csv] = read_lines([header, (ROW % b"one.com").rstrip() + b"," + CSV_FACTS + b"\n"], ImportFormat.CSV)
    facts = {
        "registry_id": "D1-TEST",
        "ds": [
            {"key_tag": 2, "algorithm": 13, "digest_type": 4, "digest": "CD" * 48},
            {"key_tag": 12345, "algorithm": 13, "digest_type": 2, "digest": "AB" * 32},
        ],
        "hosts": [{"name": "NS1.one.com", "addresses": ["192.0.2.1", "2001:db8::1"]}],
    }
    [ndjson] = read_lines([json.dumps({**DOMAIN, **facts}).encode()], ImportFormat.NDJSON)
    assert isinstance(csv, ImportLine)
    assert isinstance(ndjson, ImportLine)
    for name in ("registry_id", "delegation_signed", "ds", "hosts"):
        assert getattr(csv.spec, name) == getattr(ndjson.spec, name), name
    assert csv.spec.delegation_signed is True
    assert [ds.key_tag for ds in csv.spec.ds or ()] == [2, 12345]


def test_what_a_line_leaves_out_is_not_told() -> None:
    [read] = read_lines([json.dumps(DOMAIN).encode()], ImportFormat.NDJSON)
    assert isinstance(read, ImportLine)
    spec = read.spec
    assert (spec.registry_id, spec.delegation_signed, spec.ds, spec.hosts) == (None, None, None, None)


@pytest.mark.parametrize("header", [b"name,email\n", b"domain,shoe_size\n", b"domain,domain\n"])
def test_a_csv_header_that_cannot_be_understood_ends_the_import(header: bytes) -> None:
    with pytest.raises(InvalidInput, match="header"):
        list(read_lines([header], ImportFormat.CSV))


def test_ndjson_takes_the_registrant_flat_or_nested() -> None:
    registrant = REGISTRANT.as_dict()
    lines = [
        json.dumps({"domain": "one.com", **registrant}).encode(),
        json.dumps({"domain": "two.com", "registrant": registrant, "expires_at": "2030-01-01"}).encode(),
        json.dumps({"name": "three.com", "registrant": registrant}).encode(),
        b"{",
        b"[]",
        b"\xff",
        json.dumps({"domain": "four.com", "registrant": registrant, "other": 1}).encode(),
        json.dumps({"domain": "five.com", "registrant": 1}).encode(),
    ]
    read = list(read_lines(lines, ImportFormat.NDJSON))
    assert all(isinstance(each, ImportLine) and each.spec.registrant == REGISTRANT for each in read[:3])
    assert [each.field for each in read[3:] if isinstance(each, BadLine)] == [
        "line",
        "line",
        "line",
        "line",
        "registrant",
    ]


@given(lines=st.lists(st.binary(max_size=200)), form=st.sampled_from(ImportFormat))
def test_garbage_is_told_and_never_raises(lines: list[bytes], form: ImportFormat) -> None:
    read = list(read_lines([HEADER, *lines], form))
    assert all(isinstance(each, BadLine) for each in read)


async def test_an_import_that_was_stopped_goes_on_and_the_same_again_changes_nothing(
    world: World, tmp_path: Path
) -> None:
    source = tmp_path / "domains.csv"
    lines = [HEADER, ROW % b"one.com", ROW % b"two.com", ROW % b"bad name", ROW % b"three.com"]
    source.write_bytes(b"".join(lines))
    progress = Progress(tmp_path / "domains.csv.progress", source)

    async for result in import_domains(world.registrations, world.registrar, lines, ImportFormat.CSV):
        await progress.save(result.line)
        if result.line == 3:
            break
    after = await progress.line()
    assert after == 3
    rest = [
        each
        async for each in import_domains(world.registrations, world.registrar, lines, ImportFormat.CSV, after)
    ]
    # It was taken with the lines before it: nobody had been told, so it is put again.
    assert [each.outcome for each in rest] == [Outcome.FAILED, Outcome.UPDATED]
    assert [each.name.a_label for each in await world.registrations.page(world.registrar, "", 9)] == [
        "one.com",
        "three.com",
        "two.com",
    ]
    source.write_bytes(b"another source\n")
    assert await progress.line() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expires_at", []),
        ("expires_at", "0001-01-01T00:00:00+14:00"),
        ("nameservers", ["ns1.x.example\r\nRegistrant Name: Mallory"]),
        ("nameservers", ["\ud800"]),
        ("nameservers", ["ns.x.example"] * 14),
        ("statuses", ["perfect"]),
        ("registry_id", "no id"),
        ("registry_id", 7),
        ("ds", "12345 13 2 AB"),
        ("ds", [{"key_tag": 1, "algorithm": 13, "digest_type": 2, "digest": "AB"}]),
        ("ds", [{"key_tag": True, "algorithm": 13, "digest_type": 2, "digest": "AB" * 32}]),
        ("ds", [{"key_tag": 1, "algorithm": 13, "digest_type": 2}]),
        ("hosts", [{"name": "ns1.other.com", "addresses": ["192.0.2.1"]}]),
        ("hosts", [{"name": "ns1.one.com", "addresses": []}]),
        ("hosts", [{"name": "ns1.one.com", "addresses": ["home"]}]),
        ("hosts", [{"name": 7, "addresses": ["192.0.2.1"]}]),
        ("delegation_signed", "perhaps"),
    ],
)
def test_what_the_api_would_refuse_is_told_and_not_imported(field: str, value: object) -> None:
    """Name servers and statuses are published, so they cannot be any text."""
    line = json.dumps({**DOMAIN, field: value}).encode()
    [read] = read_lines([line], ImportFormat.NDJSON)
    assert isinstance(read, BadLine)
    assert read.field == field
