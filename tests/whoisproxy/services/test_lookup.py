"""What RDAP and WHOIS are told of domains, name servers and registrars."""

from dataclasses import replace

from registries.delegation import DelegationSigner, Host, RegistryFacts
from tests.whoisproxy.services.world import RDDS_ONLY, SPEC, SUBSTITUTED, World
from whoisproxy.domain.account import Office
from whoisproxy.publication.record import RddsRecord

DS = DelegationSigner(12345, 13, 2, "AB" * 32)
HOST = Host("ns1.zoe-studio.com", ("192.0.2.1", "2001:db8::1"))
TOLD = replace(
    SPEC,
    nameservers=("ns1.zoe-studio.com", "ns1.hoster.example"),
    registry_id="D123-TEST",
    delegation_signed=True,
    ds=(DS,),
    hosts=(HOST,),
)


async def record(world: World) -> RddsRecord:
    found = await world.lookup.domain(RDDS_ONLY)
    assert found is not None
    return found


async def test_what_the_registrar_tells_is_published(world: World) -> None:
    await world.register(RDDS_ONLY, TOLD)
    shown = await record(world)
    assert (shown.registry_id, shown.delegation_signed, shown.ds) == ("D123-TEST", True, (DS,))
    assert [host.addresses for host in shown.nameservers] == [HOST.addresses, ()]
    assert shown.withheld == ()


async def test_what_is_not_said_again_stays_and_the_same_again_changes_nothing(world: World) -> None:
    first = await world.register(RDDS_ONLY, TOLD)
    quiet = replace(TOLD, registry_id=None, delegation_signed=None, ds=None, hosts=None)
    assert await world.register(RDDS_ONLY, quiet) == first
    unsigned = await world.register(RDDS_ONLY, replace(quiet, delegation_signed=False))
    assert (unsigned.delegation_signed, unsigned.ds, unsigned.version) == (False, (), 2)


async def test_what_the_registry_says_in_a_proof_is_learned(world: World) -> None:
    world.registry.facts = RegistryFacts("D9-ORG", delegation_signed=True, ds=(DS,))
    await world.hidden(SUBSTITUTED)
    shown = await world.lookup.domain(SUBSTITUTED)
    assert shown is not None
    assert (shown.registry_id, shown.delegation_signed, shown.ds) == ("D9-ORG", True, (DS,))


async def test_a_name_server_is_known_by_those_who_use_it(world: World) -> None:
    await world.register(RDDS_ONLY, TOLD)
    host = await world.lookup.nameserver("ns1.hoster.example")
    assert host is not None
    assert (host.nameserver.name, host.nameserver.addresses) == ("ns1.hoster.example", ())
    assert host.registrar.name == world.registrar.name
    assert await world.lookup.nameserver("ns2.hoster.example") is None


async def test_the_addresses_of_a_host_are_those_of_the_domain_above_it(world: World) -> None:
    await world.register(RDDS_ONLY, replace(TOLD, nameservers=()))
    host = await world.lookup.nameserver("ns1.zoe-studio.com")
    assert host is not None
    assert host.nameserver.addresses == HOST.addresses


async def test_a_name_server_that_nobody_uses_any_more_is_not_known(world: World) -> None:
    await world.register(RDDS_ONLY, SPEC)
    await world.register(RDDS_ONLY, replace(SPEC, nameservers=("ns9.hoster.example",)))
    assert await world.lookup.nameserver("ns1.hoster.example") is None
    assert await world.lookup.nameserver("ns9.hoster.example") is not None
    await world.registrations.delete(world.registrar, RDDS_ONLY)
    assert await world.lookup.nameserver("ns9.hoster.example") is None


async def test_a_registrar_is_found_by_id_and_by_name_in_any_case(world: World) -> None:
    for handle in (str(world.registrar.iana_id), world.registrar.name, world.registrar.name.upper()):
        found = await world.lookup.registrar(handle)
        assert found is not None, handle
        assert found.registrar.name == world.registrar.name
    assert await world.lookup.registrar("nobody") is None


async def test_a_registrar_is_where_its_office_is(world: World) -> None:
    office = Office(("Main Street 1",), "Bern", "", "3000", "CH", "+41310000000", "desk@registrar.example")
    async with world.storage.unit_of_work() as uow:
        await uow.registrars.set_office(world.registrar.id, office)
    found = await world.lookup.registrar(world.registrar.name)
    assert found is not None
    assert (found.registrar.street, found.registrar.email) == (office.street, office.email)
