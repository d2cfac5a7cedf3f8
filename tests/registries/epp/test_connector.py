"""The connector reaches what is wanted at a real registry server, proves it, and survives lost answers."""

from dataclasses import replace
from pathlib import Path

import pytest

from registries.contact import Contact, Role
from registries.epp.connector import EppConnector
from registries.epp.frames import DomainUpdate
from registries.epp.pool import SessionPool
from registries.epp.session import Session
from registries.epp.substitution import handle_of
from registries.errors import (
    ChangePending,
    ContactsNotHeld,
    OutcomeUnknown,
    RegistryError,
    RegistryRefused,
    RegistryUnavailable,
    VerificationFailed,
)
from registries.policy import Mechanism
from registries.sandbox.settings import DataModel, Quirk, Tld
from tests.registries.epp.peer import Connection, scripted_registry
from tests.registries.epp.world import (
    DOMAIN,
    OWN,
    PROXIES,
    RELAYED,
    ROLES,
    THIN_DOMAIN,
    ZOE,
    World,
    change,
    sandbox_world,
)

SUBSTITUTE, RELAY, FLAG = Mechanism.SUBSTITUTE, Mechanism.RELAY_EMAIL, Mechanism.REGISTRY_FLAG
SEPARATE = {role: f"ZOE-{role.upper()}"[:16] for role in ROLES}
SHARED = dict.fromkeys(ROLES, "ZOE-1")


