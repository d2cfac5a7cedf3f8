"""Who makes rules about senders for whom, and what the relay finds of them."""

import asyncio
from dataclasses import replace

import pytest

from mailrelay.directory import Admission, Opening
from mailrelay.sender_rules import Level, SenderRule, names_of
from registries.catalogue import Catalogue
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, SPEC, SUBSTITUTED, World, make_world
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.sender_rules import MOST_RULES, RuleAction, RuleScope
from whoisproxy.services.correspondence import CorrespondenceService
from whoisproxy.services.registration import Registrations
from whoisproxy.services.sender_rules import OPERATORS, RulesOf, SenderRules
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.unit_of_work import Storage

ALLOW, BLOCK = RuleAction.ALLOW, RuleAction.BLOCK
STRANGER = "Ada+Offers@mail.offers.example"
NAMES = names_of(STRANGER)
MOVED = replace(SPEC, registrant=replace(REGISTRANT, email="zoe@elsewhere.example"))


@pytest.fixture
async def world(storage: Storage) -> World:
    """Return a world on SQLite, which is read directly, and one on PostgreSQL, where look-ups gather."""
    return await make_world(storage)


@pytest.fixture
def rules(world: World) -> SenderRules:
    return SenderRules(world.storage, world.clock)


def _of(world: World, name: DomainName, scope: RuleScope = RuleScope.DOMAIN) -> RulesOf:
    return RulesOf(scope, world.registrar, name)


def _of_registrar(registrar: Registrar) -> RulesOf:
    return RulesOf(RuleScope.REGISTRAR, registrar)


async def _relay_id(world: World, name: DomainName = RDDS_ONLY) -> str:
    identity = (await world.hidden(name)).identity
    assert identity is not None
    route = await world.directory.find(identity.relay_address)
    assert route is not None
    return route.relay_id


async def _found(world: World, relay_id: str) -> set[SenderRule]:
    return set((await world.directory.admission(relay_id, NAMES)).rules)


async def test_one_look_up_finds_the_rules_of_every_scope_and_no_other(
    world: World, rules: SenderRules
) -> None:
    relay_id = await _relay_id(world)
    await world.register(SUBSTITUTED)
    other = await world.accounts.add_registrar("Other", "https://other.example")
    await rules.put(_of(world, RDDS_ONLY), STRANGER, ALLOW)
    await rules.put(_of(world, RDDS_ONLY, RuleScope.OWNER), "mail.offers.example", BLOCK)
    await rules.put(_of_registrar(world.registrar), "OFFERS.example", ALLOW)
    await rules.put(OPERATORS, "example", BLOCK)
    for whose in (_of(world, SUBSTITUTED), _of_registrar(other)):
        await rules.put(whose, STRANGER, BLOCK)
        await rules.put(whose, "offers.example", BLOCK)
    await rules.put(OPERATORS, "ffers.example", BLOCK)
    await rules.put(OPERATORS, "ada@mail.offers.example", BLOCK)

    assert await _found(world, relay_id) == {
        SenderRule(Level.DOMAIN, "ada+offers@mail.offers.example", allows=True),
        SenderRule(Level.OWNER, "mail.offers.example", allows=False),
        SenderRule(Level.REGISTRAR, "offers.example", allows=True),
        SenderRule(Level.OPERATOR, "example", allows=False),
    }
    admission = await world.directory.admission(relay_id, ())
    assert admission == Admission((REGISTRANT.email,))


async def test_asked_for_together_each_gets_the_rules_about_its_own_senders(
    world: World, rules: SenderRules
) -> None:
    """On PostgreSQL, what is asked at one time is one statement."""
    relay_id = await _relay_id(world)
    for sender in ("a.example", "b.example"):
        await rules.put(OPERATORS, sender, BLOCK)
    async with world.storage.reading() as uow:
        asks = [
            (relay_id, ("a.example",)),
            ("rel_none", ("a.example",)),
            (relay_id, ("b.example", "c.example")),
        ]
        found = await uow.mail_routes.admissions(asks, world.clock())
    assert [[rule.sender for rule in each.rules] for each in found] == [["a.example"], [], ["b.example"]]
    assert found[1] == Admission()


