"""A whole relay on loopback: server, queue on SQLite, worker, and the mail servers of both sides."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.ext.asyncio import AsyncEngine

from mailrelay.addresses import BounceAddresses
from mailrelay.checks.chains import CheckLimits, ClientPolicy, build_chains
from mailrelay.checks.engine import EngineCheck
from mailrelay.delivery.client import SmtpClient
from mailrelay.delivery.deliverer import Deliverer
from mailrelay.delivery.exchange import Timeouts
from mailrelay.delivery.failures import Reports
from mailrelay.delivery.mailbox_failures import MailboxFailures
from mailrelay.delivery.opening import Opener
from mailrelay.delivery.pool import Pool, PoolLimits
from mailrelay.delivery.preparation import Preparation
from mailrelay.delivery.routing import Router, RoutingRules
from mailrelay.delivery.schedule import Schedule
from mailrelay.delivery.signing import Signer
from mailrelay.delivery.tls_policy import Contexts
from mailrelay.delivery.tls_report import TlsReports
from mailrelay.delivery.worker import DeliveryWorker
from mailrelay.directory import (
    Admission,
    Delivery,
    MailboxRest,
    MailPolicy,
    Opening,
    Owner,
    RelayRoute,
    ReplyRoute,
)
from mailrelay.dns import Resolver
from mailrelay.identity import Identity
from mailrelay.inbound import Inbound
from mailrelay.links import Links
from mailrelay.notices import OwnerNotices
from mailrelay.queue.cipher import KeyDestroyed
from mailrelay.queue.entry import QueuedMessage
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from mailrelay.rewriting.threads import AnswerIds
from mailrelay.sender_rules import SenderRule
from mailrelay.server import MailServer, ServerLimits
from tests.mailrelay.health import Health
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.demo.mail_actors import Answer, Letter, MailDomain, publish_receiver, send
from whoisproxy.demo.mail_sink import MailSink, SunkMessage
from whoisproxy.storage.engine import open_engine

RELAY_DOMAIN = "relay.example"
RELAY_HOST = "mx.relay.example"
PORTAL = "https://portal.relay.example"
RELAY_ADDRESS = f"7h2k9mmq4rtvwxyz0123@{RELAY_DOMAIN}"
OWNER_MAILBOX = "zoe.lefevre@home.example"
STRANGER = "ada@offers.example"
OWNER = Owner(
    owner_id="reg_1",
    mailboxes=(OWNER_MAILBOX,),
    identity=Identity(
        mailboxes=(OWNER_MAILBOX,),
        names=("Zoë Müller-Lefèvre",),
        phones=("+41325550123",),
        streets=("Rue de l'Étang 7",),
        places=("2000, Neuchâtel",),
        country="CH",
    ),
    language="fr",
)

_CONTEXTS = Contexts()


def utc_now() -> datetime:
    return datetime.now(UTC)


class OwnerKeys:
    """AES-256-GCM with a key per owner, in memory or in a folder; erasable."""

    def __init__(self, folder: Path | None = None) -> None:
        self._keys: dict[str, bytes] = {}
        self._folder = folder
        self.erased: set[str] = set()

    def _key(self, owner_id: str) -> AESGCM:
        if owner_id in self.erased:
            raise KeyDestroyed
        if owner_id not in self._keys:
            self._keys[owner_id] = os.urandom(32)
            if self._folder is not None:
                path = self._folder / f"key-{owner_id}"
                if path.exists():
                    self._keys[owner_id] = path.read_bytes()
                path.write_bytes(self._keys[owner_id])
        return AESGCM(self._keys[owner_id])

    async def key(self, owner_id: str) -> "OwnerKey":
        return OwnerKey(self._key(owner_id), owner_id.encode())


@dataclass(frozen=True, slots=True)
class OwnerKey:
    """The key of one owner."""

    key: AESGCM
    owner: bytes

    def seal(self, plaintext: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self.key.encrypt(nonce, plaintext, self.owner)

    def open(self, sealed: bytes) -> bytes:
        try:
            return self.key.decrypt(sealed[:12], sealed[12:], self.owner)
        except InvalidTag:
            raise KeyDestroyed from None


@dataclass
class Addresses:
    """The host's side: a directory in memory."""

    relays: dict[str, RelayRoute] = field(default_factory=dict)
    replies: dict[str, ReplyRoute] = field(default_factory=dict)
    rules: set[SenderRule] = field(default_factory=set)
    health: Health = field(
        default_factory=lambda: Health(MailboxRest(utc_now() + timedelta(hours=1), lasting=False))
    )

    def publish(self, address: str, relay_id: str, owner: Owner, domain: str) -> None:
        self.relays[address] = RelayRoute(relay_id, owner.owner_id, domain, address, MailPolicy.FORWARD)
        self.health.owners[relay_id] = owner

    async def find(self, recipient: str) -> RelayRoute | ReplyRoute | None:
        return self.relays.get(recipient.lower()) or self.replies.get(recipient.lower())

    async def find_at_door(self, recipient: str) -> RelayRoute | ReplyRoute | None:
        return await self.find(recipient)

    async def owner(self, relay_id: str) -> Owner | None:
        owner = self.health.owners.get(relay_id)
        return None if owner is None else self.health.in_order(owner)

    async def person(self, owner_id: str) -> Owner | None:
        return next((one for one in self.health.owners.values() if one.owner_id == owner_id), None)

    async def admission(self, relay_id: str, senders: Sequence[str]) -> Admission:
        owner = await self.owner(relay_id)
        about = tuple(rule for rule in self.rules if rule.sender in senders)
        return Admission(owner.mailboxes, about) if owner else Admission()

    async def delivery(self, recipient: str, opening: Opening) -> Delivery | None:
        route = self.relays.get(recipient.lower())
        owner = await self.owner(route.relay_id) if route else None
        if route is None or owner is None:
            return None
        reply = route.address
        if opening.correspondent:
            reply = await self.reply_address(route.relay_id, opening)
        return Delivery(route, owner, reply)

    async def reply_address(self, relay_id: str, opening: Opening) -> str:
        for address, route in self.replies.items():
            if (route.relay_id, route.opening) == (relay_id, opening):
                return address
        relay = next(one for one in self.relays.values() if one.relay_id == relay_id)
        address = f"r{secrets.token_hex(10)}@{RELAY_DOMAIN}"
        self.replies[address] = ReplyRoute(
            address, relay_id, relay.owner_id, relay.domain, relay.address, opening
        )
        return address


