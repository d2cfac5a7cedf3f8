from datetime import timedelta

import pytest

from tests.whoisproxy.services.world import World
from whoisproxy.domain.account import Scope
from whoisproxy.domain.errors import InvalidInput, NotFound, Unauthorized

HERE = "192.0.2.7"


async def test_a_secret_authenticates_its_registrar_with_its_scopes(world: World) -> None:
    key, secret = await world.accounts.add_key(world.registrar, [Scope.DOMAINS_READ])
    assert secret.startswith(f"wp_{key.id}_")
    assert await world.accounts.authenticate(secret, HERE) == (world.registrar, key)


@pytest.mark.parametrize("secret", ["", "wp_", "wp_key_1_2", "\udcff", "x" * 10_000])
async def test_anything_else_authenticates_nobody(world: World, secret: str) -> None:
    with pytest.raises(Unauthorized):
        await world.accounts.authenticate(secret, HERE)


async def test_both_keys_work_while_a_rotation_overlaps(world: World) -> None:
    old_key, old = await world.accounts.add_key(world.registrar)
    new_key, new = await world.accounts.rotate_key(world.registrar, old_key.id, timedelta(hours=1))
    assert new_key.scopes == old_key.scopes
    for secret in (old, new):
        await world.accounts.authenticate(secret, HERE)
    world.clock.pass_by(hours=1)
    await world.accounts.authenticate(new, HERE)
    with pytest.raises(Unauthorized):
        await world.accounts.authenticate(old, HERE)


async def test_rotating_twice_never_prolongs_a_key(world: World) -> None:
    key, secret = await world.accounts.add_key(world.registrar)
    await world.accounts.rotate_key(world.registrar, key.id, timedelta(hours=1))
    await world.accounts.rotate_key(world.registrar, key.id, timedelta(days=9))
    world.clock.pass_by(hours=1)
    with pytest.raises(Unauthorized):
        await world.accounts.authenticate(secret, HERE)


async def test_a_key_is_good_from_its_networks_only(world: World) -> None:
    _, secret = await world.accounts.add_key(world.registrar, networks=["192.0.2.0/24", "2001:db8::/32"])
    for address in (HERE, "::ffff:192.0.2.7", "2001:db8::1"):
        await world.accounts.authenticate(secret, address)
    for address in ("198.51.100.1", "2001:db9::1", ""):
        with pytest.raises(Unauthorized):
            await world.accounts.authenticate(secret, address)


async def test_bad_accounts_are_refused(world: World) -> None:
    with pytest.raises(InvalidInput, match="networks"):
        await world.accounts.add_key(world.registrar, networks=["everywhere"])
    with pytest.raises(InvalidInput, match="name"):
        await world.accounts.add_registrar(world.registrar.name, "https://again.example")
    with pytest.raises(NotFound):
        await world.accounts.rotate_key(world.registrar, "key_0")
