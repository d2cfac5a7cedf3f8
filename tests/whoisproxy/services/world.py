"""The services over a real database, with a registry in memory, for the tests of services."""

from dataclasses import dataclass, replace
from datetime import timedelta

from registries.catalogue import Catalogue
from registries.connector import Connector
from tests.fakes import Accounts as RegistryAccounts
from tests.fakes import Clock, FakeRegistry
from tests.support import samples
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Operation
from whoisproxy.domain.privacy import Consent
from whoisproxy.domain.registration import Registration
from whoisproxy.services.accounts import Accounts
from whoisproxy.services.lookup import Lookup
from whoisproxy.services.mailbox_health import MailboxHealth
from whoisproxy.services.operations import Operations
from whoisproxy.services.outbox_worker import OutboxWorker, RetryPolicy, WorkerSettings
from whoisproxy.services.privacy import PrivacyService, PrivacyView
from whoisproxy.services.registration import Registrations, RegistrationSpec
from whoisproxy.services.registry_messages import MessageIntake, RegistryMessages
from whoisproxy.services.registry_sync import RegistrySync
from whoisproxy.services.relay_directory import RelayDirectory
from whoisproxy.services.settings import AccountFacts, PrivacySettings
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.services.work_orders import APPLY
from whoisproxy.storage.unit_of_work import Storage

RELAY = "relay.example"
SUBSTITUTED = DomainName("zoe-bakery.org")
RDDS_ONLY = DomainName("zoe-studio.com")
RELAY_EMAIL = DomainName("zoe-maison.eu")
FLAGGED = DomainName("zoe-orchard.ca")
PROHIBITED = DomainName("zoe-polder.nl")

BRAND, REGISTRANT = samples.BRAND, samples.REGISTRANT
SPEC = RegistrationSpec(REGISTRANT, registrant_verified=True, nameservers=("ns1.hoster.example",))
SETTINGS = PrivacySettings(BRAND, RELAY, timedelta(days=30))


@dataclass
class World:
    """Everything a test needs."""

    storage: Storage
    clock: Clock
    registry: FakeRegistry
    registrar: Registrar
    accounts: Accounts
    registrations: Registrations
    privacy: PrivacyService
    operations: Operations
    sync: RegistrySync
    intake: MessageIntake
    messages: RegistryMessages
    worker: OutboxWorker
    directory: RelayDirectory
    lookup: Lookup
    settings: PrivacySettings

    async def register(self, name: DomainName, spec: RegistrationSpec = SPEC) -> Registration:
        """Register a domain here."""
        return (await self.registrations.put(self.registrar, name, spec))[0]

    async def enable(self, name: DomainName) -> PrivacyView:
        """Switch privacy on, with consent."""
        consent = Consent("the owner", self.clock(), "2026-01")
        return await self.privacy.switch(self.registrar, name, SwitchRequest(enabled=True, consent=consent))

    async def disable(self, name: DomainName) -> PrivacyView:
        """Switch privacy off."""
        return await self.privacy.switch(self.registrar, name, SwitchRequest(enabled=False))

    async def hidden(self, name: DomainName) -> PrivacyView:
        """Register a domain, switch its privacy on and let the work be done."""
        await self.register(name)
        await self.enable(name)
        await self.work()
        return await self.status(name)

    async def status(self, name: DomainName) -> PrivacyView:
        """Return the privacy as it stands."""
        return await self.privacy.status(self.registrar, name)

    async def work(self) -> int:
        """Do all that is due."""
        return await self.worker.run_due()

    async def operation(self, view: PrivacyView) -> Operation:
        """Return a view's operation as it stands now."""
        assert view.operation is not None
        return await self.operations.get(self.registrar, view.operation.id)

    async def events(self) -> list[str]:
        """Return the kinds of all events so far."""
        async with self.storage.reading() as uow:
            return [event.type for event in await uow.events.after(self.registrar.id, 0, 1000)]

    async def shows_registrant(self, name: DomainName) -> bool:
        """Whether any of the registrant's data is in the public record."""
        record = str(await self.lookup.domain(name))
        return any(secret in record for secret in REGISTRANT.identity().values())


ACCOUNT = AccountFacts("sandbox")
SHARED = AccountFacts("sandbox", shared_email="privacy@registrar.example")


async def make_world(
    storage: Storage,
    attempts: int = 4,
    account: AccountFacts = ACCOUNT,
    connector: Connector | None = None,
    clock: Clock | None = None,
) -> World:
    """Put the services together; without a `connector` the registry is the one in memory."""
    suffixes = ("org", "eu", "ca")
    settings = replace(SETTINGS, accounts=dict.fromkeys(suffixes, account))
    clock, registry, catalogue = clock or Clock(), FakeRegistry(), Catalogue.load()
    accounts = Accounts(storage, clock)
    operations = Operations(storage)
    connectors = RegistryAccounts(dict.fromkeys(suffixes, connector or registry))
    sync = RegistrySync(storage, catalogue, connectors, settings, clock, operations.notify)
    pace = WorkerSettings(retry=RetryPolicy(attempts=attempts), poll_s=0.05)
    return World(
        storage=storage,
        clock=clock,
        registry=registry,
        registrar=await accounts.add_registrar("Gandalf Domains", "https://gandalf.example", 9995),
        accounts=accounts,
        registrations=Registrations(storage, catalogue, clock),
        privacy=PrivacyService(storage, catalogue, settings, clock),
        operations=operations,
        sync=sync,
        intake=MessageIntake(storage, settings, clock, operations.notify),
        messages=RegistryMessages(storage, clock),
        worker=OutboxWorker(storage, {APPLY: sync}, "worker-1", clock, pace, lambda: 1.0),
        directory=RelayDirectory(storage, RELAY, clock, MailboxHealth(storage, clock)),
        lookup=Lookup(storage, catalogue, BRAND, clock),
        settings=settings,
    )


def renamed(**changes: str) -> RegistrationSpec:
    """Return the usual spec with another registrant."""
    return replace(SPEC, registrant=replace(REGISTRANT, **changes))  # type: ignore[arg-type]