@dataclass
class World:
    """Everything a test may want to look at."""

    port: int
    server: MailServer
    inbound: Inbound
    store: QueueStore
    engine: AsyncEngine
    keys: OwnerKeys
    directory: Addresses
    dns: DnsServer
    sink: MailSink
    bounces: BounceAddresses
    resolver: Resolver
    deliverer: Deliverer
    worker: DeliveryWorker
    signer: Signer
    home: MailDomain
    offers: MailDomain
    answered: list[QueuedMessage]

    async def stranger_writes(self, letter: Letter | None = None, **changes: str) -> Answer:
        """Send a letter from the stranger to the relay address, signed by his domain."""
        letter = letter or Letter(
            f"Ada Buyer <{STRANGER}>", RELAY_ADDRESS, "Your domain", "Is it for sale?\n"
        )
        letter = replace(letter, **changes)
        return await send(self.port, STRANGER, letter.to, self.offers.sign(letter.raw()))

    async def owner_answers(self, raw: bytes, reply_address: str) -> Answer:
        """Send an answer of the owner, signed by his domain."""
        return await send(self.port, OWNER_MAILBOX, reply_address, self.home.sign(raw))

    async def arrived_at(self, mailbox: str, count: int = 1) -> list[SunkMessage]:
        """Wait for messages to a mailbox."""
        return await self.sink.wait_for(count, matching=lambda one: mailbox in one.recipients)

    async def settle(self) -> None:
        """Deliver what is due, in this task, until nothing is."""
        while claimed := await self.store.claim("test", timedelta(minutes=1), 10):
            for message in claimed:
                await self.deliverer.deliver(message)


