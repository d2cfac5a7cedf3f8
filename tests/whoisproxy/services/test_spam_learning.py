"""Owners and the operator teach: each lesson once, within limits, on disk when the call returns."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from mailrelay.content.classifier.learned import MOST_MOVED, LearnedModel
from mailrelay.content.classifier.model import shipped_model
from mailrelay.content.reading import read_content
from mailrelay.content.score import score
from mailrelay.directory import Opening
from mailrelay.message import RawMessage
from mailrelay.queue.entry import Direction, NewMessage, NoteOfVerdict, QueuedMessage, State
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.whoisproxy.services.world import SPEC, World, make_world
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.relay import RelayAddress
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.learning_limits import CONFIRMATIONS
from whoisproxy.services.spam_learning import REMEMBERED, Label, Outcome, SpamLearning
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.tables import spam_learning, spam_lessons
from whoisproxy.storage.unit_of_work import Storage

STRANGER = "ada@offers.example"
THREAD = "<1@offers.example>"
RAW = (
    b"From: Ada <ada@offers.example>\r\nMessage-ID: <1@offers.example>\r\nSubject: Zyxwolin kaufe\r\n\r\n"
    b"Zyxwolin 30 mg, Kwyjibo gel, Vuxmafil: bulk xenophir depot, wholesale pyrazol, tryx quvento today.\r\n"
)
HELD = NoteOfVerdict("content-score", "quarantine", "like-known-spam", 5.2)


@dataclass(frozen=True, slots=True)
class School:
    """Owners with relay addresses, the queue, and what they teach."""

    world: World
    queue: QueueStore
    learning: SpamLearning

    async def owner(self, number: int, mailbox: str = "") -> RelayAddress:
        """Return the relay address of an owner with a mailbox and a domain of his own."""
        email = mailbox or f"owner-{number}@home.example"
        spec = replace(SPEC, registrant=replace(SPEC.registrant, email=email))
        name = DomainName(f"school-{number}.com")
        await self.world.register(name, spec)
        view = await self.world.enable(name)
        async with self.world.storage.reading() as uow:
            return (await uow.relays.of_domain(view.registration.id))[0]

    async def letter(
        self, relay: RelayAddress, state: State = State.QUARANTINED, raw: bytes = RAW, *notes: NoteOfVerdict
    ) -> str:
        """Return the id of a message to a relay address."""
        async with self.world.storage.reading() as uow:
            registration = await uow.registrations.by_id(relay.domain_id)
        assert registration is not None
        message = NewMessage(
            direction=Direction.FORWARD,
            owner_id=registration.registrant_id,
            relay_id=relay.id,
            recipient=relay.address,
            reverse_path=f"{relay.local_part}@senders.example",
            raw=raw,
            size_octets=len(raw),
            verdicts=notes or (HELD,),
            thread_ids=(THREAD,),
            correspondent=STRANGER,
        )
        return (await self.queue.enqueue([message], state))[0]

    async def score(self) -> float:
        """Return the score of the message now."""
        await self.learning.refresh()
        message = RawMessage.parse(RAW)
        return score(message, read_content(message), self.learning.model()).total

    async def answer(self, relay: RelayAddress) -> QueuedMessage:
        """Return an owner's answer to the message, as it is delivered."""
        address = await self.world.directory.reply_address(relay.id, Opening(STRANGER, thread=THREAD))
        raw = b"Subject: Re: Zyxwolin kaufe\r\n\r\nyes\r\n"
        answer = NewMessage(Direction.REPLY, "", relay.id, address, "owner@home.example", raw, len(raw))
        await self.queue.enqueue([answer])
        claimed = await self.queue.claim("worker", timedelta(minutes=1), 10)
        return next(one for one in claimed if one.direction is Direction.REPLY)


@pytest.fixture
async def school(storage: Storage, tmp_path: Path) -> AsyncIterator[School]:
    """Once on each engine."""
    world = await make_world(storage)
    site = QueueSite(storage.engine, tmp_path / "mail")
    async with open_queue(site, MailCipher(storage), world.clock) as queue:
        yield School(world, queue, SpamLearning(storage, queue, world.clock))


async def _numbers(school: School) -> tuple[int, int, int]:
    found = await school.learning.status()
    return found.ham, found.spam, found.confirmed


async def test_reports_count_for_everybody_once_three_owners_agree(school: School) -> None:
    before, scores = await school.score(), []
    for number in range(8):
        message_id = await school.letter(await school.owner(number))
        assert await school.learning.learn(message_id, Label.SPAM) is Outcome.LEARNED
        scores.append(await school.score())
    # Eight owners stand for at least three, wherever the bits of the first ones fall.
    assert scores[:2] == [before, before]
    assert scores[-1] > before


