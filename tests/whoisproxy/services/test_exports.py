"""An export has all that is held about its owner, and nothing of anybody else."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailrelay.directory import MailPolicy, Opening
from mailrelay.queue.entry import Direction, NewMessage, State
from tests.whoisproxy.services.entry import text_of
from tests.whoisproxy.services.own_data import Owner, exports_of, files_of, opened_owner, section_of
from tests.whoisproxy.services.world import RDDS_ONLY, RELAY, SPEC, SUBSTITUTED, make_world, renamed
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.disclosure import DisclosedField, GrantSpec, Look, Purpose, Requester
from whoisproxy.domain.export import KEPT, MOST_A_DAY, ExportState
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.mail_settings import MailSettings
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.owner_mailbox import OwnerMailbox
from whoisproxy.domain.privacy import Consent
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.sender_rules import RuleAction
from whoisproxy.services.disclosure import Disclosures
from whoisproxy.services.owners.export_sections import SECTIONS
from whoisproxy.services.owners.exports import Asking
from whoisproxy.services.owners.sessions import FoundSession
from whoisproxy.services.registration import RegistrationSpec
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.repositories.replies import Wish
from whoisproxy.storage.repositories.sender_rules import RuleBook
from whoisproxy.storage.unit_of_work import Storage

MINE, HIS, ELSEWHERE = "Quetzal", "Huitzil", "Tezcatli"
"""What names an owner, another one at the same registrar, and himself at another registrar."""


@pytest.fixture
async def owner(storage: Storage, tmp_path: Path) -> AsyncIterator[Owner]:
    """An owner who is signed in, on each engine."""
    async with opened_owner(await make_world(storage), tmp_path) as opened:
        yield opened


def _spec(canary: str, mailbox: str) -> RegistrationSpec:
    return renamed(name=f"{canary} Name", organization=f"{canary} Org", email=mailbox, city=f"{canary} City")


async def _lives(owner: Owner, registrar: Registrar, canary: str, mailbox: str) -> FoundSession:
    """Register a domain of somebody, and leave traces of him in everything that keeps any."""
    name, world = DomainName(f"{canary.lower()}-garden.com"), owner.world
    registration, _ = await world.registrations.put(registrar, name, _spec(canary, mailbox))
    found = await owner.signed_in_at(registrar, registration.registrant_id)
    consent = Consent(f"{canary} himself", world.clock(), f"{canary}-1")
    wish = SwitchRequest(
        enabled=True, consent=consent, mail_policy=MailPolicy.DROP, forward_to=f"{canary}@forward.example"
    )
    await world.privacy.switch(registrar, name, wish)
    await _keeps(owner, found.account.id, registration, canary)
    await _is_looked_at(owner, registrar, registration, canary)
    await owner.own.corrections.ask(
        found, registration.registrant_id, {**registration.registrant.as_dict(), "city": f"{canary} Town"}
    )
    return found


async def _keeps(owner: Owner, account_id: str, registration: Registration, canary: str) -> None:
    world, now = owner.world, owner.world.clock()
    async with world.storage.unit_of_work() as uow:
        settings = MailSettings(identifiers=(f"{canary} the Gardener",))
        await uow.correspondence.put_settings(registration.id, registration.registrant_id, settings, now)
        for book in (RuleBook.of_domain(registration), RuleBook.of_owner(registration)):
            sender = f"{canary}-{book.scope}@rule.example".lower()
            await uow.sender_rules.put(book, sender, RuleAction.BLOCK, now)
        relays = await uow.relays.of_domain(registration.id)
        opening = Opening(f"{canary}@far.example", f"{canary} Stranger", f"={canary}!A1")
        await uow.replies.ensure([Wish(relays[0].id, opening)], RELAY, now)
        await uow.registrant_reads.note(f"key_{canary.lower()}", [registration.registrant_id], now.date())
        mailbox = f"{canary}@second.example"
        index = await uow.owner_mailboxes.index(mailbox)
        await uow.owner_mailboxes.add(OwnerMailbox(new_id("mbx", now), account_id, mailbox, index, now))
    letter = NewMessage(
        Direction.FORWARD,
        registration.registrant_id,
        relays[0].id,
        relays[0].address,
        f"{canary}@far.example",
        b"\r\n",
        2,
    )
    await owner.entry.queue.enqueue([letter], State.QUARANTINED)


async def _is_looked_at(owner: Owner, registrar: Registrar, registration: Registration, canary: str) -> None:
    world, now = owner.world, owner.world.clock()
    spec = GrantSpec(
        Requester(f"{canary} Lawyer"),
        Purpose.LEGAL_ACTIONS,
        [DisclosedField.NAME],
        "order",
        now + timedelta(days=7),
    )
    grant, _ = await Disclosures(world.storage, world.clock).grant(registrar, registration.name, spec)
    async with world.storage.unit_of_work() as uow:
        await uow.disclosures.add_look(Look(f"look_{canary.lower()}", grant.id, now, grant.fields, ""))


async def _of(owner: Owner, found: FoundSession) -> bytes:
    owner.found = found
    return await owner.exported()


async def test_an_export_has_everything_of_its_owner_and_nothing_of_another(owner: Owner) -> None:
    world = owner.world
    other = await world.accounts.add_registrar("Other", "https://other.example")
    mine = await _lives(owner, world.registrar, MINE, "mine@home.example")
    his = await _lives(owner, world.registrar, HIS, "his@home.example")
    # The same mailbox at another registrar is another account, whose data are that registrar's.
    elsewhere = await _lives(owner, other, ELSEWHERE, "mine@home.example")
    exports = {
        MINE: await _of(owner, mine),
        HIS: await _of(owner, his),
        ELSEWHERE: await _of(owner, elsewhere),
    }
    for canary, content in exports.items():
        files = files_of(content)
        assert {name for name in files if name.endswith(".json")} == {f"json/{one}.json" for one in SECTIONS}
        text = b"\n".join(files.values()).decode().lower()
        for another in exports.keys() - {canary}:
            assert another.lower() not in text
        for name in SECTIONS.keys() - _NAMELESS:
            assert canary.lower() in files[f"json/{name}.json"].decode().lower(), name
            assert canary.lower() in files[f"csv/{name}.csv"].decode().lower(), name
        # Who looked is not the owner's to know from us, and secrets of sign-in are nobody's.
        assert "lawyer" not in text


# Sections in which no text of his stands; they are looked at by what they have.
_NAMELESS = {"account", "passkeys", "sessions", "sign-ins"}


async def test_what_he_signs_in_with_is_told_without_its_secrets(owner: Owner) -> None:
    secret, codes, owner.found = await owner.entry.with_totp()
    content = await owner.exported()
    [account] = section_of(content, "account")
    assert (account["has_password"], account["has_codes_of_an_app"]) == (True, True)
    assert account["recovery_codes_left"] == 10
    assert len(section_of(content, "sessions")) >= 1
    assert {one["network"] for one in section_of(content, "sign-ins")} == {"192.0.2.0/24"}
    whole = b"\n".join(files_of(content).values()).decode()
    assert secret not in whole
    assert not any(code in whole for code in codes)


async def test_what_was_done_for_the_holder_before_is_not_told(owner: Owner) -> None:
    world = owner.world
    await world.hidden(SUBSTITUTED)
    before = section_of(await owner.exported(), "privacy-history")
    assert [one["domain"] for one in before] == [SUBSTITUTED.a_label]
    world.clock.pass_by(seconds=1)
    heir = await world.register(SUBSTITUTED, _spec(HIS, "heir@home.example"))
    await world.work()
    owner.found = await owner.signed_in_at(world.registrar, heir.registrant_id)
    content = await owner.exported()
    assert before[0]["operation_id"] not in {
        one["operation_id"] for one in section_of(content, "privacy-history")
    }
    assert [one["domain"] for one in section_of(content, "registrants")] == [SUBSTITUTED.a_label]


async def test_no_cell_of_a_spreadsheet_is_a_formula(owner: Owner) -> None:
    owner.found = await _lives(owner, owner.world.registrar, MINE, "mine@home.example")
    content = await owner.exported()
    for name, raw in files_of(content).items():
        if name.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
            assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))], name
    assert section_of(content, "correspondents")[0]["subject"] == f"={MINE}!A1"
    assert section_of(content, "registrants")[0]["phone"] == SPEC.registrant.phone


async def test_a_letter_leads_to_the_file_for_some_days(owner: Owner) -> None:
    owner.found = await owner.entry.signed_in()
    await owner.entry.letters()
    await owner.exported()
    [export] = await owner.own.exports.of_account(owner.found.account)
    [letter] = await owner.entry.letters()
    assert f"/account/exports/{export.id}" in text_of(letter)
    owner.world.clock.pass_by(days=KEPT.days)
    assert await owner.own.exports.of_account(owner.found.account) == []
    assert await owner.own.exports.content(owner.found.account, export.id) is None
    async with owner.world.storage.unit_of_work() as uow:
        await uow.owner_exports.purge(owner.world.clock())
        assert await uow.owner_exports.get(export.id) is None


async def test_the_file_is_given_to_its_owner_alone(owner: Owner) -> None:
    await owner.exported()
    [export] = await owner.own.exports.of_account(owner.found.account)
    somebody = await owner.entry.found_of_another_owner()
    assert await owner.own.exports.content(somebody.account, export.id) is None
    assert await owner.own.exports.of_account(somebody.account) == []


async def test_one_is_made_at_a_time_and_few_a_day(owner: Owner) -> None:
    exports = owner.own.exports
    assert await exports.ask(owner.found) is Asking.BEGUN
    assert await exports.ask(owner.found) is Asking.PENDING
    await owner.works()
    for _ in range(MOST_A_DAY - 1):
        await owner.exported()
    assert await exports.ask(owner.found) is Asking.TOO_MANY


async def test_who_closes_his_account_meanwhile_leaves_no_file(owner: Owner) -> None:
    await owner.own.exports.ask(owner.found)
    assert await owner.own.preferences.close(owner.found)
    await owner.works()
    async with owner.world.storage.reading() as uow:
        assert await uow.owner_exports.of_account(owner.found.account.id) == []
    assert await owner.own.exports.ask(owner.found) is Asking.PENDING


async def test_he_sees_that_one_could_not_be_made(owner: Owner) -> None:
    await owner.own.exports.ask(owner.found)
    [export] = await owner.own.exports.of_account(owner.found.account)
    item = OutboxItem(1, "owner-export", "key", {"id": export.id}, 20)
    await exports_of(owner.entry).give_up(item, "INTERNAL")
    [export] = await owner.own.exports.of_account(owner.found.account)
    assert export.state is ExportState.FAILED


@pytest.mark.slow
async def test_every_domain_of_many_is_in_it(owner: Owner) -> None:
    """More than are looked up at once."""
    names = [DomainName(f"zoe-field{number}.com") for number in range(520)]
    for start in range(0, len(names), 100):
        await asyncio.gather(*[owner.world.register(name) for name in names[start : start + 100]])
    content = await owner.exported()
    expected = {RDDS_ONLY.a_label, *(one.a_label for one in names)}
    for section in ("registrants", "domains", "privacy", "mail-settings"):
        assert {one["domain"] for one in section_of(content, section)} == expected
