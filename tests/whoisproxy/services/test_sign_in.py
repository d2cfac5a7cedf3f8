"""Who gets in, who does not, and what nobody learns by trying."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.authenticator import Authenticator
from tests.whoisproxy.services.entry import (
    ELSEWHERE,
    HOME,
    PAGES,
    PASSWORD,
    Entry,
    opened_entry,
    text_of,
)
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, SPEC, World, make_world, renamed
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.owner_account import Proof
from whoisproxy.domain.owner_session import MOST_TRIES, Stage
from whoisproxy.domain.sign_in import BUDGETS, Lane
from whoisproxy.services.owners.passkeys import Site
from whoisproxy.services.owners.sessions import csrf_token, new_secret
from whoisproxy.storage.unit_of_work import Storage

MAILBOX = REGISTRANT.email


@pytest.fixture
async def entry(world: World, tmp_path: Path) -> AsyncIterator[Entry]:
    """On SQLite."""
    async with opened_entry(world, tmp_path) as opened:
        yield opened


async def test_a_registrars_link_leads_its_owner_in_once(storage: Storage, tmp_path: Path) -> None:
    """On both engines, and when it is used many times at once."""
    async with opened_entry(await make_world(storage), tmp_path) as entry:
        token = await entry.link()
        assert (seen := await entry.sign_in.look_at(token)) is not None
        assert (seen.registrar.name, seen.domains) == ("Gandalf Domains", 1)
        entered = await asyncio.gather(*(entry.sign_in.by_link(token, HOME) for _ in range(5)))
        [session] = [one for one in entered if one is not None]
        found = await entry.found(session)
        assert (found.session.stage, found.session.proofs) == (Stage.FULL, (Proof.REGISTRAR_LINK,))
        assert await entry.sign_in.look_at(token) is None


async def test_a_link_that_is_old_cut_or_changed_leads_nowhere(entry: Entry) -> None:
    token = await entry.link()
    forged = [token[:-1], token + "A", token.replace(".", "-", 1), token.upper(), "", "r.x.1.a.b"]
    ends = token.split(".")
    forged.append(".".join([*ends[:2], f"{int(ends[2], 16) + 3600:x}", *ends[3:]]))
    forged.append(".".join(["e", *ends[1:]]))
    assert [await entry.sign_in.by_link(one, HOME) for one in forged] == [None] * len(forged)
    entry.world.clock.pass_by(minutes=5)
    assert await entry.sign_in.by_link(token, HOME) is None


async def test_a_registrar_makes_links_for_its_own_registrants_alone(entry: Entry) -> None:
    other = await entry.world.accounts.add_registrar("Other", "https://other.example")
    with pytest.raises(NotFound):
        await entry.sign_in.registrar_link(other, await entry.registrant_id())
    with pytest.raises(NotFound):
        await entry.sign_in.registrar_link(entry.world.registrar, "own_nobody")


async def test_a_letter_brings_a_link_to_the_registrants_mailbox(entry: Entry) -> None:
    await entry.sign_in.ask_link(f" {MAILBOX.upper().lower()} ")
    [letter] = await entry.letters()
    assert (letter.owner_id, letter.relay_id, letter.recipient) == (await entry.registrant_id(), "", "")
    owner = await entry.world.directory.person(letter.owner_id)
    assert owner is not None
    assert owner.mailboxes == (MAILBOX,)
    token = text_of(letter).split("/enter/")[1].split()[0]
    found = await entry.found(await entry.sign_in.by_link(token, HOME))
    assert found.session.proofs == (Proof.EMAIL_LINK,)
    assert await entry.sign_in.by_link(token, HOME) is None


async def test_asking_for_a_letter_writes_the_same_for_known_and_unknown_mailboxes(entry: Entry) -> None:
    async def written(mailbox: str) -> tuple[str, int]:
        await entry.sign_in.ask_link(mailbox)
        async with entry.world.storage.reading() as uow:
            found = await uow.connection.exec_driver_sql(
                "SELECT kind, length(CAST(payload AS TEXT)) AS size FROM outbox ORDER BY id DESC LIMIT 1"
            )
            row = found.one()
        return row.kind, row.size

    stranger = "x" + MAILBOX[1:]
    assert await written(MAILBOX) == await written(stranger)
    assert len(await entry.letters()) == 1


async def test_letters_do_not_flood_a_mailbox_and_the_last_link_still_works(
    storage: Storage, tmp_path: Path
) -> None:
    """On both engines, whose workers write letters at the same time."""
    async with opened_entry(await make_world(storage), tmp_path) as entry:
        await _ask_again_and_again(entry)


async def _ask_again_and_again(entry: Entry) -> None:
    for _ in range(10):
        await entry.sign_in.ask_link(MAILBOX)
    links = await entry.links_in_mail()
    assert len(links) == BUDGETS[Lane.LETTER].most
    entry.world.clock.pass_by(seconds=BUDGETS[Lane.LETTER].within.total_seconds() - 1)
    await entry.sign_in.ask_link(MAILBOX)
    assert await entry.links_in_mail() == []
    assert await entry.sign_in.by_link(links[-1], HOME) is not None


async def test_each_registrar_has_an_account_and_a_link_of_its_own(entry: Entry) -> None:
    other = await entry.world.accounts.add_registrar("Other", "https://other.example")
    await entry.world.registrations.put(other, DomainName("zoe-other.com"), SPEC)
    await entry.sign_in.ask_link(MAILBOX)
    links = await entry.links_in_mail()
    found = [await entry.found(await entry.sign_in.by_link(one, HOME)) for one in links]
    assert {one.registrar.id for one in found} == {other.id, entry.world.registrar.id}
    await entry.sign_in.ask_link(MAILBOX, other.id)
    [link] = await entry.links_in_mail()
    assert (await entry.found(await entry.sign_in.by_link(link, HOME))).registrar.id == other.id


async def test_a_password_leads_in_and_a_wrong_one_does_not(entry: Entry) -> None:
    await entry.with_password()
    assert await entry.sign_in.by_password(MAILBOX, PASSWORD + "!", HOME) is None
    assert await entry.sign_in.by_password("x" + MAILBOX, PASSWORD, HOME) is None
    assert await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME, "rgr_other") is None
    found = await entry.found(await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME))
    assert found.session.proofs == (Proof.PASSWORD,)


@pytest.mark.parametrize("weak", ["short", "a" * 40, "abcabcabcabcabc", "é" * 11, "x" * 300])
async def test_a_weak_password_is_refused(entry: Entry, weak: str) -> None:
    with pytest.raises(InvalidInput, match="password"):
        await entry.methods.set_password(await entry.signed_in(), weak)


async def test_guessing_is_stopped_and_the_owner_is_not(entry: Entry) -> None:
    """Neither his link nor his own device is kept out by somebody who guesses."""
    await entry.with_password()
    known = await entry.found(await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME))
    assert known.session.stage is Stage.FULL
    device = replace(HOME, device_token=(await entry.entered()).device_token)
    for _ in range(BUDGETS[Lane.PASSWORD].most + 5):
        assert await entry.sign_in.by_password(MAILBOX, "a wrong password", ELSEWHERE) is None
    assert await entry.sign_in.by_password(MAILBOX, PASSWORD, ELSEWHERE) is None
    assert await entry.sign_in.by_password(MAILBOX, PASSWORD, device) is not None
    await entry.sign_in.ask_link(MAILBOX)
    assert await entry.sign_in.by_link((await entry.links_in_mail())[-1], ELSEWHERE) is not None
    entry.world.clock.pass_by(hours=1, seconds=1)
    assert await entry.sign_in.by_password(MAILBOX, PASSWORD, ELSEWHERE) is not None


async def test_many_guesses_at_once_are_no_way_around_the_budget(storage: Storage, tmp_path: Path) -> None:
    """On both engines."""
    async with opened_entry(await make_world(storage), tmp_path) as entry:
        await _guess_at_once(entry)


async def _guess_at_once(entry: Entry) -> None:
    await entry.with_password()
    most = BUDGETS[Lane.PASSWORD].most
    guesses = [entry.sign_in.by_password(MAILBOX, f"wrong {number}", ELSEWHERE) for number in range(3 * most)]
    assert await asyncio.gather(*guesses) == [None] * (3 * most)
    async with entry.world.storage.reading() as uow:
        account = (await entry.signed_in()).account
        since = entry.world.clock() - BUDGETS[Lane.PASSWORD].within
        assert await uow.sign_in_attempts.failures(account.id, [Lane.PASSWORD], since) == most


async def test_a_password_needs_its_second_step(entry: Entry) -> None:
    secret, _, _ = await entry.with_totp()
    entry.world.clock.pass_by(seconds=60)
    half = await entry.found(await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME))
    assert half.session.stage is Stage.SECOND_STEP
    entered = await entry.sign_in.by_code(half, entry.code(secret), HOME)
    assert (await entry.found(entered)).session.stage is Stage.FULL
    # The half session is gone: its secret opens nothing.
    assert await entry.sign_in.by_code(half, entry.code(secret), HOME) is None


async def test_a_code_is_good_once(entry: Entry) -> None:
    secret, _, _ = await entry.with_totp()
    code = entry.code(secret)
    half = await entry.found(await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME))
    # It was used to set the second step up.
    assert await entry.sign_in.by_code(half, code, HOME) is None
    entry.world.clock.pass_by(seconds=30)
    code = entry.code(secret)
    assert await entry.sign_in.by_code(half, code, HOME) is not None
    again = await entry.found(await entry.sign_in.by_password(MAILBOX, PASSWORD, ELSEWHERE))
    assert await entry.sign_in.by_code(again, code, ELSEWHERE) is None


async def test_two_browsers_with_one_code_are_one_sign_in(storage: Storage, tmp_path: Path) -> None:
    """On both engines."""
    async with opened_entry(await make_world(storage), tmp_path) as entry:
        await _use_one_code_at_once(entry)


async def _use_one_code_at_once(entry: Entry) -> None:
    secret, _, _ = await entry.with_totp()
    entry.world.clock.pass_by(seconds=30)
    halves = [await entry.found(await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME)) for _ in range(3)]
    code = entry.code(secret)
    entered = await asyncio.gather(*(entry.sign_in.by_code(half, code, HOME) for half in halves))
    assert len([one for one in entered if one is not None]) == 1


async def test_a_half_sign_in_allows_a_few_codes(entry: Entry) -> None:
    secret, codes, _ = await entry.with_totp()
    entry.world.clock.pass_by(seconds=60)
    entered = await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME)
    half = await entry.found(entered)
    for _ in range(MOST_TRIES):
        assert await entry.sign_in.by_code(half, "000000", HOME) is None
    assert entered is not None
    assert await entry.sessions.find(entered.secret) is None
    assert await entry.sign_in.by_code(half, entry.code(secret), HOME) is None
    assert await entry.sign_in.by_code(half, codes[0], HOME) is None


async def test_guessing_codes_behind_a_password_does_not_stop_who_comes_by_letter(entry: Entry) -> None:
    secret, codes, _ = await entry.with_totp()
    entry.world.clock.pass_by(seconds=60)
    for _ in range(4):
        half = await entry.found(await entry.sign_in.by_password(MAILBOX, PASSWORD, ELSEWHERE))
        for _ in range(MOST_TRIES - 1):
            await entry.sign_in.by_code(half, "000000", ELSEWHERE)
    half = await entry.found(await entry.sign_in.by_password(MAILBOX, PASSWORD, ELSEWHERE))
    assert await entry.sign_in.by_code(half, entry.code(secret), ELSEWHERE) is None
    # A recovery code cannot be guessed, so it is never slowed.
    assert await entry.sign_in.by_code(half, codes[0].upper().replace("-", " "), ELSEWHERE) is not None
    await entry.sign_in.ask_link(MAILBOX)
    letter = (await entry.links_in_mail())[-1]
    half = await entry.found(await entry.sign_in.by_link(letter, HOME))
    assert await entry.sign_in.by_code(half, entry.code(secret), HOME) is not None


async def test_a_recovery_code_is_good_once(entry: Entry) -> None:
    _, codes, found = await entry.with_totp()
    assert (await entry.methods.security(found.account)).recovery_codes == len(codes) == 10
    half = await entry.found(await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME))
    assert await entry.sign_in.by_code(half, codes[3], HOME) is not None
    half = await entry.found(await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME))
    assert await entry.sign_in.by_code(half, codes[3], HOME) is None
    renewed = await entry.methods.new_recovery_codes(found)
    assert await entry.sign_in.by_code(half, codes[4], HOME) is None
    assert await entry.sign_in.by_code(half, renewed[4], HOME) is not None


async def test_a_registrar_that_requires_two_steps_lets_nobody_in_without(entry: Entry) -> None:
    await entry.methods.require_two_step(entry.world.registrar, required=True)
    found = await entry.signed_in()
    assert found.session.stage is Stage.ENROLMENT
    secret = await entry.methods.begin_totp(found)
    assert await entry.methods.confirm_totp(found, "12345", HOME) is None
    confirmed = await entry.methods.confirm_totp(found, entry.code(secret), HOME)
    assert confirmed is not None
    done = await entry.found(confirmed.entered)
    assert done.session.stage is Stage.FULL
    assert await entry.methods.remove_totp(done) is False


async def test_a_change_ends_the_other_sessions_and_is_told_by_letter(entry: Entry) -> None:
    other = await entry.entered(ELSEWHERE)
    mine = await entry.signed_in()
    await entry.letters()
    await entry.methods.set_password(mine, PASSWORD)
    assert await entry.sessions.find(other.secret) is None
    assert [one.id for one in await entry.sessions.of_account(mine.account)] == [mine.session.id]
    [letter] = await entry.letters()
    assert "/security" in text_of(letter)


async def test_a_new_device_is_told_of_once(entry: Entry) -> None:
    entered = await entry.entered()
    [letter] = await entry.letters()
    assert HOME.network in text_of(letter)
    assert HOME.device in text_of(letter)
    known = replace(HOME, network="203.0.113.0/24", device_token=entered.device_token)
    again = await entry.entered(known)
    assert again.device_token == ""
    assert await entry.letters() == []
    await entry.entered(replace(known, device_token=new_secret()))
    assert len(await entry.letters()) == 1


async def test_sessions_are_listed_and_ended_by_their_owner_alone(entry: Entry) -> None:
    here, there = await entry.signed_in(), await entry.entered(ELSEWHERE)
    listed = await entry.sessions.of_account(here.account)
    assert {(one.network, one.device) for one in listed} == {
        (HOME.network, HOME.device),
        (ELSEWHERE.network, ELSEWHERE.device),
    }
    other = replace(here.account, id="oac_other")
    assert await entry.sessions.end(other, there.session.id) is False
    assert await entry.sessions.find(there.secret) is not None
    assert await entry.sessions.end(here.account, there.session.id) is True
    assert await entry.sessions.find(there.secret) is None


async def test_a_session_ends_when_it_is_not_used_and_at_last_in_any_case(entry: Entry) -> None:
    entered = await entry.entered()
    for _ in range(7):
        entry.world.clock.pass_by(hours=1, minutes=42)
        assert await entry.sessions.find(entered.secret) is not None
    entry.world.clock.pass_by(minutes=7)
    assert await entry.sessions.find(entered.secret) is None
    entered = await entry.entered()
    entry.world.clock.pass_by(hours=2)
    assert await entry.sessions.find(entered.secret) is None


async def test_nobody_chooses_the_secret_of_a_session(entry: Entry) -> None:
    """Session fixation: whatever a browser came with, it leaves with something else."""
    planted = new_secret()
    assert await entry.sessions.find(planted) is None
    entered = await entry.entered()
    assert entered.secret != planted
    assert await entry.sessions.find(planted) is None
    proven = await entry.with_totp()
    assert await entry.sessions.find(entered.secret) is None
    assert csrf_token(entered.secret) != csrf_token(planted)
    assert proven[2].session.id != entered.session.id


async def test_who_has_no_domain_any_more_gets_in_no_more(entry: Entry) -> None:
    await entry.with_password()
    link = await entry.link()
    await entry.world.register(RDDS_ONLY, renamed(email="new@owner.example"))
    assert await entry.sign_in.by_link(link, HOME) is None
    assert await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME) is None
    await entry.sign_in.ask_link(MAILBOX)
    assert await entry.links_in_mail() == []
    async with entry.world.storage.unit_of_work() as uow:
        await uow.owner_accounts.purge(entry.world.clock())
    async with entry.world.storage.reading() as uow:
        left = await uow.connection.exec_driver_sql("SELECT count(*) FROM owner_sessions")
        assert left.scalar_one() == 0


async def test_the_history_shows_who_tried(entry: Entry) -> None:
    found = await entry.with_password()
    entry.world.clock.pass_by(seconds=1)
    await entry.sign_in.by_password(MAILBOX, "a wrong password", ELSEWHERE)
    history = (await entry.methods.security(found.account)).history
    assert [(one.proof, one.succeeded, one.network, one.new_device) for one in history] == [
        (Proof.PASSWORD, False, ELSEWHERE.network, False),
        (Proof.REGISTRAR_LINK, True, HOME.network, True),
    ]


async def test_who_has_lost_everything_is_let_in_again_by_his_registrar(entry: Entry) -> None:
    _, codes, found = await entry.with_totp()
    await entry.letters()
    other = await entry.world.accounts.add_registrar("Other", "https://other.example")
    with pytest.raises(NotFound):
        await entry.methods.reset(other, await entry.registrant_id())
    await entry.methods.reset(entry.world.registrar, await entry.registrant_id())
    assert len(await entry.letters()) == 1
    assert await entry.sessions.of_account(found.account) == []
    assert await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME) is None
    again = await entry.signed_in()
    assert again.session.stage is Stage.FULL
    assert await entry.sign_in.by_code(again, codes[0], HOME) is None


async def test_a_session_that_was_ended_is_not_begun_again_by_a_proof(entry: Entry) -> None:
    secret, _, found = await entry.with_totp()
    key = Authenticator(PAGES)
    options = await entry.passkeys.creation_options(found, Site.of(PAGES))
    entry.world.clock.pass_by(seconds=60)
    await entry.sessions.end(found.account, found.session.id)
    assert await entry.sign_in.by_code(found, entry.code(secret), HOME) is None
    assert await entry.sign_in.prove_by_password(found, PASSWORD, HOME) is None
    assert await entry.passkeys.add(found, key.create(options), "", Site.of(PAGES), HOME) is None
    await entry.methods.set_password(found, "another password of mine")
    assert await entry.methods.new_recovery_codes(found) == ()
    assert await entry.methods.begin_totp(found) == ""
    assert await entry.sessions.of_account(found.account) == []
    assert await entry.passkeys.of_account(found.account) == []
    assert await entry.sign_in.by_password(MAILBOX, PASSWORD, HOME) is not None
