"""What a stranger has written on a form and confirmed takes the way of mail, and he learns nothing by it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from mailrelay.checks.chain import Chain, Check
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.protected_senders import ProtectedSenders
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import MALFORMED, Action, Verdict
from mailrelay.content.kinds import CHECK
from mailrelay.directory import MailPolicy
from mailrelay.errors import TemporaryMailError
from mailrelay.queue.entry import MessageRecord, State
from mailrelay.sender_rules import Level, SenderRule
from mailrelay.submission import Outcome, Submissions, Submitted
from tests.mailrelay.world import (
    OWNER_MAILBOX,
    RELAY_ADDRESS,
    RELAY_HOST,
    STRANGER,
    World,
    open_world,
    utc_now,
)

TEXT = "Good day, is your domain for sale? I would pay a fair price for it."
# One phrase that lawyers use, and others too.
LIKELY_LEGAL = "We write to you without prejudice and ask you to call us back."
SPAM = (
    "DEAR LUCKY WINNER!!! You have WON $1,500,000.00 USD. 100% FREE, RISK FREE. ACT NOW! LIMITED TIME!\r\n"
    "Claim your CASH prize URGENTLY: send your bank account details and a fee of $250 by Western Union.\r\n"
    "CLICK HERE http://203.0.113.77/claim Buy cheap VIAGRA online, no prescription, money back!!!"
)


def _submitted(world: World, text: str = TEXT, mailbox: str = STRANGER, declared: str = "") -> Submitted:
    raw = (
        f"From: Ada Buyer <{mailbox}>\r\nSubject: Your domain\r\n"
        f"Date: {format_datetime(datetime.now(UTC))}\r\n"
        f"Message-ID: <1@relay.example>\r\n\r\n{text}\r\n"
    )
    return Submitted(raw.encode(), mailbox, "192.0.2.7", declared, world.store.new_id())


@dataclass
class Desk:
    """What takes messages of the form, in a world with one owner."""

    world: World
    submissions: Submissions

    async def submits(self, submitted: Submitted) -> tuple[Outcome, MessageRecord | None]:
        """Submit a message to the owner's address; return what became of it."""
        outcome = await self.submissions.submit(submitted, RELAY_ADDRESS)
        return outcome, await self.world.store.get(submitted.message_id)

    def takes(self, policy: MailPolicy) -> None:
        """Let the owner want his mail like this."""
        relays = self.world.directory.relays
        relays[RELAY_ADDRESS] = replace(relays[RELAY_ADDRESS], policy=policy)


