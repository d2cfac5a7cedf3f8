"""Owners' mailboxes and where mail goes, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.whoisproxy.services.entry import Entry, opened_entry, text_of
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, RELAY, SETTINGS, make_world
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.mailbox_health import newly_suspect
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.owner_mailbox import CONFIRM_WITHIN, OwnerMailbox
from whoisproxy.domain.privacy import Privacy
from whoisproxy.services.owners import tokens
from whoisproxy.services.owners.mail_settings import OwnerMailSettings
from whoisproxy.services.owners.mailboxes import Mailboxes, MailboxState
from whoisproxy.services.owners.sessions import FoundSession
from whoisproxy.services.owners.tokens import TokenPurpose
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.storage.unit_of_work import Storage

NEW = "second@home.example"
SECOND = DomainName("zoe-second.com")


class Desk:
    """An owner's services and his session."""

    def __init__(self, entry: Entry, found: FoundSession) -> None:
        world = entry.world
        self.entry, self.world, self.found = entry, world, found
        self.mailboxes = Mailboxes(world.storage, entry.sessions, RELAY, world.clock)
        self.settings = OwnerMailSettings(world.storage, entry.sessions, world.privacy, SETTINGS, world.clock)

    async def token(self, mailbox: OwnerMailbox) -> str:
        """Return the token of a letter's link."""
        async with self.world.storage.reading() as uow:
            return await tokens.made(uow, TokenPurpose.MAILBOX, self.world.clock(), mailbox.id)

    async def confirmed(self, text: str = NEW) -> OwnerMailbox:
        """Return a mailbox that was confirmed."""
        mailbox = await self.mailboxes.add(self.found, text)
        assert await self.mailboxes.confirm(await self.token(mailbox)) is not None
        return mailbox

    async def privacy(self, name: DomainName = RDDS_ONLY) -> Privacy:
        """Return how a domain stands."""
        return (await self.world.status(name)).privacy


@pytest.fixture
async def desk(storage: Storage, tmp_path: Path) -> AsyncIterator[Desk]:
    """On both engines."""
    async with opened_entry(await make_world(storage), tmp_path) as entry:
        yield Desk(entry, await entry.signed_in())


async def test_a_mailbox_lives_from_its_name_to_its_removal(desk: Desk) -> None:
    mailbox = await desk.mailboxes.add(desk.found, NEW)
    with pytest.raises(NotFound):
        await desk.settings.lead_to(desk.found, RDDS_ONLY, mailbox.id)
    token = await desk.token(mailbox)
    both = await asyncio.gather(*(desk.mailboxes.confirm(token) for _ in range(2)))
    assert [one is None for one in sorted(both, key=lambda one: one is None)] == [False, True]
    with pytest.raises(InvalidInput):
        await desk.mailboxes.add(desk.found, NEW.replace("home", "HOME"))

    await desk.world.register(SECOND)
    for name in (RDDS_ONLY, SECOND):
        await desk.settings.lead_to(desk.found, name, mailbox.id)
        assert ((await desk.privacy(name)).forward_to, (await desk.privacy(name)).mailbox_id) == (
            NEW,
            mailbox.id,
        )
    [shown] = await desk.mailboxes.of_account(desk.found.account)
    assert (shown.state, shown.domains) == (MailboxState.GOOD, 2)
    assert (await desk.world.events()).count("privacy.settings_changed") == 2

    await desk.mailboxes.remove(desk.found, mailbox.id)
    for name in (RDDS_ONLY, SECOND):
        assert ((await desk.privacy(name)).forward_to, (await desk.privacy(name)).mailbox_id) == ("", "")
    assert await desk.mailboxes.of_account(desk.found.account) == []


async def test_a_mailbox_that_refuses_mail_is_shown_as_such(desk: Desk) -> None:
    mailbox = await desk.confirmed()
    async with desk.world.storage.unit_of_work() as uow:
        held = await uow.registrations.by_name(RDDS_ONLY)
        assert held is not None
        suspect = newly_suspect(held.registrant_id, mailbox.mailbox_index, desk.world.clock())
        await uow.suspect_mailboxes.add(suspect)
    [shown] = await desk.mailboxes.of_account(desk.found.account)
    assert (shown.state, shown.suspect) == (MailboxState.FAILING, suspect)


