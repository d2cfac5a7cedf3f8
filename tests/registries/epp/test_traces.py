"""Every error that an answer caused carries that answer, without secrets and never in its text."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from registries.epp.frames import (
    Command,
    ContactCheck,
    ContactCreate,
    ContactDelete,
    DomainInfo,
    DomainTransfer,
)
from registries.epp.frames.transfer import TransferOperation
from registries.epp.markup import CONTACT
from registries.epp.session import Session
from registries.epp.work import Work
from registries.errors import (
    ChangePending,
    ContactsNotHeld,
    OutcomeUnknown,
    Reason,
    RegistryError,
    RegistryRefused,
    RegistryUnavailable,
    Trace,
)
from tests.registries.epp.commands import INT
from tests.registries.epp.peer import GREETING, Connection, response, scripted_registry, transaction_of

CREATE = ContactCreate("WP-1", (INT,), "", "ann@home.example", "a7-s3cret")


async def test_a_refusal_tells_which_value_and_why_and_hides_the_password_that_it_quotes(
    tmp_path: Path,
) -> None:
    """Under whatever prefix, and in the registry's own sentences."""
    objection = (
        f'<extValue><value><c:pw xmlns:c="{CONTACT}">a7-s3cret</c:pw></value>'
        "<reason>a7-s3cret is weak</reason></extValue></result>"
    ).encode()

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        frame = await connection.receive()
        answer = response(2306, b"", transaction_of(frame), message=b"No a7-s3cret for Ann Muster")
        await connection.send(answer.replace(b"</result>", objection))
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        with capture_logs() as log:
            session = await Session.open(account, transaction_id=iter(["wp-1", "wp-2"]).__next__)
            with pytest.raises(RegistryRefused) as caught:
                await session.send(CREATE)
        session.abort()
    error = caught.value
    assert error.trace == Trace(
        "contact:create",
        "wp-2",
        "S-1",
        "No *** for Ann Muster",
        (Reason("pw=***", "*** is weak"),),
    )
    assert "Muster" not in f"{error} {error!r} {error.trace!r} {log}"
    assert "s3cret" not in f"{error.trace.message} {error.trace.reasons} {log}"


async def test_a_refused_login_does_not_quote_the_accounts_password(tmp_path: Path) -> None:
    async def registry(connection: Connection) -> None:
        await connection.send(GREETING)
        frame = await connection.receive()
        await connection.send(response(2200, b"", transaction_of(frame), message=b"foo-BAR2 is wrong"))
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        with pytest.raises(RegistryRefused) as caught:
            await Session.open(account)
    assert (caught.value.trace.command, caught.value.trace.message) == ("login", "*** is wrong")


@pytest.mark.parametrize(
    ("command", "kind"),
    [(ContactDelete("WP-1"), OutcomeUnknown), (DomainInfo("a.example"), RegistryUnavailable)],
)
async def test_an_answer_that_never_came_leaves_our_own_transaction_to_ask_about(
    tmp_path: Path, command: Command[Any], kind: type[RegistryError]
) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.receive()

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account, transaction_id=iter(["wp-1", "wp-2"]).__next__)
        with pytest.raises(kind) as caught:
            await session.send(command)
    assert caught.value.trace == Trace(command.name, "wp-2")


async def test_an_answer_without_its_data_is_named(tmp_path: Path) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(1000)
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        with pytest.raises(RegistryUnavailable, match="no domain") as caught:
            await session.send(DomainInfo("a.example"))
        session.abort()
    assert caught.value.trace.server_transaction == "S-1"


async def test_a_registry_without_contacts_and_a_change_that_waits_are_traced_too(tmp_path: Path) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(2307)
        await connection.answer(1001)
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        work = Work(session)
        with pytest.raises(ContactsNotHeld) as not_held:
            await work.send(ContactCheck(("WP-1",)))
        with pytest.raises(ChangePending) as pending:
            await work.transform(DomainTransfer("a.example", TransferOperation.REQUEST, "pw"))
        session.abort()
    assert not_held.value.trace.command == "contact:check"
    assert (pending.value.transaction, pending.value.trace.command) == ("S-1", "domain:transfer")