def _submissions(world: World, chain: Chain[MessageContext] | None = None) -> Submissions:
    chain = chain or build_chains(CheckLimits(), utc_now).message
    return Submissions(chain, world.directory, world.store, RELAY_HOST)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A relay whose owner has his mail filtered."""
    async with open_world(tmp_path) as world:
        opened = Desk(world, _submissions(world))
        opened.takes(MailPolicy.FILTER)
        yield opened


def _class_of(record: MessageRecord | None) -> str:
    assert record is not None
    return next((one.reason.partition(" ")[0] for one in record.verdicts if one.check == CHECK), "")


async def test_it_reaches_the_owner_who_can_answer(desk: Desk) -> None:
    outcome, _ = await desk.submits(_submitted(desk.world))
    assert outcome is Outcome.QUEUED
    await desk.world.settle()
    [arrived] = await desk.world.arrived_at(OWNER_MAILBOX)
    header, _, body = arrived.raw.partition(b"\r\n\r\n")
    assert b"x-confirmed=pass header.from=offers.example" in header
    assert b"with HTTP id msg_" in header
    assert TEXT.encode() in body
    # The address from which it was written is the stranger's business.
    assert b"192.0.2.7" not in arrived.raw
    assert len(desk.world.directory.replies) == 1


async def test_submitted_twice_it_is_there_once(desk: Desk) -> None:
    """A process that dies begins again."""
    submitted = _submitted(desk.world)
    assert [(await desk.submits(submitted))[0] for _ in range(3)] == [Outcome.QUEUED] * 3
    await desk.world.settle()
    assert len(desk.world.sink.messages) == 1


async def test_spam_is_held_however_it_is_declared(desk: Desk) -> None:
    for declared in ("", "legal", "abuse_report", "purchase_inquiry"):
        outcome, record = await desk.submits(_submitted(desk.world, SPAM, declared=declared))
        assert outcome is Outcome.QUARANTINED
        assert record is not None
        assert record.state is State.QUARANTINED


class _Refuses:
    name = "malformed-message"

    def __call__(self, context: MessageContext) -> Verdict | None:
        del context
        return Verdict(self.name, Action.REJECT, "no-author", MALFORMED)


async def test_what_mail_would_be_refused_for_is_held_where_nobody_can_be_told(desk: Desk) -> None:
    checks: tuple[Check[MessageContext], ...] = (_Refuses(),)
    submitted = _submitted(desk.world)
    outcome = await _submissions(desk.world, Chain(checks)).submit(submitted, RELAY_ADDRESS)
    assert outcome is Outcome.QUARANTINED
    kept = await desk.world.store.kept(submitted.message_id)
    assert kept is not None
    assert TEXT.encode() in kept.raw


@pytest.mark.parametrize(
    ("text", "declared", "found"),
    [
        (TEXT, "legal", "purchase_inquiry"),
        ("Hello", "legal", ""),
        ("Hello", "abuse_report", ""),
        (LIKELY_LEGAL, "", ""),
        (LIKELY_LEGAL, "legal", "legal"),
    ],
)
async def test_what_a_message_is_declared_to_be_counts_and_makes_no_class_alone(
    desk: Desk, text: str, declared: str, found: str
) -> None:
    _, record = await desk.submits(_submitted(desk.world, text, declared=declared))
    assert _class_of(record) == found


async def test_a_rule_of_the_owner_counts(desk: Desk) -> None:
    desk.world.directory.rules.add(SenderRule(Level.OWNER, STRANGER, allows=False))
    assert (await desk.submits(_submitted(desk.world)))[0] is Outcome.QUARANTINED
    desk.world.directory.rules.clear()
    # He wants this sender's mail, and a confirmed mailbox is proof of him.
    desk.world.directory.rules.add(SenderRule(Level.OWNER, STRANGER, allows=True))
    assert (await desk.submits(_submitted(desk.world, SPAM)))[0] is Outcome.QUEUED


async def test_for_an_owner_who_wants_no_mail_it_is_held(desk: Desk) -> None:
    desk.takes(MailPolicy.DROP)
    outcome, record = await desk.submits(_submitted(desk.world))
    assert outcome is Outcome.QUARANTINED
    assert record is not None
    assert record.state is State.QUARANTINED


async def test_a_mailbox_at_a_listed_domain_is_not_its_notice(desk: Desk) -> None:
    """Who reads one mailbox of a registry is not the registry: what nothing may stop goes by mail."""
    senders = ProtectedSenders.load()
    listed = next(one for one in ("icann.org", "nic.ch", "verisign.com") if senders.lists(one))
    desk.takes(MailPolicy.DROP)
    submitted = _submitted(desk.world, "Your domain is in dispute.", f"udrp@{listed}")
    outcome, record = await desk.submits(submitted)
    assert outcome is Outcome.QUARANTINED
    assert record is not None
    assert "protected-mail" not in {one.check for one in record.verdicts}


async def test_an_address_of_nobody_takes_nothing(desk: Desk) -> None:
    submitted = _submitted(desk.world)
    for address in ("nobody@relay.example", f"r{'0' * 20}@relay.example"):
        assert await desk.submissions.submit(submitted, address) is Outcome.NOBODY
    assert await desk.world.store.get(submitted.message_id) is None


async def test_nothing_goes_to_a_reply_address(desk: Desk) -> None:
    """There the owner writes, and nobody else."""
    await desk.submits(_submitted(desk.world))
    await desk.world.settle()
    [reply_address] = desk.world.directory.replies
    assert await desk.submissions.submit(_submitted(desk.world), reply_address) is Outcome.NOBODY


class _Breaks:
    name = "content-score"

    async def __call__(self, context: MessageContext) -> Verdict | None:
        del context
        await asyncio.sleep(0)
        raise RuntimeError("broken")


async def test_a_broken_check_defers_and_loses_nothing(desk: Desk) -> None:
    checks: tuple[Check[MessageContext], ...] = (_Breaks(),)
    broken, submitted = _submissions(desk.world, Chain(checks)), _submitted(desk.world)
    with pytest.raises(TemporaryMailError) as failed:
        await broken.submit(submitted, RELAY_ADDRESS)
    assert failed.value.retry
    assert await desk.world.store.get(submitted.message_id) is None
    assert (await desk.submits(submitted))[0] is Outcome.QUEUED
