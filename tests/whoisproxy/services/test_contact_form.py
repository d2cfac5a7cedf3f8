"""The public form below its pages: work, letters that bomb nobody, one confirmation, what a status tells."""

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailrelay.errors import TemporaryMailError
from mailrelay.queue.entry import Direction, QueuedMessage
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from mailrelay.submission import Outcome, Submitted
from tests.support.contact import confirm_path, solved
from tests.whoisproxy.services.world import RDDS_ONLY, RELAY, World
from whoisproxy.domain.contact_form import FormLimits, Kind, Progress, TooMany, Written
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.contact.form import LETTER, ContactForm, ContactTokens
from whoisproxy.services.contact.form import RELAY as RELAYED
from whoisproxy.services.contact.pages import ContactPages
from whoisproxy.services.contact.proof_of_work import LIFETIME, ProofOfWork
from whoisproxy.services.contact.work import ContactLetters, ContactRelay
from whoisproxy.services.outbox_worker import Handler, OutboxWorker
from whoisproxy.storage.vault import Unreadable

KEY = bytes(range(32))
KEEP = timedelta(days=90)
STRANGER = "Ada.Buyer@offers.example"
DOMAIN = "zoe-bakery.org"


@dataclass
class Taken:
    """Takes confirmed messages, and fails on demand."""

    messages: list[tuple[str, Submitted]] = field(default_factory=list)
    failing: int = 0

    async def submit(self, submitted: Submitted, recipient: str) -> Outcome:
        """Take one."""
        if self.failing:
            self.failing -= 1
            raise TemporaryMailError(451, "4.3.0", "Please try again later", "check-defers")
        self.messages.append((recipient, submitted))
        return Outcome.QUARANTINED


class Desk:
    """The form with the letters that it sends and the work that is done about it."""

    def __init__(self, world: World, queue: QueueStore, limits: FormLimits) -> None:
        storage, clock = world.storage, world.clock
        self.world, self.queue, self.taken = world, queue, Taken()
        tokens = ContactTokens.under(KEY, KEEP)
        self.form = ContactForm(storage, queue, ProofOfWork(KEY), tokens, limits, RELAY, KEEP, clock)
        pages = ContactPages("https://pages.example")
        handlers: dict[str, Handler] = {
            LETTER: ContactLetters(storage, queue, self.form, pages, RELAY, clock),
            RELAYED: ContactRelay(storage, queue, self.taken, clock),
        }
        self.worker = OutboxWorker(storage, handlers, "contact", clock)

    async def writes(
        self, domain: str = DOMAIN, mailbox: str = STRANGER, address: str = "192.0.2.7", *, works: bool = True
    ) -> None:
        """A stranger writes."""
        filled = Written(domain, Kind.BUY, "Ada", mailbox, "Is it for sale?", "fr", address)
        await self.form.submit(filled, solved(self.form.challenge(domain)) if works else "")

    async def letters(self) -> list[QueuedMessage]:
        """Let the letters be written, and take them."""
        while await self.worker.run_due():
            pass
        found = await self.queue.claim("mail", timedelta(minutes=5), 100)
        for one in found:
            await self.queue.delivered("mail", one.id)
        return sorted(found, key=lambda one: one.id)

    async def token(self) -> str:
        """Return what stands in the link of the only letter."""
        [letter] = await self.letters()
        return confirm_path(letter.raw).rpartition("/")[2]


@pytest.fixture
async def queue(world: World, tmp_path: Path) -> AsyncIterator[QueueStore]:
    """A mail queue."""
    site = QueueSite(world.storage.engine, tmp_path / "mail")
    async with open_queue(site, MailCipher(world.storage), world.clock) as opened:
        yield opened


@pytest.fixture
def desk(world: World, queue: QueueStore) -> Desk:
    """The form, as it is by default."""
    return Desk(world, queue, FormLimits())


