"""The API on loopback, on real SQLite with the real services."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from prometheus_client import generate_latest

from mailrelay.queue.opening import QueueSite, places_of
from mailrelay.queue.store import QueueStore
from registries.catalogue import Catalogue
from registries.connector import Connector
from tests.support.samples import BRAND
from tests.whoisproxy.api.client import Client, Seen
from whoisproxy.api.app import make_app
from whoisproxy.api.dependencies import ApiDependencies
from whoisproxy.api.limits import ApiLimits
from whoisproxy.api.server import make_runner
from whoisproxy.domain.account import Registrar, Scope
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.accounts import Accounts
from whoisproxy.services.appearances import Appearances
from whoisproxy.services.correspondence import CorrespondenceService
from whoisproxy.services.disclosure import Disclosures
from whoisproxy.services.events import Events
from whoisproxy.services.mailbox import Mailbox
from whoisproxy.services.operations import Operations
from whoisproxy.services.outbox_worker import OutboxWorker
from whoisproxy.services.owners.corrections import Corrections
from whoisproxy.services.owners.entry import OwnerEntry
from whoisproxy.services.owners.registrant_reads import RegistrantReads
from whoisproxy.services.owners.sessions import OwnerSessions
from whoisproxy.services.privacy import PrivacyService
from whoisproxy.services.publications import Publications
from whoisproxy.services.quarantine import QuarantineService
from whoisproxy.services.quarantine_decisions import QuarantineDecisions
from whoisproxy.services.registration import Registrations
from whoisproxy.services.registry_messages import RegistryMessages
from whoisproxy.services.registry_sync import RegistrySync
from whoisproxy.services.registry_tasks import RegistryTasks
from whoisproxy.services.sender_rules import SenderRules
from whoisproxy.services.settings import AccountFacts, PrivacySettings
from whoisproxy.services.spam_learning import SpamLearning
from whoisproxy.services.webhooks import Webhooks
from whoisproxy.services.work_orders import APPLY
from whoisproxy.storage.unit_of_work import Storage

ACCOUNT = AccountFacts("registry")
SETTINGS = PrivacySettings(BRAND, "relay.example", timedelta(days=30), {"org": ACCOUNT})


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class _NoAccounts:
    """A registrar without accounts at registries."""

    def for_suffix(self, suffix: str) -> Connector | None:
        del suffix
        return None


@dataclass(slots=True)
class Service:
    """A running API and a client of it.

    Attributes:
        parts: What `/readyz` is told.
    """

    deps: ApiDependencies
    storage: Storage
    runner: web.BaseRunner
    port: int
    client: Client
    registrar: Registrar
    parts: dict[str, bool]

    async def client_with(self, scopes: Collection[Scope], networks: Iterable[str] = ()) -> Client:
        """Return a client of the same registrar with another key."""
        _, secret = await self.deps.accounts.add_key(self.registrar, scopes, networks)
        return Client(self.client.session, self.client.base_url, secret)

    async def another_registrar(self) -> Client:
        """Return a client of another registrar."""
        registrar = await self.deps.accounts.add_registrar("Other", "https://other.example")
        _, secret = await self.deps.accounts.add_key(registrar)
        return Client(self.client.session, self.client.base_url, secret)

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """Carry the work for registries out while the block runs; only `rdds_only` needs no registry."""
        stop = asyncio.Event()
        finished = self.deps.operations.notify
        sync = RegistrySync(self.storage, self.deps.catalogue, _NoAccounts(), SETTINGS, now, finished)
        worker = OutboxWorker(self.storage, {APPLY: sync}, "worker-1", now)
        task = asyncio.create_task(worker.run(stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def settled(self, answer: Seen) -> Any:
        """Wait for the answer's operation to end; return the domain's privacy then."""
        if answer.status == 202:
            ended = await self.client.get(f"{answer.headers['Location']}?wait=20")
            assert ended.json["state"] == "done"
        return (await self.client.get(answer.json["links"]["self"])).json

    async def bulk(self, client: Client, lines: list[dict[str, object]], **headers: str) -> list[Any]:
        """Send lines and return the answers."""
        raw = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        kind = {"Content-Type": "application/x-ndjson", **headers}
        answer = await client.send("POST", "/v1/privacy/bulk", raw=raw, headers=kind)
        assert answer.status == 200
        return [json.loads(line) for line in answer.raw.splitlines()]


@asynccontextmanager
async def running_service(storage: Storage, limits: ApiLimits) -> AsyncIterator[Service]:
    """Start the API on an ephemeral port, and stop it."""
    parts = {"database": True, "worker": True}
    deps = make_dependencies(storage, limits, parts)
    runner = make_runner(make_app(deps))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        registrar = await deps.accounts.add_registrar("Example", "https://registrar.example")
        _, secret = await deps.accounts.add_key(registrar)
        async with ClientSession() as session:
            client = Client(session, f"http://127.0.0.1:{port}", secret)
            yield Service(deps, storage, runner, port, client, registrar, parts)
    finally:
        await runner.cleanup()


def make_dependencies(storage: Storage, limits: ApiLimits, parts: dict[str, bool]) -> ApiDependencies:
    """Put the services together as the runtime does."""
    catalogue = Catalogue.load()

    async def ready() -> dict[str, bool]:
        return parts

    async def metrics() -> bytes:
        return generate_latest()

    queue = _queue(storage)
    quarantine = QuarantineService(storage, queue, now, timedelta(days=30))
    registrations = Registrations(storage, catalogue, now)
    return ApiDependencies(
        storage=storage,
        accounts=Accounts(storage, now),
        appearances=Appearances(storage, "https://privacy.example"),
        registrations=registrations,
        privacy=PrivacyService(storage, catalogue, SETTINGS, now),
        disclosures=Disclosures(storage, now),
        operations=Operations(storage),
        registry_tasks=RegistryTasks(storage, now),
        publications=Publications(storage, now),
        events=Events(storage),
        webhooks=Webhooks(storage, now),
        registry_messages=RegistryMessages(storage, now),
        mailbox=Mailbox(storage, queue),
        correspondence=CorrespondenceService(storage, now),
        sender_rules=SenderRules(storage, now),
        quarantine=quarantine,
        decisions=QuarantineDecisions(
            storage, queue, quarantine, SenderRules(storage, now), SpamLearning(storage, queue, now), now
        ),
        entry=OwnerEntry.on(storage, now),
        reads=RegistrantReads(storage, now),
        corrections=Corrections(storage, registrations, OwnerSessions(storage, now), now),
        catalogue=catalogue,
        ready=ready,
        metrics=metrics,
        clock=now,
        limits=limits,
    )


def _queue(storage: Storage) -> QueueStore:
    """Return the mail queue beside the database."""
    stem = Path(storage.engine.url.database or "").with_name("mail")
    places = places_of(QueueSite(storage.engine, stem))
    return QueueStore(places, MailCipher(storage), now, slot=0, journals=stem)