async def test_an_owners_rules_hold_for_all_his_domains_follow_him_and_go_with_the_last(
    world: World, rules: SenderRules
) -> None:
    first, second = await _relay_id(world, RDDS_ONLY), await _relay_id(world, SUBSTITUTED)
    somebody_else = replace(SPEC, registrant=replace(REGISTRANT, email="bob@home.example"))
    await world.register(DomainName("bob-studio.com"), somebody_else)
    of_bob = await _relay_id_of(world, DomainName("bob-studio.com"))
    await rules.put(_of(world, RDDS_ONLY, RuleScope.OWNER), STRANGER, BLOCK)
    blocked = {SenderRule(Level.OWNER, NAMES[0], allows=False)}
    assert [await _found(world, each) for each in (first, second, of_bob)] == [blocked, blocked, set()]

    await world.register(RDDS_ONLY, MOVED)
    assert [await _found(world, each) for each in (first, second)] == [set(), blocked]
    await world.register(SUBSTITUTED, MOVED)
    assert [await _found(world, each) for each in (first, second)] == [blocked, blocked]

    await world.registrations.delete(world.registrar, RDDS_ONLY)
    assert await rules.page(_of(world, SUBSTITUTED, RuleScope.OWNER), "", 10) != []
    await world.registrations.delete(world.registrar, SUBSTITUTED)
    await world.register(RDDS_ONLY, MOVED)
    assert await rules.page(_of(world, RDDS_ONLY, RuleScope.OWNER), "", 10) == []


async def _relay_id_of(world: World, name: DomainName) -> str:
    identity = (await world.enable(name)).identity
    assert identity is not None
    route = await world.directory.find(identity.relay_address)
    assert route is not None
    return route.relay_id


async def test_the_last_of_an_owners_domains_takes_his_rules_along_whichever_is_the_last(
    database_url: str, master_keys: MasterKeys, world: World, rules: SenderRules
) -> None:
    """Two processes delete one each at the same time."""
    for name in (RDDS_ONLY, SUBSTITUTED):
        await world.register(name)
    await rules.put(_of(world, RDDS_ONLY, RuleScope.OWNER), STRANGER, BLOCK)
    elsewhere = await Storage.open(database_url, master_keys)
    other = Registrations(elsewhere, Catalogue.load(), world.clock)
    await asyncio.gather(
        world.registrations.delete(world.registrar, RDDS_ONLY), other.delete(world.registrar, SUBSTITUTED)
    )
    await elsewhere.close()
    await world.register(RDDS_ONLY)
    assert await rules.page(_of(world, RDDS_ONLY, RuleScope.OWNER), "", 10) == []


async def test_rules_that_an_owner_has_at_both_mailboxes_are_one_when_he_moves(
    world: World, rules: SenderRules
) -> None:
    await world.register(RDDS_ONLY)
    await world.register(SUBSTITUTED, MOVED)
    await rules.put(_of(world, RDDS_ONLY, RuleScope.OWNER), STRANGER, BLOCK)
    await rules.put(_of(world, RDDS_ONLY, RuleScope.OWNER), "other.example", BLOCK)
    await rules.put(_of(world, SUBSTITUTED, RuleScope.OWNER), STRANGER, ALLOW)
    await world.register(RDDS_ONLY, MOVED)
    kept = await rules.page(_of(world, RDDS_ONLY, RuleScope.OWNER), "", 10)
    assert {(each.sender, each.action) for each in kept} == {(NAMES[0], ALLOW), ("other.example", BLOCK)}


async def test_registrars_neither_see_nor_change_each_others_rules(world: World, rules: SenderRules) -> None:
    await world.register(RDDS_ONLY)
    other = await world.accounts.add_registrar("Other", "https://other.example")
    await world.registrations.put(other, DomainName("zoe-other.com"), SPEC)
    same_owner = RulesOf(RuleScope.OWNER, other, DomainName("zoe-other.com"))
    whose = [_of_registrar(world.registrar), *(_of(world, RDDS_ONLY, scope) for scope in _OF_A_DOMAIN)]
    made = [(each, (await rules.put(each, STRANGER, BLOCK))[0]) for each in whose]

    for each in (_of_registrar(other), same_owner, OPERATORS):
        assert await rules.page(each, "", 10) == []
        for _, rule in made:
            with pytest.raises(NotFound):
                await rules.remove(each, rule.id)
    for scope in _OF_A_DOMAIN:
        with pytest.raises(NotFound):
            await rules.page(RulesOf(scope, other, RDDS_ONLY), "", 10)
        with pytest.raises(NotFound):
            await rules.put(RulesOf(scope, other, RDDS_ONLY), STRANGER, ALLOW)
    assert [await rules.page(each, "", 10) for each in whose] == [[rule] for _, rule in made]


