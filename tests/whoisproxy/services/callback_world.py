"""A registrar that keeps the registry connection to itself: its backend, its registry's directories, and us.

All parties speak over sockets on loopback; the time passes when it is told to.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from registries.catalogue import Catalogue
from tests.fakes import Accounts as RegistryAccounts
from tests.fakes import Clock
from tests.whoisproxy.api.client import Client, Seen
from tests.whoisproxy.api.conftest import GENEROUS
from tests.whoisproxy.api.service import make_dependencies
from tests.whoisproxy.services.world import SETTINGS, SPEC
from whoisproxy.api.app import make_app
from whoisproxy.config import CallbackAccount
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Event, Operation
from whoisproxy.domain.privacy import Consent
from whoisproxy.runtime.callback_connectors import CallbackConnectors, with_callbacks
from whoisproxy.services.accounts import Accounts
from whoisproxy.services.events import DELIVER
from whoisproxy.services.operations import Operations
from whoisproxy.services.outbox_worker import OutboxWorker, RetryPolicy, WorkerSettings
from whoisproxy.services.privacy import PrivacyService
from whoisproxy.services.registration import Registrations
from whoisproxy.services.registry_sync import RegistrySync
from whoisproxy.services.registry_tasks import REQUIRED, RegistryTasks
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.services.webhooks import WebhookDelivery, Webhooks
from whoisproxy.services.work_orders import APPLY
from whoisproxy.storage.unit_of_work import Storage

_catalogue = cache(Catalogue.load)

DEADLINE_HOURS, SETTLE_MINUTES = 48, 15
NAME = "Keeps Its Registry"


@dataclass
class PublicSide:
    """What the registry publishes, by RDAP and by WHOIS.

    Attributes:
        shown: Contacts by domain and role, as the API writes them; a domain that is not here is not found.
        away: Whether nothing answers.
        refers_to: WHOIS server of the registrar, to which WHOIS answers refer; "" for none.
        gate: Answers come only when this is set; None for at once.
        asked: Set when somebody has asked.
    """

    shown: dict[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    away: bool = False
    refers_to: str = ""
    gate: asyncio.Event | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    rdap_url: str = ""
    whois_server: str = ""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/domain/{name}", self._rdap)
        whois = await asyncio.start_server(self._whois, "127.0.0.1", 0)
        async with TestServer(app) as rdap, whois:
            self.rdap_url = str(rdap.make_url("/"))
            self.whois_server = f"127.0.0.1:{whois.sockets[0].getsockname()[1]}"
            yield

    async def _begin(self) -> None:
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()

    async def _rdap(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        await self._begin()
        if self.away or name not in self.shown:
            return web.json_response({"errorCode": 404}, status=404)
        entities = [
            {"objectClassName": "entity", "roles": [role], "vcardArray": ["vcard", list(_jcard(contact))]}
            for role, contact in self.shown[name].items()
        ]
        answer = {"objectClassName": "domain", "ldhName": name.upper(), "entities": entities}
        return web.json_response(answer, content_type="application/rdap+json")

    async def _whois(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = (await reader.readline()).decode().strip()
        await self._begin()
        lines = ["No match."]
        if name in self.shown:
            lines = [f"Domain Name: {name.upper()}", "Registrar: Keeps Its Registry"]
            lines += [f"Registrar WHOIS Server: {self.refers_to}"] if self.refers_to else []
            for role, contact in self.shown[name].items():
                lines += [f"{role} {key}: {_line(value)}" for key, value in contact.items()]
        if not self.away:
            writer.write("\r\n".join([*lines, ""]).encode())
        writer.close()


def _line(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _jcard(contact: Mapping[str, Any]) -> list[list[object]]:
    place = [contact["city"], contact["region"], contact["postal_code"], contact["country_code"]]
    return [
        ["version", {}, "text", "4.0"],
        ["fn", {}, "text", contact["name"]],
        ["org", {}, "text", contact["organization"]],
        ["adr", {}, "text", ["", "", contact["street"], *place]],
        ["tel", {"type": "voice"}, "uri", f"tel:{contact['phone']}"],
        ["email", {}, "text", contact["email"]],
    ]


@dataclass
class Backend:
    """The registrar's own program: it takes webhooks, sets contacts and answers on the API.

    Attributes:
        taken: Events that it was sent, oldest first.
    """

    api: Client
    public: PublicSide
    taken: list[dict[str, Any]] = field(default_factory=list)

    async def hook(self, request: web.Request) -> web.Response:
        self.taken.append(json.loads(await request.read()))
        return web.Response(status=204)

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The data of every event that asked for contacts."""
        return [each["data"] for each in self.taken if each["type"] == REQUIRED]

    async def set_contacts(self) -> None:
        """Do at the registry what the last event asks for."""
        asked, domain = self.asked[-1], self.taken[-1]["domain"]
        contacts = asked.get("contacts") or (await self.api.get(asked["fetch"])).json["contacts"]
        self.public.shown[domain] = contacts

    async def say(self, **answer: str) -> Seen:
        """Answer the last task."""
        return await self.api.post(f"{self.asked[-1]['fetch']}/answer", answer)


