"""Grants over a real database, on both engines: who sees what until when, and what is written down."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from registries.catalogue import Catalogue
from registries.errors import SponsoredElsewhere
from tests.whoisproxy.services.world import (
    BRAND,
    FLAGGED,
    PROHIBITED,
    RDDS_ONLY,
    REGISTRANT,
    RELAY_EMAIL,
    SPEC,
    SUBSTITUTED,
    World,
    make_world,
    renamed,
)
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.disclosure import (
    MOST_IN_FORCE,
    DisclosedField,
    Ending,
    Grant,
    GrantSpec,
    Purpose,
    Requester,
)
from whoisproxy.domain.errors import InvalidInput, NotFound, Unavailable
from whoisproxy.domain.names import DomainName
from whoisproxy.publication.answer import ObjectKind, Question, View
from whoisproxy.services.disclosed_answers import BearerTokens, DisclosedAnswers
from whoisproxy.services.disclosure import Disclosures
from whoisproxy.services.disclosure_endings import DisclosureExpiry
from whoisproxy.services.lookup import Lookup
from whoisproxy.storage.unit_of_work import Storage

LAWYER = Requester("Lea Recht", "Kanzlei Recht", "lea@law.example")
NAME, EMAIL, PHONE = DisclosedField.NAME, DisclosedField.EMAIL, DisclosedField.PHONE
ADDRESS = "192.0.2.77"


@dataclass
class Desk:
    """A registrar's legal desk, and a requester."""

    world: World
    grants: Disclosures
    answers: DisclosedAnswers
    expiry: DisclosureExpiry

    async def grant(self, name: DomainName, *fields: DisclosedField, hours: float = 24) -> tuple[Grant, str]:
        self.world.clock.pass_by(seconds=1)  # so that grants have an order
        until = self.world.clock() + timedelta(hours=hours)
        spec = GrantSpec(LAWYER, Purpose.LEGAL_ACTIONS, fields or (NAME,), "order 12/345", until)
        return await self.grants.grant(self.world.registrar, name, spec)

    async def look(self, name: DomainName, token: str, scheme: str = "Bearer") -> str:
        """Return what the requester is sent, "" where the credentials are not good."""
        question = Question(View.RDAP, ObjectKind.DOMAIN, name.a_label)
        answer = await self.answers.disclosed(question, f"{scheme} {token}", ADDRESS)
        return answer.body.decode() if answer else ""

    async def endings(self, name: DomainName) -> list[Ending | None]:
        found = await self.grants.page(self.world.registrar, name, "", 100)
        return [each.ending for each in found]

    async def told(self) -> list[tuple[str, object]]:
        """Return the events about disclosures, each with why it ended."""
        async with self.world.storage.reading() as uow:
            events = await uow.events.after(self.world.registrar.id, 0, 1000)
        return [
            (event.type.removeprefix("disclosure."), event.data.get("ending"))
            for event in events
            if event.type.startswith("disclosure.")
        ]


@pytest.fixture
async def desk(storage: Storage) -> Desk:
    world = await make_world(storage)
    lookup = Lookup(storage, Catalogue.load(), BRAND, world.clock)
    answers = DisclosedAnswers(storage, lookup, BearerTokens(storage), "https://rdap.example", world.clock)
    return Desk(world, Disclosures(storage, world.clock), answers, DisclosureExpiry(storage, world.clock))


def traces(text_sent: str) -> set[str]:
    return {secret for secret in REGISTRANT.identity().values() if secret in text_sent}


@pytest.mark.parametrize("name", [SUBSTITUTED, RDDS_ONLY, RELAY_EMAIL, FLAGGED], ids=str)
async def test_on_every_mechanism_one_sees_what_was_granted_and_all_others_the_proxy(
    desk: Desk, name: DomainName
) -> None:
    await desk.world.hidden(name)
    before = await desk.world.lookup.domain(name)
    _, token = await desk.grant(name, NAME, EMAIL)
    sent = await desk.look(name, token)
    assert traces(sent) == {REGISTRANT.name, REGISTRANT.email}
    assert BRAND.name not in sent.partition('"registrant"')[2].partition('"technical"')[0]
    assert await desk.world.lookup.domain(name) == before
    assert not await desk.world.shows_registrant(name)


