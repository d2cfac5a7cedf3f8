import asyncio
from dataclasses import replace

import pytest

from mailrelay.directory import MailPolicy, RelayRoute
from registries.contact import Role
from registries.errors import OutcomeUnknown, RegistryRefused, RegistryUnavailable
from tests.whoisproxy.services.world import (
    FLAGGED,
    PROHIBITED,
    RDDS_ONLY,
    REGISTRANT,
    RELAY_EMAIL,
    SPEC,
    SUBSTITUTED,
    World,
    renamed,
)
from whoisproxy.domain.errors import (
    ConsentRequired,
    DomainLocked,
    DomainTaken,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    PrivacyNotAllowed,
    RegistrantUnverified,
)
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import OperationKind, OperationState
from whoisproxy.domain.privacy import PrivacyState
from whoisproxy.services.privacy import SwitchRequest

ALLOWED = [SUBSTITUTED, RDDS_ONLY, RELAY_EMAIL, FLAGGED]


@pytest.mark.parametrize("name", ALLOWED, ids=str)
async def test_a_switch_is_pending_at_once_and_done_when_the_registry_has_proved_it(
    world: World, name: DomainName
) -> None:
    await world.register(name)
    assert await world.shows_registrant(name)

    pending = await world.enable(name)
    assert pending.privacy.status.state is PrivacyState.ENABLING
    assert not await world.shows_registrant(name)

    await world.work()
    view = await world.status(name)
    assert view.privacy.status.state is PrivacyState.ENABLED
    assert view.operation is None
    assert (await world.operation(pending)).state is OperationState.DONE
    assert not await world.shows_registrant(name)
    assert await world.events() == ["domain.created", "privacy.enabling", "privacy.enabled"]


@pytest.mark.parametrize("name", ALLOWED, ids=str)
async def test_switched_off_again_the_registrant_is_back(world: World, name: DomainName) -> None:
    await world.hidden(name)
    await world.disable(name)
    assert not await world.shows_registrant(name)
    await world.work()
    assert (await world.status(name)).privacy.status.state is PrivacyState.DISABLED
    assert await world.shows_registrant(name)
    assert all(
        REGISTRANT.email == each.email for each in world.registry.contacts.get(name.a_label, {}).values()
    )


async def test_each_mechanism_asks_the_registry_for_what_it_may_hold(world: World) -> None:
    for name in ALLOWED:
        await world.hidden(name)
    held = {name: contacts[Role.REGISTRANT] for name, contacts in world.registry.contacts.items()}
    assert set(held) == {"zoe-bakery.org", "zoe-maison.eu", "zoe-orchard.ca"}
    assert held["zoe-bakery.org"].name == "Cloak Desk"
    assert held["zoe-bakery.org"].phone == "+41.225550100"
    assert (held["zoe-maison.eu"].name, held["zoe-maison.eu"].phone) == (REGISTRANT.name, "+49.15123456789")
    assert held["zoe-maison.eu"].email.endswith("@relay.example")
    assert held["zoe-orchard.ca"].email == REGISTRANT.email
    assert world.registry.hidden["zoe-orchard.ca"]


async def test_a_prohibited_ending_is_refused_with_reason_and_source(world: World) -> None:
    await world.register(PROHIBITED)
    with pytest.raises(PrivacyNotAllowed) as refused:
        await world.enable(PROHIBITED)
    assert refused.value.reason == "TLD_PROHIBITED"
    assert refused.value.source


async def test_switching_on_needs_a_verified_registrant_and_consent_that_is_then_kept(world: World) -> None:
    on = SwitchRequest(enabled=True)
    await world.register(RDDS_ONLY, replace(SPEC, registrant_verified=False))
    with pytest.raises(RegistrantUnverified):
        await world.enable(RDDS_ONLY)
    await world.register(RDDS_ONLY)
    with pytest.raises(ConsentRequired):
        await world.privacy.switch(world.registrar, RDDS_ONLY, on)
    await world.enable(RDDS_ONLY)
    await world.work()
    await world.disable(RDDS_ONLY)
    await world.work()
    assert (await world.privacy.switch(world.registrar, RDDS_ONLY, on)).operation


@pytest.mark.parametrize("status", ["serverUpdateProhibited", "pendingTransfer", "pendingDelete"])
async def test_a_lock_at_the_registry_refuses_the_switch_unless_the_registry_is_not_asked(
    world: World, status: str
) -> None:
    await world.register(SUBSTITUTED, replace(SPEC, statuses=(status,)))
    with pytest.raises(DomainLocked, match=status):
        await world.enable(SUBSTITUTED)
    assert (await world.status(SUBSTITUTED)).identity is None
    await world.register(RDDS_ONLY, replace(SPEC, statuses=(status,)))
    assert (await world.enable(RDDS_ONLY)).operation


