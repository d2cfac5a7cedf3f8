"""An owner looks, agrees and switches: what he was shown comes about, and what he agreed to is on record."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from registries.contact import Role
from registries.errors import RegistryRefused
from registries.policy import Reason
from tests.whoisproxy.services.switching import owner_of, switching_over
from tests.whoisproxy.services.test_registry_upkeep import Both, _both
from tests.whoisproxy.services.world import (
    ACCOUNT,
    FLAGGED,
    PROHIBITED,
    RDDS_ONLY,
    REGISTRANT,
    RELAY,
    RELAY_EMAIL,
    SHARED,
    SPEC,
    SUBSTITUTED,
    World,
    make_world,
    renamed,
)
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Actor
from whoisproxy.domain.privacy import ConsentTo, KeptConsent, PrivacyState
from whoisproxy.publication.record import Field, RddsRecord
from whoisproxy.services.owners.consent_texts import CURRENT, TEXTS
from whoisproxy.services.owners.sessions import FoundSession, OwnerSessions
from whoisproxy.services.owners.switch_previews import Obstacle, SwitchPreview
from whoisproxy.services.owners.switching import MOST_AT_ONCE, Outcome
from whoisproxy.services.previews import UNKNOWN
from whoisproxy.storage.unit_of_work import Storage

ALL = (SUBSTITUTED, RDDS_ONLY, RELAY_EMAIL, FLAGGED)
OTHERS = DomainName("somebody-elses.com")


async def shown(world: World, found: FoundSession, name: DomainName, *, enabled: bool) -> SwitchPreview:
    """Return the preview of one domain."""
    [preview] = await switching_over(world).previews(found, [name], enabled=enabled)
    return preview


async def switched(world: World, found: FoundSession, *names: DomainName, enabled: bool) -> list[Outcome]:
    """Switch, and let the registries work."""
    outcomes = await switching_over(world).switch(found, names, enabled=enabled, language="de")
    assert outcomes is not None
    await world.work()
    return outcomes


async def consents_of(world: World, name: DomainName) -> list[KeptConsent]:
    registration = await world.registrations.get(world.registrar, name)
    return await switching_over(world).consents(registration)


async def answered(world: World, name: DomainName) -> RddsRecord:
    record = await world.lookup.domain(name)
    assert record is not None
    return record


def knowable(record: RddsRecord) -> RddsRecord:
    """Return a record without what nobody knows before a switch: the numbers of a registry, and times."""
    contacts = [replace(one, handle="", withheld=_without_id(one.withheld)) for one in record.contacts]
    return replace(
        record,
        contacts=tuple(contacts),
        registry_id="",
        withheld=_without_id(record.withheld),
        changed_at=record.registered_at,
        read_at=record.registered_at,
    )


def _without_id(withheld: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(field for field in withheld if field is not Field.REGISTRY_ID)


def veiled(record: RddsRecord, foretold: RddsRecord) -> RddsRecord:
    """Return a record with the addresses veiled that were when it was foretold: they were not made yet."""
    pairs = zip(record.contacts, foretold.contacts, strict=True)
    return replace(
        record,
        contacts=tuple(
            replace(one, email=before.email) if before.email == f"{UNKNOWN}@{RELAY}" else one
            for one, before in pairs
        ),
    )


def comes_about(foretold: RddsRecord, record: RddsRecord) -> bool:
    """Whether an answer is what was foretold."""
    made = [one.email for one in record.contacts if one.email]
    return knowable(veiled(record, foretold)) == knowable(foretold) and UNKNOWN not in "".join(made)


@pytest.mark.parametrize("name", ALL, ids=str)
async def test_what_was_shown_is_what_the_directories_answer(storage: Storage, name: DomainName) -> None:
    world = await make_world(storage)
    await world.register(name)
    found = await owner_of(world)
    for enabled in (True, False, True):
        preview = await shown(world, found, name, enabled=enabled)
        assert preview.obstacle is None
        assert preview.before == await answered(world, name)
        await switched(world, found, name, enabled=enabled)
        assert comes_about(preview.after, await answered(world, name))
        assert await world.shows_registrant(name) is not enabled


async def test_an_address_that_comes_back_is_named_before(world: World) -> None:
    await world.hidden(RDDS_ONLY)
    found, address = await owner_of(world), (await answered(world, RDDS_ONLY)).contacts[0].email
    await switched(world, found, RDDS_ONLY, enabled=False)
    assert (await shown(world, found, RDDS_ONLY, enabled=True)).after.contacts[0].email == address


@pytest.fixture
async def sandbox(tmp_path: Path, sqlite_storage: Storage) -> AsyncIterator[Both]:
    """The services and a registry that is spoken to by EPP."""
    async for made in _both(tmp_path, sqlite_storage, ACCOUNT):
        yield made


async def test_what_was_shown_comes_about_at_a_registry(sandbox: Both) -> None:
    await sandbox.begin()
    world = sandbox.services
    found = await owner_of(world)
    for enabled in (True, False):
        preview = await shown(world, found, SUBSTITUTED, enabled=enabled)
        [outcome] = await switched(world, found, SUBSTITUTED, enabled=enabled)
        assert outcome.operation is not None
        own = await switching_over(world).operation(found, outcome.operation.id)
        assert own is not None
        assert own.operation.state == "done"
        assert comes_about(preview.after, await answered(world, SUBSTITUTED))


async def test_what_the_registry_holds_is_shown_where_it_is_something_else(sqlite_storage: Storage) -> None:
    world = await make_world(sqlite_storage, account=SHARED)
    for name in ALL:
        await world.register(name)
    found = await owner_of(world)
    relayed = (await shown(world, found, RELAY_EMAIL, enabled=True)).registry
    assert relayed is not None
    after = relayed.after[Role.REGISTRANT]
    assert (after.name, after.email) == (REGISTRANT.name, f"{UNKNOWN}@{RELAY}")
    shared = (await shown(world, found, SUBSTITUTED, enabled=True)).registry
    assert shared is not None
    assert shared.after[Role.REGISTRANT].email == SHARED.shared_email
    for name in (RDDS_ONLY, FLAGGED):
        assert (await shown(world, found, name, enabled=True)).registry is None


async def test_consent_is_recorded_with_the_switch_and_told_to_the_registrar(storage: Storage) -> None:
    world = await make_world(storage)
    await world.register(RDDS_ONLY)
    found = await owner_of(world)
    await switched(world, found, RDDS_ONLY, enabled=True)
    world.clock.pass_by(hours=1)
    await switched(world, found, RDDS_ONLY, enabled=False)
    shows, hides = await consents_of(world, RDDS_ONLY)
    for kept, to in ((hides, ConsentTo.HIDE), (shows, ConsentTo.SHOW)):
        consent = kept.consent
        assert (kept.actor, consent.to, consent.language) == (Actor.OWNER, to, "de")
        assert (consent.text_version, consent.by) == (CURRENT[to].version, REGISTRANT.name)
        assert consent.proofs == ("registrar-link",)
        assert consent.text_version in TEXTS
    assert (shows.consent.at - hides.consent.at).total_seconds() == 3600
    # The registrar's own view names the consent to being hidden, which is the one that a switch needs.
    assert (await world.status(RDDS_ONLY)).privacy.consent == hides.consent
    async with world.storage.reading() as uow:
        events = {one.type: one.data for one in await uow.events.after(world.registrar.id, 0, 100)}
    assert {kind: data["by"] for kind, data in events.items() if "by" in data} == {
        "privacy.enabling": "owner",
        "privacy.disabling": "owner",
    }


async def test_consents_that_a_registrar_tells_of_are_kept_too(world: World) -> None:
    await world.hidden(RDDS_ONLY)
    [kept] = await consents_of(world, RDDS_ONLY)
    assert (kept.actor, kept.consent.by, kept.consent.text_version) == (
        Actor.REGISTRAR,
        "the owner",
        "2026-01",
    )


async def test_consents_go_with_the_holder_and_with_the_domain(storage: Storage) -> None:
    world = await make_world(storage)
    await world.hidden(RDDS_ONLY)
    await world.register(RDDS_ONLY, renamed(name="Somebody New", email="new@else.example"))
    assert await consents_of(world, RDDS_ONLY) == []
    await switched(world, await owner_of(world, "new@else.example"), RDDS_ONLY, enabled=False)
    registration = await world.registrations.get(world.registrar, RDDS_ONLY)
    await world.registrations.delete(world.registrar, RDDS_ONLY)
    async with world.storage.reading() as uow:
        assert await uow.consents.of_domains([registration.id]) == {}


async def test_the_same_again_changes_nothing(storage: Storage) -> None:
    world = await make_world(storage)
    await world.register(RDDS_ONLY)
    found, switching = await owner_of(world), switching_over(world)
    both = await asyncio.gather(
        *(switching.switch(found, [RDDS_ONLY], enabled=True, language="en") for _ in range(4))
    )
    outcomes = [one for answer in both for one in answer or []]
    assert sorted(one.obstacle or "" for one in outcomes) == ["", *["done"] * 3]
    # All lead to one and the same operation.
    assert len({one.operation.id for one in outcomes if one.operation}) == 1
    assert len(await consents_of(world, RDDS_ONLY)) == 1
    await world.work()
    [late] = await switched(world, found, RDDS_ONLY, enabled=True)
    assert (late.obstacle, late.operation) == (Obstacle.DONE, None)
    assert len(await consents_of(world, RDDS_ONLY)) == 1
    assert (await world.events()).count("privacy.enabling") == 1


async def test_each_obstacle_is_shown_before_and_refuses_after(world: World) -> None:
    locked, unverified = DomainName("zoe-locked.org"), DomainName("zoe-unverified.com")
    suspended, departed = DomainName("zoe-dispute.com"), DomainName("zoe-gone.com")
    await world.register(PROHIBITED)
    await world.register(locked, replace(SPEC, statuses=("pendingTransfer",)))
    await world.register(unverified, replace(SPEC, registrant_verified=False))
    await world.hidden(suspended)
    await world.privacy.suspend(world.registrar, suspended)
    gone = await world.register(departed)
    async with world.storage.unit_of_work() as uow:
        await world.sync._endings.depart(uow, gone)
    expected = {
        PROHIBITED: Obstacle.NOT_ALLOWED,
        locked: Obstacle.LOCKED,
        unverified: Obstacle.UNVERIFIED,
        suspended: Obstacle.SUSPENDED,
        departed: Obstacle.DEPARTED,
    }
    found = await owner_of(world)
    before = await world.events()
    previews = await switching_over(world).previews(found, list(expected), enabled=True)
    assert {one.registration.name: one.obstacle for one in previews} == expected
    assert {one.policy.reason for one in previews if one.obstacle is Obstacle.NOT_ALLOWED} == {
        Reason.PROHIBITED
    }
    assert [one.lock for one in previews if one.lock] == ["pendingTransfer"]
    assert all(one.before == one.after for one in previews)
    outcomes = await switched(world, found, *expected, enabled=True)
    assert {one.name: one.obstacle for one in outcomes} == expected
    assert await world.events() == before
    assert [kept.actor for kept in await consents_of(world, suspended)] == [Actor.REGISTRAR]


async def test_a_switch_takes_the_place_of_the_one_under_way(world: World) -> None:
    await world.register(SUBSTITUTED)
    found = await owner_of(world)
    [on] = await switching_over(world).switch(found, [SUBSTITUTED], enabled=True, language="en") or []
    preview = await shown(world, found, SUBSTITUTED, enabled=False)
    assert (preview.obstacle, preview.operation) == (None, on.operation)
    await switched(world, found, SUBSTITUTED, enabled=False)
    assert on.operation is not None
    own = await switching_over(world).operation(found, on.operation.id)
    assert own is not None
    assert (own.operation.state, own.privacy.status.state) == ("superseded", PrivacyState.DISABLED)


async def test_domains_of_others_are_not_there(world: World) -> None:
    await world.register(RDDS_ONLY)
    await world.register(OTHERS, renamed(email="somebody@else.example"))
    switching, found = switching_over(world), await owner_of(world)
    unknown, names = DomainName("nobody-has-this.com"), [OTHERS, RDDS_ONLY]
    previews = await switching.previews(found, [*names, unknown], enabled=True)
    assert [one.registration.name for one in previews] == [RDDS_ONLY]
    theirs, his, none = await switched(world, found, *names, unknown, enabled=True)
    assert (his.registration is None, theirs.registration, none.registration) == (False, None, None)
    assert replace(theirs, name=unknown) == none
    view = await world.enable(OTHERS)
    assert view.operation is not None
    assert await switching.operation(found, view.operation.id) is None
    other = await owner_of(world, "somebody@else.example")
    assert await switching.operation(other, view.operation.id) is not None


async def test_domains_of_the_same_person_at_another_registrar_are_not_there(world: World) -> None:
    await world.register(RDDS_ONLY)
    elsewhere = await world.accounts.add_registrar("Elsewhere", "https://elsewhere.example")
    await world.registrations.put(elsewhere, OTHERS, SPEC)
    [outcome] = await switched(world, await owner_of(world), OTHERS, enabled=True)
    assert outcome.registration is None


async def test_who_was_signed_out_meanwhile_switches_nothing(world: World) -> None:
    await world.register(RDDS_ONLY)
    found = await owner_of(world)
    await OwnerSessions(world.storage, world.clock).end(found.account, found.session.id)
    assert await switching_over(world).switch(found, [RDDS_ONLY], enabled=True, language="en") is None
    assert (await world.status(RDDS_ONLY)).privacy.status.wanted is False


async def test_many_are_switched_in_one_commit_each_for_itself(world: World) -> None:
    names = [DomainName(f"zoe-{number}.com") for number in range(MOST_AT_ONCE - 1)]
    for name in (*names, PROHIBITED):
        await world.register(name)
    outcomes = await switched(world, await owner_of(world), *names, PROHIBITED, enabled=True)
    assert [one.name for one in outcomes] == [*names, PROHIBITED]
    assert {one.obstacle for one in outcomes} == {None, Obstacle.NOT_ALLOWED}
    while await world.work():
        pass
    assert {(await world.status(name)).privacy.status.state for name in names} == {PrivacyState.ENABLED}


async def test_a_failed_switch_can_be_tried_again(world: World) -> None:
    await world.register(SUBSTITUTED)
    world.registry.faults = [RegistryRefused(2306, "policy")]
    found = await owner_of(world)
    await switched(world, found, SUBSTITUTED, enabled=True)
    assert (await world.status(SUBSTITUTED)).privacy.status.state is PrivacyState.FAILED
    assert (await shown(world, found, SUBSTITUTED, enabled=True)).obstacle is None
    await switched(world, found, SUBSTITUTED, enabled=True)
    assert (await world.status(SUBSTITUTED)).privacy.status.state is PrivacyState.ENABLED
