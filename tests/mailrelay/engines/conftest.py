"""The engines run once for all tests of a process; one that is to be killed is started for its test."""

from collections.abc import Iterator

import pytest

from tests.support import engines
from tests.support.engines import EngineDaemon


@pytest.fixture(scope="session")
def rspamd() -> Iterator[EngineDaemon]:
    with engines.rspamd() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def clamd() -> Iterator[EngineDaemon]:
    with engines.clamd() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def spamd() -> Iterator[EngineDaemon]:
    with engines.spamd() as daemon:
        yield daemon
