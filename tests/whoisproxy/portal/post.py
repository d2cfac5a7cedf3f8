"""Mail of owners for the tests of their pages: messages that came, brought to where they stand."""

from dataclasses import dataclass
from datetime import timedelta

from mailrelay.queue.entry import Direction, NewMessage, NoteOfVerdict, State
from mailrelay.queue.store import QueueStore
from tests.whoisproxy.services.world import RDDS_ONLY, World
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress

SPAM = (NoteOfVerdict("content-score", "quarantine", "like-known-spam", 6.0),)
RESULTS = "mx.relay.example; spf=pass smtp.mailfrom=offers.example; dkim=none; dmarc=none"
_WORKER = "post"


@dataclass
class Post:
    """What comes for domains with privacy."""

    world: World
    queue: QueueStore

    async def address(self, name: DomainName = RDDS_ONLY) -> tuple[Registration, RelayAddress]:
        """Return a domain and its relay address; privacy is switched on where it was not."""
        async with self.world.storage.reading() as uow:
            registration = await uow.registrations.by_name(name)
            assert registration is not None
            relays = await uow.relays.of_domain(registration.id)
        if not relays:
            await self.world.enable(name)
            await self.world.work()
            return await self.address(name)
        return registration, relays[0]

    async def comes(
        self,
        state: State = State.QUEUED,
        *,
        name: DomainName = RDDS_ONLY,
        author: str = "Ada <ada@offers.example>",
        subject: str = "Your domain",
        text: str = "Is it for sale?",
        kind: str = "text/plain",
        direction: Direction = Direction.FORWARD,
        verdicts: tuple[NoteOfVerdict, ...] = (),
    ) -> str:
        """Have a message come, and return its id; QUEUED, QUARANTINED or REJECTED."""
        registration, relay = await self.address(name)
        raw = (
            f"From: {author}\r\nSubject: {subject}\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{text}\r\n"
        ).encode()
        message = NewMessage(
            direction, registration.registrant_id, relay.id, relay.address, "bounces@offers.example", raw,
            len(raw), verdicts=verdicts, authentication=RESULTS, author=author, subject=subject,
        )  # fmt: skip
        [message_id] = await self.queue.enqueue([message], state)
        return message_id

    async def delivered(self, **letter: object) -> str:
        """Have a message come that its mail server takes."""
        message_id = await self._claimed(**letter)
        assert await self.queue.delivered(_WORKER, message_id, event="delivered-tls-verified")
        return message_id

    async def bounced(self, reason: str = "no-such-mailbox-550", **letter: object) -> str:
        """Have a message come that its mail server refuses for good."""
        message_id = await self._claimed(**letter)
        assert await self.queue.bounced(_WORKER, message_id, reason)
        return message_id

    async def deferred(self, reason: str = "greylisted-451", **letter: object) -> str:
        """Have a message come that its mail server does not take now."""
        message_id = await self._claimed(**letter)
        due = self.world.clock() + timedelta(hours=2)
        assert await self.queue.deferred(_WORKER, message_id, reason, due)
        return message_id

    async def held(self, **letter: object) -> str:
        """Have a message come that a check holds."""
        return await self.comes(State.QUARANTINED, **{"verdicts": SPAM, **letter})  # type: ignore[arg-type]

    async def refused(self, **letter: object) -> str:
        """Have a message come that is refused at the door."""
        verdicts = (NoteOfVerdict("dmarc-policy", "reject", "dmarc-reject"),)
        return await self.comes(State.REJECTED, **{"verdicts": verdicts, **letter})  # type: ignore[arg-type]

    async def dropped(self, **letter: object) -> str:
        """Have a message come that is held and thrown away."""
        message_id = await self.held(**letter)
        assert await self.queue.discard(message_id, "report-by-the-owner")
        return message_id

    async def _claimed(self, **letter: object) -> str:
        message_id = await self.comes(**letter)  # type: ignore[arg-type]
        claimed = await self.queue.claim(_WORKER, timedelta(minutes=1), 100)
        assert message_id in {one.id for one in claimed}
        others = [one.id for one in claimed if one.id != message_id]
        await self.queue.give_back(_WORKER, others)
        return message_id
