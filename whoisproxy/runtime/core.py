"""The services on an opened database, without servers and workers: what commands and roles share."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import gaierror

from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from registries.catalogue import Catalogue, CatalogueError
from whoisproxy.config import BrandSettings, ConfigurationError, OfficeSettings, Retention, Settings
from whoisproxy.domain.account import Office
from whoisproxy.domain.errors import Unavailable
from whoisproxy.domain.proxy_identity import Brand
from whoisproxy.runtime.contact_pages import contact_pages
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.accounts import Accounts
from whoisproxy.services.appearances import Appearances
from whoisproxy.services.correspondence import CorrespondenceService
from whoisproxy.services.disclosed_answers import BearerTokens, DisclosedAnswers
from whoisproxy.services.disclosure import Disclosures
from whoisproxy.services.events import Events
from whoisproxy.services.lookup import Lookup
from whoisproxy.services.mailbox import Mailbox
from whoisproxy.services.operations import Operations
from whoisproxy.services.owners.domains import OwnerDomains
from whoisproxy.services.owners.entry import OwnerEntry
from whoisproxy.services.owners.held_data import Kept
from whoisproxy.services.owners.mail import OwnerMail
from whoisproxy.services.owners.mail_log import OwnerMailLog
from whoisproxy.services.owners.mail_settings import OwnerMailSettings
from whoisproxy.services.owners.mailboxes import Mailboxes
from whoisproxy.services.owners.operation_feed import OperationFeed
from whoisproxy.services.owners.own_data import OwnData
from whoisproxy.services.owners.quarantine import OwnerQuarantine
from whoisproxy.services.owners.sender_rules import OwnerSenderRules
from whoisproxy.services.owners.switching import OwnerSwitching
from whoisproxy.services.privacy import PrivacyService
from whoisproxy.services.publications import Publications
from whoisproxy.services.quarantine import QuarantineService
from whoisproxy.services.quarantine_decisions import QuarantineDecisions
from whoisproxy.services.registration import Registrations
from whoisproxy.services.registry_messages import RegistryMessages
from whoisproxy.services.registry_tasks import RegistryTasks
from whoisproxy.services.sender_rules import SenderRules
from whoisproxy.services.settings import AccountFacts, Clock, PrivacySettings
from whoisproxy.services.spam_learning import SpamLearning
from whoisproxy.services.webhooks import Webhooks
from whoisproxy.storage.keys import KeysUnreadable, MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True)
class Core:
    """The use cases, ready to be called."""

    settings: Settings
    clock: Clock
    storage: Storage
    catalogue: Catalogue
    queue: QueueStore
    accounts: Accounts
    appearances: Appearances
    registrations: Registrations
    privacy: PrivacyService
    disclosures: Disclosures
    operations: Operations
    registry_tasks: RegistryTasks
    publications: Publications
    events: Events
    webhooks: Webhooks
    mailbox: Mailbox
    correspondence: CorrespondenceService
    mail_settings: OwnerMailSettings
    mailboxes: Mailboxes
    sender_rules: SenderRules
    learning: SpamLearning
    entry: OwnerEntry
    owner_domains: OwnerDomains
    owner_switching: OwnerSwitching
    owner_mail: OwnerMail
    own_data: OwnData
    quarantine: QuarantineService
    decisions: QuarantineDecisions
    registry_messages: RegistryMessages
    lookup: Lookup
    disclosed: DisclosedAnswers
    privacy_settings: PrivacySettings


def utc_now() -> datetime:
    """The clock of the service: aware UTC."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_core(
    settings: Settings,
    clock: Clock = utc_now,
    *,
    slot: int = 0,
    processes: int = 1,
    migrating: bool = True,
) -> AsyncIterator[Core]:
    """Migrate and open the database and the mail queue, and put the services on them.

    Args:
        settings: They say where everything is.
        clock: Gives aware UTC.
        slot: Number of this process among those that take and deliver mail; 0 for any other.
        processes: How many of those there are.
        migrating: Whether to bring the database to the newest schema first; else somebody has.

    Raises:
        ConfigurationError: The catalogue or the keys cannot be read, or the database's driver is missing.
        Unavailable: The database's server cannot be reached.
    """
    catalogue, keys = _read_files(settings)
    if migrating:
        await prepare_database(settings)
    async with AsyncExitStack() as stack:
        storage = await Storage.open(settings.database.url, keys)
        stack.push_async_callback(storage.close)
        opening = open_queue(
            queue_site(settings, storage), MailCipher(storage), clock, slot=slot, processes=processes
        )
        queue = await stack.enter_async_context(opening)
        yield _assemble(settings, clock, storage, catalogue, queue)