async def test_the_letter_asks_and_repeats_nothing_that_was_filled_in(desk: Desk) -> None:
    await desk.writes()
    [letter] = await desk.letters()
    assert (letter.direction, letter.recipient, letter.reverse_path) == (
        Direction.DSN,
        STRANGER,
        "",
    )
    assert b"Content-Language: fr" in letter.raw
    assert b"Auto-Submitted: auto-generated" in letter.raw
    for filled_in in (DOMAIN, "Ada\r", "sale"):
        assert filled_in.encode() not in letter.raw
    assert await desk.letters() == []


async def test_nobodys_mailbox_is_filled_by_the_form(desk: Desk) -> None:
    """Three letters a day, whatever is written before its plus sign, in any case; one without work."""
    for number, mailbox in enumerate(
        [STRANGER, "ada.buyer@offers.example", "ADA.Buyer+1@offers.example", STRANGER]
    ):
        await desk.writes(f"zoe-{number}.org", mailbox, f"192.0.{number}.7")
    assert len(await desk.letters()) == 3
    await desk.writes("zoe-8.org", "bob@offers.example", works=False)
    await desk.writes("zoe-9.org", "bob@offers.example", works=False)
    assert len(await desk.letters()) == 1
    desk.world.clock.pass_by(hours=25)
    await desk.writes("zoe-10.org")
    assert len(await desk.letters()) == 1


async def test_one_owner_gets_no_flood_from_many_networks(world: World, queue: QueueStore) -> None:
    desk = Desk(world, queue, FormLimits(per_domain_an_hour=2))
    for number in range(2):
        await desk.writes(mailbox=f"m{number}@offers.example", address=f"192.0.{number}.7")
    with pytest.raises(TooMany):
        await desk.writes(mailbox="m3@offers.example", address="198.51.100.7")
    await desk.writes("zoe-other.org", "m4@offers.example", "198.51.100.7")
    world.clock.pass_by(minutes=61)
    await desk.writes(mailbox="m5@offers.example", address="198.51.100.7")


async def test_a_network_is_a_network_whoever_writes(world: World, queue: QueueStore) -> None:
    desk = Desk(world, queue, FormLimits(per_network_an_hour=2))
    for number in range(2):
        await desk.writes(f"zoe-{number}.org", f"m{number}@offers.example", f"2001:db8::{number}")
    with pytest.raises(TooMany):
        await desk.writes("zoe-3.org", "m3@offers.example", "2001:db8:0:ff::1")
    await desk.writes("zoe-3.org", "m3@offers.example", "2001:db8:1::1")


