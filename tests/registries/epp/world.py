"""The sandbox registry with a registrar's domain in it, and the client under test."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from registries.connector import Change
from registries.contact import Contact, Role
from registries.epp.connector import EppConnector
from registries.epp.frames import ContactCreate, ContactData, ContactInfo, DomainContact, DomainCreate
from registries.epp.pool import SessionPool
from registries.epp.postal import postal_forms
from registries.epp.session import Account, Session
from registries.epp.transport import Endpoint
from registries.policy import Mechanism
from registries.sandbox.authority import CertificateAuthority
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import DataModel, Quirk, Tld

DOMAIN = "zoe.example"
THIN_DOMAIN = "zoe.thin"
TLDS = (Tld("example"), Tld("thin", DataModel.MINIMUM, required=()))
ROLES = (Role.REGISTRANT, Role.ADMIN, Role.TECH)
# A contact object of its own for each role.
SEPARATE = {role: f"ZOE-{role.upper()}"[:16] for role in ROLES}

ZOE = Contact(
    name="Zoë Müller",
    organization="",
    street=("Rue de l'Été 1", "2e étage"),
    city="Genève",
    region="GE",
    postal_code="1204",
    country_code="CH",
    phone="+41.221234567",
    email="zoe@home.example",
)
PROXY = Contact(
    name="Privacy service",
    organization="Privacy service provided by Example Registrar",
    street=("Box 1",),
    city="Basel",
    region="",
    postal_code="4001",
    country_code="CH",
    phone="+41.610000000",
    email="registrant@relay.example",
)
PROXIES = {role: replace(PROXY, email=f"{role}@relay.example") for role in ROLES}
RELAYED = {role: replace(ZOE, email=f"{role}@relay.example") for role in ROLES}
OWN = dict.fromkeys(ROLES, ZOE)


@dataclass
class Book:
    """The journal of what changes begin."""

    notes: list[tuple[str, dict[str, Role], dict[str, Role]]] = field(default_factory=list)
    before: Callable[[], Awaitable[None]] | None = None

    async def note(
        self, change: Change, made: Mapping[str, Role], replaced: Mapping[str, Role]
    ) -> Collection[str]:
        if self.before is not None:
            await self.before()
        noted = {handle for _, earlier, _ in self.notes for handle in earlier}
        self.notes.append((change.operation_id, dict(made), dict(replaced)))
        return made.keys() & noted


@dataclass
class World:
    registry: SandboxRegistry
    connector: EppConnector
    account: Account
    book: Book
    wire: list[tuple[str, bytes]] = field(default_factory=list)

    async def journal(self) -> list[str]:
        """Return the commands that the registry carried out since the last call, session matters left out."""
        entries = await self.registry.journal(self._seen)
        self._seen = entries[-1].sequence if entries else self._seen
        return [entry.command for entry in entries if entry.command not in {"login", "logout", "hello"}]

    _seen: int = 0

    def account_of(self, client_id: str) -> Account:
        """Return another registrar's way to the registry."""
        return replace(self.account, client_id=client_id)

    async def contact(self, handle: str, client_id: str = "registrar-1") -> ContactData:
        session = await Session.open(self.account_of(client_id))
        try:
            return (await session.send(ContactInfo(handle))).data
        finally:
            await session.close()

    async def register(
        self, domain: str, contacts: Mapping[Role, str], client_id: str = "registrar-1"
    ) -> None:
        """Do what a registrar's back end does: create the contacts that are not there, and the domain."""
        session = await Session.open(self.account_of(client_id))
        for handle in dict.fromkeys(contacts.values()):
            await session.send(ContactCreate(handle, postal_forms(ZOE), ZOE.phone, ZOE.email, "a7-b8-c9"))
        others = tuple(
            DomainContact(role, handle) for role, handle in contacts.items() if role is not Role.REGISTRANT
        )
        registrant = contacts.get(Role.REGISTRANT, "")
        await session.send(DomainCreate(domain, registrant, others, "a7-b8-c9"))
        await session.close()
        await self.journal()


def change(
    mechanism: Mechanism,
    contacts: Mapping[Role, Contact],
    *,
    hide: bool = True,
    operation: str = "op_1",
    domain: str = DOMAIN,
) -> Change:
    return Change(operation, domain, mechanism, hide, contacts)


@asynccontextmanager
async def sandbox_world(
    folder: Path, quirks: Collection[Quirk] = (), tlds: Sequence[Tld] = TLDS
) -> AsyncIterator[World]:
    authority = CertificateAuthority(folder)
    registry = SandboxRegistry(
        tlds=tlds,
        accounts={"registrar-1": "foo-BAR2", "registrar-2": "foo-BAR2"},
        tls=authority.server_context(authority.issue("registry")),
        quirks=quirks,
    )
    async with registry:
        endpoint = Endpoint(registry.host, registry.port, authority.client_context())
        account = Account("sandbox", endpoint, "registrar-1", "foo-BAR2")
        wire: list[tuple[str, bytes]] = []
        pool = SessionPool(account, on_frame=lambda direction, xml: wire.append((direction, xml)))
        book = Book()
        world = World(registry, EppConnector(pool, journal=book), account, book, wire)
        try:
            yield world
        finally:
            await world.connector.close()
