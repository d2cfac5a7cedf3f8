"""A running sandbox registry and sessions of two registrars."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from lxml import etree

from registries.contact import Role
from registries.sandbox.authority import CertificateAuthority
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import DataModel, Tld
from tests.registries.sandbox.wire import ACCOUNTS, SCHEMA, SCHEMAS, RawClient

TLDS = (
    Tld("test"),
    Tld("co.test"),
    Tld("full", required=(Role.REGISTRANT, Role.ADMIN)),
    Tld("thin", data_model=DataModel.MINIMUM, required=()),
)


Start = Callable[..., Awaitable[SandboxRegistry]]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def start(authority: CertificateAuthority) -> AsyncIterator[Start]:
    """Start registries; they stop when the test ends."""
    async with AsyncExitStack() as stack:

        async def begin(**settings: object) -> SandboxRegistry:
            chosen: dict[str, object] = {"tlds": TLDS, "accounts": ACCOUNTS, **settings}
            tls = authority.server_context(authority.issue("registry"))
            registry = SandboxRegistry(tls=tls, **chosen)  # type: ignore[arg-type]
            return await stack.enter_async_context(registry)

        yield begin


@pytest.fixture
async def registry(start: Start) -> SandboxRegistry:
    return await start()


Connect = Callable[[SandboxRegistry], RawClient]


@pytest.fixture
def connect(authority: CertificateAuthority) -> Connect:
    return lambda registry: RawClient(registry.port, authority.client_context())


@pytest.fixture
async def client(registry: SandboxRegistry, connect: Connect) -> AsyncIterator[RawClient]:
    """Registrar A, logged in."""
    async with connect(registry) as session:
        assert (await session.login()).code == 1000
        yield session


@pytest.fixture
async def stranger(registry: SandboxRegistry, connect: Connect) -> AsyncIterator[RawClient]:
    """Registrar B, logged in."""
    async with connect(registry) as session:
        assert (await session.login("registrar-b")).code == 1000
        yield session


@pytest.fixture(scope="session")
def schema() -> etree.XMLSchema:
    if SCHEMA is None:
        pytest.skip(f"the schemas are not at {SCHEMAS}")
    return SCHEMA