async def test_only_a_click_has_a_message_passed_on_and_only_once(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    await desk.writes(RDDS_ONLY.a_label)
    token = await desk.token()
    found = await desk.form.awaiting(token)
    assert found is not None
    assert found.confirmed_at is None
    tokens = [await desk.form.confirm(token) for _ in range(3)]
    await desk.letters()
    [(recipient, submitted)] = desk.taken.messages
    assert recipient.endswith(f"@{RELAY}")
    assert (submitted.mailbox, submitted.address, submitted.declared) == (
        "Ada.Buyer@offers.example", "192.0.2.7", "purchase_inquiry",
    )  # fmt: skip
    assert all(tokens)


async def test_a_message_that_cannot_be_judged_now_is_tried_again(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    await desk.writes(RDDS_ONLY.a_label)
    await desk.form.confirm(await desk.token())
    desk.taken.failing = 30
    for _ in range(31):
        await desk.letters()
        assert len(desk.taken.messages) == 0 or desk.taken.failing == 0
        desk.world.clock.pass_by(minutes=20)
    await desk.letters()
    assert len(desk.taken.messages) == 1


@pytest.mark.parametrize("kind", ["nobody's", "not hidden", "hidden and held"])
async def test_a_status_does_not_tell_what_became_of_a_message(desk: Desk, kind: str) -> None:
    if kind == "not hidden":
        await desk.world.register(RDDS_ONLY)
    if kind == "hidden and held":
        await desk.world.hidden(RDDS_ONLY)
    await desk.writes(RDDS_ONLY.a_label)
    token = await desk.form.confirm(await desk.token())
    assert token is not None
    before = await desk.form.status(token)
    await desk.letters()
    after = await desk.form.status(token)
    assert before is not None
    assert after is not None
    assert before.progress is after.progress is Progress.RECEIVED
    assert (len(desk.taken.messages) == 1) is (kind == "hidden and held")


async def test_what_is_passed_on_is_forgotten_here(desk: Desk) -> None:
    await desk.writes()
    token = await desk.form.confirm(await desk.token())
    await desk.letters()
    assert token is not None
    status = await desk.form.status(token)
    assert status is not None
    assert (status.submission.mailbox, status.submission.address) == ("", "")
    async with desk.world.storage.reading() as uow:
        assert await uow.contact_submissions.message(status.submission.id) is None


async def test_what_is_not_confirmed_in_a_day_is_gone_with_its_key(desk: Desk) -> None:
    await desk.writes()
    token = await desk.token()
    found = await desk.form.awaiting(token)
    assert found is not None
    desk.world.clock.pass_by(hours=24)
    assert await desk.form.awaiting(token) is None
    assert await desk.form.confirm(token) is None
    await desk.form.purge()
    async with desk.world.storage.reading() as uow:
        assert await uow.contact_submissions.by_id(found.id) is None
        with pytest.raises(Unreadable):
            await uow.sealing.open(found.id, "contact-facts", b"")


async def test_a_status_ends_and_is_no_confirmation(desk: Desk) -> None:
    await desk.writes()
    confirm = await desk.token()
    assert await desk.form.status(confirm) is None
    status = await desk.form.confirm(confirm)
    assert status is not None
    assert await desk.form.confirm(status) is None
    assert await desk.form.awaiting(status) is None
    assert await desk.form.status(status[:-1] + ("0" if status[-1] != "0" else "1")) is None
    desk.world.clock.pass_by(days=90)
    assert await desk.form.status(status) is None


async def test_work_is_good_once_in_time_and_for_what_it_was_set(desk: Desk) -> None:
    work, now = ProofOfWork(KEY), desk.world.clock()
    solution = solved(work.challenge(DOMAIN, now))
    forged = json.loads(b64decode(solution))
    forged["challenge"]["parameters"]["keyPrefix"] = "00"
    others = solved(ProofOfWork(KEY[::-1]).challenge(DOMAIN, now))
    async with desk.world.storage.unit_of_work() as uow:
        for bad in (
            others,
            b64encode(json.dumps(forged).encode()).decode(),
            "",
            "e30=",
            solution[:-4],
            "x" * 3000,
        ):
            assert not await work.is_done(uow, bad, DOMAIN, now)
        assert not await work.is_done(uow, solution, "other.org", now)
        assert not await work.is_done(uow, solution, DOMAIN, now + LIFETIME + timedelta(seconds=1))
        assert await work.is_done(uow, solution, DOMAIN, now)
        assert not await work.is_done(uow, solution, DOMAIN, now)


_NAMES = ["challenge", "solution", "parameters", "data", "nonce", "algorithm", "salt", "cost", "for"]
_json = st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.dictionaries(
    st.sampled_from(_NAMES),
    inner, max_size=6) | st.lists(inner, max_size=3), max_leaves=12)  # fmt: skip


@given(value=_json, text=st.text(max_size=50))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
async def test_a_solution_of_whatever_shape_is_none(desk: Desk, value: object, text: str) -> None:
    work, now = ProofOfWork(KEY), desk.world.clock()
    async with desk.world.storage.unit_of_work() as uow:
        for bad in (b64encode(json.dumps(value).encode()).decode(), text):
            assert not await work.is_done(uow, bad, DOMAIN, now)