@dataclass
class CallbackWorld:
    """Everything a test needs."""

    storage: Storage
    clock: Clock
    registrar: Registrar
    accounts: Accounts
    registrations: Registrations
    privacy: PrivacyService
    operations: Operations
    tasks: RegistryTasks
    connectors: CallbackConnectors
    worker: OutboxWorker
    backend: Backend
    public: PublicSide

    async def register(self, name: DomainName) -> None:
        """Register a domain whose holder everybody sees."""
        await self.registrations.put(self.registrar, name, SPEC)
        holder = SPEC.registrant.as_dict()
        self.public.shown[name.a_label] = {"registrant": holder}

    async def enable(self, name: DomainName) -> Operation:
        """Switch privacy on and let the backend be asked."""
        consent = Consent("the owner", self.clock(), "2026-01")
        return await self._switch(name, SwitchRequest(enabled=True, consent=consent))

    async def disable(self, name: DomainName) -> Operation:
        """Switch privacy off and let the backend be asked."""
        return await self._switch(name, SwitchRequest(enabled=False))

    async def hidden(self, name: DomainName) -> None:
        """Bring a domain to where privacy is on."""
        await self.register(name)
        operation = await self.enable(name)
        await self.backend.set_contacts()
        await self.backend.say(result="applied")
        await self.work()
        assert (await self.now(operation)).state == "done"

    async def work(self) -> None:
        """Do what is due: housekeeping first, as it would within a minute."""
        await self.tasks.wake_due()
        await self.worker.run_due()

    async def later(self, **duration: float) -> None:
        """Let time pass, and do what is due then."""
        self.clock.pass_by(**duration)
        await self.work()

    async def now(self, operation: Operation) -> Operation:
        """Return an operation as it stands now."""
        return await self.operations.get(self.registrar, operation.id)

    async def events(self) -> list[Event]:
        """Return all events so far."""
        async with self.storage.reading() as uow:
            return await uow.events.after(self.registrar.id, 0, 1000)

    async def _switch(self, name: DomainName, request: SwitchRequest) -> Operation:
        view = await self.privacy.switch(self.registrar, name, request)
        assert view.operation is not None
        await self.work()
        return view.operation


@asynccontextmanager
async def callback_world(storage: Storage) -> AsyncIterator[CallbackWorld]:
    """Start every party."""
    clock, catalogue, public = Clock(), _catalogue(), PublicSide()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(public.listening())
        accounts = Accounts(storage, clock)
        registrar = await accounts.add_registrar(NAME, "https://keeps.example")
        _, secret = await accounts.add_key(registrar)
        tasks = RegistryTasks(storage, clock)
        deps = replace(
            make_dependencies(storage, GENEROUS, {}), accounts=accounts, registry_tasks=tasks, clock=clock
        )
        api = await stack.enter_async_context(TestServer(make_app(deps)))
        session = await stack.enter_async_context(ClientSession())
        backend = Backend(Client(session, str(api.make_url("")).rstrip("/"), secret), public)
        app = web.Application()
        app.router.add_post("/hook", backend.hook)
        hook = await stack.enter_async_context(TestServer(app))
        await Webhooks(storage, clock, allow_private=True).add(registrar, str(hook.make_url("/hook")))
        connectors = with_callbacks(RegistryAccounts({}), [_account(public)], tasks)
        stack.push_async_callback(connectors.close)
        hooks = WebhookDelivery(storage, clock, allow_private=True)
        stack.push_async_callback(hooks.close)
        operations = Operations(storage)
        sync = RegistrySync(storage, catalogue, connectors, SETTINGS, clock, operations.notify)
        # A fresh attempt at every look: what waits for the backend is woken by its task.
        settings = WorkerSettings(retry=RetryPolicy(attempts=1000))
        yield CallbackWorld(
            storage=storage,
            clock=clock,
            registrar=registrar,
            accounts=accounts,
            registrations=Registrations(storage, catalogue, clock),
            privacy=PrivacyService(storage, catalogue, SETTINGS, clock),
            operations=operations,
            tasks=tasks,
            connectors=connectors,
            worker=OutboxWorker(storage, {APPLY: sync, DELIVER: hooks}, "worker-1", clock, settings),
            backend=backend,
            public=public,
        )


def _account(public: PublicSide) -> CallbackAccount:
    return CallbackAccount(
        name="keeps",
        registrar=NAME,
        suffixes=("org", "eu", "ca"),
        deadline_hours=DEADLINE_HOURS,
        settle_minutes=SETTLE_MINUTES,
        rdap_base_url=public.rdap_url,
        whois_server=public.whois_server,
        allow_private_addresses=True,
    )
