"""Lists of an owner's domains: each once, counted rightly, and nobody else's; on both engines."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registries.catalogue import Catalogue
from tests.fakes import Clock
from tests.whoisproxy.services.watch_world import watch_world
from tests.whoisproxy.services.world import (
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
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import OperationKind, OperationState
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.domain.owner_domains import Glance, Turn
from whoisproxy.domain.privacy import TRANSFERRED_AWAY, PrivacyState, PrivacyStatus
from whoisproxy.services.owners.domains import ON_A_PAGE, ListedDomain, OwnerDomains, Wish
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.unit_of_work import Storage

BAKERY = DomainName.parse("müller-bäckerei.com")
STATES = {
    "off": (PrivacyStatus(PrivacyState.DISABLED, wanted=False, published=False), ""),
    "on": (PrivacyStatus(PrivacyState.ENABLED, wanted=True, published=True), ""),
    "failed": (PrivacyStatus(PrivacyState.FAILED, wanted=True, published=False), "REGISTRY_REFUSED"),
    "frozen": (PrivacyStatus(PrivacyState.SUSPENDED, wanted=True, published=True), ""),
    "gone": (PrivacyStatus(PrivacyState.DISABLED, wanted=False, published=False), TRANSFERRED_AWAY),
}
SUFFIXES = ("com", "org", "eu", "ch", "nl", "co.uk")


def domains_of(world: World) -> OwnerDomains:
    return OwnerDomains(world.storage, Catalogue.load(), world.settings)


async def account_of(world: World, mailbox: str = REGISTRANT.email) -> OwnerAccount:
    async with world.storage.unit_of_work() as uow:
        index = await uow.owner_accounts.index(mailbox)
        return await uow.owner_accounts.ensure(world.registrar.id, index, world.clock())


async def put(world: World, name: DomainName, state: str) -> None:
    """Bring a domain's privacy to a state, as if much had happened."""
    status, reason = STATES[state]
    async with world.storage.unit_of_work() as uow:
        registration = await uow.registrations.by_name(name)
        assert registration is not None
        known = await uow.privacy.get(registration.id)
        await uow.privacy.put(registration.id, replace(known, status=status, reason=reason))


async def every_page(domains: OwnerDomains, account: OwnerAccount, wish: Wish) -> list[ListedDomain]:
    """Go from page to page, as long as there is another."""
    found, number = list[ListedDomain](), 0
    while True:
        page = await domains.page(account, replace(wish, page=number))
        assert page.page == number
        assert len(page.domains) == ON_A_PAGE or number + 1 == page.pages
        found += page.domains
        number += 1
        if number == page.pages:
            assert len(found) == page.total
            return found


def names_of(found: Iterable[ListedDomain]) -> list[str]:
    return [one.name.a_label for one in found]


@given(
    st.lists(
        st.tuples(st.sampled_from(("shop", "bäcker", "a-b", "x-y")), st.sampled_from(SUFFIXES)),
        max_size=140,
    ),
    st.lists(st.sampled_from(sorted(STATES)), min_size=1, max_size=7),
    st.sampled_from(("", "shop", "BÄCK", "xn--", "1", ".org", "%", "_")),
)
@settings(max_examples=12)
def test_every_domain_is_on_one_page_whatever_is_sought(
    migrated_sqlite: Path, made: list[tuple[str, str]], states: list[str], text: str
) -> None:
    names = [DomainName.parse(f"{word}{place}.{suffix}") for place, (word, suffix) in enumerate(made)]

    async def play(folder: Path) -> None:
        shutil.copyfile(migrated_sqlite, folder / "w.sqlite3")
        storage = await Storage.open(f"sqlite:///{folder}/w.sqlite3", MasterKeys.load_or_create(folder))
        try:
            await _check(await make_world(storage, clock=Clock()), names, states, text)
        finally:
            await storage.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))