async def test_the_same_switch_again_starts_nothing_new(world: World) -> None:
    await world.register(SUBSTITUTED)
    first = await world.enable(SUBSTITUTED)
    again = await world.enable(SUBSTITUTED)
    assert first.operation == again.operation
    await world.work()
    assert (await world.enable(SUBSTITUTED)).operation is None
    assert len(world.registry.changes) == 1


async def test_if_match_with_another_version_changes_nothing(world: World) -> None:
    registration = await world.register(SUBSTITUTED)
    off = SwitchRequest(enabled=False, mail_policy=MailPolicy.FORWARD)
    with pytest.raises(PreconditionFailed):
        await world.privacy.switch(world.registrar, SUBSTITUTED, off, registration.version + 1)
    view = await world.privacy.switch(world.registrar, SUBSTITUTED, off, registration.version)
    assert view.registration.version == registration.version + 1
    assert view.privacy.mail_policy is MailPolicy.FORWARD


async def test_a_mailbox_to_forward_to_is_checked(world: World) -> None:
    await world.register(SUBSTITUTED)
    with pytest.raises(InvalidInput, match="forward_to"):
        await world.privacy.switch(
            world.registrar, SUBSTITUTED, SwitchRequest(enabled=False, forward_to="no mailbox")
        )


async def test_an_unknown_outcome_is_tried_again_and_the_registrant_stays_hidden(world: World) -> None:
    world.registry.faults = [OutcomeUnknown("lost"), RegistryUnavailable("down")]
    world.registry.applied_before_fault = True
    await world.register(SUBSTITUTED)
    view = await world.enable(SUBSTITUTED)
    await world.work()
    assert (await world.operation(view)).state is OperationState.PENDING
    assert not await world.shows_registrant(SUBSTITUTED)
    for _ in range(2):
        world.clock.pass_by(minutes=5)
        await world.work()
    done = await world.operation(view)
    assert (done.state, done.attempts) == (OperationState.DONE, 3)
    assert {change.operation_id for change in world.registry.changes} == {done.id}


async def test_a_refusal_fails_the_operation_without_quoting_the_registry(world: World) -> None:
    world.registry.faults = [RegistryRefused(2304, "locked", detail="Zoë Müller-Sánchez is locked")]
    await world.register(SUBSTITUTED)
    view = await world.enable(SUBSTITUTED)
    await world.work()
    failed = await world.operation(view)
    assert (failed.state, failed.problem_code) == (OperationState.FAILED, "REGISTRY_REFUSED")
    assert "2304" in failed.problem
    assert "Zoë" not in failed.problem
    assert (await world.status(SUBSTITUTED)).privacy.status.state is PrivacyState.FAILED
    assert not await world.shows_registrant(SUBSTITUTED)


async def test_a_registry_that_is_away_for_days_is_waited_for_and_after_a_week_it_is_said_so(
    world: World,
) -> None:
    world.registry.faults = [RegistryUnavailable("down")] * 99
    await world.register(SUBSTITUTED)
    view = await world.enable(SUBSTITUTED)
    for _ in range(55):
        await world.work()
        assert (await world.operation(view)).state is OperationState.PENDING
        world.clock.pass_by(hours=3)
    world.clock.pass_by(hours=3)
    await world.work()
    failed = await world.operation(view)
    assert (failed.state, failed.problem_code) == (OperationState.FAILED, "REGISTRY_UNAVAILABLE")
    world.registry.faults.clear()
    assert (await world.events())[-1] == "privacy.failed"
    assert not await world.shows_registrant(SUBSTITUTED)
    await world.enable(SUBSTITUTED)
    await world.work()
    assert (await world.status(SUBSTITUTED)).privacy.status.state is PrivacyState.ENABLED


async def test_a_registry_that_says_yes_and_does_nothing_raises_the_alarm(world: World) -> None:
    await world.hidden(SUBSTITUTED)
    world.registry.lies = True
    await world.privacy.rotate(world.registrar, SUBSTITUTED)
    await world.work()
    assert (await world.events())[-1] == "privacy.leak_risk"
    view = await world.status(SUBSTITUTED)
    assert view.operation is not None
    assert view.operation.state is OperationState.PENDING
    world.registry.lies = False
    world.clock.pass_by(hours=1)
    await world.work()
    assert (await world.events())[-1] == "privacy.refreshed"


