"""What owners ask to have corrected changes when their registrar says so, and then everywhere."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from registries.contact import Role
from tests.whoisproxy.services.entry import text_of
from tests.whoisproxy.services.own_data import Owner, opened_owner
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, RELAY_EMAIL, SPEC, make_world, renamed
from whoisproxy.domain.correction import MOST_A_DAY, CorrectionState
from whoisproxy.domain.errors import CorrectionEnded, InvalidInput, NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.services.owners.corrections import REQUESTED, WITHDRAWN, OwnersCorrection
from whoisproxy.storage.unit_of_work import Storage


@pytest.fixture
async def owner(storage: Storage, tmp_path: Path) -> AsyncIterator[Owner]:
    """An owner who is signed in, on each engine."""
    async with opened_owner(await make_world(storage), tmp_path) as opened:
        yield opened


async def test_what_is_applied_changes_every_domain_that_had_the_data_and_the_registry(owner: Owner) -> None:
    """The same way as the registrar's own report: where the registry holds the registrant, it is told."""
    world = owner.world
    await world.hidden(RELAY_EMAIL)
    other = DomainName("zoe-other.com")
    await world.register(other, renamed(organization="Another"))
    asked = await owner.asks(city="Bonn", street=["Neue Gasse 3"])
    shown = await owner.own.corrections.get(world.registrar, asked.id)
    assert {one.name for one in shown.domains} == {RDDS_ONLY, RELAY_EMAIL}
    assert dict(shown.correction.changes) == {"city": "Bonn", "street": ["Neue Gasse 3"]}

    done = await owner.own.corrections.apply(world.registrar, asked.id)
    assert done.correction.state is CorrectionState.APPLIED
    assert {one.registrant.city for one in done.domains} == {"Bonn"}
    assert (await world.registrations.get(world.registrar, other)).registrant.city == REGISTRANT.city
    await world.work()
    at_registry = world.registry.contacts[RELAY_EMAIL.a_label][Role.REGISTRANT]
    assert (at_registry.city, at_registry.street) == ("Bonn", ("Neue Gasse 3",))
    assert (await world.events()).count("domain.updated") == 2
    assert (await owner.own.corrections.apply(world.registrar, asked.id)).correction == done.correction


async def test_what_changed_meanwhile_stays(owner: Owner) -> None:
    asked = await owner.asks(phone="+41446681800")
    await owner.world.register(RDDS_ONLY, renamed(city="Bonn"))
    [changed] = (await owner.own.corrections.apply(owner.world.registrar, asked.id)).domains
    assert changed.registrant == replace(REGISTRANT, city="Bonn", phone="+41446681800")
    assert (changed.nameservers, changed.registrant_verified) == (SPEC.nameservers, True)


@pytest.mark.parametrize(("verified", "vouched"), [(None, False), (True, True)])
async def test_a_new_mailbox_is_vouched_for_by_the_registrar_alone(
    owner: Owner,
    verified: bool | None,  # noqa: FBT001 - a case of the table
    vouched: bool,  # noqa: FBT001 - likewise
) -> None:
    asked = await owner.asks(email="new@home.example")
    done = await owner.own.corrections.apply(owner.world.registrar, asked.id, verified=verified)
    [changed] = done.domains
    assert (changed.registrant.email, changed.registrant_verified) == ("new@home.example", vouched)
    assert changed.registrant_id == owner.registrant_id


async def test_events_and_letters_name_nobody(owner: Owner) -> None:
    asked = await owner.asks(city="Tenochtitlan")
    async with owner.world.storage.reading() as uow:
        [event] = [
            one for one in await uow.events.after(owner.world.registrar.id, 0, 99) if one.type == REQUESTED
        ]
    assert dict(event.data) == {"correction_id": asked.id}
    texts = [text_of(one) for one in await owner.entry.letters()]
    [letter] = [one for one in texts if "/account/corrections" in one]
    assert "Tenochtitlan" not in letter


