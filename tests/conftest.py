"""Fixtures for all tests: migrated databases, empty and quickly made; and the rule that CI skips nothing."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import structlog
import uvloop
from hypothesis import settings

from tests.support import engines
from tests.support.engines import EngineDaemon
from tests.support.postgres import PostgresServer, postgres_server
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.unit_of_work import Storage

# A busy machine breaks no promise: no example of a property test is timed.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the loop that the service runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """What a service set up for its logs does not outlive the test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for this test process."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def rspamd() -> Iterator[EngineDaemon]:
    """Rspamd for this test process."""
    with engines.rspamd() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def clamd() -> Iterator[EngineDaemon]:
    """ClamAV's daemon for this test process."""
    with engines.clamd() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def spamd() -> Iterator[EngineDaemon]:
    """SpamAssassin's daemon for this test process."""
    with engines.spamd() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite3"
    asyncio.run(migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite database."""
    file = tmp_path / "whoisproxy.sqlite3"
    shutil.copyfile(migrated_sqlite, file)
    return f"sqlite:///{file}"


@pytest.fixture
def master_keys(tmp_path: Path) -> MasterKeys:
    """Keys of this test's own."""
    return MasterKeys.load_or_create(tmp_path / "keys")


@pytest.fixture
async def sqlite_storage(sqlite_url: str, master_keys: MasterKeys) -> AsyncIterator[Storage]:
    """An empty storage on SQLite."""
    storage = await Storage.open(sqlite_url, master_keys)
    yield storage
    await storage.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh database, once on each engine."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.new_database()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def storage(database_url: str, master_keys: MasterKeys) -> AsyncIterator[Storage]:
    """An empty storage, once on each engine."""
    opened = await Storage.open(database_url, master_keys)
    yield opened
    await opened.close()


_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what was skipped: where everything is installed, nothing may be."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Likewise for whole modules."""
    if report.skipped:
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run of continuous integration in which a test that should run was skipped."""
    if _skipped and os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
