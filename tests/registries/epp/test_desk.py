"""What an account is asked beside changes: its messages, and to clear contacts away."""

from pathlib import Path

import pytest

from registries.connector import Disposal
from registries.contact import Role
from registries.epp.connector import EppConnector
from registries.epp.frames import ContactCreate, ContactInfo
from registries.epp.pool import SessionPool
from registries.epp.postal import postal_forms
from registries.epp.session import Session
from registries.errors import (
    ChangePending,
    RegistryRefused,
)
from registries.policy import Mechanism
from registries.sandbox.settings import DataModel, Tld
from tests.registries.epp.peer import (
    DOMAIN_OF,
    Connection,
    response,
    scripted_registry,
    transaction_of,
)
from tests.registries.epp.world import (
    DOMAIN,
    PROXIES,
    SEPARATE,
    THIN_DOMAIN,
    ZOE,
    World,
    change,
    sandbox_world,
)


async def test_a_contact_is_disposed_of_once_nothing_refers_to_it(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    handle = SEPARATE[Role.ADMIN]
    assert await world.connector.dispose(handle, DOMAIN) is Disposal.KEPT
    session = await Session.open(world.account)
    await session.send(ContactCreate("SPARE-1", postal_forms(ZOE), ZOE.phone, ZOE.email, "a7-b8-c9"))
    assert await world.connector.dispose("SPARE-1", DOMAIN) is Disposal.DELETED
    with pytest.raises(RegistryRefused, match="2303"):
        await session.send(ContactInfo("SPARE-1"))
    await session.close()
    assert await world.connector.dispose("SPARE-1", DOMAIN) is Disposal.ABSENT


async def test_another_registrars_contact_is_never_deleted(world: World) -> None:
    session = await Session.open(world.account_of("registrar-2"))
    await session.send(ContactCreate("FOREIGN-2", postal_forms(ZOE), ZOE.phone, ZOE.email, "a7-b8-c9"))
    await session.close()
    assert await world.connector.dispose("FOREIGN-2", DOMAIN) is Disposal.ABSENT
    assert (await world.contact("FOREIGN-2", "registrar-2")).sponsor == "registrar-2"


async def test_where_the_registry_has_ceased_to_hold_contacts_there_is_nothing_to_dispose_of(
    tmp_path: Path,
) -> None:
    """It says so in its greeting, or by its answer; neither keeps the other contacts from being looked at."""

    async def refuses(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(2101)
        await connection.until_closed()

    async with sandbox_world(tmp_path / "greets", tlds=[Tld("thin", DataModel.MINIMUM, required=())]) as thin:
        assert await thin.connector.dispose("GONE-1", THIN_DOMAIN) is Disposal.ABSENT
    async with scripted_registry(tmp_path / "answers", refuses) as account:
        connector = EppConnector(SessionPool(account))
        assert await connector.dispose("GONE-1", DOMAIN) is Disposal.ABSENT
        await connector.close()


async def test_messages_stay_until_they_are_acknowledged(world: World) -> None:
    assert await world.connector.next_message() is None
    await world.registry.queue_message("registrar-1", "Credit is low")
    first = await world.connector.next_message()
    assert first is not None
    assert first == await world.connector.next_message()
    assert first.text == "Credit is low"
    assert "Credit" not in repr(first)
    await world.connector.acknowledge(first.message_id)
    await world.connector.acknowledge(first.message_id)
    assert await world.connector.next_message() is None


_TRANSFER = (
    b'<domain:trnData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0"><domain:name>zoe.example</domain:name>'
    b"<domain:trStatus>%s</domain:trStatus><domain:reID>%s</domain:reID><domain:reDate>2026-11-01T00:00:00Z"
    b"</domain:reDate><domain:acID>registrar-1</domain:acID><domain:acDate>2026-11-06T00:00:00Z"
    b"</domain:acDate></domain:trnData>"
)


@pytest.mark.parametrize(
    ("status", "gaining", "now_of", "gone"),
    [
        ("pending", "registrar-9", None, False),
        ("clientRejected", "registrar-9", None, False),
        ("serverApproved", "registrar-9", b"registrar-9", True),
        ("clientApproved", "registrar-9", b"registrar-9", True),
        ("clientApproved", "registrar-9", b"registrar-1", False),
        ("serverApproved", "registrar-1", None, False),
    ],
)
async def test_a_message_says_whether_the_domain_has_gone_to_another_registrar(
    tmp_path: Path, status: str, gaining: str, now_of: bytes | None, *, gone: bool
) -> None:
    """And whether it is there still: it may have come back since the message was written."""

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        frame = await connection.receive()
        answer = response(1301, _TRANSFER % (status.encode(), gaining.encode()), transaction_of(frame))
        queue = b'</result><msgQ count="1" id="M-1"><msg>Transfer</msg></msgQ>'
        await connection.send(answer.replace(b"</result>", queue))
        if now_of is not None:
            await connection.answer(1000, DOMAIN_OF % (b"ZOE-1", now_of))
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        connector = EppConnector(SessionPool(account))
        message = await connector.next_message()
        await connector.close()
    assert message is not None
    assert (message.about, message.transfer, message.gone) == ("zoe.example", status, gone)


async def test_a_message_says_how_a_pending_change_has_ended(tmp_path: Path) -> None:
    ended = (
        b'<domain:panData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0"><domain:name paResult="0">'
        b"zoe.example</domain:name><domain:paTRID><clTRID>wp-1</clTRID><svTRID>S-1</svTRID></domain:paTRID>"
        b"<domain:paDate>2026-11-01T00:00:00Z</domain:paDate></domain:panData>"
    )

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(1000, DOMAIN_OF % (b"ZOE-1", b"registrar-1"))
        await connection.answer(2303)
        await connection.answer(1000)
        await connection.answer(1001)
        frame = await connection.receive()
        queue = b'</result><msgQ count="1" id="M-1"><msg>Declined</msg></msgQ>'
        answer = response(1301, ended, transaction_of(frame))
        await connection.send(answer.replace(b"</result>", queue))
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        connector = EppConnector(SessionPool(account))
        with pytest.raises(ChangePending) as waiting:
            await connector.apply(change(Mechanism.SUBSTITUTE, PROXIES))
        message = await connector.next_message()
        await connector.close()
    assert message is not None
    assert (message.transaction, message.succeeded) == (waiting.value.transaction, False)
