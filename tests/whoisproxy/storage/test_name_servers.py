"""The index of name servers follows the domains, on both engines; so do facts and ids from registries."""

from dataclasses import replace

import pytest

from registries.contact import Role
from registries.delegation import DelegationSigner, Host, RegistryFacts
from tests.whoisproxy.storage.values import NOW, REGISTRAR, hold_domain, registration
from whoisproxy.domain.privacy import TRANSFERRED_AWAY, initial
from whoisproxy.domain.registry import ContactState, HeldContact
from whoisproxy.storage.repositories.name_servers import HeldHost
from whoisproxy.storage.repositories.registry import Shown
from whoisproxy.storage.unit_of_work import Storage

HOST = Host("ns1.name1.com", ("192.0.2.1", "2001:db8::1"))


@pytest.fixture(autouse=True)
async def held(storage: Storage) -> None:
    await hold_domain(storage)


async def known(storage: Storage, host: str) -> HeldHost | None:
    async with storage.reading() as unit:
        return await unit.name_servers.get(host)


async def test_a_host_is_known_while_a_domain_uses_it(storage: Storage) -> None:
    await hold_domain(storage, 2)
    assert await known(storage, "ns1.example.net") == HeldHost((), REGISTRAR.id)
    async with storage.unit_of_work() as unit:
        await unit.registrations.remove("dom_1")
    assert await known(storage, "ns1.example.net") is not None
    async with storage.unit_of_work() as unit:
        await unit.registrations.update(replace(registration(2), nameservers=("NS3.example.net.",)))
    assert await known(storage, "ns1.example.net") is None
    assert await known(storage, "ns3.example.net") is not None


async def test_the_nearest_domain_above_a_host_gives_its_addresses(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.registrations.update(replace(registration(), hosts=(HOST,)))
    assert await known(storage, HOST.name) == HeldHost(HOST.addresses, REGISTRAR.id)
    assert await known(storage, "ns2.name1.com") is None


async def test_a_domain_that_has_gone_elsewhere_answers_for_no_host_until_it_is_back(
    storage: Storage,
) -> None:
    there = replace(registration(), hosts=(HOST,))
    async with storage.unit_of_work() as unit:
        await unit.registrations.update(there)
        await unit.registrations.withdraw(there)
        await unit.privacy.put("dom_1", replace(initial(NOW), reason=TRANSFERRED_AWAY))
    assert await known(storage, HOST.name) is None
    assert await known(storage, "ns1.example.net") is None
    async with storage.unit_of_work() as unit:
        await unit.privacy.put("dom_1", initial(NOW))
        await unit.registrations.update(there)
    assert await known(storage, HOST.name) is not None
    assert await known(storage, "ns1.example.net") is not None


async def test_what_a_registry_says_is_kept_and_what_it_does_not_say_stays(storage: Storage) -> None:
    signer = DelegationSigner(1, 13, 2, "AB" * 32)
    told = [
        RegistryFacts("D1-TEST", delegation_signed=True, ds=(signer,)),
        RegistryFacts(hosts=(HOST,)),
        RegistryFacts("", delegation_signed=None),
    ]
    for facts in told:
        async with storage.unit_of_work() as unit:
            before = await unit.registrations.by_id("dom_1")
            assert before is not None
            await unit.registrations.learn([(before, facts)])
    async with storage.reading() as unit:
        after = await unit.registrations.by_id("dom_1")
    assert after == replace(
        registration(), registry_id="D1-TEST", delegation_signed=True, ds=(signer,), hosts=(HOST,)
    )


async def test_a_domain_may_be_signed_without_records_that_are_known(storage: Storage) -> None:
    signed = replace(registration(), delegation_signed=True)
    async with storage.unit_of_work() as unit:
        await unit.registrations.update(signed)
    async with storage.reading() as unit:
        assert await unit.registrations.by_id("dom_1") == signed


def contact(handle: str, domain: int, role: Role = Role.REGISTRANT, *, made: bool = True) -> HeldContact:
    return HeldContact(
        account="test",
        handle=handle,
        domain_id=f"dom_{domain}",
        domain=f"name{domain}.com",
        role=role,
        made=made,
        operation_id="opn_1",
        state=ContactState.PLANNED if made else ContactState.LINKED,
        tries=0,
        look_at=None,
        created_at=NOW,
    )


async def own_ids(storage: Storage, handles: dict[str, str]) -> dict[Role, str]:
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.settle({"dom_1": Shown(handles, ())}, NOW)
        return await unit.registry_contacts.own_ids("dom_1")


async def test_the_id_of_a_contact_made_for_one_domain_is_told(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.note([contact("A", 1), contact("B", 1, Role.TECH), contact("C", 1)])
    assert await own_ids(storage, {"A": "C1-TEST", "B": ""}) == {Role.REGISTRANT: "C1-TEST"}


async def test_the_id_of_a_contact_that_domains_share_is_not_told(storage: Storage) -> None:
    """Equal ids would tell which domains belong together."""
    await hold_domain(storage, 2)
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.note([contact("A", 1), contact("A", 2)])
    assert await own_ids(storage, {"A": "C1-TEST"}) == {}


async def test_the_id_of_the_registrars_own_contact_is_not_told(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.note([contact("ZOE", 1, made=False)])
    assert await own_ids(storage, {"ZOE": "C9-TEST"}) == {}