_OF_A_DOMAIN = (RuleScope.DOMAIN, RuleScope.OWNER)


async def test_the_last_word_about_a_sender_holds_and_keeps_its_place(rules: SenderRules) -> None:
    blocked, is_new = await rules.put(OPERATORS, "PEST@Far.example", BLOCK)
    assert (is_new, blocked.sender) == (True, "pest@far.example")
    allowed, is_new = await rules.put(OPERATORS, "pest@FAR.example", ALLOW)
    assert (is_new, allowed) == (False, replace(blocked, action=ALLOW))
    assert await rules.page(OPERATORS, "", 10) == [allowed]
    await rules.remove(OPERATORS, allowed.id)
    with pytest.raises(NotFound):
        await rules.remove(OPERATORS, allowed.id)


async def test_pages_lead_through_all_rules_once(world: World, rules: SenderRules) -> None:
    made = set()
    for number in range(5):
        made.add((await rules.put(_of_registrar(world.registrar), f"a{number}.example", BLOCK))[0].sender)
        world.clock.pass_by(seconds=1)
    seen, after = [], ""
    while page := await rules.page(_of_registrar(world.registrar), after, 2):
        seen += [each.sender for each in page]
        after = page[-1].id
    assert seen == sorted(made)


async def test_too_many_rules_are_refused_and_one_that_is_there_is_not(
    world: World, rules: SenderRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.register(RDDS_ONLY)
    monkeypatch.setitem(MOST_RULES, RuleScope.DOMAIN, 2)
    for sender in ("a.example", "b.example"):
        await rules.put(_of(world, RDDS_ONLY), sender, BLOCK)
    with pytest.raises(InvalidInput, match="2 rules already"):
        await rules.put(_of(world, RDDS_ONLY), "c.example", BLOCK)
    await rules.put(_of(world, RDDS_ONLY), "a.example", ALLOW)


async def test_an_owner_allows_and_blocks_who_wrote_to_him(world: World, rules: SenderRules) -> None:
    relay_id = await _relay_id(world)
    await rules.allow(relay_id, STRANGER)
    await rules.block(relay_id, "offers.example", RuleScope.OWNER)
    assert await _found(world, relay_id) == {
        SenderRule(Level.DOMAIN, NAMES[0], allows=True),
        SenderRule(Level.OWNER, "offers.example", allows=False),
    }
    with pytest.raises(NotFound):
        await rules.block("rel_none", STRANGER)
    with pytest.raises(InvalidInput):
        await rules.block(relay_id, "two words@x")


async def test_whoever_wrote_is_blocked_however_odd_his_mailbox_is(world: World) -> None:
    """The link to block him stands in every message; it must work for what no standard allows as well."""
    relay_id = await _relay_id(world)
    odd = "a..B.@under_score.example"
    address = await world.directory.reply_address(relay_id, Opening(odd))
    correspondence = CorrespondenceService(world.storage, world.clock)
    local_part, _, domain = address.partition("@")
    assert await correspondence.stop(local_part, domain) == await correspondence.addressee(local_part, domain)
    [rule] = (await world.directory.admission(relay_id, names_of(odd))).rules
    assert rule == SenderRule(Level.DOMAIN, "a..b.@under_score.example", allows=False)


async def test_a_domains_rules_go_with_its_holder(world: World, rules: SenderRules) -> None:
    await world.register(RDDS_ONLY)
    await rules.put(_of(world, RDDS_ONLY), STRANGER, BLOCK)
    newcomer = replace(REGISTRANT, name="Bob Buyer", email="bob@home.example")
    await world.register(RDDS_ONLY, replace(SPEC, registrant=newcomer))
    assert await rules.page(_of(world, RDDS_ONLY), "", 10) == []