async def test_what_nobody_confirms_is_forgotten_and_its_link_ends(desk: Desk) -> None:
    mailbox = await desk.mailboxes.add(desk.found, NEW)
    kept = await desk.confirmed("third@home.example")
    token = await desk.token(mailbox)
    desk.world.clock.pass_by(seconds=CONFIRM_WITHIN.total_seconds())
    assert await desk.mailboxes.look_at(token) is None
    assert await desk.mailboxes.confirm(token) is None
    desk.world.clock.pass_by(seconds=1)
    async with desk.world.storage.unit_of_work() as uow:
        await uow.owner_mailboxes.purge(desk.world.clock() - CONFIRM_WITHIN)
    [left] = await desk.mailboxes.of_account(desk.found.account)
    assert left.known.id == kept.id


async def test_a_session_that_was_ended_changes_nothing(desk: Desk) -> None:
    mailbox = await desk.confirmed()
    assert await desk.entry.sessions.end(desk.found.account, desk.found.session.id)
    for late in (
        desk.mailboxes.add(desk.found, "late@home.example"),
        desk.mailboxes.remove(desk.found, mailbox.id),
        desk.settings.lead_to(desk.found, RDDS_ONLY, mailbox.id),
        desk.settings.set_key(desk.found, RDDS_ONLY, b""),
        desk.settings.rotate(desk.found, RDDS_ONLY),
    ):
        with pytest.raises(NotFound):
            await late
    assert (await desk.privacy()).forward_to == ""


async def test_the_registrars_word_takes_the_place_of_the_owners(desk: Desk) -> None:
    """What his registrar names is no mailbox of the owner's list, and stays when that one is removed."""
    mailbox, world = await desk.confirmed(), desk.world
    await desk.settings.lead_to(desk.found, RDDS_ONLY, mailbox.id)
    same = SwitchRequest(enabled=False, forward_to=NEW)
    await world.privacy.switch(world.registrar, RDDS_ONLY, same)
    assert (await desk.privacy()).mailbox_id == mailbox.id
    other = SwitchRequest(enabled=False, forward_to="desk@registrar.example")
    await world.privacy.switch(world.registrar, RDDS_ONLY, other)
    assert (await desk.privacy()).mailbox_id == ""
    await desk.mailboxes.remove(desk.found, mailbox.id)
    assert (await desk.privacy()).forward_to == "desk@registrar.example"


async def test_a_mailbox_of_many_domains_is_removed_in_parts_and_told_of_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whoisproxy.services.owners.mailboxes._AT_ONCE", 2)
    mailbox, names = await desk.confirmed(), [DomainName(f"zoe-{n}.com") for n in range(4)]
    for name in names:
        await desk.world.register(name)
        await desk.settings.lead_to(desk.found, name, mailbox.id)
    await desk.entry.letters()
    await desk.mailboxes.remove(desk.found, mailbox.id)
    assert {(await desk.privacy(name)).forward_to for name in names} == {""}
    assert await desk.mailboxes.of_account(desk.found.account) == []
    [told] = await desk.entry.letters()
    assert "4" in text_of(told)


async def test_what_the_owner_chose_goes_with_his_account(desk: Desk) -> None:
    mailbox, world = await desk.confirmed(), desk.world
    await desk.settings.lead_to(desk.found, RDDS_ONLY, mailbox.id)
    await world.registrations.delete(world.registrar, RDDS_ONLY)
    async with world.storage.unit_of_work() as uow:
        await uow.owner_accounts.purge(world.clock())
        assert await uow.owner_mailboxes.by_id(mailbox.id) is None


async def test_the_registrants_own_mailbox_is_on_the_list_already(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        await desk.mailboxes.add(desk.found, REGISTRANT.email)