async def test_an_owner_of_many_domains_is_one_teacher(school: School) -> None:
    before = await school.score()
    for number in range(5):
        message_id = await school.letter(await school.owner(number, "Zoe@home.example"))
        assert await school.learning.learn(message_id, Label.SPAM) is Outcome.LEARNED
    assert await school.score() == before
    assert (await school.learning.status()).teachers == 1


async def test_the_same_said_of_the_same_message_counts_once(school: School) -> None:
    message_id = await school.letter(await school.owner(1))
    said = [await school.learning.learn(message_id, Label.SPAM) for _ in range(3)]
    assert said == [Outcome.LEARNED, Outcome.KNOWN, Outcome.KNOWN]
    assert await _numbers(school) == (0, 1, 0)


async def test_an_owner_may_change_his_mind(school: School) -> None:
    message_id = await school.letter(await school.owner(1))
    labels = [Label.SPAM, Label.HAM, Label.SPAM]
    said = [await school.learning.learn(message_id, label) for label in labels]
    assert said == [Outcome.LEARNED, Outcome.LEARNED, Outcome.KNOWN]
    assert await _numbers(school) == (1, 1, 1)


async def test_an_owner_teaches_no_more_than_his_share_of_a_day_and_a_month(school: School) -> None:
    relay, said = await school.owner(1), []
    for _ in range(5):
        said.append([await school.learning.learn(await school.letter(relay), Label.SPAM) for _ in range(6)])
        school.world.clock.now += timedelta(days=1, minutes=1)
    day = [Outcome.LEARNED] * 5 + [Outcome.ENOUGH]
    assert said == [*[day] * 4, [Outcome.ENOUGH] * 6]


async def test_a_sender_is_taught_about_no_more_than_ten_times_a_day(school: School) -> None:
    """So that nobody is made a spammer of by many who agree to."""
    first = await school.owner(0)
    said = []
    for number in range(1, 12):
        relay = replace(await school.owner(number), local_part=first.local_part)
        said.append(await school.learning.learn(await school.letter(relay), Label.SPAM))
    assert said == [*[Outcome.LEARNED] * 10, Outcome.ENOUGH]


@pytest.mark.parametrize("kind", ["legal", "abuse_report", "registrar", "protected"])
async def test_what_no_filter_may_stop_is_never_learned_as_spam(school: School, kind: str) -> None:
    note = NoteOfVerdict("mail-class", "accept", f"{kind} words-of-the-trade")
    message_id = await school.letter(await school.owner(1), State.QUARANTINED, RAW, HELD, note)
    assert await school.learning.learn(message_id, Label.SPAM) is Outcome.PROTECTED
    assert await school.learning.learn(message_id, Label.HAM) is Outcome.LEARNED
    assert await _numbers(school) == (1, 0, 1)


async def test_a_delivered_message_is_taught_from_what_its_owner_has_of_it(school: School) -> None:
    message_id = await school.letter(await school.owner(1), State.REJECTED)  # of which no octets are kept
    assert await school.learning.learn(message_id, Label.SPAM) is Outcome.GONE
    assert await school.learning.learn(message_id, Label.SPAM, RAW) is Outcome.LEARNED
    assert await school.learning.learn("msg_0", Label.SPAM, RAW) is Outcome.GONE
    assert await _numbers(school) == (0, 1, 0)


async def test_who_answers_confirms_that_the_message_was_honest_and_once(school: School) -> None:
    relay = await school.owner(1)
    await school.letter(relay)
    answer = await school.answer(relay)
    for _ in range(2):
        await school.learning.answered(answer)
    assert await _numbers(school) == (0, 0, 1)


async def test_an_answer_to_nothing_that_is_kept_counts_nothing(school: School) -> None:
    await school.learning.answered(await school.answer(await school.owner(1)))
    assert await _numbers(school) == (0, 0, 0)


