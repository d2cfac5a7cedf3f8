"""What a change leaves on disk and at the registry, and whose objects it touches."""

from dataclasses import replace
from pathlib import Path

import pytest

from registries.contact import Role
from registries.epp.connector import EppConnector
from registries.epp.markup import EURID_1_4
from registries.epp.pool import SessionPool
from registries.epp.substitution import handle_of
from registries.errors import (
    ChangePending,
    RegistryRefused,
    SponsoredElsewhere,
    VerificationFailed,
)
from registries.policy import Mechanism
from tests.registries.epp.peer import (
    DOMAIN_OF,
    GREETING,
    Connection,
    scripted_registry,
)
from tests.registries.epp.world import (
    DOMAIN,
    OWN,
    PROXIES,
    PROXY,
    ROLES,
    SEPARATE,
    World,
    change,
)

SUBSTITUTE, FLAG = Mechanism.SUBSTITUTE, Mechanism.REGISTRY_FLAG
SHARED_PROXY = dict.fromkeys(ROLES, PROXY)


async def test_what_a_change_makes_and_replaces_is_written_down_before_anything_is_changed(
    world: World,
) -> None:
    await world.register(DOMAIN, SEPARATE)
    sent: list[str] = []

    async def look() -> None:
        sent.extend(await world.journal())

    world.book.before = look
    await world.connector.apply(change(SUBSTITUTE, PROXIES))
    assert set(sent) == {"domain:info", "contact:info"}
    [(operation_id, made, replaced)] = world.book.notes
    assert operation_id == "op_1"
    assert made == {handle_of("op_1", role): role for role in ROLES}
    assert replaced == {handle: role for role, handle in SEPARATE.items()}