@asynccontextmanager
async def open_world(
    folder: Path,
    limits: ServerLimits | None = None,
    schedule: tuple[timedelta, ...] = (),
    checks: CheckLimits | None = None,
    deliver_to: int | None = None,
    contact_url: str = "",
    engines: Sequence[EngineCheck] = (),
) -> AsyncIterator[World]:
    """Start everything except the worker's loop; mail is delivered to the sink, or to a port elsewhere."""
    engine = open_engine(f"sqlite:///{folder / 'queue.db'}")
    keys, directory = OwnerKeys(folder), Addresses()
    queue = open_queue(QueueSite(engine, folder / "queue-mail"), keys, utc_now)
    async with DnsServer() as dns, MailSink() as sink, queue as store:
        resolver = Resolver([dns.nameserver], timeout_s=1.0, lifetime_s=2.0)
        bounces = BounceAddresses(b"k" * 32, RELAY_DOMAIN)
        links = Links(PORTAL, b"k" * 32)
        notices = OwnerNotices(directory, RELAY_DOMAIN, utc_now, links)
        inbound = Inbound(
            chains=build_chains(
                checks or CheckLimits(),
                utc_now,
                ClientPolicy(resolver, frozenset({RELAY_HOST, RELAY_DOMAIN})),
                engines=engines,
            ),
            directory=directory,
            resolver=resolver,
            store=store,
            bounces=bounces,
            relay_domain=RELAY_DOMAIN,
            authserv_id=RELAY_HOST,
            clock=utc_now,
            takes_operator_mail=True,
            contact_url=contact_url,
        )
        signer = Signer(RELAY_DOMAIN, "test", ed25519.Ed25519PrivateKey.generate(), utc_now)
        opener = Opener(RELAY_HOST, Timeouts(5), _CONTEXTS, TlsReports(utc_now))
        reports = Reports(RELAY_HOST, lambda domain: f"https://registrar.example/contact/{domain}")
        answered: list[QueuedMessage] = []

        async def note_answer(answer: QueuedMessage) -> None:
            answered.append(answer)

        deliverer = Deliverer(
            store=store,
            preparation=Preparation(
                directory=directory,
                store=store,
                bounces=bounces,
                answer_ids=AnswerIds(b"k" * 32, RELAY_DOMAIN),
                links=links,
                relay_domain=RELAY_DOMAIN,
                relay_host=RELAY_HOST,
                operator_mailbox="ops@home.example",
                clock=utc_now,
            ),
            router=Router(resolver, RoutingRules(port=deliver_to or sink.port, own_host=RELAY_HOST)),
            client=SmtpClient(Pool(opener.open, PoolLimits())),
            signer=signer,
            reports=reports,
            notices=notices,
            mailboxes=MailboxFailures(
                health=directory.health,
                store=store,
                reports=reports,
                directory=directory,
                clock=utc_now,
                worker_id="test",
            ),
            clock=utc_now,
            worker_id="test",
            schedule=Schedule(schedule),
            answered=(note_answer,),
        )
        server = MailServer(inbound, host="127.0.0.1", port=0, hostname=RELAY_HOST, limits=limits)
        directory.publish(RELAY_ADDRESS, "relay_1", OWNER, "example-bakery.org")
        name, text = signer.dns_record()
        dns.set(name, "TXT", text)
        dns.set(f"_dmarc.{RELAY_DOMAIN}", "TXT", "v=DMARC1; p=reject")
        await server.start()
        try:
            yield World(
                port=server.ports["smtp"],
                server=server,
                inbound=inbound,
                store=store,
                engine=engine,
                keys=keys,
                directory=directory,
                dns=dns,
                sink=sink,
                bounces=bounces,
                resolver=resolver,
                deliverer=deliverer,
                worker=DeliveryWorker(store=store, deliverer=deliverer, worker_id="test"),
                signer=signer,
                home=_domain(dns, "home.example"),
                offers=_domain(dns, "offers.example"),
                answered=answered,
            )
        finally:
            await deliverer.close()
            await server.close()
            await engine.dispose()


def _domain(dns: DnsServer, name: str) -> MailDomain:
    """Publish a domain that signs with Ed25519, whose keys are made in no time."""
    signer = Signer(name, "mail", ed25519.Ed25519PrivateKey.generate(), utc_now)
    publish_receiver(dns, name)
    dns.set(name, "TXT", "v=spf1 ip4:127.0.0.1 -all")
    record_name, record = signer.dns_record()
    dns.set(record_name, "TXT", record)
    dns.set(f"_dmarc.{name}", "TXT", "v=DMARC1; p=reject")
    return MailDomain(signer)


@asynccontextmanager
async def running(world: World) -> AsyncIterator[World]:
    """Run the worker's loop while a test goes on."""
    stop = asyncio.Event()
    task = asyncio.create_task(world.worker.run(stop))
    try:
        yield world
    finally:
        stop.set()
        world.store.wakeup.set()
        await task