async def _check(world: World, names: Sequence[DomainName], states: Sequence[str], text: str) -> None:
    for place, name in enumerate(names):
        await world.register(name)
        await put(world, name, states[place % len(states)])
    domains, account = domains_of(world), await account_of(world)
    # What one domain is said to be by itself is what the list must say of it.
    each = {name.a_label: await domains.get(account, name) for name in names}
    seen = {name: one.glance for name, one in each.items() if one}
    fit = {name.a_label for name in names if text.lower() in name.a_label or text.lower() in name.u_label}
    listed = await every_page(domains, account, Wish(text=text))
    assert sorted(names_of(listed)) == sorted(fit)
    assert {one.name.a_label: one.glance for one in listed} == {name: seen[name] for name in fit}
    assert [one.name.u_label for one in listed] == sorted(one.name.u_label for one in listed)
    page = await domains.page(account, Wish(text=text))
    assert page.by_glance == Counter(seen[name] for name in fit)
    assert page.by_suffix == Counter(DomainName(name).suffix for name in fit)
    for glance in Glance:
        some = await every_page(domains, account, Wish(text=text, glance=glance, suffix="com"))
        assert sorted(names_of(some)) == sorted(
            name for name in fit if seen[name] is glance and name.endswith(".com")
        )


async def filled(world: World) -> OwnerDomains:
    """Register a domain of each kind, and one each of another owner and of another registrar."""
    for name in (SUBSTITUTED, RDDS_ONLY, RELAY_EMAIL, FLAGGED, PROHIBITED, BAKERY):
        await world.register(name)
    await world.register(DomainName("else-studio.com"), renamed(email="somebody@else.example"))
    other = await world.accounts.add_registrar("Other", "https://other.example")
    await world.registrations.put(other, DomainName("zoe-elsewhere.com"), SPEC)
    for name in (SUBSTITUTED, RELAY_EMAIL):
        await world.enable(name)
    await world.work()
    return domains_of(world)


async def test_a_list_says_how_each_stands_and_shows_nobody_elses(storage: Storage) -> None:
    world = await make_world(storage)
    domains, account = await filled(world), await account_of(world)
    page = await domains.page(account, Wish())
    assert {one.name: (one.glance, one.turns) for one in page.domains} == {
        BAKERY: (Glance.OFF, (Turn.ON,)),
        SUBSTITUTED: (Glance.ON, (Turn.OFF,)),
        RELAY_EMAIL: (Glance.LIMITED, (Turn.OFF,)),
        FLAGGED: (Glance.OFF, (Turn.ON,)),
        PROHIBITED: (Glance.IMPOSSIBLE, ()),
        RDDS_ONLY: (Glance.OFF, (Turn.ON,)),
    }
    # ü comes behind all letters of ASCII, whatever the language of the server.
    assert names_of(page.domains)[0] == BAKERY.a_label
    assert (page.total, page.pages) == (6, 1)
    assert page.by_glance == {Glance.ON: 1, Glance.LIMITED: 1, Glance.OFF: 3, Glance.IMPOSSIBLE: 1}
    assert page.by_suffix == {"org": 1, "com": 2, "eu": 1, "ca": 1, "nl": 1}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MÜLLER", [BAKERY]),
        ("xn--mller", [BAKERY]),
        ("bäckerei.com", [BAKERY]),
        ("  \uff33\uff34\uff35dio\u3002com", [RDDS_ONLY]),
        (".eu", [RELAY_EMAIL]),
        ("zoe%", []),
        ("zoe_studio", []),
        ("else", []),
        ("\\", []),
        ("\x00\ud800", None),
        ("' OR 1=1 --", []),
        ("x" * 5000, []),
    ],
)
async def test_a_part_of_a_name_is_found_in_either_form(
    storage: Storage, text: str, found: list[DomainName] | None
) -> None:
    world = await make_world(storage)
    domains, account = await filled(world), await account_of(world)
    page = await domains.page(account, Wish(text=text))
    if found is None:
        assert page.total == 6
    else:
        assert [one.name for one in page.domains] == found


async def test_filters_narrow_each_other_and_still_say_what_else_there_is(storage: Storage) -> None:
    world = await make_world(storage)
    domains, account = await filled(world), await account_of(world)
    page = await domains.page(account, Wish(glance=Glance.OFF, suffix="com", page=7))
    assert names_of(page.domains) == [BAKERY.a_label, RDDS_ONLY.a_label]
    assert (page.page, page.pages, page.total) == (0, 1, 2)
    assert page.by_glance == {Glance.OFF: 2}
    assert page.by_suffix == {"com": 2, "ca": 1}
    assert (await domains.page(account, Wish(suffix="example"))).total == 0


