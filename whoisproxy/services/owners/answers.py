"""What an owner writes in the browser, and his word on answers that were held.

Both take the way of every answer: they are rewritten and looked through by the code that sends them, first to
show what would leave, then once more when they do. Nothing is sent on anybody's word but the owner's.
"""

import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from email.utils import format_datetime

from mailrelay.addresses import encoded
from mailrelay.delivery.preparation import Preparation
from mailrelay.directory import Directory, Owner, ReplyRoute
from mailrelay.errors import PermanentMailError
from mailrelay.message import HeaderField, RawMessage
from mailrelay.queue.entry import Direction, NewMessage, QueuedMessage, State
from mailrelay.queue.ids import new_message_id
from mailrelay.queue.rows import handed_over
from mailrelay.queue.store import QueueStore
from mailrelay.rewriting.reply import AnswerHeld, AutomaticMail
from mailrelay.rewriting.scrub import Hit
from whoisproxy.services.settings import Clock

_MOST_ROUNDS = 4
_LONGEST_SUBJECT = 200
_MOST_REMEMBERED = 10_000
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an owner writes to one correspondent."""

    route: ReplyRoute
    owner: Owner
    address: str


@dataclass(frozen=True, slots=True, repr=False)
class Draft:
    """What an owner has written.

    Attributes:
        is_new: It begins another conversation.
        once: 32 hexadecimal digits of the form that it came by: it is sent once, however often that is sent.
    """

    subject: str
    text: str
    is_new: bool = False
    once: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Review:
    """What would leave.

    Attributes:
        message: As it would arrive if the owner let every hit pass; None where it cannot leave.
        hits: What of the owner would show, for his eyes only.
        reason: Why it was held or cannot leave, kebab-case; empty where nothing stands against it.
    """

    message: RawMessage | None = field(repr=False)
    hits: tuple[Hit, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """An answer that waits for its owner's word; `reason` is why it was held."""

    queued: QueuedMessage = field(repr=False)
    domain: str
    owner: Owner
    reason: str
    review: Review


class OwnerAnswers:
    """Writes, shows and sends answers.

    Args:
        directory: Knows reply addresses and owners.
        queue: Takes answers, and has those that were held.
        preparation: Rewrites.
        relay_domain: Domain of reply addresses.
        clock: Gives aware UTC.
    """

    def __init__(
        self,
        directory: Directory,
        queue: QueueStore,
        preparation: Preparation,
        relay_domain: str,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._queue = queue
        self._preparation = preparation
        self._relay_domain = relay_domain
        self._clock = clock
        self._sent: OrderedDict[str, None] = OrderedDict()

    async def desk(self, local_part: str) -> Desk | None:
        """Return where an owner writes at a reply address, or None where it takes nothing any more."""
        address = f"{local_part}@{self._relay_domain}"
        route = await self._directory.find(address)
        owner = await self._directory.owner(route.relay_id) if isinstance(route, ReplyRoute) else None
        if not isinstance(route, ReplyRoute) or owner is None or owner.owner_id != route.owner_id:
            return None
        return Desk(route, owner, address) if owner.mailboxes else None

    async def look_at(self, desk: Desk, draft: Draft) -> Review:
        """Return what would leave of a draft; nothing is stored."""
        now = self._clock()
        return await self._review(handed_over(new_message_id(now), self._message(desk, draft), now))

    async def send(self, desk: Desk, draft: Draft, words: tuple[str, ...]) -> None:
        """Send a draft on its way, with the words that may show."""
        if draft.once in self._sent:
            return
        self._sent[draft.once] = None
        try:
            await self._queue.enqueue([replace(self._message(desk, draft), released=words)])
        except BaseException:
            del self._sent[draft.once]
            raise
        if len(self._sent) > _MOST_REMEMBERED:
            self._sent.popitem(last=False)

    async def held(self, message_id: str) -> HeldAnswer | None:
        """Return an answer that waits for its owner's word; None for anything else."""
        record = await self._queue.get(message_id)
        if record is None or record.direction is not Direction.REPLY or record.state is not State.HELD:
            return None
        queued = await self._queue.kept(message_id)
        desk = await self.desk(record.recipient.partition("@")[0].lower())
        if queued is None or desk is None or desk.owner.owner_id != record.owner_id:
            return None
        review = await self._review(queued)
        return HeldAnswer(queued, desk.route.domain, desk.owner, record.last_error, review)

    async def may_leave(self, held: HeldAnswer, words: tuple[str, ...]) -> bool:
        """Return whether nothing but the words would show."""
        return not (await self._review(replace(held.queued, released=words), rounds=1)).reason

    async def release(self, held: HeldAnswer, words: tuple[str, ...]) -> bool:
        """Send a held answer on its way, with the words that may show; False where it waits no longer."""
        return await self._queue.release(held.queued.id, words)

    async def discard(self, held: HeldAnswer) -> bool:
        """Throw a held answer away; False where it waits no longer."""
        return await self._queue.discard(held.queued.id)

    async def _review(self, queued: QueuedMessage, rounds: int = _MOST_ROUNDS) -> Review:
        hits: tuple[Hit, ...] = ()
        reason = ""
        for _ in range(rounds):
            words = tuple(hit.found for hit in hits)
            try:
                released = (*(queued.released or ()), *words)
                outgoing = await self._preparation.prepare(replace(queued, released=released))
            except AnswerHeld as held:
                reason = reason or held.reason
                if not set(held.hits) - set(hits):
                    return Review(None, hits, held.reason)
                hits = tuple(dict.fromkeys((*hits, *held.hits)))
            except AutomaticMail as automatic:
                return Review(None, hits, automatic.reason)
            except PermanentMailError as error:
                return Review(None, hits, error.reason)
            else:
                return Review(outgoing.message, hits, reason)
        return Review(None, hits, reason)

    def _message(self, desk: Desk, draft: Draft) -> NewMessage:
        raw = _raw(desk, draft, format_datetime(self._clock()), self._relay_domain)
        return NewMessage(
            direction=Direction.REPLY,
            owner_id=desk.route.owner_id,
            relay_id=desk.route.relay_id,
            recipient=desk.address,
            reverse_path=desk.owner.mailboxes[0],
            raw=raw,
            size_octets=len(raw),
            reply_id=desk.route.reply_id,
        )


def _raw(desk: Desk, draft: Draft, date: str, relay_domain: str) -> bytes:
    """Return a draft as a mail program of the owner would send it."""
    thread = desk.route.opening.thread
    if draft.is_new or not thread.isprintable():
        thread = ""
    subject = _CONTROLS.sub(" ", draft.subject).strip()[:_LONGEST_SUBJECT]
    fields = {
        "From": desk.owner.mailboxes[0],
        "To": desk.address,
        "Subject": encoded(subject),
        "Date": date,
        "Message-ID": f"<{draft.once}@{relay_domain}>",
        "In-Reply-To": thread,
        "References": thread,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    header = [HeaderField.make(name, value) for name, value in fields.items() if value]
    text = _LINE_END.sub("\r\n", draft.text.rstrip()) + "\r\n"
    return RawMessage.assemble(header, text.encode("utf-8", "replace")).raw
