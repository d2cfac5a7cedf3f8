"""The registry from the side: journal, directory, faults, and state that outlives the process."""

import asyncio
import ssl
from pathlib import Path
from random import Random

import pytest

from registries.contact import Role
from registries.sandbox.faults import Faults
from registries.sandbox.server import SandboxRegistry
from tests.registries.sandbox.conftest import Connect, Start
from tests.registries.sandbox.wire import (
    CONTACT_BODY,
    DISCLOSED,
    RawClient,
    command,
    contact_create,
    contact_update,
    disclose,
    domain_create,
    frame,
    on_contact,
    on_domain,
)

_LOST = (asyncio.IncompleteReadError, OSError, ssl.SSLError)


async def test_the_journal_tells_every_command_in_order(registry: SandboxRegistry, client: RawClient) -> None:
    await client.command(contact_create("owner-1"), "client-7")
    await client.command(domain_create("a.test"), "client-8")
    await client.command(domain_create("a.test"), "client-9")
    await client.ask("garbage")
    told = [
        (entry.account, entry.command, entry.object_id, entry.client_transaction, entry.code)
        for entry in await registry.journal()
    ]
    assert told == [
        ("registrar-a", "login", "", "client-1", 1000),
        ("registrar-a", "contact:create", "owner-1", "client-7", 1000),
        ("registrar-a", "domain:create", "a.test", "client-8", 1000),
        ("registrar-a", "domain:create", "a.test", "client-9", 2302),
    ]
    last = (await registry.journal())[-1]
    assert await registry.journal(after=last.sequence - 1) == (last,)


async def test_the_journal_tells_which_commands_changed_something(
    registry: SandboxRegistry, client: RawClient
) -> None:
    await client.command(contact_create("owner-1"))
    await client.command(contact_create("owner-1"))
    await client.command(on_contact("info", "owner-1"))
    await client.command(contact_update("owner-1", f"<contact:chg>{disclose(0)}</contact:chg>"))
    await client.command(contact_update("owner-1", f"<contact:chg>{disclose(0)}</contact:chg>"))
    await client.command(on_contact("delete", "owner-1"))
    told = [(entry.command, entry.code, entry.changed) for entry in await registry.journal(after=1)]
    assert told == [
        ("contact:create", 1000, True),
        ("contact:create", 2302, False),
        ("contact:info", 1000, False),
        ("contact:update", 1000, True),
        ("contact:update", 1000, False),
        ("contact:delete", 1000, True),
    ]


async def test_the_journal_keeps_what_the_public_saw_after_each_change(
    registry: SandboxRegistry, client: RawClient
) -> None:
    """A glimpse of a registrant between two commands must not be lost."""
    await client.succeed(contact_create("owner-1"))
    await client.succeed(domain_create("a.test"))
    await client.succeed(domain_create("b.test"))
    await client.succeed(contact_update("owner-1", f"<contact:chg>{disclose(0)}</contact:chg>"))
    await client.succeed(on_domain("delete", "a.test"))
    seen = await registry.sightings()
    told = [(sighting.domain, "anna@home.example" in sighting.text) for sighting in seen]
    assert told == [
        ("a.test", True),
        ("b.test", True),
        ("a.test", False),
        ("b.test", False),
        ("a.test", False),
    ]
    journal = {entry.sequence: entry for entry in await registry.journal()}
    assert [journal[sighting.sequence].command for sighting in seen] == [
        *("domain:create", "domain:create", "contact:update", "contact:update", "domain:delete")
    ]
    assert all(journal[sighting.sequence].at == sighting.at for sighting in seen)
    assert seen[-1].text == ""


async def test_it_names_the_contacts_that_no_domain_uses(
    registry: SandboxRegistry, client: RawClient
) -> None:
    await client.succeed(contact_create("owner-1"))
    await client.succeed(contact_create("owner-2"))
    await client.succeed(domain_create("a.test"))
    assert await registry.unlinked_contacts() == ("owner-2",)


async def test_the_directory_shows_what_is_disclosed_and_no_more(
    registry: SandboxRegistry, client: RawClient
) -> None:
    await client.succeed(contact_create("owner-1"))
    await client.succeed(domain_create("a.test"))
    public = await registry.published("a.test")
    assert public is not None
    for text in (
        "Anna Müller",
        "Münze AG",
        "Gässli 1",
        "Zürich",
        "8001",
        "+41.446681800",
        "anna@home.example",
    ):
        assert text in public.text()
    await client.succeed(contact_update("owner-1", f"<contact:chg>{disclose(0)}</contact:chg>"))
    private = await registry.published("a.test")
    assert private is not None
    assert private.text() == "Domain Name: a.test\nRegistrar: registrar-a\nDomain Status: inactive\n"
    assert private.contacts[Role.REGISTRANT].handle == "owner-1"
    held = await registry.contacts_of("a.test")
    assert held[Role.REGISTRANT].contact.name == "Anna Müller"


