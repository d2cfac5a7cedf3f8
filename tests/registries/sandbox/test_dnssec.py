"""DS records of domains (RFC 5910) are kept as they are sent, and only good ones are taken."""

from collections.abc import AsyncIterator

import pytest

from registries.sandbox.server import SandboxRegistry
from tests.registries.sandbox.conftest import Connect
from tests.registries.sandbox.wire import (
    ACCOUNTS,
    DS_DATA,
    NAMESPACES,
    RawClient,
    contact_create,
    domain_create,
    domain_update,
    ds_create,
    ds_data,
    ds_update,
    login,
    on_domain,
)

_OTHER = ds_data(key_tag=7, digest_type=4, digest="0c" * 48)
_ADD_OTHER = f"<secDNS:add>{_OTHER}</secDNS:add>"


@pytest.fixture
async def signer(registry: SandboxRegistry, connect: Connect) -> AsyncIterator[RawClient]:
    """Registrar A, logged in with DNSSEC, with a signed domain."""
    async with connect(registry) as session:
        enter = login("registrar-a", ACCOUNTS["registrar-a"], extension=NAMESPACES["secDNS"])
        await session.succeed(enter)
        await session.succeed(contact_create("owner-1"))
        await session.succeed(domain_create("a.test") + ds_create(DS_DATA))
        yield session


async def _digests(session: RawClient) -> list[str]:
    return (await session.succeed(on_domain("info", "a.test"))).all(
        "//epp:extension/secDNS:infData/secDNS:dsData/secDNS:digest"
    )


async def test_ds_records_are_read_back_as_they_were_created(signer: RawClient) -> None:
    info = await signer.succeed(on_domain("info", "a.test"))
    assert info.all("//secDNS:dsData/*") == ["12345", "13", "2", "AB" * 32]


async def test_an_update_of_something_else_leaves_them_alone(signer: RawClient) -> None:
    await signer.succeed(domain_update("a.test", add='<domain:status s="clientHold"/>'))
    assert await _digests(signer) == ["AB" * 32]


async def test_an_update_removes_before_it_adds(signer: RawClient) -> None:
    update = on_domain("update", "a.test")
    await signer.succeed(update + ds_update(_ADD_OTHER))
    assert await _digests(signer) == ["AB" * 32, "0C" * 48]
    await signer.succeed(update + ds_update(f"<secDNS:rem>{DS_DATA}</secDNS:rem>"))
    assert await _digests(signer) == ["0C" * 48]
    await signer.succeed(
        update + ds_update(f"<secDNS:rem><secDNS:all>true</secDNS:all></secDNS:rem>{_ADD_OTHER}")
    )
    assert await _digests(signer) == ["0C" * 48]
    await signer.succeed(update + ds_update("<secDNS:rem><secDNS:all>1</secDNS:all></secDNS:rem>"))
    assert await _digests(signer) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (f"<secDNS:add>{DS_DATA}</secDNS:add>", 2306),
        (f"<secDNS:rem>{_OTHER}</secDNS:rem>", 2306),
        (f"<secDNS:add>{ds_data(algorithm=123)}</secDNS:add>", 2306),
        (f"<secDNS:add>{ds_data(digest_type=255)}</secDNS:add>", 2306),
        (f"<secDNS:add>{ds_data(key_tag=65536)}</secDNS:add>", 2004),
        (f"<secDNS:add>{ds_data(key_tag=-1)}</secDNS:add>", 2005),
        (f"<secDNS:add>{ds_data(digest='ABC')}</secDNS:add>", 2005),
        (f"<secDNS:add>{ds_data(digest='')}</secDNS:add>", 2005),
        (f"<secDNS:add>{_OTHER}{_OTHER}</secDNS:add>", 2005),
        ("<secDNS:rem><secDNS:all>no</secDNS:all></secDNS:rem>", 2005),
        ("<secDNS:rem><secDNS:all>false</secDNS:all></secDNS:rem>", 2003),
        ("<secDNS:chg><secDNS:maxSigLife>600</secDNS:maxSigLife></secDNS:chg>", 2102),
        ("<secDNS:add/>", 2003),
        ("", 2003),
    ],
)
async def test_what_is_no_change_of_ds_records_is_refused(signer: RawClient, body: str, code: int) -> None:
    reply = await signer.command(on_domain("update", "a.test") + ds_update(body))
    assert reply.code == code
    assert await _digests(signer) == ["AB" * 32]


async def test_what_a_registry_need_not_have_is_refused_with_its_own_codes(signer: RawClient) -> None:
    """RFC 5910 5.2.5: 2102 for urgent changes and 2306 for the other interface."""
    update = on_domain("update", "a.test")
    assert (await signer.command(update + ds_update(_ADD_OTHER, 'urgent="true"'))).code == 2102
    key = (
        "<secDNS:keyData><secDNS:flags>257</secDNS:flags><secDNS:protocol>3</secDNS:protocol>"
        "<secDNS:alg>13</secDNS:alg><secDNS:pubKey>AwEAAQ==</secDNS:pubKey></secDNS:keyData>"
    )
    assert (await signer.command(update + ds_update(f"<secDNS:add>{key}</secDNS:add>"))).code == 2306
    inside = DS_DATA.replace("</secDNS:dsData>", f"{key}</secDNS:dsData>")
    assert (await signer.command(update + ds_update(f"<secDNS:add>{inside}</secDNS:add>"))).code == 2306
    assert (await signer.command(on_domain("info", "a.test") + ds_update(_ADD_OTHER))).code == 2001


async def test_a_client_that_did_not_name_the_extension_neither_gets_nor_sends_it(
    signer: RawClient, client: RawClient
) -> None:
    assert await _digests(client) == []
    for verb in (
        domain_create("b.test") + ds_create(DS_DATA),
        on_domain("update", "a.test") + ds_update(_ADD_OTHER),
    ):
        assert (await client.command(verb)).code == 2002
    assert await _digests(signer) == ["AB" * 32]
