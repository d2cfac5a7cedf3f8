"""What an owner wishes holds for pages and letters, and goes with his account."""

from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.whoisproxy.services.entry import HOME, PASSWORD
from tests.whoisproxy.services.own_data import Owner, opened_owner
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, SPEC, SUBSTITUTED, make_world
from whoisproxy.domain.mail_settings import DigestWish, MailSettings
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.owner_account import Profile
from whoisproxy.services.owners.corrections import WITHDRAWN
from whoisproxy.storage.tables import registrants
from whoisproxy.storage.unit_of_work import Storage
from whoisproxy.storage.vault import Unreadable


@pytest.fixture
async def owner(storage: Storage, tmp_path: Path) -> AsyncIterator[Owner]:
    """An owner who is signed in, on each engine."""
    async with opened_owner(await make_world(storage), tmp_path) as opened:
        yield opened


async def test_letters_speak_the_language_that_he_chose(owner: Owner) -> None:
    languages = []
    for wish in ("it", ""):
        await owner.own.preferences.wish_language(owner.found, wish)
        await owner.entry.letters()
        await owner.entry.sign_in.ask_link(REGISTRANT.email)
        [letter] = await owner.entry.letters()
        languages.append(message_from_bytes(letter.raw)["Content-Language"])
    assert languages == ["it", REGISTRANT.language]


async def test_a_wish_about_held_mail_is_for_all_domains_and_leaves_other_wishes(owner: Owner) -> None:
    second = await owner.world.register(SUBSTITUTED)
    now = owner.world.clock()
    async with owner.world.storage.unit_of_work() as uow:
        await uow.correspondence.put_settings(
            second.id, second.registrant_id, MailSettings(banner=True, digest=DigestWish.WEEKLY), now
        )
    preferences, account = owner.own.preferences, owner.found.account
    assert await preferences.digest(account) is DigestWish.DAILY
    await preferences.wish_digest(owner.found, DigestWish.OFF)
    assert await preferences.digest(account) is DigestWish.OFF
    async with owner.world.storage.reading() as uow:
        kept = await uow.correspondence.settings(second.id, second.registrant_id)
    assert kept == MailSettings(banner=True, digest=DigestWish.OFF)


async def test_wishes_of_another_owner_stay(owner: Owner) -> None:
    somebody = await owner.entry.found_of_another_owner()
    await owner.own.preferences.wish_digest(owner.found, DigestWish.OFF)
    assert await owner.own.preferences.digest(somebody.account) is DigestWish.DAILY


async def test_closing_ends_every_session_and_way_in_at_once_and_no_domain(owner: Owner) -> None:
    owner.found = found = await owner.entry.with_password()
    elsewhere = await owner.entry.entered()
    before = await owner.world.hidden(RDDS_ONLY)
    asked = await owner.asks(city="Bonn")
    await owner.own.preferences.wish_language(found, "fr")
    await owner.entry.letters()

    assert await owner.own.preferences.close(found)
    assert await owner.entry.sessions.find(elsewhere.secret) is None
    assert await owner.entry.sign_in.by_password(REGISTRANT.email, PASSWORD, HOME) is None
    assert (await owner.world.status(RDDS_ONLY)).privacy.status == before.privacy.status
    async with owner.world.storage.reading() as uow:
        assert await uow.owner_accounts.by_id(found.account.id) is None
        assert await uow.corrections.get(owner.world.registrar.id, asked.id) is None
        with pytest.raises(Unreadable):
            await uow.sealing.open(found.account.id, "owner-profile", b"")
    assert (await owner.world.events())[-1] == WITHDRAWN
    [letter] = await owner.entry.letters()
    assert message_from_bytes(letter.raw)["Content-Language"] == "fr"
    assert not await owner.own.preferences.close(found)


async def test_who_comes_back_is_as_one_who_was_never_here(owner: Owner) -> None:
    await owner.own.preferences.wish_language(owner.found, "fr")
    before = owner.found.account.id
    await owner.own.preferences.close(owner.found)
    back = await owner.entry.signed_in()
    assert back.account.id != before
    assert back.account.profile == Profile()
    assert await owner.own.corrections.of_account(back.account) == []


async def test_another_owner_keeps_his_account(owner: Owner) -> None:
    somebody = await owner.entry.found_of_another_owner()
    await owner.own.preferences.close(owner.found)
    assert await owner.entry.sessions.of_account(somebody.account) != []


async def test_equal_registrants_are_shown_as_one(owner: Owner) -> None:
    firm = replace(REGISTRANT, organization="Firm")
    for number in range(3):
        await owner.world.register(DomainName(f"zoe-field{number}.com"))
    await owner.world.register(SUBSTITUTED, replace(SPEC, registrant=firm))
    held = owner.own.held
    first, second = (await held.groups(owner.found.account, 1, 10)).groups
    assert (first.registrant, len(first.domains)) == (REGISTRANT, 4)
    assert (second.registrant, second.domains) == (firm, (SUBSTITUTED,))
    assert await held.group_of(owner.found.account, second.id) == second
    assert await held.group_of(owner.found.account, "own_none") is None
    somebody = await owner.entry.found_of_another_owner()
    assert await held.group_of(somebody.account, first.id) is None


async def test_registrants_from_before_there_was_an_index_are_found_equal_too(owner: Owner) -> None:
    await owner.world.register(SUBSTITUTED)
    account = owner.found.account
    before = (await owner.own.held.groups(account, 1, 10)).groups
    async with owner.world.storage.unit_of_work() as uow:
        of_one = registrants.c.id == owner.registrant_id
        await uow.connection.execute(update(registrants).where(of_one).values(data_index=None))
    assert (await owner.own.held.groups(account, 1, 10)).groups == before
    assert len(before) == 1
