"""What is said about held mail teaches the filter, makes rules, and is done once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from mailrelay.queue.entry import Direction, NewMessage, NoteOfVerdict, State
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.whoisproxy.services.world import RDDS_ONLY, World
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.quarantine import Decided, Decision, Outcome, Speaker
from whoisproxy.domain.sender_rules import RuleAction, RuleScope
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.quarantine import OpenedMessage, QuarantineService
from whoisproxy.services.quarantine_decisions import QuarantineDecisions
from whoisproxy.services.sender_rules import RulesOf, SenderRules
from whoisproxy.services.spam_learning import SpamLearning

_RESULTS = "mx.relay.example; spf={spf} smtp.mailfrom=offers.example; dkim=none; dmarc={dmarc}"
_PROVEN = _RESULTS.format(spf="pass", dmarc="pass header.from=offers.example")
_UNPROVEN = _RESULTS.format(spf="none", dmarc="none header.from=offers.example")
_SPAM = (NoteOfVerdict("content-score", "quarantine", "like-known-spam", 6.0),)


@dataclass
class Office:
    """The services about held mail."""

    world: World
    queue: QueueStore
    rules: SenderRules
    learning: SpamLearning
    quarantine: QuarantineService
    decisions: QuarantineDecisions
    taken: int = field(default=0)

    async def held(
        self,
        author: str = "Ada <Ada@offers.example>",
        *,
        authentication: str = _PROVEN,
        verdicts: tuple[NoteOfVerdict, ...] = _SPAM,
        state: State = State.QUARANTINED,
    ) -> OpenedMessage:
        """Hold a message and find it."""
        async with self.world.storage.reading() as uow:
            registration = await uow.registrations.by_name(RDDS_ONLY)
            assert registration is not None
            relay = (await uow.relays.of_domain(registration.id))[0]
        self.taken += 1
        raw = (
            f"From: {author}\r\nSubject: number {self.taken}\r\n\r\nwords of number {self.taken}\r\n".encode()
        )
        message = NewMessage(
            Direction.FORWARD, registration.registrant_id, relay.id, relay.address, "bounces@offers.example",
            raw, len(raw), verdicts=verdicts, authentication=authentication,
        )  # fmt: skip
        [message_id] = await self.queue.enqueue([message], state)
        found = await self.quarantine.find(message_id)
        assert found is not None
        return found

    async def said(self, found: OpenedMessage, decision: Decision, *, sure: bool = False) -> Decided:
        """Say something as the owner."""
        return await self.decisions.decide(found, decision, Speaker.OWNER, sure=sure)

    async def state(self, found: OpenedMessage) -> State:
        """Return where a message stands."""
        record = await self.queue.get(found.held.id)
        assert record is not None
        return record.state

    async def ruled(self) -> set[tuple[str, str]]:
        """Return the rules of the domain."""
        whose = RulesOf(RuleScope.DOMAIN, self.world.registrar, RDDS_ONLY)
        return {(one.sender, one.action) for one in await self.rules.page(whose, "", 10)}

    async def taught(self) -> tuple[int, int]:
        """Return how many lessons of honest mail and of spam were learned."""
        status = await self.learning.status()
        return status.ham, status.spam


@pytest.fixture
async def office(world: World, tmp_path: Path) -> AsyncIterator[Office]:
    """The services over a domain with privacy."""
    await world.hidden(RDDS_ONLY)
    site = QueueSite(world.storage.engine, tmp_path / "mail")
    async with open_queue(site, MailCipher(world.storage), world.clock) as queue:
        rules, learning = (
            SenderRules(world.storage, world.clock),
            SpamLearning(world.storage, queue, world.clock),
        )
        quarantine = QuarantineService(world.storage, queue, world.clock, timedelta(days=30))
        decisions = QuarantineDecisions(world.storage, queue, quarantine, rules, learning, world.clock)
        yield Office(world, queue, rules, learning, quarantine, decisions)


_CASES = [
    (Decision.RELEASE, State.QUEUED, set(), (1, 0)),
    (Decision.ALLOW_SENDER, State.QUEUED, {("ada@offers.example", RuleAction.ALLOW)}, (1, 0)),
    (Decision.ALLOW_DOMAIN, State.QUEUED, {("offers.example", RuleAction.ALLOW)}, (1, 0)),
    (Decision.BLOCK_SENDER, State.DISCARDED, {("ada@offers.example", RuleAction.BLOCK)}, (0, 0)),
    (Decision.BLOCK_DOMAIN, State.DISCARDED, {("offers.example", RuleAction.BLOCK)}, (0, 0)),
    (Decision.REPORT, State.DISCARDED, set(), (0, 1)),
    (Decision.DISCARD, State.DISCARDED, set(), (0, 0)),
]


@pytest.mark.parametrize(("decision", "state", "rules", "lessons"), _CASES)
async def test_each_decision_does_all_that_it_means_and_does_it_once(
    office: Office,
    decision: Decision,
    state: State,
    rules: set[tuple[str, str]],
    lessons: tuple[int, int],
) -> None:
    found = await office.held()
    said = await asyncio.gather(*(office.said(found, decision) for _ in range(4)))
    assert sorted(one.outcome for one in said) == [Outcome.ALREADY] * 3 + [Outcome.DONE]
    assert await office.state(found) is state
    assert await office.ruled() == rules
    assert await office.taught() == lessons
    told = [one for one in await office.world.events() if one.startswith("quarantine.")]
    assert told == ["quarantine.released" if decision.releases else "quarantine.discarded"]


async def test_every_decision_has_a_case() -> None:
    assert {case[0] for case in _CASES} == set(Decision)


async def test_a_rule_about_a_sender_whom_nothing_proves_says_that_it_did_not_count(office: Office) -> None:
    for authentication, counts in ((_PROVEN, True), (_UNPROVEN, False), ("", False)):
        found = await office.held(authentication=authentication)
        assert (await office.said(found, Decision.ALLOW_SENDER)).counts is counts
    aligned = _UNPROVEN.replace("spf=none", "spf=pass")
    assert (await office.said(await office.held(authentication=aligned), Decision.ALLOW_SENDER)).counts


async def test_malware_goes_on_a_second_word_only_and_is_thrown_away_on_the_first(office: Office) -> None:
    malware = (NoteOfVerdict("clamav", "quarantine", "malware"),)
    found = await office.held(verdicts=malware)
    for decision in (Decision.RELEASE, Decision.ALLOW_SENDER):
        assert (await office.said(found, decision)).outcome is Outcome.DANGEROUS
    assert (await office.state(found), await office.ruled()) == (State.QUARANTINED, set())
    assert (await office.said(found, Decision.RELEASE, sure=True)).outcome is Outcome.DONE
    assert (await office.said(await office.held(verdicts=malware), Decision.REPORT)).outcome is Outcome.DONE


async def test_a_sender_who_cannot_be_named_changes_nothing(office: Office) -> None:
    found = await office.held("nobody at all")
    # The reverse-path is named instead.
    assert (await office.said(found, Decision.BLOCK_SENDER)).outcome is Outcome.DONE
    odd = await office.held("x@com")
    with pytest.raises(InvalidInput):
        await office.said(odd, Decision.ALLOW_DOMAIN)
    assert await office.state(odd) is State.QUARANTINED


async def test_what_was_held_at_delivery_teaches_nothing_when_it_is_released(office: Office) -> None:
    """Its key could not be used: that says nothing of how good it is."""
    found = await office.held(state=State.HELD, verdicts=())
    assert (await office.said(found, Decision.RELEASE)).outcome is Outcome.DONE
    assert await office.taught() == (0, 0)


async def test_all_that_is_held_of_a_correspondent_is_reported_and_of_nobody_else(office: Office) -> None:
    his = [await office.held(), await office.held("ADA <ada@OFFERS.example>")]
    others = await office.held("Bo <bo@offers.example>")
    assert await office.decisions.report_all_of(RDDS_ONLY, "Ada@offers.example") == 2
    assert [await office.state(one) for one in (*his, others)] == [
        State.DISCARDED, State.DISCARDED, State.QUARANTINED,
    ]  # fmt: skip
    assert await office.decisions.report_all_of(RDDS_ONLY, "ada@offers.example") == 0