def queue_site(settings: Settings, storage: Storage) -> QueueSite:
    """Return where the mail queue is: beside an SQLite database, or in PostgreSQL."""
    folder, url = settings.delivery.journal_folder, storage.engine.url
    if storage.engine.dialect.name == "sqlite":
        database = Path(url.database or "")
        return QueueSite(storage.engine, database.with_name(f"{database.stem}-mail"))
    return QueueSite(storage.engine, (folder or settings.keys.folder) / "mail")


async def prepare_database(settings: Settings) -> None:
    """Bring the database to the newest schema; make it where it is a file.

    Raises:
        ConfigurationError: The driver of the database is not installed.
        Unavailable: Its server cannot be reached.
    """
    try:
        await migrate(settings.database.url)
    except ModuleNotFoundError:
        raise ConfigurationError("database.url: PostgreSQL needs the extra whoisproxy[postgres]") from None
    except (ConnectionError, TimeoutError, gaierror):
        raise Unavailable("the database's server cannot be reached") from None


def _read_files(settings: Settings) -> tuple[Catalogue, MasterKeys]:
    try:
        return (
            Catalogue.load(*settings.catalogue.overrides),
            MasterKeys.load_or_create(settings.keys.folder),
        )
    except (CatalogueError, KeysUnreadable) as error:
        raise ConfigurationError(str(error)) from None


def _assemble(
    settings: Settings, clock: Clock, storage: Storage, catalogue: Catalogue, queue: QueueStore
) -> Core:
    privacy_settings = privacy_settings_of(settings)
    learning, rules = SpamLearning(storage, queue, clock), SenderRules(storage, clock)
    lookup = Lookup(storage, catalogue, privacy_settings.brand, clock, contact_pages(settings).prefix)
    keep = timedelta(days=settings.retention.quarantine_days)
    quarantine = QuarantineService(storage, queue, clock, keep)
    decisions = QuarantineDecisions(storage, queue, quarantine, rules, learning, clock)
    entry, operations = OwnerEntry.on(storage, clock), Operations(storage)
    privacy = PrivacyService(storage, catalogue, privacy_settings, clock)
    registrations = Registrations(storage, catalogue, clock)
    return Core(
        settings=settings,
        clock=clock,
        storage=storage,
        catalogue=catalogue,
        queue=queue,
        accounts=Accounts(storage, clock),
        appearances=Appearances(storage, settings.portal.base_url),
        registrations=registrations,
        privacy=privacy,
        disclosures=Disclosures(storage, clock),
        operations=operations,
        registry_tasks=RegistryTasks(storage, clock),
        publications=Publications(storage, clock),
        events=Events(storage),
        webhooks=Webhooks(storage, clock, allow_private=settings.webhooks.allow_private_addresses),
        mailbox=Mailbox(storage, queue),
        correspondence=CorrespondenceService(storage, clock),
        mail_settings=OwnerMailSettings(storage, entry.sessions, privacy, privacy_settings, clock),
        mailboxes=Mailboxes(storage, entry.sessions, privacy_settings.relay_domain, clock),
        sender_rules=rules,
        learning=learning,
        entry=entry,
        owner_domains=OwnerDomains(storage, catalogue, privacy_settings),
        owner_switching=OwnerSwitching(
            storage,
            entry.sessions,
            catalogue,
            lookup,
            OperationFeed(storage, operations),
            privacy_settings,
            clock,
        ),
        owner_mail=OwnerMail(
            log=OwnerMailLog(storage, queue, clock),
            held=OwnerQuarantine(storage, queue, entry.sessions, quarantine, decisions),
            senders=OwnerSenderRules(storage, entry.sessions, rules),
        ),
        own_data=OwnData.on(storage, registrations, kept_of(settings.retention), clock),
        quarantine=quarantine,
        decisions=decisions,
        registry_messages=RegistryMessages(storage, clock),
        lookup=lookup,
        disclosed=DisclosedAnswers(storage, lookup, BearerTokens(storage), settings.rdap.base_url, clock),
        privacy_settings=privacy_settings,
    )


def privacy_settings_of(settings: Settings) -> PrivacySettings:
    """Return what switching privacy needs to know of the settings."""
    grace = timedelta(seconds=settings.relay.grace_s)
    accounts = {
        suffix: AccountFacts(account.name, account.registrar, account.shared_email or "")
        for account in settings.registries
        for suffix in account.suffixes
    }
    return PrivacySettings(brand_of(settings.brand), settings.relay.domain, grace, accounts)


def kept_of(retention: Retention) -> Kept:
    """Return how long things are kept, as owners are told it."""
    return Kept(
        messages=timedelta(days=retention.messages_days),
        held=timedelta(days=retention.quarantine_days),
        events=timedelta(days=retention.events_days),
        disclosures=timedelta(days=retention.disclosures_days),
    )


def office_of(settings: OfficeSettings) -> Office:
    """Return an office as the domain knows it."""
    return Office(**settings.model_dump())


def brand_of(settings: BrandSettings) -> Brand:
    """Return a brand as the domain knows it."""
    return Brand(**settings.model_dump())
