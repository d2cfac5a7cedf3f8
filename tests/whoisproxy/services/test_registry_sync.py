"""What a change waits for, what ends it, and what the registrar is told on the way."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from mailrelay.directory import RelayRoute
from registries.connector import Message
from registries.contact import Role
from registries.errors import (
    ChangePending,
    ContactsNotHeld,
    RegistryRefused,
    RegistryUnavailable,
    SponsoredElsewhere,
    VerificationFailed,
)
from registries.policy import Mechanism
from tests.whoisproxy.services.world import (
    ACCOUNT,
    RELAY_EMAIL,
    SHARED,
    SUBSTITUTED,
    World,
    make_world,
)
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Operation, OperationState
from whoisproxy.domain.privacy import PrivacyState
from whoisproxy.services.effective_policy import NO_CONTACTS
from whoisproxy.services.outbox_worker import OutboxWorker
from whoisproxy.services.privacy import PrivacyView
from whoisproxy.services.settings import AccountFacts
from whoisproxy.services.work_orders import APPLY
from whoisproxy.storage.unit_of_work import Storage

NAME = SUBSTITUTED.a_label
TRANSFER_PENDING = ("pendingTransfer", "DOMAIN_TRANSFER_PENDING", 6 * 3600.0)


def panned(*, succeeded: bool, transaction: str = "SV-1", message_id: str = "M-1") -> Message:
    """The end of a change that was pending."""
    return Message(message_id, "Done by Zoë", NAME, succeeded=succeeded, transaction=transaction)


def transferred(message_id: str = "M-9") -> Message:
    return Message(message_id, "Transfer", NAME, transfer="serverApproved", gone=True)


async def pending(world: World) -> PrivacyView:
    """Switch on at a registry that takes the change on and makes it later."""
    world.registry.faults = [ChangePending("later", "SV-1")]
    await world.register(SUBSTITUTED)
    view = await world.enable(SUBSTITUTED)
    await world.work()
    return view


async def ended(world: World, view: PrivacyView) -> tuple[OperationState, str]:
    operation = await world.operation(view)
    return operation.state, operation.problem_code


async def test_a_pending_change_is_left_alone_until_the_registry_says_that_it_is_made(world: World) -> None:
    view = await pending(world)
    waiting = await world.operation(view)
    assert (waiting.state, waiting.problem_code) == (OperationState.PENDING, "REGISTRY_PENDING")
    assert waiting.look_again_at == world.clock() + timedelta(hours=6)
    world.clock.pass_by(hours=5)
    assert await world.work() == 0
    await world.intake.take(ACCOUNT, panned(succeeded=True))
    await world.work()
    assert await ended(world, view) == (OperationState.DONE, "")
    assert [change.pending for change in world.registry.changes] == ["", ""]
    assert (await world.operation(view)).look_again_at is None


async def test_where_no_message_comes_it_is_read_now_and_then(world: World) -> None:
    view = await pending(world)
    world.registry.faults = [ChangePending("still", "SV-1")]
    world.clock.pass_by(hours=6)
    await world.work()
    assert (await world.operation(view)).state is OperationState.PENDING
    world.clock.pass_by(hours=6)
    await world.work()
    assert [change.pending for change in world.registry.changes] == ["", "SV-1", "SV-1"]
    assert await ended(world, view) == (OperationState.DONE, "")


async def test_a_change_that_the_registry_declined_fails_and_hides_on(world: World) -> None:
    view = await pending(world)
    await world.intake.take(ACCOUNT, panned(succeeded=False))
    assert await ended(world, view) == (OperationState.FAILED, "REGISTRY_DECLINED")
    assert not await world.shows_registrant(SUBSTITUTED)
    assert (await world.events())[-1] == "privacy.failed"
    world.clock.pass_by(hours=7)
    assert await world.work() == 0


@pytest.mark.parametrize(
    ("succeeded", "end"),
    [(True, (OperationState.DONE, "")), (False, (OperationState.FAILED, "REGISTRY_DECLINED"))],
)
async def test_a_message_that_comes_before_the_answer_it_ends_is_not_lost(
    world: World, end: tuple[OperationState, str], *, succeeded: bool
) -> None:
    """The queue is read by another session, perhaps by another process."""
    await world.register(SUBSTITUTED)
    await world.intake.take(ACCOUNT, panned(succeeded=succeeded))
    view = await pending(world)
    await world.work()
    assert await ended(world, view) == end
    assert await world.messages.page(world.registrar, "", 10) == []


async def test_another_accounts_message_with_the_same_transaction_ends_nothing(world: World) -> None:
    view = await pending(world)
    await world.intake.take(AccountFacts("elsewhere"), panned(succeeded=False))
    assert (await world.operation(view)).state is OperationState.PENDING


async def test_a_message_that_comes_twice_counts_once(world: World) -> None:
    await world.register(SUBSTITUTED)
    notice = Message("M-7", "Renewed", NAME)
    await world.intake.take(ACCOUNT, notice)
    await world.intake.take(ACCOUNT, notice)
    assert len(await world.messages.page(world.registrar, "", 10)) == 1
    assert (await world.events()).count("registry.message") == 1


async def _locked(
    world: World, error: RegistryUnavailable | RegistryRefused
) -> tuple[PrivacyView, Operation]:
    world.registry.faults = [error]
    await world.register(SUBSTITUTED)
    view = await world.enable(SUBSTITUTED)
    await world.work()
    return view, await world.operation(view)


async def test_a_status_that_passes_is_waited_for_and_a_message_about_the_domain_ends_the_wait(
    world: World,
) -> None:
    view, waiting = await _locked(world, RegistryUnavailable("moving").because(*TRANSFER_PENDING))
    assert (waiting.state, waiting.problem_code) == (OperationState.PENDING, "DOMAIN_TRANSFER_PENDING")
    assert waiting.look_again_at == world.clock() + timedelta(hours=6)
    assert "pendingTransfer" in waiting.problem
    assert await world.work() == 0
    await world.intake.take(ACCOUNT, Message("M-2", "Rejected", NAME, transfer="clientRejected"))
    await world.work()
    assert await ended(world, view) == (OperationState.DONE, "")


async def test_a_status_that_somebody_must_lift_fails_with_a_time_to_look_again(world: World) -> None:
    error = RegistryRefused(2304, "locked").because("serverUpdateProhibited", "DOMAIN_LOCKED_BY_REGISTRY", 60)
    _, failed = await _locked(world, error)
    assert (failed.state, failed.problem_code) == (OperationState.FAILED, "DOMAIN_LOCKED_BY_REGISTRY")
    assert failed.look_again_at == world.clock() + timedelta(minutes=1)


async def test_what_the_registry_may_show_is_told_once_and_once_that_it_is_over(world: World) -> None:
    await world.hidden(SUBSTITUTED)
    world.registry.faults = [
        VerificationFailed("other"),
        RegistryUnavailable("down"),
        VerificationFailed("other"),
    ]
    await world.privacy.rotate(world.registrar, SUBSTITUTED)
    for _ in range(2):
        await world.work()
        world.clock.pass_by(hours=1)
    # Another rotation takes its place; the finding is still the same.
    await world.privacy.rotate(world.registrar, SUBSTITUTED)
    for _ in range(2):
        await world.work()
        world.clock.pass_by(hours=1)
    events = await world.events()
    assert [kind for kind in events if kind.startswith("privacy.leak")] == [
        "privacy.leak_risk",
        "privacy.leak_resolved",
    ]


async def test_a_worker_that_lost_its_lease_confirms_nothing(world: World) -> None:
    await world.register(SUBSTITUTED)
    view = await world.enable(SUBSTITUTED)
    world.registry.gate.clear()
    slow = asyncio.create_task(world.work())
    await world.registry.at_work.wait()
    world.registry.at_work.clear()
    world.clock.pass_by(minutes=1)
    other = OutboxWorker(world.storage, {APPLY: world.sync}, "worker-2", world.clock)
    heir = asyncio.create_task(other.run_due())
    await world.registry.at_work.wait()
    world.registry.gate.set()
    await asyncio.gather(slow, heir)
    assert await ended(world, view) == (OperationState.DONE, "")
    assert (await world.events()).count("privacy.enabled") == 1
    assert (await world.operation(view)).attempts == 2


async def test_of_many_proofs_only_those_count_whose_work_and_operation_are_still_ours(
    world: World,
) -> None:
    """They are written together; one that counts no more stops no other."""
    names = [DomainName(f"zoe-{number}.org") for number in range(4)]
    for name in names:
        await world.register(name)
    views = [await world.enable(name) for name in names]
    world.registry.gate.clear()
    working = asyncio.create_task(world.work())
    await world.registry.at_work.wait()
    world.clock.pass_by(minutes=1)
    async with world.storage.unit_of_work() as uow:
        [lost] = await uow.outbox.claim("worker-2", [APPLY], 30, 1, world.clock())
    await world.disable(names[1])
    world.registry.gate.set()
    await working
    operations = [await world.operation(view) for view in views]
    assert lost.payload["operation_id"] == operations[0].id
    assert [operation.state for operation in operations] == [
        OperationState.PENDING,
        OperationState.SUPERSEDED,
        OperationState.DONE,
        OperationState.DONE,
    ]
    assert (await world.events()).count("privacy.enabled") == 2
    async with world.storage.unit_of_work() as uow:
        assert await uow.outbox.held(lost) == {lost.id}


async def test_a_worker_drops_what_another_has_taken_over(world: World) -> None:
    await world.register(SUBSTITUTED)
    await world.enable(SUBSTITUTED)
    world.registry.gate.clear()
    slow = asyncio.create_task(world.work())
    await world.registry.at_work.wait()
    world.clock.pass_by(minutes=1)
    async with world.storage.unit_of_work() as uow:
        [taken] = await uow.outbox.claim("worker-2", [APPLY], 30, 1, world.clock())
    await world.worker.prolong()
    with pytest.raises(asyncio.CancelledError):
        await slow
    async with world.storage.unit_of_work() as uow:
        assert await uow.outbox.held(taken)


async def test_a_domain_that_went_to_another_registrar_is_served_no_longer(world: World) -> None:
    before = await world.hidden(SUBSTITUTED)
    assert before.identity is not None
    world.registry.faults = [SponsoredElsewhere("another registrar sponsors the domain")]
    view = await world.disable(SUBSTITUTED)
    await world.work()
    assert await ended(world, view) == (OperationState.FAILED, "REGISTRY_TRANSFERRED_AWAY")
    assert (await world.events())[-1] == "domain.transferred_away"
    assert await world.lookup.domain(SUBSTITUTED) is None
    # Who wrote to the address before still gets an answer, for a while.
    assert isinstance(await world.directory.find(before.identity.relay_address), RelayRoute)
    world.clock.pass_by(days=31)
    assert await world.directory.find(before.identity.relay_address) is None


@pytest.mark.parametrize("hidden", [True, False])
async def test_a_message_of_a_transfer_away_ends_the_service_once(world: World, *, hidden: bool) -> None:
    await (world.hidden if hidden else world.register)(SUBSTITUTED)
    await world.intake.take(ACCOUNT, transferred())
    await world.intake.take(ACCOUNT, transferred("M-10"))
    assert (await world.events()).count("domain.transferred_away") == 1
    assert await world.lookup.domain(SUBSTITUTED) is None
    view = await world.status(SUBSTITUTED)
    assert view.privacy.reason == "REGISTRY_TRANSFERRED_AWAY"
    assert view.privacy.status.hidden is hidden


async def test_a_domain_that_comes_back_is_served_again(world: World) -> None:
    before = await world.hidden(SUBSTITUTED)
    await world.intake.take(ACCOUNT, transferred())
    await world.register(SUBSTITUTED)
    assert await world.lookup.domain(SUBSTITUTED) is not None
    assert not await world.shows_registrant(SUBSTITUTED)
    await world.enable(SUBSTITUTED)
    await world.work()
    view = await world.status(SUBSTITUTED)
    assert view.privacy.status.state is PrivacyState.ENABLED
    assert view.identity == before.identity


async def test_where_the_registry_holds_no_contacts_we_alone_publish_and_say_so(world: World) -> None:
    world.registry.faults = [ContactsNotHeld("none", everywhere=True)]
    view = await world.hidden(SUBSTITUTED)
    assert view.privacy.status.state is PrivacyState.ENABLED
    assert (view.policy.mechanism, view.because) == (Mechanism.RDDS_ONLY, NO_CONTACTS)
    await world.register(RELAY_EMAIL)
    # The account serves the other ending too.
    preview = await world.privacy.preview(world.registrar, RELAY_EMAIL, enabled=True)
    assert (preview.policy.mechanism, preview.because) == (Mechanism.RDDS_ONLY, NO_CONTACTS)
    assert not await world.shows_registrant(SUBSTITUTED)


async def test_that_a_registry_holds_no_contacts_is_forgotten_when_it_shows_some(world: World) -> None:
    world.registry.faults = [ContactsNotHeld("none", everywhere=True)]
    await world.hidden(SUBSTITUTED)
    await world.disable(SUBSTITUTED)
    await world.work()
    view = await world.status(SUBSTITUTED)
    assert (view.policy.mechanism, view.because) == (Mechanism.SUBSTITUTE, "")


async def test_what_a_backend_did_says_nothing_of_our_account(world: World) -> None:
    """It serves a domain of the same ending, and knows of no contact objects."""
    world.registry.faults = [ContactsNotHeld("none", everywhere=True)]
    await world.hidden(SUBSTITUTED)
    world.registry.tells_handles = False
    await world.hidden(DomainName("other.org"))
    assert (await world.status(SUBSTITUTED)).because == NO_CONTACTS


async def test_a_domain_without_contacts_says_nothing_of_others(world: World) -> None:
    world.registry.faults = [ContactsNotHeld("none")]
    assert (await world.hidden(SUBSTITUTED)).because == NO_CONTACTS
    await world.register(RELAY_EMAIL)
    assert (await world.status(RELAY_EMAIL)).because == ""


async def test_shared_proxy_contacts_bear_one_mailbox_while_we_publish_each_domains_own(
    sqlite_storage: Storage,
) -> None:
    world = await make_world(sqlite_storage, account=SHARED)
    await world.register(SUBSTITUTED)
    preview = await world.privacy.preview(world.registrar, SUBSTITUTED, enabled=True)
    assert preview.after[Role.REGISTRANT].email == SHARED.shared_email
    view = await world.hidden(SUBSTITUTED)
    held = world.registry.contacts[NAME]
    assert {contact.email for contact in held.values()} == {SHARED.shared_email}
    assert all(change.shared for change in world.registry.changes)
    assert view.identity is not None
    record = await world.lookup.domain(SUBSTITUTED)
    assert record is not None
    assert view.identity.relay_address in {contact.email for contact in record.contacts}


async def test_a_message_is_offered_to_whom_it_concerns_until_he_takes_it(world: World) -> None:
    other = await world.accounts.add_registrar("Other", "https://other.example")
    await world.register(SUBSTITUTED)
    theirs = replace(ACCOUNT, registrar="Other")
    await world.intake.take(theirs, Message("M-1", "Credit is low"))
    await world.intake.take(ACCOUNT, Message("M-2", "Nobody's"))
    await world.intake.take(ACCOUNT, Message("M-3", "Zoë asks for it", NAME, transfer="pending"))
    [mine] = await world.messages.page(world.registrar, "", 10)
    assert (mine.text, mine.domain, mine.transfer) == ("Zoë asks for it", NAME, "pending")
    [its] = await world.messages.page(other, "", 10)
    assert its.text == "Credit is low"
    with pytest.raises(NotFound):
        await world.messages.acknowledge(other, mine.id)
    for _ in range(2):
        await world.messages.acknowledge(world.registrar, mine.id)
    assert await world.messages.page(world.registrar, "", 10) == []


async def test_messages_are_not_kept_for_ever(world: World) -> None:
    """They may name persons."""
    await world.register(SUBSTITUTED)
    await world.intake.take(ACCOUNT, Message("M-1", "Renewed", NAME))
    world.clock.pass_by(days=1)
    await world.intake.take(ACCOUNT, Message("M-2", "Renewed", NAME))
    async with world.storage.unit_of_work() as uow:
        assert await uow.registry_messages.purge(world.clock()) == 1
    assert [each.message_id for each in await world.messages.page(world.registrar, "", 10)] == ["M-2"]
