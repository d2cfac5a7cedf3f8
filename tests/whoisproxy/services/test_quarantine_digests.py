"""Owners are told of held mail once: whoever else tries, and wherever it is broken off."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from mailrelay.links import Links
from mailrelay.queue.entry import Direction, NewMessage, NoteOfVerdict, QueuedMessage, State
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, RELAY, SUBSTITUTED, World, make_world
from whoisproxy.domain.appearance import Appearance
from whoisproxy.domain.mail_settings import DigestWish
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.owner_account import Profile
from whoisproxy.domain.privacy import Consent
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.appearances import Appearances
from whoisproxy.services.correspondence import CorrespondenceService
from whoisproxy.services.outbox_worker import OutboxWorker
from whoisproxy.services.quarantine import QuarantineService
from whoisproxy.services.quarantine_digests import DIGEST, DigestSchedule, DigestSender
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.storage.unit_of_work import Storage

_KEEP = timedelta(days=30)
_LINKS = Links("https://pages.example", b"k" * 32)
_SPAM = NoteOfVerdict("spam-decision", "quarantine", "spam-to-several")
_BLOCKED = (NoteOfVerdict("listed-sender", "quarantine", "blocked-by-owner"),)


class _Broken(Exception):
    """The process has died here."""


class _DyingQueue(QueueStore):
    """A queue whose process dies before or after it has taken a message; state is that of another."""

    def __init__(self, queue: QueueStore, *, takes: bool) -> None:
        self.__dict__ = queue.__dict__
        self._queue, self._takes = queue, takes

    async def enqueue(
        self, new: Sequence[NewMessage], state: State = State.QUEUED, *, also: Sequence[NewMessage] = ()
    ) -> list[str]:
        """Take them or not, and die."""
        if self._takes:
            await super().enqueue(new, state, also=also)
        raise _Broken


@dataclass
class Office:
    """The services about held mail, on one database and one queue."""

    world: World
    queue: QueueStore
    schedule: DigestSchedule

    def sender(self, queue: QueueStore | None = None) -> DigestSender:
        """Return a sender, such as another process has."""
        storage, clock = self.world.storage, self.world.clock
        quarantine = QuarantineService(storage, self.queue, clock, _KEEP)
        return DigestSender(storage, queue or self.queue, quarantine, _LINKS, RELAY, clock, _KEEP)

    def worker(self, name: str, queue: QueueStore | None = None) -> OutboxWorker:
        """Return a worker that sends."""
        return OutboxWorker(self.world.storage, {DIGEST: self.sender(queue)}, name, self.world.clock)

    async def held(self, name: DomainName, subject: str, verdicts: tuple[NoteOfVerdict, ...] = ()) -> str:
        """Hold a message to a domain."""
        async with self.world.storage.reading() as uow:
            registration = await uow.registrations.by_name(name)
            assert registration is not None
            relay = (await uow.relays.of_domain(registration.id))[0]
        raw = f"From: Ada <ada@offers.example>\r\nSubject: {subject}\r\n\r\nhello\r\n".encode()
        message = NewMessage(
            Direction.FORWARD, registration.registrant_id, relay.id, relay.address, "ada@offers.example",
            raw, len(raw), verdicts=verdicts,
        )  # fmt: skip
        [message_id] = await self.queue.enqueue([message], State.QUARANTINED)
        return message_id

    async def told(self, **later: float) -> None:
        """Look for something new, wait, and let a worker do what is due."""
        await self.schedule.look()
        self.world.clock.pass_by(**later)
        await self.worker("worker").run_due()

    async def letters(self) -> list[QueuedMessage]:
        """Take what was queued for owners, the oldest first."""
        found = await self.queue.claim("mail", timedelta(minutes=5), 100)
        for one in found:
            await self.queue.delivered("mail", one.id)
        return sorted([one for one in found if one.direction is Direction.NOTICE], key=lambda one: one.id)

    async def texts(self) -> list[str]:
        """Return the texts of what was queued."""
        return [
            str(email.message_from_bytes(one.raw, policy=email.policy.default).get_content())
            for one in await self.letters()
        ]

    async def wished(self, name: DomainName, **wishes: object) -> None:
        """Store wishes for a domain."""
        correspondence = CorrespondenceService(self.world.storage, self.world.clock)
        await correspondence.change(self.world.registrar, name, wishes)


async def _office(world: World, queue: QueueStore) -> Office:
    await world.hidden(RDDS_ONLY)
    return Office(world, queue, DigestSchedule(world.storage, queue, world.clock, _KEEP))


@pytest.fixture
async def office(world: World, tmp_path: Path) -> AsyncIterator[Office]:
    """On SQLite."""
    site = QueueSite(world.storage.engine, tmp_path / "mail")
    async with open_queue(site, MailCipher(world.storage), world.clock) as queue:
        yield await _office(world, queue)


async def test_of_several_processes_one_sends(storage: Storage, tmp_path: Path) -> None:
    """On both engines."""
    world = await make_world(storage)
    site = QueueSite(storage.engine, tmp_path / "mail")
    async with open_queue(site, MailCipher(storage), world.clock) as queue:
        office = await _office(world, queue)
        for number in range(3):
            await office.held(RDDS_ONLY, f"number-{number}")
        others = [DigestSchedule(storage, queue, world.clock, _KEEP) for _ in range(3)]
        await asyncio.gather(*(one.look() for one in (office.schedule, *others)))
        world.clock.pass_by(hours=1)
        await asyncio.gather(*(office.worker(f"worker-{number}").run_due() for number in range(4)))
        [text] = await office.texts()
        assert [f"number-{number}" in text for number in range(3)] == [True] * 3


@pytest.mark.parametrize("takes", [False, True])
async def test_a_letter_goes_once_wherever_its_process_dies(office: Office, takes: bool) -> None:  # noqa: FBT001
    await office.held(RDDS_ONLY, "first")
    await office.schedule.look()
    office.world.clock.pass_by(hours=1)
    dying = _DyingQueue(office.queue, takes=takes)
    await office.worker("dying", dying).run_due()
    await office.held(RDDS_ONLY, "meanwhile")
    office.world.clock.pass_by(minutes=20)
    await office.worker("heir").run_due()

    [text] = await office.texts()
    assert "first" in text
    assert ("meanwhile" in text) is not takes
    await office.told(days=2)
    later = await office.texts()
    assert ["meanwhile" in one for one in later] == ([True] if takes else [])


async def test_work_that_is_done_again_sends_nothing_again(office: Office) -> None:
    """The outbox does its work at least once; what came in the meantime waits for its own letter."""
    await office.held(RDDS_ONLY, "first")
    await office.schedule.look()
    office.world.clock.pass_by(hours=1)
    async with office.world.storage.unit_of_work() as uow:
        [item] = await uow.outbox.claim("dying", [DIGEST], 30, 1, office.world.clock())
    await office.sender().handle(item)
    await office.held(RDDS_ONLY, "meanwhile")
    await office.sender().handle(item)
    assert len(await office.letters()) == 1

    await office.told(days=1, minutes=1)
    [text] = await office.texts()
    assert "meanwhile" in text


async def test_two_domains_of_one_owner_that_go_to_different_mailboxes_are_told_apart(office: Office) -> None:
    world = office.world
    await world.register(SUBSTITUTED)
    consent = Consent("the owner", world.clock(), "2026-01")
    request = SwitchRequest(enabled=True, consent=consent, forward_to="colleague@firm.example")
    await world.privacy.switch(world.registrar, SUBSTITUTED, request)
    await world.work()
    await office.held(RDDS_ONLY, "for-the-owner")
    await office.held(SUBSTITUTED, "for-the-colleague")
    await office.told(hours=1)

    texts = await office.texts()
    assert sorted(("for-the-owner" in one, "for-the-colleague" in one) for one in texts) == [
        (False, True),
        (True, False),
    ]


async def test_whoever_wants_his_mail_encrypted_is_told_nothing_of_what_is_in_it(office: Office) -> None:
    async with office.world.storage.unit_of_work() as uow:
        registration = await uow.registrations.by_name(RDDS_ONLY)
        assert registration is not None
        settings = await uow.correspondence.settings(registration.id, registration.registrant_id)
        settings = type(settings)(encryption_key="-----BEGIN CERTIFICATE-----")
        await uow.correspondence.put_settings(
            registration.id, registration.registrant_id, settings, office.world.clock()
        )
    await office.held(RDDS_ONLY, "secret-subject")
    await office.told(hours=1)
    [text] = await office.texts()
    assert "secret-subject" not in text
    assert "offers[.]example" not in text
    assert "https://pages.example/m/" in text


async def test_links_lead_to_the_host_name_that_the_registrar_has(office: Office) -> None:
    looks = Appearances(office.world.storage, "https://pages.example")
    await looks.put(Appearance(office.world.registrar.id, "Example", "own.example"), None)
    await office.held(RDDS_ONLY, "one")
    await office.told(hours=1)
    [text] = await office.texts()
    assert "https://own.example/m/" in text
    assert "https://own.example/q/" in text
    assert "https://own.example/d/" in text
    assert "pages.example" not in text


async def test_weekly_letters_come_weekly_and_none_comes_where_none_is_wanted(office: Office) -> None:
    await office.wished(RDDS_ONLY, digest=DigestWish.WEEKLY)
    await office.held(RDDS_ONLY, "one")
    await office.told(hours=1)
    assert len(await office.letters()) == 1
    await office.held(RDDS_ONLY, "two")
    await office.told(days=6)
    assert await office.letters() == []
    await office.told(days=1, minutes=1)
    assert len(await office.letters()) == 1

    await office.wished(RDDS_ONLY, digest=DigestWish.OFF)
    await office.held(RDDS_ONLY, "three")
    await office.told(days=8)
    assert await office.letters() == []
    await office.wished(RDDS_ONLY, digest=DigestWish.DAILY)
    await office.told(days=2)
    [text] = await office.texts()
    assert "three" in text


async def test_what_an_owner_does_not_want_is_not_told_of_and_what_is_served_is(office: Office) -> None:
    unwanted = NoteOfVerdict("owner-takes-no-mail", "quarantine", "no-mail-wanted")
    await office.held(RDDS_ONLY, "an offer", (unwanted,))
    await office.told(days=2)
    assert await office.letters() == []
    legal = NoteOfVerdict("mail-class", "accept", "legal udrp")
    await office.held(RDDS_ONLY, "a complaint", (legal, _SPAM))
    await office.told(days=2)
    [text] = await office.texts()
    assert "a complaint" in text
    assert "an offer" not in text


async def test_mail_of_blocked_senders_is_not_told_of(office: Office) -> None:
    await office.held(RDDS_ONLY, "pest", _BLOCKED)
    await office.told(days=2)
    assert await office.letters() == []


async def test_a_new_process_finds_what_was_held_before_it_began(office: Office) -> None:
    await office.held(RDDS_ONLY, "long ago")
    office.world.clock.pass_by(days=12)
    await office.told(hours=1)
    assert len(await office.letters()) == 1


async def test_what_was_told_is_forgotten_when_the_mail_is_gone(office: Office) -> None:
    held = await office.held(RDDS_ONLY, "one")
    await office.told(hours=1)
    storage = office.world.storage
    for days, known in ((30, True), (2, False)):
        office.world.clock.pass_by(days=days)
        async with storage.unit_of_work() as uow:
            await uow.quarantines.purge(office.world.clock() - timedelta(days=31))
        async with storage.reading() as uow:
            assert (held in await uow.quarantines.told([held])) is known


def _octets_below(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def test_held_mail_lies_sealed_on_the_disk(office: Office, tmp_path: Path) -> None:
    """The subject, the text and who wrote are in no file in the clear."""
    await office.held(RDDS_ONLY, "Quetzalcoatl-Subject")
    await office.schedule.look()
    octets = _octets_below(tmp_path)
    assert len(octets) > 10_000
    for canary in (b"Quetzalcoatl", b"offers.example", b"hello\r\n"):
        assert canary not in octets


async def test_the_letter_speaks_the_language_that_its_owner_has_chosen(office: Office) -> None:
    world = office.world
    async with world.storage.unit_of_work() as uow:
        owner = await uow.owner_accounts.index(REGISTRANT.email)
        account = await uow.owner_accounts.ensure(world.registrar.id, owner, world.clock())
        await uow.owner_accounts.put_profile(account.id, Profile(language="it"))
    await office.held(RDDS_ONLY, "first")
    await office.told(hours=1)
    [letter] = await office.letters()
    assert email.message_from_bytes(letter.raw)["Content-Language"] == "it"