async def test_a_change_that_is_reached_already_is_not_written_down(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    await world.connector.apply(change(SUBSTITUTE, OWN, hide=False))
    assert world.book.notes == []


async def test_the_proof_says_which_contacts_are_gone(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    seen = await world.connector.apply(change(SUBSTITUTE, PROXIES))
    assert seen.deleted == set(SEPARATE.values())


async def _give_contact_to(world: World, client_id: str, handle: str) -> None:
    """As it is after a transfer in: the domain came, its contacts stayed with the registrar before."""
    statement, values = "UPDATE contacts SET sponsor = ? WHERE handle = ?", (client_id, handle)
    await world.registry._store.transact(lambda state: state._connection.execute(statement, values))


async def test_after_a_transfer_in_the_contacts_of_the_registrar_before_are_left_alone(world: World) -> None:
    """They are replaced by ours; changing or deleting them would be answered 2201."""
    await world.register(DOMAIN, SEPARATE)
    foreign = SEPARATE[Role.REGISTRANT]
    await _give_contact_to(world, "registrar-2", foreign)
    seen = await world.connector.apply(change(SUBSTITUTE, PROXIES))
    assert {role: observed.contact for role, observed in seen.contacts.items()} == PROXIES
    assert (await world.contact(foreign, "registrar-2")).sponsor == "registrar-2"
    [(_, _, replaced)] = world.book.notes
    assert foreign not in replaced
    deleted = [entry for entry in await world.registry.journal() if entry.command == "contact:delete"]
    assert foreign not in {entry.object_id for entry in deleted}


def _proxy_as_held(handle: bytes) -> bytes:
    return (
        b'<contact:infData xmlns:contact="urn:ietf:params:xml:ns:contact-1.0"><contact:id>%s</contact:id>'
        b'<contact:postalInfo type="int"><contact:name>Privacy service</contact:name><contact:org>'
        b"Privacy service provided by Example Registrar</contact:org><contact:addr><contact:street>Box 1"
        b"</contact:street><contact:city>Basel</contact:city><contact:pc>4001</contact:pc><contact:cc>CH"
        b"</contact:cc></contact:addr></contact:postalInfo><contact:voice>+41.610000000</contact:voice>"
        b"<contact:email>registrant@relay.example</contact:email><contact:clID>registrar-1</contact:clID>"
        b"</contact:infData>" % handle
    )


async def test_a_contact_that_the_registry_does_not_show_us_is_replaced(tmp_path: Path) -> None:
    ours = handle_of("op_1", Role.REGISTRANT).encode()

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(1000, DOMAIN_OF % (b"FOREIGN-1", b"registrar-1"))
        await connection.answer(2201)
        await connection.answer(1000)  # contact:check, without a word about the handle
        await connection.answer(1000)
        await connection.answer(1000, _proxy_as_held(ours))
        await connection.answer(1000)
        await connection.answer(1000, DOMAIN_OF % (ours, b"registrar-1"))
        await connection.answer(1500)

    only_registrant = {Role.REGISTRANT: PROXIES[Role.REGISTRANT]}
    async with scripted_registry(tmp_path, registry) as account:
        connector = EppConnector(SessionPool(account))
        seen = await connector.apply(change(SUBSTITUTE, only_registrant))
        await connector.close()
    assert seen.contacts[Role.REGISTRANT].contact == PROXIES[Role.REGISTRANT]
    assert "contact:delete" not in seen.commands


@pytest.mark.parametrize("refused", [True, False])
async def test_a_domain_that_was_transferred_away_is_told_apart(tmp_path: Path, *, refused: bool) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        if refused:
            await connection.answer(2201)
        else:
            await connection.answer(1000, DOMAIN_OF % (b"THEIRS-1", b"registrar-9"))
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        connector = EppConnector(SessionPool(account))
        with pytest.raises(SponsoredElsewhere) as caught:
            await connector.apply(change(SUBSTITUTE, PROXIES))
        await connector.close()
    assert not caught.value.retry


async def test_while_a_change_is_pending_it_is_only_read_whether_it_was_made(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    waiting = replace(change(SUBSTITUTE, PROXIES), pending="SV-1")
    with pytest.raises(ChangePending) as caught:
        await world.connector.apply(waiting)
    assert caught.value.transaction == "SV-1"
    with pytest.raises(ChangePending):
        await world.connector.apply(replace(change(FLAG, OWN), pending="SV-1"))
    assert set(await world.journal()) == {"domain:info", "contact:info"}
    await world.connector.apply(change(SUBSTITUTE, PROXIES))
    done = await world.connector.apply(waiting)
    assert done.contacts[Role.REGISTRANT].contact == PROXIES[Role.REGISTRANT]


async def test_domains_that_share_their_proxy_contacts_use_the_same_objects(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    await world.register("other.example", {role: f"OTHER-{role.upper()}"[:16] for role in ROLES})
    first = replace(change(SUBSTITUTE, SHARED_PROXY), shared=True)
    second = replace(first, operation_id="op_2", domain="other.example")
    seen = [await world.connector.apply(each) for each in (first, second)]
    assert seen[0].contacts == seen[1].contacts
    back = replace(change(SUBSTITUTE, OWN, hide=False, operation="op_3"), shared=True)
    alone = await world.connector.apply(back)
    assert alone.contacts[Role.REGISTRANT].handle == handle_of("op_3", Role.REGISTRANT)
    assert "contact:delete" not in alone.commands


async def test_a_registry_that_shows_a_contact_and_does_not_let_us_change_it_is_not_without_contacts(
    tmp_path: Path,
) -> None:
    """Else the holder, whom it goes on showing, would be called hidden."""

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(1000, DOMAIN_OF % (b"ZOE-1", b"registrar-1"))
        await connection.answer(1000, _proxy_as_held(b"ZOE-1"))
        await connection.answer(2101)
        await connection.answer(1500)

    relayed = {Role.REGISTRANT: replace(PROXY, organization="", email="zoe@relay.example")}
    async with scripted_registry(tmp_path, registry) as account:
        connector = EppConnector(SessionPool(account))
        with pytest.raises(RegistryRefused) as caught:
            await connector.apply(change(Mechanism.RELAY_EMAIL, relayed))
        await connector.close()
    assert (caught.value.code, caught.value.trace.command) == (2101, "contact:update")


def _domain_with_tech(tech: bytes) -> bytes:
    contact = b'<domain:contact type="tech">%s</domain:contact><domain:clID>' % tech
    return (DOMAIN_OF % (b"ZOE-1", b"registrar-1")).replace(b"<domain:clID>", contact)


ONLY_TECH = {Role.TECH: PROXY}
OUR_TECH = handle_of("op_1", Role.TECH).encode()


async def test_an_extension_that_asks_what_a_contact_is_for_is_told_its_role(tmp_path: Path) -> None:
    announced = b"<svcExtension><extURI>%s</extURI></svcExtension></svcMenu>" % EURID_1_4.encode()
    creations: list[bytes] = []

    async def registry(connection: Connection) -> None:
        await connection.send(GREETING.replace(b"</svcMenu>", announced))
        await connection.answer(1000)
        await connection.answer(1000, _domain_with_tech(b"THEIRS-1"))
        await connection.answer(2201)
        await connection.answer(1000)
        await connection.answer(2306)
        creations.append(connection.received[-1])
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        connector = EppConnector(SessionPool(account))
        with pytest.raises(RegistryRefused):
            await connector.apply(change(SUBSTITUTE, ONLY_TECH))
        await connector.close()
    [created] = creations
    assert b"type>tech</" in created


async def test_what_was_not_done_is_told_with_the_answer_that_shows_it(tmp_path: Path) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(1000, _domain_with_tech(b"THEIRS-1"))
        await connection.answer(2201)
        await connection.answer(1000)
        await connection.answer(1000)
        await connection.answer(1000, _proxy_as_held(OUR_TECH))
        await connection.answer(1000)
        await connection.answer(1000, _domain_with_tech(b"THEIRS-1"))
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        connector = EppConnector(SessionPool(account))
        with pytest.raises(VerificationFailed, match="tech") as caught:
            await connector.apply(change(SUBSTITUTE, ONLY_TECH))
        await connector.close()
    assert (caught.value.trace.command, caught.value.trace.server_transaction) == ("domain:info", "S-1")


async def test_a_contact_that_vanishes_before_the_domain_takes_it_is_made_again(tmp_path: Path) -> None:
    """Another worker cleared away what no domain seemed to need: no reason to call the change refused."""

    async def vanishing(connection: Connection) -> None:
        await connection.accept_login()
        await _until_read_back(connection)
        await connection.answer(2303)  # domain:update
        await connection.answer(2303)  # contact:info
        await made_again(connection)

    async def made_again(connection: Connection) -> None:
        await _until_read_back(connection)
        await connection.answer(1000)
        await connection.answer(1000, _domain_with_tech(OUR_TECH))
        await connection.answer(1500)

    async def _until_read_back(connection: Connection) -> None:
        await connection.answer(1000, _domain_with_tech(b"THEIRS-1"))
        await connection.answer(2201)
        await connection.answer(1000)
        await connection.answer(1000)
        await connection.answer(1000, _proxy_as_held(OUR_TECH))

    async with scripted_registry(tmp_path, vanishing) as account:
        connector = EppConnector(SessionPool(account))
        seen = await connector.apply(change(SUBSTITUTE, ONLY_TECH))
        await connector.close()
    assert seen.contacts[Role.TECH].handle == OUR_TECH.decode()