async def test_an_ending_whose_registry_holds_no_contacts_has_no_limits(storage: Storage) -> None:
    """As the one domain's page has it: for one domain, and for all of an account."""
    world = await make_world(storage)
    domains, account = await filled(world), await account_of(world)
    for domain in (RELAY_EMAIL.a_label, ""):
        async with storage.unit_of_work() as uow:
            await uow.registry_accounts.remember_no_contacts("sandbox", domain, world.clock())
        page = await domains.page(account, Wish(text=RELAY_EMAIL.a_label))
        one = await domains.get(account, RELAY_EMAIL)
        assert one is not None
        assert [listed.glance for listed in page.domains] == [one.glance] == [Glance.ON]
        async with storage.unit_of_work() as uow:
            await uow.registry_accounts.remember_contacts({RELAY_EMAIL.a_label: "sandbox"})


async def test_one_domain_is_shown_with_all_that_is_known(storage: Storage) -> None:
    world = await make_world(storage)
    domains, account = await filled(world), await account_of(world)
    found = await domains.get(account, SUBSTITUTED)
    assert found is not None
    assert found.operation is not None
    assert (found.operation.kind, found.operation.state) == (OperationKind.ENABLE, OperationState.DONE)
    assert found.since == found.operation.updated_at
    view = await world.status(SUBSTITUTED)
    assert view.identity is not None
    assert view.identity.relay_address in {one.address for one in found.relays}
    await world.disable(SUBSTITUTED)
    changing = await domains.get(account, SUBSTITUTED)
    assert changing is not None
    assert (changing.glance, changing.turns) == (Glance.CHANGING, (Turn.ON,))
    never = await domains.get(account, RDDS_ONLY)
    assert never is not None
    assert (never.since, never.operation, never.relays) == (None, None, ())


async def test_nothing_of_somebody_else_is_found_by_name(storage: Storage) -> None:
    world = await make_world(storage)
    domains, account = await filled(world), await account_of(world)
    somebody = await account_of(world, "somebody@else.example")
    for name in ("else-studio.com", "zoe-elsewhere.com", "nobody-has-this.com"):
        assert await domains.get(account, DomainName(name)) is None
    assert await domains.get(somebody, SUBSTITUTED) is None
    assert (await domains.get(somebody, DomainName("else-studio.com"))) is not None
    # A domain that goes to another mailbox goes out of sight with it.
    await world.register(SUBSTITUTED, renamed(email="somebody@else.example"))
    assert await domains.get(account, SUBSTITUTED) is None
    assert SUBSTITUTED.a_label in names_of((await domains.page(somebody, Wish())).domains)


async def test_a_leak_needs_attention_and_its_evidence_is_the_owners_alone(
    sqlite_storage: Storage,
) -> None:
    async with watch_world(sqlite_storage) as watched:
        world = watched.world
        domains = domains_of(world)
        await watched.hidden(SUBSTITUTED)
        await world.register(RDDS_ONLY)
        await world.register(DomainName("else-studio.com"), renamed(email="somebody@else.example"))
        account, somebody = await account_of(world), await account_of(world, "somebody@else.example")
        await watched.later(minutes=2)
        assert (await domains.page(account, Wish())).by_glance == {Glance.ON: 1, Glance.OFF: 1}
        watched.leak(watched.public, SUBSTITUTED)
        await watched.later(hours=3)
        found = await domains.get(account, SUBSTITUTED)
        assert found is not None
        assert (found.glance, found.standing.leaking) == (Glance.ATTENTION, True)
        page = await domains.page(account, Wish(glance=Glance.ATTENTION))
        assert names_of(page.domains) == [SUBSTITUTED.a_label]
        assert {one.place for one in found.watches} == {one.place for one in found.sightings}
        label = found.exhibits[0]
        exhibit = await domains.exhibit(account, SUBSTITUTED, label.id)
        assert exhibit is not None
        assert REGISTRANT.email in exhibit.answer
        # Nobody else's, not by another domain of the same owner, and not by a wrong id.
        assert await domains.exhibit(somebody, SUBSTITUTED, label.id) is None
        assert await domains.exhibit(somebody, DomainName("else-studio.com"), label.id) is None
        assert await domains.exhibit(account, RDDS_ONLY, label.id) is None
        assert await domains.exhibit(account, SUBSTITUTED, label.id + "x") is None