async def test_without_an_account_at_the_registry_the_operation_says_so(world: World) -> None:
    name = DomainName("zoe-bakery.info")
    await world.register(name)
    view = await world.enable(name)
    await world.work()
    failed = await world.operation(view)
    assert (failed.state, failed.problem_code) == (OperationState.FAILED, "REGISTRY_NOT_CONFIGURED")


async def test_a_switch_while_another_is_under_way_takes_its_place(world: World) -> None:
    """The change that was under way is made at the registry, yet nothing is confirmed by it."""
    await world.register(SUBSTITUTED)
    world.registry.gate.clear()
    on = await world.enable(SUBSTITUTED)
    working = asyncio.create_task(world.work())
    await world.registry.at_work.wait()
    off = await world.disable(SUBSTITUTED)
    assert (await world.operation(on)).state is OperationState.SUPERSEDED
    world.registry.gate.set()
    await working
    await world.work()
    assert (await world.operation(on)).state is OperationState.SUPERSEDED
    assert (await world.operation(off)).state is OperationState.DONE
    assert [change.hide for change in world.registry.changes] == [True, False]
    assert "privacy.enabled" not in await world.events()
    assert await world.shows_registrant(SUBSTITUTED)


async def test_a_superseded_operation_that_waits_for_its_retry_does_not_hold_up_the_next(
    world: World,
) -> None:
    world.registry.faults = [RegistryUnavailable("down")]
    await world.register(SUBSTITUTED)
    await world.enable(SUBSTITUTED)
    await world.work()
    off = await world.disable(SUBSTITUTED)
    await world.work()
    assert (await world.operation(off)).state is OperationState.DONE


async def test_rotation_publishes_new_addresses_and_lets_the_old_ones_take_mail_for_a_while(
    world: World,
) -> None:
    before = (await world.hidden(SUBSTITUTED)).identity
    view = await world.privacy.rotate(world.registrar, SUBSTITUTED)
    assert view.operation is not None
    assert view.operation.kind is OperationKind.REFRESH
    await world.work()
    after = (await world.status(SUBSTITUTED)).identity
    assert before is not None
    assert after is not None
    assert before.relay_address != after.relay_address
    assert world.registry.contacts["zoe-bakery.org"][Role.REGISTRANT].email == after.relay_address
    assert isinstance(await world.directory.find(before.relay_address), RelayRoute)
    world.clock.pass_by(days=30)
    assert await world.directory.find(before.relay_address) is None
    assert isinstance(await world.directory.find(after.relay_address), RelayRoute)


async def test_switched_on_again_within_grace_the_same_address_comes_back(world: World) -> None:
    before = (await world.hidden(RDDS_ONLY)).identity
    await world.disable(RDDS_ONLY)
    await world.work()
    await world.enable(RDDS_ONLY)
    await world.work()
    assert (await world.status(RDDS_ONLY)).identity == before


async def test_a_changed_registrant_is_brought_to_the_registry_that_holds_him(world: World) -> None:
    for name in (SUBSTITUTED, RELAY_EMAIL):
        await world.hidden(name)
    world.registry.changes.clear()
    for name in (SUBSTITUTED, RELAY_EMAIL):
        await world.register(name, renamed(city="Bonn"))
    await world.work()
    [change] = world.registry.changes
    assert change.domain == "zoe-maison.eu"
    assert change.contacts[Role.REGISTRANT].city == "Bonn"
    assert change.contacts[Role.REGISTRANT].email.endswith("@relay.example")


async def test_suspended_privacy_admits_no_switch_until_it_is_resumed(world: World) -> None:
    await world.register(SUBSTITUTED)
    await world.enable(SUBSTITUTED)
    await world.privacy.suspend(world.registrar, SUBSTITUTED)
    with pytest.raises(DomainLocked):
        await world.disable(SUBSTITUTED)
    resumed = await world.privacy.resume(world.registrar, SUBSTITUTED)
    assert resumed.privacy.status.state is PrivacyState.ENABLING
    await world.work()
    assert (await world.status(SUBSTITUTED)).privacy.status.state is PrivacyState.ENABLED


async def test_resuming_goes_on_towards_what_was_wanted_when_the_work_failed_meanwhile(world: World) -> None:
    world.registry.faults = [RegistryRefused(2304, "locked")]
    await world.register(SUBSTITUTED)
    await world.enable(SUBSTITUTED)
    await world.privacy.suspend(world.registrar, SUBSTITUTED)
    await world.work()
    resumed = await world.privacy.resume(world.registrar, SUBSTITUTED)
    assert resumed.operation is not None
    await world.work()
    assert (await world.status(SUBSTITUTED)).privacy.status.state is PrivacyState.ENABLED


