"""A registrar's look is found by its id, by its host name, and by its domains, and by nothing of others."""

import pytest

from tests.whoisproxy.services.world import RDDS_ONLY, World, make_world
from whoisproxy.domain.appearance import Appearance
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.services.appearances import Appearances
from whoisproxy.storage.unit_of_work import Storage

_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>'


@pytest.fixture
async def world(storage: Storage) -> World:
    """Return a world on each engine, which is read in different ways."""
    return await make_world(storage)


@pytest.fixture
def looks(world: World) -> Appearances:
    return Appearances(world.storage, "https://privacy.example/own/")


async def test_a_look_is_found_by_whatever_names_its_registrar(world: World, looks: Appearances) -> None:
    await world.hidden(RDDS_ONLY)
    kept = await looks.put(Appearance(world.registrar.id, "Example", "own.example", "#0a4f8f"), _SVG)
    assert (kept.logo_type, len(kept.version)) == ("image/svg+xml", 12)

    assert await looks.of_registrar(world.registrar.id) == kept
    assert await looks.of_host("OWN.example:8443") == kept
    assert await looks.of_domain(str(RDDS_ONLY)) == kept
    logo = await looks.logo(world.registrar.id)
    assert await looks.get(world.registrar) == (kept, logo)
    for nothing in (
        looks.of_registrar("rgr_none"),
        looks.of_host("else.example"),
        looks.of_host("127.0.0.1"),
    ):
        assert await nothing is None
    assert await looks.of_domain("nobodys.example") is None
    assert looks.base_url(kept) == "https://own.example/own"
    assert looks.base_url(None) == "https://privacy.example/own"


async def test_a_version_changes_with_any_part_of_a_look(world: World, looks: Appearances) -> None:
    own = Appearance(world.registrar.id, "Example")
    versions = [
        (await looks.put(own, None)).version,
        (await looks.put(own, _SVG)).version,
        (await looks.put(own, _SVG.replace(b"h9", b"h8"))).version,
        (await looks.put(Appearance(world.registrar.id, "Example", accent="#0a4f8f"), None)).version,
    ]
    assert len(set(versions)) == len(versions)
    assert (await looks.put(own, None)).version == versions[0]
    assert await looks.logo(world.registrar.id) is None

    await looks.remove(world.registrar)
    with pytest.raises(NotFound):
        await looks.get(world.registrar)


async def test_a_host_name_is_one_registrars_and_never_that_of_all(world: World, looks: Appearances) -> None:
    other = await world.accounts.add_registrar("Other", "https://other.example")
    await looks.put(Appearance(world.registrar.id, "Example", "own.example"), None)
    for holder, host in ((other.id, "own.example"), (world.registrar.id, "privacy.example")):
        with pytest.raises(InvalidInput) as refused:
            await looks.put(Appearance(holder, "Other", host), None)
        assert refused.value.field == "host"
    assert (await looks.put(Appearance(other.id, "Other"), None)).host == ""
    assert await looks.of_host("") is None
