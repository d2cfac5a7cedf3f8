"""From any sequence of switches and faults, nothing shows the registrant while he is, or may be, hidden."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registries.errors import OutcomeUnknown, RegistryRefused, RegistryUnavailable, VerificationFailed
from tests.whoisproxy.services.world import (
    REGISTRANT,
    RELAY_EMAIL,
    SUBSTITUTED,
    World,
    make_world,
    renamed,
)
from whoisproxy.domain.errors import DomainLocked
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import PrivacyState
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.unit_of_work import Storage

FAULTS = [
    None,
    RegistryUnavailable("down"),
    OutcomeUnknown("lost"),
    VerificationFailed("other"),
    RegistryRefused(2304, "locked"),
]
STEPS = st.one_of(
    st.sampled_from(["enable", "disable", "rotate", "suspend", "resume", "move", "work", "work", "later"]),
    st.tuples(st.sampled_from(range(len(FAULTS))), st.booleans()),
)


_play_any = given(steps=st.lists(STEPS, max_size=14), name=st.sampled_from([SUBSTITUTED, RELAY_EMAIL]))
_without_deadline = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_play_any
@settings(_without_deadline, max_examples=6)
def test_no_sequence_of_switches_and_faults_shows_a_hidden_registrant(
    steps: list[str | tuple[int, bool]], name: DomainName, migrated_sqlite: Path
) -> None:
    asyncio.run(_play(steps, name, migrated_sqlite))


@pytest.mark.slow
@_play_any
@settings(_without_deadline, max_examples=60)
def test_no_sequence_of_many_shows_a_hidden_registrant(
    steps: list[str | tuple[int, bool]], name: DomainName, migrated_sqlite: Path
) -> None:
    asyncio.run(_play(steps, name, migrated_sqlite))


async def _play(steps: list[str | tuple[int, bool]], name: DomainName, migrated: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "test.sqlite3"
        shutil.copyfile(migrated, file)
        keys = MasterKeys.load_or_create(Path(folder) / "keys")
        storage = await Storage.open(f"sqlite:///{file}", keys)
        try:
            world = await make_world(storage)
            await world.register(name)
            for step in steps:
                await _take(world, name, step)
                await _check(world, name)
        finally:
            await storage.close()


_Step = Callable[[], Awaitable[object]]


async def _take(world: World, name: DomainName, step: str | tuple[int, bool]) -> None:
    async def later() -> None:
        world.clock.pass_by(hours=1)

    async def fault() -> None:
        assert not isinstance(step, str)
        world.registry.faults = [FAULTS[step[0]]]
        world.registry.applied_before_fault = step[1]

    steps: dict[str, _Step] = {
        "enable": lambda: world.enable(name),
        "disable": lambda: world.disable(name),
        "rotate": lambda: world.privacy.rotate(world.registrar, name),
        "suspend": lambda: world.privacy.suspend(world.registrar, name),
        "resume": lambda: world.privacy.resume(world.registrar, name),
        "move": lambda: world.register(name, renamed(city="Bonn")),
        "work": world.work,
        "later": later,
    }
    with suppress(DomainLocked):
        await (steps[step] if isinstance(step, str) else fault)()


async def _check(world: World, name: DomainName) -> None:
    view = await world.status(name)
    status = view.privacy.status
    shown = await world.shows_registrant(name)
    assert shown is not status.hidden
    assert status.hidden is bool(view.identity)
    assert not (status.state is PrivacyState.ENABLED and shown)
    if status.state is PrivacyState.ENABLED and view.operation is None and not view.privacy.reason:
        # What counts as done was proved: the registry holds the relay address, not his mailbox.
        held = world.registry.contacts[name.a_label].values()
        assert all(contact.email != REGISTRANT.email for contact in held)
    if status.state in {PrivacyState.ENABLING, PrivacyState.DISABLING}:
        # Whatever is on its way has an operation that a registrar can follow.
        assert view.operation is not None