async def test_the_directory_shows_every_form_of_a_contact(
    registry: SandboxRegistry, client: RawClient
) -> None:
    """A client that hides only one form still publishes the other, and should be seen to."""
    other = (
        CONTACT_BODY[: CONTACT_BODY.index("<contact:voice")]
        .replace("loc", "int")
        .replace("ü", "u")
        .replace("ä", "a")
    )
    await client.succeed(contact_create("owner-1", other + CONTACT_BODY, disclose(0, DISCLOSED)))
    await client.succeed(domain_create("a.test"))
    public = await registry.published("a.test")
    assert public is not None
    assert "Anna Muller" in public.text()
    assert "Anna Müller" not in public.text()


async def test_the_directory_has_no_entry_for_what_is_not_registered(registry: SandboxRegistry) -> None:
    assert await registry.published("a.test") is None
    assert await registry.contacts_of("a.test") == {}


async def test_a_drop_before_a_command_leaves_it_undone(registry: SandboxRegistry, connect: Connect) -> None:
    registry.drop_before("contact:create")
    await _lose_answer(registry, connect)
    async with connect(registry) as session:
        await session.login()
        assert (await session.command(on_contact("info", "owner-1"))).code == 2303
        await session.succeed(contact_create("owner-1"))
    assert [entry.command for entry in await registry.journal()].count("contact:create") == 1


async def test_a_drop_after_a_command_leaves_it_done(registry: SandboxRegistry, connect: Connect) -> None:
    registry.drop_after("contact:create")
    await _lose_answer(registry, connect)
    async with connect(registry) as session:
        await session.login()
        await session.succeed(on_contact("info", "owner-1"))
        assert (await session.command(contact_create("owner-1"))).code == 2302


def test_a_fault_of_an_unknown_command_is_not_armed() -> None:
    faults = Faults()
    for arm in (faults.drop_before, faults.drop_after):
        with pytest.raises(ValueError, match="domain:update"):
            arm("domain:upgrade")


def test_disconnects_by_chance_hit_their_share_before_and_after() -> None:
    faults = Faults(Random(1))  # noqa: S311 - the same chance in every run
    faults.disconnect_share = 0.05
    before = sum(faults.goes_off_before("domain:info") for _ in range(4000))
    after = sum(faults.goes_off_after("domain:info") for _ in range(4000))
    assert 60 < before < 140
    assert 60 < after < 140


async def _lose_answer(registry: SandboxRegistry, connect: Connect) -> None:
    async with connect(registry) as session:
        await session.login()
        await session.send_octets(frame(command(contact_create("owner-1"))))
        with pytest.raises(_LOST):
            await session.receive()


async def test_a_command_is_done_before_its_delayed_answer(
    registry: SandboxRegistry, connect: Connect, client: RawClient
) -> None:
    registry.delay_s = 3600.0
    await client.send_octets(frame(command(contact_create("owner-1"))))
    while "contact:create" not in [entry.command for entry in await registry.journal()]:
        pass
    registry.delay_s = 0.0
    async with connect(registry) as session:
        await session.login()
        await session.succeed(on_contact("info", "owner-1"))


async def test_everything_is_there_after_a_restart(start: Start, connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    first = await start(path=path)
    async with connect(first) as session:
        await session.login()
        await session.succeed(contact_create("owner-1", CONTACT_BODY, disclose(0)))
        await session.succeed(domain_create("a.test"))
        contact = await session.succeed(on_contact("info", "owner-1"))
        domain = await session.succeed(on_domain("info", "a.test"))
    await first.queue_message("registrar-a", "kept")
    await first.__aexit__()
    second = await start(path=path)
    async with connect(second) as session:
        await session.login()
        again = await session.succeed(on_contact("info", "owner-1"))
        assert again.all("//contact:infData//*") == contact.all("//contact:infData//*")
        assert again.names("//contact:disclose/*") == contact.names("//contact:disclose/*")
        assert again.all("//epp:svTRID") != contact.all("//epp:svTRID")
        same = await session.succeed(on_domain("info", "a.test"))
        assert same.all("//domain:infData//*") == domain.all("//domain:infData//*")
        assert (await session.command('<poll op="req"/>')).all("//epp:msgQ/epp:msg") == ["kept"]
    assert [entry.command for entry in await second.journal()][:3] == [
        "login",
        "contact:create",
        "domain:create",
    ]


async def test_sessions_at_the_same_time_give_a_name_to_one(
    registry: SandboxRegistry, connect: Connect
) -> None:
    async def race(number: int) -> int:
        async with connect(registry) as session:
            await session.login()
            await session.succeed(contact_create(f"owner-{number}"))
            parts = f"<domain:registrant>owner-{number}</domain:registrant>"
            return (await session.command(domain_create("a.test", parts))).code

    codes = await asyncio.gather(*(race(number) for number in range(8)))
    assert sorted(codes) == [1000] + [2302] * 7


async def test_passwords_are_not_in_the_file_as_they_are(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    registry = await start(path=path)
    await registry.__aexit__()
    content = await asyncio.to_thread(path.read_bytes)
    assert b"registrar-a" in content
    assert b"password-a" not in content