async def test_disclosed_is_not_published(desk: Desk) -> None:
    """The privacy of the domain, its version and its operations are what they were."""
    await desk.world.hidden(RDDS_ONLY)
    before = await desk.world.status(RDDS_ONLY)
    _, token = await desk.grant(RDDS_ONLY, *DisclosedField)
    assert traces(await desk.look(RDDS_ONLY, token))
    assert await desk.world.status(RDDS_ONLY) == before


async def test_where_nothing_is_hidden_a_grant_shows_what_all_see(desk: Desk) -> None:
    await desk.world.register(PROHIBITED)
    _, token = await desk.grant(PROHIBITED)
    assert traces(await desk.look(PROHIBITED, token))


async def test_each_look_is_written_down_with_what_was_shown_to_which_network(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    grant, token = await desk.grant(RDDS_ONLY, PHONE, NAME)
    desk.world.clock.pass_by(hours=1)
    await desk.look(RDDS_ONLY, token)
    await desk.look(RDDS_ONLY, token)
    looks = await desk.grants.looks(desk.world.registrar, RDDS_ONLY, "", 10)
    assert [(each.grant_id, each.at, each.fields, each.network) for each in looks] == [
        (grant.id, desk.world.clock(), (NAME, PHONE), "192.0.2.0/24")
    ] * 2
    [listed] = await desk.grants.page(desk.world.registrar, RDDS_ONLY, "", 10)
    assert listed == replace(grant, looks=2)
    assert await desk.grants.looks(desk.world.registrar, RDDS_ONLY, looks[0].id, 10) == [looks[1]]
    assert [kind for kind, _ in await desk.told()] == ["granted", "used", "used"]


async def test_events_name_no_person(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    _, token = await desk.grant(RDDS_ONLY)
    await desk.look(RDDS_ONLY, token)
    async with desk.world.storage.reading() as uow:
        events = str(await uow.events.after(desk.world.registrar.id, 0, 1000))
    secrets = (token, LAWYER.name, LAWYER.email, LAWYER.organization, "order 12/345", "192.0.2")
    assert not [secret for secret in secrets if secret in events]
    assert not traces(events)


async def test_a_look_that_cannot_be_written_down_shows_nothing(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    _, token = await desk.grant(RDDS_ONLY)
    async with desk.world.storage.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE disclosure_looks RENAME TO elsewhere"))
    with pytest.raises((Unavailable, SQLAlchemyError)) as failed:
        await desk.look(RDDS_ONLY, token)
    assert not traces(str(failed.value))
    assert [kind for kind, _ in await desk.told()] == ["granted"]


async def test_credentials_that_are_not_good_lead_to_nothing(desk: Desk) -> None:
    """A stranger's, one of another domain, another scheme, another spelling, what is no token at all."""
    for name in (RDDS_ONLY, SUBSTITUTED):
        await desk.world.hidden(name)
    _, token = await desk.grant(RDDS_ONLY)
    assert await desk.look(RDDS_ONLY, token, scheme="bearer")
    assert not await desk.look(SUBSTITUTED, token)
    assert not await desk.look(DomainName("nobody.com"), token)
    assert not await desk.look(RDDS_ONLY, token, scheme="Basic")
    for wrong in (f"wpd_{'0' * 52}", token.upper(), token[:-1], f"{token}0", "", "wp_x", "\udc80"):
        assert not await desk.look(RDDS_ONLY, wrong)
    assert len(await desk.grants.looks(desk.world.registrar, RDDS_ONLY, "", 10)) == 1


async def test_a_revoked_grant_is_over_at_once_and_once(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    kept, kept_token = await desk.grant(RDDS_ONLY)
    grant, token = await desk.grant(RDDS_ONLY)
    for _ in range(2):
        await desk.grants.revoke(desk.world.registrar, RDDS_ONLY, grant.id)
    assert not await desk.look(RDDS_ONLY, token)
    assert await desk.look(RDDS_ONLY, kept_token)
    assert await desk.endings(RDDS_ONLY) == [None, Ending.REVOKED]
    assert (await desk.told()).count(("revoked", "revoked")) == 1
    assert (await desk.grants.get(desk.world.registrar, RDDS_ONLY, kept.id)).ending is None


async def test_a_grant_is_over_when_its_time_is_and_the_registrar_is_told_once(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    _, token = await desk.grant(RDDS_ONLY, hours=2)
    await desk.grant(RDDS_ONLY, hours=3)
    desk.world.clock.pass_by(hours=2)
    assert not await desk.look(RDDS_ONLY, token)
    assert [await desk.expiry.end_overdue() for _ in range(2)] == [1, 0]
    assert await desk.endings(RDDS_ONLY) == [Ending.EXPIRED, None]
    assert (await desk.told()).count(("expired", "expired")) == 1


async def test_a_new_holder_is_never_shown_by_a_grant_about_the_one_before(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    _, token = await desk.grant(RDDS_ONLY, NAME, EMAIL)
    await desk.world.register(RDDS_ONLY, renamed(name="Otto Neu", email="otto@new.example"))
    assert not await desk.look(RDDS_ONLY, token)
    assert await desk.endings(RDDS_ONLY) == [Ending.HOLDER_CHANGED]
    assert ("revoked", "holder_changed") in await desk.told()


async def test_looks_at_the_moment_of_a_deletion_are_good_or_are_not_and_none_fails(desk: Desk) -> None:
    """Neither waits for the other for ever; whoever got an answer is written down."""
    await desk.world.hidden(RDDS_ONLY)
    _, token = await desk.grant(RDDS_ONLY)
    delete = desk.world.registrations.delete(desk.world.registrar, RDDS_ONLY)
    looks = [desk.look(RDDS_ONLY, token) for _ in range(8)]
    *seen, _ = await asyncio.gather(*looks, delete)
    [grant] = await desk.grants.page(desk.world.registrar, RDDS_ONLY, "", 10)
    assert (grant.ending, grant.looks) == (Ending.DOMAIN_DELETED, len([sent for sent in seen if sent]))


async def test_a_holder_who_moves_house_is_shown_as_he_is_now(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    _, token = await desk.grant(RDDS_ONLY, DisclosedField.CITY)
    await desk.world.register(RDDS_ONLY, renamed(city="Bern"))
    assert "Bern" in await desk.look(RDDS_ONLY, token)


async def test_a_deleted_domain_ends_its_grants_and_keeps_who_got_what(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    grant, token = await desk.grant(RDDS_ONLY)
    await desk.look(RDDS_ONLY, token)
    await desk.world.registrations.delete(desk.world.registrar, RDDS_ONLY)
    assert not await desk.look(RDDS_ONLY, token)
    assert await desk.endings(RDDS_ONLY) == [Ending.DOMAIN_DELETED]
    [listed] = await desk.grants.page(desk.world.registrar, RDDS_ONLY, "", 10)
    assert (listed.requester, listed.reason) == (LAWYER, "order 12/345")
    assert len(await desk.grants.looks(desk.world.registrar, RDDS_ONLY, "", 10)) == 1
    # Registered again, by the same person even, it is another registration.
    await desk.world.hidden(RDDS_ONLY)
    assert not await desk.look(RDDS_ONLY, token)
    assert grant.id == listed.id


async def test_a_domain_that_goes_to_another_registrar_ends_its_grants_for_good(desk: Desk) -> None:
    await desk.world.register(SUBSTITUTED)
    _, token = await desk.grant(SUBSTITUTED)
    desk.world.registry.faults.append(SponsoredElsewhere("another registrar has it"))
    await desk.world.enable(SUBSTITUTED)
    await desk.world.work()
    assert not await desk.look(SUBSTITUTED, token)
    assert await desk.endings(SUBSTITUTED) == [Ending.TRANSFERRED_AWAY]
    with pytest.raises(NotFound):
        await desk.grant(SUBSTITUTED)
    await desk.world.register(SUBSTITUTED, replace(SPEC, statuses=("ok",)))
    assert not await desk.look(SUBSTITUTED, token)


async def test_a_grant_that_nobody_has_ended_yet_shows_no_other_holder(desk: Desk) -> None:
    """Should a way of change ever forget to end grants, the look itself does not."""
    await desk.world.hidden(RDDS_ONLY)
    _, token = await desk.grant(RDDS_ONLY)
    await desk.world.register(RDDS_ONLY, renamed(name="Otto Neu", email="otto@new.example"))
    async with desk.world.storage.engine.begin() as connection:
        await connection.execute(text("UPDATE disclosure_grants SET ended_at = NULL, ending = NULL"))
    assert not await desk.look(RDDS_ONLY, token)


async def _refused(desk: Desk, registrar: Registrar, grant: Grant) -> Sequence[str]:
    name, refused = DomainName(grant.domain), []
    for what, asked in (
        ("page", desk.grants.page(registrar, name, "", 10)),
        ("looks", desk.grants.looks(registrar, name, "", 10)),
        ("get", desk.grants.get(registrar, name, grant.id)),
        ("revoke", desk.grants.revoke(registrar, name, grant.id)),
    ):
        try:
            await asked
        except NotFound:
            refused.append(what)
    return refused


async def test_another_registrar_neither_sees_nor_ends_a_grant(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    grant, token = await desk.grant(RDDS_ONLY)
    other = await desk.world.accounts.add_registrar("Other", "https://other.example")
    assert await _refused(desk, other, grant) == ["page", "looks", "get", "revoke"]
    with pytest.raises(NotFound):
        await desk.grants.grant(
            other, RDDS_ONLY, GrantSpec(LAWYER, Purpose.LEGAL_ACTIONS, (NAME,), "", grant.expires_at)
        )
    assert await desk.look(RDDS_ONLY, token)


async def test_a_domain_without_grants_has_an_empty_list(desk: Desk) -> None:
    await desk.world.register(RDDS_ONLY)
    assert await desk.endings(RDDS_ONLY) == []
    assert await desk.grants.looks(desk.world.registrar, RDDS_ONLY, "", 10) == []


async def test_a_domain_has_no_more_grants_than_can_be_looked_over(desk: Desk) -> None:
    await desk.world.register(RDDS_ONLY)
    made = [await desk.grant(RDDS_ONLY) for _ in range(MOST_IN_FORCE)]
    with pytest.raises(InvalidInput):
        await desk.grant(RDDS_ONLY)
    await desk.grants.revoke(desk.world.registrar, RDDS_ONLY, made[0][0].id)
    await desk.grant(RDDS_ONLY)


async def test_what_ended_long_ago_is_forgotten_with_its_looks(desk: Desk) -> None:
    await desk.world.hidden(RDDS_ONLY)
    grant, token = await desk.grant(RDDS_ONLY)
    await desk.look(RDDS_ONLY, token)
    await desk.grant(RDDS_ONLY)
    await desk.grants.revoke(desk.world.registrar, RDDS_ONLY, grant.id)
    desk.world.clock.pass_by(seconds=1)
    async with desk.world.storage.unit_of_work() as uow:
        assert await uow.disclosures.purge(desk.world.clock()) == 1
    assert await desk.endings(RDDS_ONLY) == [None]
    assert await desk.grants.looks(desk.world.registrar, RDDS_ONLY, "", 10) == []
