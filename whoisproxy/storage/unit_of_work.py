"""One transaction with all repositories; and the storage that opens them.

A unit of work commits when its block ends well and rolls back when it raises. Work for the outbox wakes
the workers of this process after the commit; those of other processes look once a second.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self, cast

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from whoisproxy.storage.change_listener import ChangeListener
from whoisproxy.storage.change_log import ChangeLog
from whoisproxy.storage.direct import DirectConnection
from whoisproxy.storage.engine import READ_ONLY, is_sqlite, open_engine
from whoisproxy.storage.keyring import SYSTEM, Keyring
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.ordering import in_order
from whoisproxy.storage.repositories.accounts import ApiKeys, Registrars
from whoisproxy.storage.repositories.appearances import Appearances
from whoisproxy.storage.repositories.consents import Consents
from whoisproxy.storage.repositories.contact_submissions import ContactSubmissions
from whoisproxy.storage.repositories.corrections import Corrections
from whoisproxy.storage.repositories.correspondence import Correspondence
from whoisproxy.storage.repositories.disclosures import Disclosures
from whoisproxy.storage.repositories.learning import Learning
from whoisproxy.storage.repositories.mail_routes import MailRoutes
from whoisproxy.storage.repositories.mailboxes import SuspectMailboxes
from whoisproxy.storage.repositories.name_servers import NameServers
from whoisproxy.storage.repositories.operations import Events, Operations
from whoisproxy.storage.repositories.outbox import Outbox
from whoisproxy.storage.repositories.owned_mail import OwnedMail
from whoisproxy.storage.repositories.owner_accounts import OwnerAccounts, Passkeys
from whoisproxy.storage.repositories.owner_domains import OwnerDomains
from whoisproxy.storage.repositories.owner_exports import OwnerExports
from whoisproxy.storage.repositories.owner_mailboxes import OwnerMailboxes
from whoisproxy.storage.repositories.owner_sessions import OwnerSessions, SignInAttempts
from whoisproxy.storage.repositories.privacy import PrivacySettings
from whoisproxy.storage.repositories.publication_history import PublicationHistory
from whoisproxy.storage.repositories.publication_watch import PublicationWatch
from whoisproxy.storage.repositories.quarantines import Quarantines
from whoisproxy.storage.repositories.registrant_reads import RegistrantReads
from whoisproxy.storage.repositories.registrations import Registrations
from whoisproxy.storage.repositories.registry import RegistryAccounts, RegistryContacts, RegistryMessages
from whoisproxy.storage.repositories.registry_sessions import RegistrySessions
from whoisproxy.storage.repositories.registry_tasks import RegistryTasks
from whoisproxy.storage.repositories.relays import Relays
from whoisproxy.storage.repositories.replies import Replies
from whoisproxy.storage.repositories.sender_rules import SenderRules
from whoisproxy.storage.repositories.webhooks import Idempotency, Webhooks
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.vault import Vault

_REWRAP_BATCH = 500


class UnitOfWork:
    """Repositories that share one transaction."""

    def __init__(
        self, connection: AsyncConnection, vault: Vault, keyring: Keyring, *, read_only: bool = False
    ) -> None:
        self.connection = connection
        self.sealing = Sealing(connection, vault, keyring, read_only)
        self.registrars = Registrars(connection)
        self.api_keys = ApiKeys(connection)
        self.appearances = Appearances(connection)
        self.registrations = Registrations(self.sealing)
        self.name_servers = NameServers(connection)
        self.privacy = PrivacySettings(self.sealing)
        self.consents = Consents(self.sealing)
        self.relays = Relays(connection)
        self.owned_mail = OwnedMail(connection)
        self.replies = Replies(self.sealing)
        self.correspondence = Correspondence(self.sealing)
        self.sender_rules = SenderRules(self.sealing)
        self.quarantines = Quarantines(self.sealing)
        self.owner_accounts = OwnerAccounts(self.sealing)
        self.owner_domains = OwnerDomains(connection)
        self.passkeys = Passkeys(self.sealing)
        self.owner_mailboxes = OwnerMailboxes(self.sealing)
        self.owner_sessions = OwnerSessions(self.sealing)
        self.sign_in_attempts = SignInAttempts(self.sealing)
        self.corrections = Corrections(self.sealing)
        self.owner_exports = OwnerExports(self.sealing)
        self.registrant_reads = RegistrantReads(connection)
        self.suspect_mailboxes = SuspectMailboxes(self.sealing)
        self.mail_routes = MailRoutes(connection, vault, keyring)
        self.learning = Learning(self.sealing)
        self.operations = Operations(connection)
        self.registry_sessions = RegistrySessions(connection)
        self.outbox = Outbox(connection)
        self.events = Events(connection)
        self.webhooks = Webhooks(self.sealing)
        self.idempotency = Idempotency(self.sealing)
        self.registry_contacts = RegistryContacts(connection)
        self.registry_messages = RegistryMessages(self.sealing)
        self.registry_accounts = RegistryAccounts(connection)
        self.registry_tasks = RegistryTasks(self.sealing)
        self.publication_watch = PublicationWatch(connection)
        self.publication_history = PublicationHistory(self.sealing)
        self.disclosures = Disclosures(self.sealing)
        self.contact_submissions = ContactSubmissions(self.sealing)


class Wakeup:
    """Lets workers wait for work."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Wake every worker that waits."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, timeout_s: float) -> bool:
        """Wait until there may be work; return False when the time was over first."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        return True


class Storage:
    """The database and the keys that read it.

    Attributes:
        outbox_wakeup: Notified after a commit that added work.
        reading_engine: The same database for transactions that only read.
        direct_routes: Mail routes that are read at once, in no transaction; None where that is not possible.
    """

    def __init__(self, engine: AsyncEngine, keys: MasterKeys) -> None:
        self.engine = engine
        self.vault = Vault(keys)
        self.outbox_wakeup = Wakeup()
        self._keyring = Keyring(self.vault)
        # SQLite has one writer: waiting here is fair and costs nothing, unlike its busy loop.
        self._writer = asyncio.Lock() if is_sqlite(engine) else None
        self._writing_task: asyncio.Task[object] | None = None
        # One snapshot for all statements: PostgreSQL would else show each what is committed by then.
        snapshot = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        read_only = {READ_ONLY: True} if is_sqlite(engine) else snapshot
        self.reading_engine = engine.execution_options(**read_only)
        self._direct = DirectConnection(engine) if is_sqlite(engine) else None
        self._lookups = DirectConnection(engine) if is_sqlite(engine) else None
        self._glance = self._glancing(self._lookups) if self._lookups else None
        self._change_log = ChangeLog(engine) if is_sqlite(engine) else None
        self.direct_routes = MailRoutes(self._direct, self.vault, self._keyring) if self._direct else None

    @classmethod
    async def open(cls, url: str, keys: MasterKeys) -> Self:
        """Open a database that is migrated already."""
        storage = cls(open_engine(url), keys)
        try:
            async with storage.unit_of_work() as uow:
                # Of several processes that start at once, one makes it.
                await in_order(uow.connection, f"key:{SYSTEM}")
                await uow.sealing.ensure_key(SYSTEM)
        except BaseException:
            await storage.close()
            raise
        return storage

    async def close(self) -> None:
        """Close every connection."""
        if self._direct is not None:
            self._direct.close()
        if self._lookups is not None:
            self._lookups.close()
        await self.engine.dispose()
        if self._change_log is not None:
            self._change_log.close()

    @asynccontextmanager
    async def following_changes(self) -> AsyncIterator[ChangeLog | ChangeListener]:
        """Follow the changes of what is published, of all processes."""
        if self._change_log is not None:
            yield self._change_log
            return
        listener = ChangeListener(self.engine)
        listener.start()
        try:
            yield listener
        finally:
            await listener.close()

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        """Begin a transaction that may write; commits when the block ends well.

        Raises:
            RuntimeError: The task is in a unit of work already, and would wait for itself for ever.
        """
        async with self._alone(), self.engine.begin() as connection:
            uow = UnitOfWork(connection, self.vault, self._keyring)
            yield uow
        if uow.outbox.added:
            self.outbox_wakeup.notify()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        if self._writer is None:
            yield
            return
        if self._writing_task is asyncio.current_task():
            raise RuntimeError("units of work do not nest")
        async with self._writer:
            self._writing_task = asyncio.current_task()
            try:
                yield
            finally:
                self._writing_task = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        """Begin a transaction that only reads: it waits for no writer."""
        async with self.reading_engine.begin() as connection:
            yield UnitOfWork(connection, self.vault, self._keyring, read_only=True)

    def _glancing(self, direct: DirectConnection) -> UnitOfWork:
        """Return a unit of work that serves all glances, as making one takes longer than a statement."""
        # It executes what repositories read with; nothing that writes would work.
        connection = cast("AsyncConnection", direct)
        return UnitOfWork(connection, self.vault, self._keyring, read_only=True)

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[UnitOfWork]:
        """Begin a transaction that reads a few rows by an index; nothing else may be awaited in it.

        On SQLite it reads in place, past SQLAlchemy and its thread (`storage.direct`).
        """
        if self._lookups is None or self._glance is None:
            async with self.reading() as uow:
                yield uow
            return
        with self._lookups.snapshot():
            try:
                yield self._glance
            finally:
                # What is erased meanwhile must not be read by a key from before.
                self._glance.sealing.forget()

    def known_key(self, owner_id: str) -> bytes | None:
        """Return a registrant's data key where it is at hand, and None where `fetched_key` must be asked."""
        return self._keyring.known(owner_id)

    async def fetched_key(self, owner_id: str) -> bytes:
        """Return the data key of a registrant, which exists as long as he does, or raise Unreadable."""
        async with self.reading() as uow:
            return await self._keyring.key(uow.connection, owner_id, create=False)

    async def rotate_keys(self) -> int:
        """Wrap every data key under the current master key; return how many changed."""
        total = 0
        while True:
            async with self.unit_of_work() as uow:
                done = await self._keyring.rewrap(uow.connection, _REWRAP_BATCH)
            total += done
            if done < _REWRAP_BATCH:
                return total

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self.reading() as uow:
            await uow.connection.execute(text("SELECT 1"))
