"""What owners and the operator say about messages teaches the model of spam of this installation.

Nobody is asked here whether he may: who calls has made sure that the owner, his registrar or the operator
speaks. What a lesson changes, and within which bounds, is in `mailrelay.content.classifier.learned`; who may
teach how much is in `learning_limits`. A lesson is on disk when the call returns.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import structlog

from mailrelay.addresses import split_address
from mailrelay.content.classifier.learned import EVERY_SLOT, AnyModel, LearnedModel, LocalModel
from mailrelay.content.classifier.model import SpamModel, shipped_model
from mailrelay.content.classifier.usual import usual_features
from mailrelay.content.kinds import MailClass, class_in
from mailrelay.content.lessons import lesson_of
from mailrelay.content.score import log_odds_of
from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.queue.entry import Direction, MessageRecord, QueuedMessage
from mailrelay.queue.store import QueueStore
from whoisproxy.services.learning_limits import ANSWER, moves_thresholds, too_many
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.learning import LessonNote
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()


class Label(StrEnum):
    """What somebody says a message is."""

    HAM = "ham"
    SPAM = "spam"


class Outcome(StrEnum):
    """What became of a lesson; none is an error."""

    LEARNED = "learned"
    KNOWN = "known"  # the same was said of the same message before
    ENOUGH = "enough"  # of this teacher or this sender for now
    PROTECTED = "protected"  # of a class that is never learned as spam
    GONE = "gone"  # the octets are no longer kept, and were not brought along


REMEMBERED = timedelta(days=90)
"""So long a lesson is known, and cannot be taught again."""

NEVER_SPAM = frozenset({MailClass.PROTECTED, MailClass.LEGAL, MailClass.ABUSE_REPORT, MailClass.REGISTRAR})
_SLOTS = 32
_CONTENT_SCORE = "content-score"


@dataclass(frozen=True, slots=True)
class LearningStatus:
    """What was learned, in numbers.

    Attributes:
        version: Grows with each lesson.
        confirmed: Honest mail whose scores the thresholds follow.
        teachers: Who has taught within the time that lessons are known.
        shared: Weights that count.
        waiting: Weights that too few have taught.
        tag: Threshold in force, and the shipped one.
        quarantine: The same.
    """

    version: int
    ham: int
    spam: int
    confirmed: int
    teachers: int
    shared: int
    waiting: int
    tag: tuple[float, float]
    quarantine: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Taught:
    """What one transaction adds.

    Attributes:
        raws: Messages.
        measured: Whether honest ones count for the thresholds, by the score that they have now.
        points: Score of one that was judged before, for the thresholds.
    """

    raws: tuple[bytes, ...] = ()
    label: Label = Label.HAM
    slots: int = EVERY_SLOT
    words_only: bool = False
    measured: bool = False
    points: float | None = None


class SpamLearning:
    """Takes lessons, and gives the model that messages are scored by.

    Args:
        storage: The database.
        queue: Has the octets of what was kept back.
        clock: Gives aware UTC.
        shipped: What is learned upon; None takes the one of the program.
    """

    def __init__(
        self, storage: Storage, queue: QueueStore, clock: Clock, shipped: SpamModel | None = None
    ) -> None:
        self._storage = storage
        self._queue = queue
        self._clock = clock
        self._shipped = shipped or shipped_model()
        self._version = 0
        self._model: AnyModel = self._shipped

    def model(self) -> AnyModel:
        """Return the model as of the last `refresh`."""
        return self._model

    async def refresh(self) -> None:
        """Read what was learned where it has changed: one small statement where it has not."""
        async with self._storage.reading() as uow:
            if await uow.learning.version() == self._version:
                return
            version, value = await uow.learning.get()
        self._model = await asyncio.to_thread(self._over, value)
        self._version = version

    async def learn(self, message_id: str, label: Label, raw: bytes | None = None) -> Outcome:
        """Learn what the owner of a message says about it; call it before the message is released.

        Args:
            message_id: Of a message to one of his relay addresses.
            label: What he says it is.
            raw: Its octets as he has them, where the queue keeps them no longer: it does while a message is
                kept back, and not once it is delivered. Only their words are learned then.

        Returns:
            What became of it; the same call again is harmless.
        """
        record = await self._queue.get(message_id)
        if record is None or record.direction is not Direction.FORWARD:
            return Outcome.GONE
        if label is Label.SPAM and class_in(record.verdicts) in NEVER_SPAM:
            return Outcome.PROTECTED
        kept = await self._queue.kept(message_id)
        octets = kept.raw if kept else raw
        if octets is None:
            return Outcome.GONE
        async with self._storage.unit_of_work() as uow:
            await uow.learning.alone()
            teacher = await _teacher(uow, record.relay_id)
            if teacher is None:
                return Outcome.GONE
            slots = 1 << teacher[0] % _SLOTS
            note = await self._note_of(uow, label, record.id, teacher, record.sender)
            outcome = await _write(uow, note)
            if outcome is Outcome.LEARNED:
                points = _points(record) if await moves_thresholds(uow, note) else None
                await self._put(uow, _Taught((octets,), label, slots, words_only=kept is None, points=points))
        return outcome

    async def teach(self, raws: Sequence[bytes], label: Label) -> list[Outcome]:
        """Learn what the operator says about messages, in one transaction; his word needs no second."""
        outcomes = []
        async with self._storage.unit_of_work() as uow:
            await uow.learning.alone()
            operator = await uow.learning.index("teacher", "")
            for raw in raws:
                note = await self._note_of(uow, label, hashlib.sha256(raw).hexdigest(), operator)
                outcomes.append(await _write(uow, note, limited=False))
            new = [raw for raw, its in zip(raws, outcomes, strict=True) if its is Outcome.LEARNED]
            if new:
                await self._put(uow, _Taught(tuple(new), label, measured=True))
        return outcomes

    async def answered(self, answer: QueuedMessage) -> None:
        """Count the message that an owner has answered as honest, by the score that it had; never raises."""
        try:
            await self._confirm(answer)
        except Exception as error:  # noqa: BLE001 - his answer is sent, with or without a note of it
            _log.warning("answer-not-counted", error=type(error).__name__)

    async def status(self) -> LearningStatus:
        """Return what was learned, in numbers."""
        async with self._storage.reading() as uow:
            version, value = await uow.learning.get()
            teachers = await uow.learning.teachers(self._clock() - REMEMBERED)
        local, model = self._local(value), self._over(value)
        return LearningStatus(
            version, local.ham, local.spam, sum(local.confirmed) + sum(local.earlier), teachers,
            local.shared, local.waiting,
            (model.tag, self._shipped.tag), (model.quarantine, self._shipped.quarantine),
        )  # fmt: skip

    async def forget(self) -> None:
        """Forget all that was learned: the shipped model decides alone again."""
        async with self._storage.unit_of_work() as uow:
            await uow.learning.alone()
            version, _ = await uow.learning.get()
            await uow.learning.forget(version + 1, self._clock())

    async def purge(self) -> None:
        """Forget the notes of lessons of long ago."""
        async with self._storage.unit_of_work() as uow:
            await uow.learning.purge(self._clock() - REMEMBERED)

    async def _confirm(self, answer: QueuedMessage) -> None:
        local_part, domain = split_address(answer.recipient)
        async with self._storage.reading() as uow:
            reply = await uow.replies.by_local_part(local_part.lower(), domain.lower())
        if reply is None or not reply.opening.thread:
            return
        opening = reply.opening
        began = await self._queue.beginning(reply.relay_id, opening.correspondent, opening.thread)
        if began is None:
            return
        async with self._storage.unit_of_work() as uow:
            await uow.learning.alone()
            teacher = await _teacher(uow, reply.relay_id)
            if teacher is None:
                return
            note = await self._note_of(uow, ANSWER, began.id, teacher)
            if await _write(uow, note) is Outcome.LEARNED and await moves_thresholds(uow, note):
                await self._put(uow, _Taught(points=_points(began)))

    async def _note_of(
        self, uow: UnitOfWork, kind: str, message: str, teacher: bytes, sender: str | None = None
    ) -> LessonNote:
        lesson = await uow.learning.index("lesson", f"{message}:{kind}")
        about = b"" if sender is None else await uow.learning.index("sender", sender.lower())
        return LessonNote(lesson, kind, teacher, about, self._clock())

    async def _put(self, uow: UnitOfWork, taught: _Taught) -> None:
        version, value = await uow.learning.get()
        changed = await asyncio.to_thread(self._changed, value, taught)
        await uow.learning.put(version + 1, changed, self._clock())

    def _changed(self, value: bytes | None, taught: _Taught) -> bytes:
        """Return what was learned, with some more."""
        local, spam = self._local(value), taught.label is Label.SPAM
        model = local.over(self._shipped)
        if taught.points is not None:
            local = local.confirming(log_odds_of(taught.points, model))
        for raw in taught.raws:
            message = RawMessage.parse(canonical_line_ends(raw))
            lesson = lesson_of(
                message, self._shipped, spam=spam, slots=taught.slots, words_only=taught.words_only
            )
            if taught.measured and not spam:
                local = local.confirming(lesson.log_odds + model.correction(lesson.buckets))
            local = local.learned(lesson, usual_features())
        return local.octets()

    def _local(self, value: bytes | None) -> LocalModel:
        today = self._clock().toordinal()
        if value:
            try:
                return LocalModel.parse(value).on(today)
            except ValueError:
                # A new version of the program has another model: what was learned means nothing to it.
                _log.warning("spam-learning-begins-anew")
        return LocalModel.empty(today)

    def _over(self, value: bytes | None) -> LearnedModel:
        return self._local(value).over(self._shipped)


async def _teacher(uow: UnitOfWork, relay_id: str) -> bytes | None:
    """Return who owns a relay address, as a teacher; None where it serves nobody."""
    relay = await uow.relays.by_id(relay_id)
    registration = await uow.registrations.by_id(relay.domain_id) if relay else None
    return await uow.learning.teacher(registration.registrant.email) if registration else None


async def _write(uow: UnitOfWork, note: LessonNote, *, limited: bool = True) -> Outcome:
    """Write a lesson down where it is new, and within the limits."""
    if await uow.learning.knows(note.lesson):
        return Outcome.KNOWN
    if limited and await too_many(uow, note):
        return Outcome.ENOUGH
    await uow.learning.note(note)
    return Outcome.LEARNED


def _points(record: MessageRecord) -> float:
    """Return the content score that a message had at the door."""
    return sum([note.score for note in record.verdicts if note.check == _CONTENT_SCORE])