async def test_substitution_hides_the_registrant_in_every_role(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    seen = await world.connector.apply(change(SUBSTITUTE, PROXIES))
    assert {role: observed.contact for role, observed in seen.contacts.items()} == PROXIES
    assert all(observed.public for observed in seen.contacts.values())
    entry = await world.registry.published(DOMAIN)
    assert entry is not None
    assert not any(
        secret in entry.text() for secret in ("Zo", "M\u00fcller", "Muller", "home.example", "Rue")
    )


async def test_substitution_works_in_the_order_that_never_leaves_a_domain_between(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    seen = await world.connector.apply(change(SUBSTITUTE, PROXIES))
    expected = [
        *["domain:info", "contact:info", "contact:info", "contact:info"],  # read first
        *["contact:create", "contact:create", "contact:create"],
        *["contact:info", "contact:info", "contact:info"],  # confirm
        *["domain:update", "domain:info"],
        *["contact:delete", "contact:delete", "contact:delete"],
    ]
    assert list(seen.commands) == expected
    assert await world.journal() == expected


async def test_restoring_brings_back_the_registrants_own_data(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    await world.connector.apply(change(SUBSTITUTE, PROXIES))
    seen = await world.connector.apply(change(SUBSTITUTE, OWN, hide=False, operation="op_2"))
    assert {role: observed.contact for role, observed in seen.contacts.items()} == OWN
    held = await world.registry.contacts_of(DOMAIN)
    assert held[Role.REGISTRANT].forms["loc"] == ZOE
    assert held[Role.REGISTRANT].forms["int"].name == "Zoe Muller"


async def test_roles_with_the_same_contact_share_one_object(world: World) -> None:
    await world.register(DOMAIN, SHARED)
    seen = await world.connector.apply(change(SUBSTITUTE, PROXIES))
    back = await world.connector.apply(change(SUBSTITUTE, OWN, hide=False, operation="op_2"))
    assert len({observed.handle for observed in seen.contacts.values()}) == 3
    assert len({observed.handle for observed in back.contacts.values()}) == 1


async def test_a_change_that_is_done_already_sends_nothing_but_reads(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    await world.connector.apply(change(SUBSTITUTE, PROXIES))
    await world.journal()
    await world.connector.apply(change(SUBSTITUTE, PROXIES))
    assert set(await world.journal()) == {"domain:info", "contact:info"}


async def test_a_role_that_the_domain_lacks_is_not_filled(world: World) -> None:
    await world.register(DOMAIN, {Role.REGISTRANT: "ZOE-1"})
    seen = await world.connector.apply(change(SUBSTITUTE, PROXIES))
    assert set(seen.contacts) == {Role.REGISTRANT}


async def test_a_contact_that_another_domain_needs_is_left_in_silence(world: World) -> None:
    await world.register(DOMAIN, SHARED)
    await _point_another_domain_to(world, "ZOE-1")
    await world.connector.apply(change(SUBSTITUTE, PROXIES))
    assert (await world.contact("ZOE-1")).email == ZOE.email


async def _point_another_domain_to(world: World, handle: str) -> None:
    await world.register("other.example", {Role.REGISTRANT: "OTHER-1"})
    session = await Session.open(world.account)
    await session.send(DomainUpdate("other.example", registrant=handle))
    await session.close()


async def test_what_an_earlier_try_may_have_made_is_asked_for_before_it_is_made_again(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    world.registry.drop_after("contact:create")
    await world.connector.apply(change(SUBSTITUTE, PROXIES))
    commands = [command for command in await world.journal() if command != "contact:info"]
    assert commands[:5] == [
        *["domain:info", "contact:create"],  # whose answer is lost
        *["domain:info", "contact:check", "contact:create"],
    ]
    assert commands.count("contact:create") == len(ROLES)


@pytest.mark.parametrize("command", ["domain:info", "contact:info", "contact:create", "domain:update"])
@pytest.mark.parametrize("carried_out", [True, False])
async def test_after_a_lost_answer_the_same_change_is_completed_and_nothing_is_left_over(
    world: World, command: str, *, carried_out: bool
) -> None:
    await world.register(DOMAIN, SEPARATE)
    (world.registry.drop_after if carried_out else world.registry.drop_before)(command)
    # What became of the command is found out at once, on another session.
    seen = await world.connector.apply(change(SUBSTITUTE, PROXIES))
    assert {role: observed.contact for role, observed in seen.contacts.items()} == PROXIES
    handles = {observed.handle for observed in seen.contacts.values()}
    assert handles == {handle_of("op_1", role) for role in ROLES}
    assert (await world.journal()).count("contact:create") == len(ROLES)


async def test_a_lost_answer_to_a_deletion_does_not_make_a_proven_change_fail(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    world.registry.drop_after("contact:delete")
    seen = await world.connector.apply(change(SUBSTITUTE, PROXIES))
    assert seen.contacts[Role.REGISTRANT].contact == PROXIES[Role.REGISTRANT]


async def test_a_repeat_with_another_address_corrects_the_contacts_it_made_before(world: World) -> None:
    """A relay address may be rotated between two tries."""
    await world.register(DOMAIN, SEPARATE)
    for _ in range(3):
        world.registry.drop_before("domain:update")
    with pytest.raises(OutcomeUnknown):
        await world.connector.apply(change(SUBSTITUTE, PROXIES))
    rotated = {role: replace(contact, email=f"new-{contact.email}") for role, contact in PROXIES.items()}
    seen = await world.connector.apply(change(SUBSTITUTE, rotated))
    assert {role: observed.contact for role, observed in seen.contacts.items()} == rotated


@pytest.mark.parametrize(
    ("status", "error", "retry"),
    [
        ("pendingTransfer", RegistryUnavailable, True),
        ("pendingUpdate", RegistryUnavailable, True),
        ("pendingDelete", RegistryRefused, False),
        ("serverUpdateProhibited", RegistryRefused, False),
    ],
)
async def test_a_domain_that_is_locked_or_in_motion_is_left_alone(
    world: World, status: str, error: type[RegistryError], *, retry: bool
) -> None:
    await world.register(DOMAIN, SEPARATE)
    await world.registry.set_statuses(DOMAIN, add=[status])
    with pytest.raises(error, match=status) as caught:
        await world.connector.apply(change(SUBSTITUTE, PROXIES))
    assert caught.value.retry == retry
    assert set(await world.journal()) == {"domain:info", "contact:info"}


async def test_the_registrars_own_lock_is_named(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    session = await Session.open(world.account)
    await session.send(DomainUpdate(DOMAIN, add_statuses=("clientUpdateProhibited",)))
    await session.close()
    with pytest.raises(RegistryRefused, match="clientUpdateProhibited"):
        await world.connector.apply(change(SUBSTITUTE, PROXIES))


async def test_a_domain_that_does_not_exist_is_refused(world: World) -> None:
    with pytest.raises(RegistryRefused) as caught:
        await world.connector.apply(change(SUBSTITUTE, PROXIES, domain="nobody.example"))
    assert caught.value.code == 2303


async def test_relay_email_changes_the_address_and_leaves_the_holder(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    seen = await world.connector.apply(change(RELAY, RELAYED))
    assert {role: observed.contact for role, observed in seen.contacts.items()} == RELAYED
    assert {role: observed.handle for role, observed in seen.contacts.items()} == SEPARATE
    entry = await world.registry.published(DOMAIN)
    assert entry is not None
    assert "registrant@relay.example" in entry.text()
    assert not any(secret in entry.text() for secret in ("Zo", "Muller", "home.example", "Rue"))


async def test_relay_email_gives_a_shared_object_the_registrants_address(world: World) -> None:
    await world.register(DOMAIN, SHARED)
    seen = await world.connector.apply(change(RELAY, RELAYED))
    assert {observed.contact.email for observed in seen.contacts.values()} == {"registrant@relay.example"}


async def test_relay_email_is_taken_back(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    await world.connector.apply(change(RELAY, RELAYED))
    seen = await world.connector.apply(change(RELAY, OWN, hide=False, operation="op_2"))
    assert {role: observed.contact for role, observed in seen.contacts.items()} == OWN
    assert all(observed.public for observed in seen.contacts.values())


async def test_the_registrys_flag_hides_and_shows(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    hidden = await world.connector.apply(change(FLAG, OWN))
    assert all(observed.hidden and not observed.public for observed in hidden.contacts.values())
    entry = await world.registry.published(DOMAIN)
    assert entry is not None
    assert not any(secret in entry.text() for secret in ("Zo", "Muller", "home.example", "Rue", "+41"))
    shown = await world.connector.apply(change(FLAG, OWN, hide=False, operation="op_2"))
    assert all(observed.public and not observed.hidden for observed in shown.contacts.values())


@pytest.mark.parametrize("mechanism", [RELAY, FLAG])
async def test_every_contact_update_says_everything_about_disclosure(
    world: World, mechanism: Mechanism
) -> None:
    await world.register(DOMAIN, SHARED)
    await world.connector.apply(change(mechanism, RELAYED))
    [update] = [xml for direction, xml in world.wire if direction == "sent" and b"contact:update" in xml]
    wanted = [
        b'<contact:%s type="%s"/>' % (tag, kind)
        for tag in (b"name", b"org", b"addr")
        for kind in (b"int", b"loc")
    ]
    assert all(
        item in update for item in [b'disclose flag="0"', b"<contact:voice/>", b"<contact:fax/>", *wanted]
    )
    assert (b"<contact:email/>" in update) == (mechanism is FLAG)


@pytest.mark.parametrize(("mechanism", "contacts"), [(RELAY, RELAYED), (FLAG, OWN)])
@pytest.mark.parametrize("carried_out", [True, False])
async def test_after_a_lost_answer_to_an_update_the_repeat_reads_first(
    world: World, mechanism: Mechanism, contacts: dict[Role, Contact], *, carried_out: bool
) -> None:
    await world.register(DOMAIN, SHARED)
    (world.registry.drop_after if carried_out else world.registry.drop_before)("contact:update")
    await world.connector.apply(change(mechanism, contacts))
    # What was dropped before it was carried out is not in the registry's journal.
    assert (await world.journal()).count("contact:update") == 1


async def test_a_registry_that_says_yes_and_does_nothing_is_found_out(tmp_path: Path) -> None:
    async with sandbox_world(tmp_path, [Quirk.DISCLOSE_IGNORED]) as world:
        await world.register(DOMAIN, SHARED)
        with pytest.raises(VerificationFailed, match="disclose") as caught:
            await world.connector.apply(change(FLAG, OWN))
        assert caught.value.retry
        assert "Zo" not in str(caught.value)


async def test_a_registry_that_forgets_disclosure_with_each_update_still_hides(tmp_path: Path) -> None:
    async with sandbox_world(tmp_path, [Quirk.DISCLOSE_RESET]) as world:
        await world.register(DOMAIN, SHARED)
        seen = await world.connector.apply(change(FLAG, OWN))
        assert all(observed.hidden for observed in seen.contacts.values())


@pytest.mark.parametrize("mechanism", [SUBSTITUTE, RELAY, FLAG])
async def test_a_domain_without_contacts_has_nothing_to_change(world: World, mechanism: Mechanism) -> None:
    await world.register(THIN_DOMAIN, {})
    with pytest.raises(ContactsNotHeld):
        await world.connector.apply(change(mechanism, PROXIES, domain=THIN_DOMAIN))


async def test_rdds_only_reads_and_changes_nothing(world: World) -> None:
    await world.register(THIN_DOMAIN, {})
    seen = await world.connector.apply(change(Mechanism.RDDS_ONLY, PROXIES, domain=THIN_DOMAIN))
    assert not seen.contacts
    assert await world.journal() == ["domain:info"]


async def test_mechanism_none_is_refused_before_anything_is_sent(world: World) -> None:
    with pytest.raises(RegistryRefused):
        await world.connector.apply(change(Mechanism.NONE, {}))
    assert await world.journal() == []


async def test_reading_shows_what_the_registry_holds(world: World) -> None:
    await world.register(DOMAIN, SHARED)
    seen = await world.connector.read(DOMAIN)
    assert seen.domain == DOMAIN
    assert "ok" in seen.statuses or "inactive" in seen.statuses
    assert seen.contacts[Role.REGISTRANT].contact == ZOE
    assert seen.commands == ("domain:info", "contact:info")


async def test_a_registry_without_contact_service_has_nothing_to_change(tmp_path: Path) -> None:
    """The greeting says so: not even a read is spent on it."""
    async with sandbox_world(tmp_path, tlds=(Tld("thin", DataModel.MINIMUM, required=()),)) as world:
        await world.register(THIN_DOMAIN, {})
        with pytest.raises(ContactsNotHeld):
            await world.connector.apply(change(SUBSTITUTE, PROXIES, domain=THIN_DOMAIN))
        assert await world.journal() == []
        assert not (await world.connector.read(THIN_DOMAIN)).contacts


@pytest.mark.parametrize("code", [2101, 2307])
async def test_a_refusal_of_contact_commands_means_that_none_are_held(tmp_path: Path, code: int) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(1000, DOMAIN_WITH_REGISTRANT)
        await connection.answer(code)
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        connector = EppConnector(SessionPool(account))
        with pytest.raises(ContactsNotHeld):
            await connector.apply(change(SUBSTITUTE, PROXIES))
        await connector.close()


DOMAIN_WITH_REGISTRANT = (
    b'<domain:infData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0"><domain:name>zoe.example</domain:name>'
    b'<domain:roid>D-1</domain:roid><domain:status s="ok"/><domain:registrant>ZOE-1</domain:registrant>'
    b"<domain:clID>registrar-1</domain:clID></domain:infData>"
)


async def test_a_change_that_the_registry_finishes_later_is_tried_again_later(tmp_path: Path) -> None:
    """1001: what becomes of it is seen by reading again."""

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(1000, DOMAIN_WITH_REGISTRANT)
        await connection.answer(1000, ZOE_AS_HELD)
        await connection.answer(1001)
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        connector = EppConnector(SessionPool(account))
        with pytest.raises(ChangePending, match="pending at the registry"):
            await connector.apply(change(FLAG, OWN))
        await connector.close()


ZOE_AS_HELD = (
    '<contact:infData xmlns:contact="urn:ietf:params:xml:ns:contact-1.0"><contact:id>ZOE-1</contact:id>'
    '<contact:postalInfo type="loc"><contact:name>Zoë</contact:name></contact:postalInfo>'
    "<contact:email>zoe@home.example</contact:email></contact:infData>"
).encode()
