"""Migrations lead from nothing to exactly the tables that the code uses, on both engines."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, bindparam, insert, select, text

from mailrelay.checks import greylist_store
from mailrelay.queue import earlier
from mailrelay.queue import tables as mail_tables
from mailrelay.sender_rules import deciding_rule, names_of
from tests.whoisproxy.storage.values import NOW, REGISTRAR, registration, relay
from whoisproxy.domain.privacy import initial
from whoisproxy.domain.sender_rules import RuleAction, RuleScope, StoredRule
from whoisproxy.storage import published_changes, tables
from whoisproxy.storage.engine import open_engine
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.repositories.name_servers import HeldHost
from whoisproxy.storage.repositories.sender_rules import RuleBook
from whoisproxy.storage.unit_of_work import Storage

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server = cast("PostgresServer", request.getfixturevalue("postgres"))
    name = server.new_database("template0")
    yield server.url(name)
    server.drop(name)


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    own = mail_tables.metadata if connection.dialect.name == "postgresql" else published_changes.metadata
    ours = [tables.metadata, earlier.metadata, greylist_store.metadata, own]
    found: list[Any] = compare_metadata(context, ours)  # type: ignore[arg-type]
    return found


async def compared(url: str) -> list[Any]:
    engine = open_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    return found


async def test_from_nothing_to_exactly_our_tables(empty_url: str) -> None:
    await migrate(empty_url)
    assert await compared(empty_url) == []


async def test_the_comparison_sees_what_is_missing(empty_url: str) -> None:
    assert await compared(empty_url) != []


async def hold_domain_of_the_first_schema(storage: Storage) -> None:
    """Keep a registrar and a domain in the columns that there have always been."""
    known = registration()
    holder = {"id": known.registrant_id, "registrar_id": REGISTRAR.id}
    async with storage.unit_of_work() as unit:
        await unit.sealing.make_keys([known.registrant_id])
        sealed = await unit.sealing.seal_json(known.registrant_id, "registrant", known.registrant.as_dict())
        index = await unit.sealing.index("registrant-email", known.registrant.email)
        await unit.connection.execute(
            insert(tables.registrars).values(
                id=REGISTRAR.id,
                name=REGISTRAR.name,
                url=REGISTRAR.url,
                iana_id=REGISTRAR.iana_id,
                brand=None,
                created_at=NOW,
            )
        )
        await unit.connection.execute(
            insert(tables.registrants).values(**holder, sealed=sealed, email_index=index)
        )
        await unit.connection.execute(
            insert(tables.domains).values(
                id=known.id,
                registrar_id=known.registrar_id,
                name=known.name.a_label,
                registrant_id=known.registrant_id,
                registrant_verified=known.registrant_verified,
                nameservers=list(known.nameservers),
                statuses=list(known.statuses),
                registered_at=known.registered_at,
                expires_at=known.expires_at,
                updated_at=known.updated_at,
                version=known.version,
            )
        )


async def test_step_by_step_leads_to_the_same(empty_url: str, master_keys: MasterKeys) -> None:
    """What was kept under the first schema is there under the newest."""
    await migrate(empty_url, "0001")
    before = await Storage.open(empty_url, master_keys)
    await hold_domain_of_the_first_schema(before)
    async with before.unit_of_work() as unit:
        await unit.connection.execute(_OPERATION_OF_THE_FIRST_SCHEMA, {"now": NOW})
    await before.close()
    await migrate(empty_url)
    assert await compared(empty_url) == []
    after = await Storage.open(empty_url, master_keys)
    async with after.reading() as unit:
        assert await unit.registrations.by_id("dom_1") == registration()
        assert await unit.name_servers.get("ns1.example.net") == HeldHost((), REGISTRAR.id)
        assert await unit.name_servers.get("ns3.example.net") is None
        begun = await unit.operations.open_of_domain("dom_1")
    assert begun is not None
    assert (begun.awaits, begun.leak_risk, begun.look_again_at) == ("", False, None)
    async with after.unit_of_work() as unit:
        await unit.operations.update(replace(begun, awaits="SV-1"))
        assert [each.id for each in await unit.operations.awaiting("SV-1")] == [begun.id]
    await after.close()


_OPERATION_OF_THE_FIRST_SCHEMA = text(
    "INSERT INTO operations (id, registrar_id, domain_id, domain, kind, state, attempts, commands,"
    " problem_code, problem, created_at, updated_at) VALUES ('op_1', 'rar_1', 'dom_1', 'name1.com',"
    " 'privacy.enable', 'pending', 3, '[]', '', '', :now, :now)"
).bindparams(bindparam("now", type_=tables.UtcDateTime()))


async def test_whom_an_owner_had_blocked_stays_blocked(empty_url: str, master_keys: MasterKeys) -> None:
    """As his mailbox was written then, and found as mail names it."""
    await migrate(empty_url, "0009")
    before = await Storage.open(empty_url, master_keys)
    await hold_domain_of_the_first_schema(before)
    async with before.unit_of_work() as unit:
        index = await unit.sealing.index("correspondent", "Ann@far.example")
        sealed = await unit.sealing.seal("own_1", "correspondent", b"Ann@Far.example")
        await unit.connection.execute(_BLOCKED, {"index": index, "sealed": sealed, "now": NOW})
    await before.close()
    await migrate(empty_url)
    after = await Storage.open(empty_url, master_keys)
    async with after.unit_of_work() as unit:
        [rule] = await unit.sender_rules.page(RuleBook.of_domain(registration()), "", 10)
        assert rule == StoredRule("blk_1", RuleScope.DOMAIN, "Ann@Far.example", RuleAction.BLOCK, NOW)
        await unit.privacy.put("dom_1", initial(NOW))
        await unit.relays.add(relay())
    async with after.reading() as unit:
        [found] = await unit.mail_routes.admissions([("rel_1", names_of("Ann@far.example"))], NOW)
    assert deciding_rule(found.rules, (), names_of("Ann@far.example")) is not None
    await after.close()


_BLOCKED = text(
    "INSERT INTO blocked_correspondents (id, domain_id, correspondent_index, correspondent, blocked_at)"
    " VALUES ('blk_1', 'dom_1', :index, :sealed, :now)"
).bindparams(bindparam("now", type_=tables.UtcDateTime()))


async def test_names_of_before_get_the_form_for_people(empty_url: str, master_keys: MasterKeys) -> None:
    await migrate(empty_url, "0018")
    before = await Storage.open(empty_url, master_keys)
    await hold_domain_of_the_first_schema(before)
    names = {"dom_2": "xn--bcher-kva.ch", "dom_3": "name3.com", "dom_4": "xn--0.example"}
    async with before.unit_of_work() as unit:
        for id_, name in names.items():
            await unit.connection.execute(_NAMED_ELSE, {"id": id_, "name": name})
    await before.close()
    await migrate(empty_url)
    after = await Storage.open(empty_url, master_keys)
    async with after.reading() as unit:
        found = await unit.connection.execute(select(tables.domains.c.id, tables.domains.c.u_label))
        assert {row.id: row.u_label for row in found if row.u_label} == {"dom_2": "bücher.ch"}
    await after.close()


_SAME = (
    "registrar_id, registrant_id, registrant_verified, nameservers, statuses,"
    " registered_at, updated_at, version"
)
_NAMED_ELSE = text(
    f"INSERT INTO domains (id, name, {_SAME}) SELECT :id, :name, {_SAME} FROM domains WHERE id = 'dom_1'"  # noqa: S608 - all of it is written here
)


async def test_several_processes_may_migrate_at_once_and_again(empty_url: str) -> None:
    await asyncio.gather(*(migrate(empty_url) for _ in range(3)))
    await migrate(empty_url)
    assert await compared(empty_url) == []