async def test_an_answer_is_sent_even_where_it_cannot_be_counted(
    school: School, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await school.answer(await school.owner(1))
    await school.learning.answered(replace(answer, recipient="no address"))
    assert "answer-not-counted" in capsys.readouterr().out


async def test_beyond_a_few_what_one_owner_confirms_moves_no_threshold(school: School) -> None:
    relay = await school.owner(1)
    for _ in range(2):
        for _ in range(4):
            await school.learning.learn(await school.letter(relay), Label.HAM)
        school.world.clock.now += timedelta(days=1, minutes=1)
    assert await _numbers(school) == (8, 0, CONFIRMATIONS.most)


async def test_released_mail_raises_the_threshold_that_held_it(school: School) -> None:
    for number in range(4):
        await school.learning.learn(await school.letter(await school.owner(number)), Label.HAM)
    await school.learning.refresh()
    model, shipped = school.learning.model(), shipped_model()
    assert shipped.quarantine < model.quarantine <= shipped.quarantine + MOST_MOVED


async def test_the_operators_word_counts_at_once_and_without_limit(school: School) -> None:
    before = await school.score()
    raws = [RAW.replace(b"30 mg", b"%d mg" % number) for number in range(30)]
    assert await school.learning.teach(raws, Label.SPAM) == [Outcome.LEARNED] * 30
    assert await school.learning.teach(raws[:2], Label.SPAM) == [Outcome.KNOWN] * 2
    assert await school.score() > before
    assert await _numbers(school) == (0, 30, 0)


async def test_honest_mail_that_the_operator_teaches_is_measured_too(school: School) -> None:
    await school.learning.teach([RAW, RAW + b"more\r\n"], Label.HAM)
    assert await _numbers(school) == (2, 0, 2)


async def test_what_was_learned_is_forgotten_on_demand_and_can_be_taught_again(school: School) -> None:
    before = await school.score()
    await school.learning.teach([RAW], Label.SPAM)
    assert await school.score() > before
    await school.learning.forget()
    assert await school.score() == before
    assert await school.learning.teach([RAW], Label.SPAM) == [Outcome.LEARNED]
    assert await school.score() > before


async def test_notes_of_lessons_are_forgotten_when_they_are_old(school: School) -> None:
    await school.learning.teach([RAW], Label.SPAM)
    school.world.clock.now += REMEMBERED + timedelta(seconds=1)
    await school.learning.purge()
    async with school.world.storage.reading() as uow:
        assert (await uow.connection.execute(select(spam_lessons))).all() == []


async def test_nothing_that_was_learned_can_be_read_in_the_database(school: School) -> None:
    await school.learning.learn(await school.letter(await school.owner(1)), Label.SPAM)
    async with school.world.storage.reading() as uow:
        value = (await uow.connection.execute(select(spam_learning.c.sealed))).scalar_one()
        note = (await uow.connection.execute(select(spam_lessons))).one()
        _, opened = await uow.learning.get()
    assert opened is not None
    assert opened.startswith(b'{"format"')
    assert b"format" not in value
    assert [len(one) for one in (note.lesson, note.teacher, note.sender)] == [32, 32, 32]


async def test_what_was_learned_about_other_features_is_left_behind(school: School) -> None:
    await school.learning.teach([RAW], Label.SPAM)
    async with school.world.storage.unit_of_work() as uow:
        await uow.learning.put(7, b'{"format": ["whoisproxy-learned-1", "another"]}\n', school.world.clock())
    await school.learning.refresh()
    model = school.learning.model()
    assert isinstance(model, LearnedModel)
    assert not any(model.weights)
    assert await school.learning.teach([RAW + b"\r\n"], Label.SPAM) == [Outcome.LEARNED]
    assert await _numbers(school) == (0, 1, 0)


async def test_of_those_who_teach_at_once_nobodys_lesson_is_lost(
    school: School, database_url: str, master_keys: MasterKeys
) -> None:
    """Each has connections of his own, as on two machines."""
    other = await Storage.open(database_url, master_keys)
    try:
        elsewhere = SpamLearning(other, school.queue, school.world.clock)
        raws = [RAW.replace(b"30 mg", b"%d mg" % number) for number in range(12)]
        said = await asyncio.gather(
            *(
                (school.learning, elsewhere)[number % 2].teach([raw, raws[0]], Label.SPAM)
                for number, raw in enumerate(raws)
            )
        )
        assert sum(one is Outcome.LEARNED for both in said for one in both) == len(raws)
        assert await _numbers(school) == (0, len(raws), 0)
        for one in (school.learning, elsewhere):
            await one.refresh()
        here, there = school.learning.model(), elsewhere.model()
        assert isinstance(here, LearnedModel)
        assert isinstance(there, LearnedModel)
        assert bytes(memoryview(here.weights)) == bytes(memoryview(there.weights))  # type: ignore[arg-type]
    finally:
        await other.close()


async def test_nothing_is_read_again_while_nothing_has_changed(school: School) -> None:
    await school.learning.teach([RAW], Label.SPAM)
    await school.learning.refresh()
    model = school.learning.model()
    await school.learning.refresh()
    assert school.learning.model() is model