async def test_what_is_refused_shows_why_and_changes_nothing(owner: Owner) -> None:
    registrar, corrections = owner.world.registrar, owner.own.corrections
    asked = await owner.asks(name="Zoë Other")
    with pytest.raises(InvalidInput):
        await corrections.refuse(registrar, asked.id, "  ")
    await corrections.refuse(registrar, asked.id, "Please send us your passport.")
    await corrections.refuse(registrar, asked.id, "The second word does not count.")
    [shown] = await corrections.of_account(owner.found.account)
    assert shown.correction.state is CorrectionState.REFUSED
    assert shown.correction.reason == "Please send us your passport."
    with pytest.raises(CorrectionEnded):
        await corrections.apply(registrar, asked.id)
    assert (await owner.world.registrations.get(registrar, RDDS_ONLY)).registrant == REGISTRANT


async def test_a_later_one_of_the_same_registrant_takes_its_place(owner: Owner) -> None:
    first, second = await owner.asks(city="Bonn"), await owner.asks(city="Basel")
    states = {one.correction.id: one.correction.state for one in await _all(owner)}
    assert states == {first.id: CorrectionState.WITHDRAWN, second.id: CorrectionState.OPEN}
    with pytest.raises(CorrectionEnded):
        await owner.own.corrections.apply(owner.world.registrar, first.id)
    assert await owner.own.corrections.withdraw(owner.found, second.id)
    assert not await owner.own.corrections.withdraw(owner.found, second.id)
    kinds = [kind for kind in await owner.world.events() if "correction" in kind]
    assert kinds == [REQUESTED, WITHDRAWN, REQUESTED, WITHDRAWN]
    assert await owner.own.corrections.page(owner.world.registrar, CorrectionState.OPEN, "", 10) == []


async def _all(owner: Owner) -> list[OwnersCorrection]:
    return await owner.own.corrections.of_account(owner.found.account)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "registrant"),
        ({"language": "fr"}, "registrant"),
        ({"name": "Somebody Else", "email": "else@home.example"}, "registrant"),
        ({"phone": "12"}, "registrant.phone"),
        ({"email": "nobody"}, "registrant.email"),
        ({"street": []}, "registrant.street"),
        ({"name": "Zoë\u202e"}, "registrant.name"),
    ],
)
async def test_what_is_no_correction_is_not_taken(
    sqlite_storage: Storage, tmp_path: Path, changes: dict[str, object], field: str
) -> None:
    async with opened_owner(await make_world(sqlite_storage), tmp_path) as owner:
        with pytest.raises(InvalidInput) as refused:
            await owner.asks(**changes)
        assert refused.value.field == field
        assert await _all(owner) == []


async def test_nobody_asks_all_day(owner: Owner) -> None:
    for number in range(MOST_A_DAY):
        await owner.asks(city=f"City {number}")
    with pytest.raises(InvalidInput):
        await owner.asks(city="One more")
    owner.world.clock.pass_by(days=1, seconds=1)
    owner.found = await owner.entry.signed_in()
    await owner.asks(city="One more")


async def test_corrections_of_others_are_not_there(owner: Owner) -> None:
    other = await owner.world.accounts.add_registrar("Other", "https://other.example")
    somebody = await owner.entry.found_of_another_owner()
    asked = await owner.asks(city="Bonn")
    corrections = owner.own.corrections
    for decide in (
        corrections.get(other, asked.id),
        corrections.apply(other, asked.id),
        corrections.refuse(other, asked.id, "No."),
    ):
        with pytest.raises(NotFound):
            await decide
    assert await corrections.page(other, None, "", 10) == []
    assert await corrections.of_account(somebody.account) == []
    assert not await corrections.withdraw(somebody, asked.id)
    assert await corrections.ask(somebody, owner.registrant_id, {"city": "Basel"}) is None
    assert (await corrections.get(owner.world.registrar, asked.id)).correction.is_open


async def test_who_has_signed_out_asks_for_nothing(owner: Owner) -> None:
    await owner.entry.sessions.end(owner.found.account, owner.found.session.id)
    wanted = {**REGISTRANT.as_dict(), "city": "Bonn"}
    assert await owner.own.corrections.ask(owner.found, owner.registrant_id, wanted) is None