async def test_a_preview_tells_the_exact_difference_and_changes_nothing(world: World) -> None:
    before = await world.register(RELAY_EMAIL)
    preview = await world.privacy.preview(world.registrar, RELAY_EMAIL, enabled=True)
    assert {(each.field, each.before) for each in preview.differences} == {("email", REGISTRANT.email)}
    preview = await world.privacy.preview(world.registrar, RELAY_EMAIL, enabled=False)
    assert preview.differences == ()
    assert await world.registrations.get(world.registrar, RELAY_EMAIL) == before
    async with world.storage.reading() as uow:
        assert await uow.relays.of_domain(before.id) == []


async def test_one_registrar_never_sees_anothers_domain(world: World) -> None:
    other = await world.accounts.add_registrar("Other", "https://other.example")
    await world.hidden(SUBSTITUTED)
    view = await world.disable(SUBSTITUTED)
    assert view.operation is not None
    with pytest.raises(NotFound):
        await world.registrations.get(other, SUBSTITUTED)
    with pytest.raises(NotFound):
        await world.privacy.status(other, SUBSTITUTED)
    with pytest.raises(NotFound):
        await world.privacy.switch(other, SUBSTITUTED, SwitchRequest(enabled=True))
    with pytest.raises(NotFound):
        await world.operations.get(other, view.operation.id)
    with pytest.raises(DomainTaken):
        await world.registrations.put(other, SUBSTITUTED, SPEC)
    assert await world.registrations.page(other, "", 10) == []


async def test_a_deleted_domain_leaves_no_work_and_no_route(world: World) -> None:
    identity = (await world.hidden(SUBSTITUTED)).identity
    assert identity is not None
    off = await world.disable(SUBSTITUTED)
    await world.registrations.delete(world.registrar, SUBSTITUTED)
    await world.work()
    assert (await world.operation(off)).state is OperationState.SUPERSEDED
    assert await world.directory.find(identity.relay_address) is None
    assert await world.lookup.domain(SUBSTITUTED) is None


async def test_waiting_for_an_operation_returns_when_it_ends_or_the_time_is_over(world: World) -> None:
    await world.register(SUBSTITUTED)
    view = await world.enable(SUBSTITUTED)
    assert view.operation is not None
    early = await world.operations.wait(world.registrar, view.operation.id, 0.01)
    assert early.state is OperationState.PENDING
    waiting = asyncio.create_task(world.operations.wait(world.registrar, view.operation.id, 30))
    await world.work()
    assert (await waiting).state is OperationState.DONE


async def test_the_same_registration_again_changes_nothing(world: World) -> None:
    first = await world.register(SUBSTITUTED)
    world.clock.pass_by(days=1)
    assert await world.register(SUBSTITUTED) == first


async def test_a_new_holder_gives_his_own_consent(world: World) -> None:
    before = await world.hidden(SUBSTITUTED)
    after = await world.register(SUBSTITUTED, renamed(name="Ada New", email="ada@new.example"))
    assert after.registrant_id != before.registration.registrant_id
    assert (await world.status(SUBSTITUTED)).privacy.consent is None
    assert not await world.shows_registrant(SUBSTITUTED)


async def test_what_a_failed_change_left_in_doubt_is_proved_again_after_a_suspension(world: World) -> None:
    """The registry may show the registrant since the switch off: only a change tells."""
    await world.hidden(SUBSTITUTED)
    await world.disable(SUBSTITUTED)
    await world.enable(SUBSTITUTED)
    world.registry.faults = [RegistryRefused(2304, "locked")]
    await world.work()
    await world.privacy.suspend(world.registrar, SUBSTITUTED)
    resumed = await world.privacy.resume(world.registrar, SUBSTITUTED)
    assert resumed.privacy.status.state is PrivacyState.ENABLING
    assert resumed.operation is not None
    await world.work()
    assert (await world.status(SUBSTITUTED)).privacy.status.state is PrivacyState.ENABLED


@pytest.mark.parametrize("name", [RELAY_EMAIL, FLAGGED], ids=str)
async def test_a_registrant_who_changes_while_suspended_is_hidden_at_the_registry_too(
    world: World, name: DomainName
) -> None:
    await world.hidden(name)
    await world.privacy.suspend(world.registrar, name)
    before = len(world.registry.changes)
    await world.register(name, renamed(email="zoe@elsewhere.example"))
    await world.work()
    [change] = world.registry.changes[before:]
    assert change.hide
    view = await world.status(name)
    assert (view.privacy.status.state, view.operation) == (PrivacyState.SUSPENDED, None)
