"""The running service: roles that start on the core and stop without losing anything.

Stopping turns round the order of starting: first nobody new is let in, then what is in flight is
finished, then the database is closed.
"""

import asyncio
import os
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Protocol

import structlog
from aiohttp import web
from prometheus_client import generate_latest

from whoisproxy.api.app import make_app
from whoisproxy.api.dependencies import ApiDependencies
from whoisproxy.api.limits import ApiLimits
from whoisproxy.api.server import make_runner
from whoisproxy.config import RegistryAccount, Settings
from whoisproxy.portal.app import make_portal_app
from whoisproxy.runtime.callback_connectors import with_callbacks
from whoisproxy.runtime.child_processes import ChildProcesses
from whoisproxy.runtime.connectors import Connectors, open_connectors
from whoisproxy.runtime.contact_work import contact_handlers
from whoisproxy.runtime.core import Core, open_core, utc_now
from whoisproxy.runtime.housekeeping import Housekeeping
from whoisproxy.runtime.listening import listening_sockets
from whoisproxy.runtime.mail.keys import prepare_keys
from whoisproxy.runtime.mail.processes import mail_processes
from whoisproxy.runtime.mail.role import mail_role
from whoisproxy.runtime.metrics import merged
from whoisproxy.runtime.pages import digest_sender, owner_letters, portal_dependencies
from whoisproxy.runtime.publication import open_watcher
from whoisproxy.runtime.rdds.processes import rdds_processes
from whoisproxy.runtime.rdds.role import listeners, rdds_role
from whoisproxy.services.events import DELIVER
from whoisproxy.services.outbox_worker import Handler, OutboxWorker, WorkerSettings
from whoisproxy.services.owners.exports import EXPORT, ExportMaker
from whoisproxy.services.owners.letters import LETTERS
from whoisproxy.services.owners.registrant_reads import RegistrantReads
from whoisproxy.services.quarantine_digests import DIGEST
from whoisproxy.services.registry_messages import MessageIntake
from whoisproxy.services.registry_sync import RegistrySync
from whoisproxy.services.registry_upkeep import RegistryUpkeep
from whoisproxy.services.settings import Clock
from whoisproxy.services.webhooks import WebhookDelivery
from whoisproxy.services.work_orders import APPLY

_log = structlog.get_logger()


class Role(StrEnum):
    """A part of the service that can run alone."""

    API = "api"
    RDDS = "rdds"
    PORTAL = "portal"
    SMTP = "smtp"
    WORKER = "worker"


def worker_settings(accounts: Iterable[RegistryAccount]) -> WorkerSettings:
    """Return how the worker works for these accounts.

    Half of its places are filled at once, so the other half must keep every session of an account busy. There
    are no more than that: what waits for a session for longer than the account's `wait_s` is put off.
    """
    usual = WorkerSettings()
    sessions = max((account.sessions for account in accounts), default=0)
    return replace(usual, concurrency=max(usual.concurrency, 2 * sessions))


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class _Worker(Protocol):
    async def run(self, stop: asyncio.Event) -> None: ...


class Service:
    """Roles of one process.

    Attributes:
        ports: Where each listener listens, by name; known once started.
    """

    def __init__(
        self,
        settings: Settings,
        roles: Collection[Role] = tuple(Role),
        clock: Clock = utc_now,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._roles = frozenset(roles)
        self._closing = AsyncExitStack()
        self._workers: list[asyncio.Task[None]] = []
        self._core: Core | None = None
        self._children: dict[Role, ChildProcesses] = {}
        self.ports: dict[str, int] = {}

    @property
    def core(self) -> Core:
        """The services; there are none before `start`."""
        if self._core is None:
            raise RuntimeError("the service is not started")
        return self._core

    async def start(self) -> None:
        """Open the database and start every role.

        Raises:
            ConfigurationError: A file named in the settings cannot be used.
            OSError: An address cannot be listened at.
        """
        async with AsyncExitStack() as stack:
            self._core = await stack.enter_async_context(open_core(self._settings, self._clock))
            # Workers stop after the listeners, whose last requests may leave work behind.
            if Role.WORKER in self._roles:
                await self._start_workers(stack)
            if Role.SMTP in self._roles:
                await self._start_smtp(stack)
            if Role.RDDS in self._roles:
                await self._start_rdds(stack)
            if Role.PORTAL in self._roles:
                await self._start_portal(stack)
            if Role.API in self._roles:
                await self._start_api(stack)
            self._closing = stack.pop_all()
        _log.info("service-started", roles=sorted(self._roles))

    async def stop(self) -> None:
        """Finish what is in flight and close everything."""
        await self._closing.aclose()
        _log.info("service-stopped")

    def addresses(self) -> dict[str, str]:
        """Return where each listener can be reached, for people."""
        schemes = dict.fromkeys(("api", "rdap", "portal"), "http://")
        if self._settings.rdap.tls_certificate:
            schemes["rdap"] = "https://"
        hosts = {name: getattr(self._settings, name).hosts[0] for name in self.ports}
        return {
            name: f"{schemes.get(name, '')}{_in_url(hosts[name])}:{port}" for name, port in self.ports.items()
        }

    async def ready(self) -> Mapping[str, bool]:
        """Say of each part whether it works: the database answers, the workers are alive."""
        children = all(each.alive() for each in self._children.values())
        workers = children and all(not task.done() for task in self._workers)
        try:
            await self.core.storage.ping()
        except Exception:  # noqa: BLE001 - whatever it is, the database does not answer
            return {"database": False, "workers": workers}
        return {"database": True, "workers": workers}

    async def metrics(self) -> bytes:
        """Return what all processes counted, in Prometheus' text format."""
        if not self._children:
            return generate_latest()
        texts = {"main": generate_latest().decode()}
        for each in self._children.values():
            texts |= await each.metrics()
        return merged(texts)

    async def _start_workers(self, stack: AsyncExitStack) -> None:
        core = self.core
        worker_id = f"{socket.gethostname()}-{os.getpid()}"
        connectors = open_connectors(self._settings.registries, core.storage, core.clock)
        stack.push_async_callback(connectors.close)
        hooks = WebhookDelivery(
            core.storage, core.clock, allow_private=self._settings.webhooks.allow_private_addresses
        )
        stack.push_async_callback(hooks.close)
        ways = with_callbacks(connectors, self._settings.callback, core.registry_tasks)
        stack.push_async_callback(ways.close)
        sync = RegistrySync(
            core.storage,
            core.catalogue,
            ways,
            core.privacy_settings,
            core.clock,
            core.operations.notify,
        )
        handlers: dict[str, Handler] = {APPLY: sync, DELIVER: hooks, DIGEST: digest_sender(core)}
        handlers |= dict.fromkeys(LETTERS, owner_letters(core))
        handlers |= await stack.enter_async_context(contact_handlers(core))
        handlers[EXPORT] = ExportMaker(core.storage, core.owner_mail.log, core.clock)
        pace = worker_settings(self._settings.registries)
        self._run(stack, OutboxWorker(core.storage, handlers, worker_id, core.clock, pace))
        self._run(stack, self._upkeep(connectors, worker_id))
        self._run(stack, Housekeeping(core))
        if self._settings.watch.enabled:
            self._run(stack, await stack.enter_async_context(open_watcher(core)))

    def _upkeep(self, connectors: Connectors, worker_id: str) -> RegistryUpkeep:
        core = self.core
        accounts = {account.name: account for account in core.privacy_settings.accounts.values()}
        desks = {accounts[name]: desk for name, desk in connectors.desks.items()}
        intake = MessageIntake(core.storage, core.privacy_settings, core.clock, core.operations.notify)
        return RegistryUpkeep(core.storage, desks, intake, worker_id, core.clock)

    def _run(self, stack: AsyncExitStack, worker: _Worker) -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(stop))
        self._workers.append(task)

        async def finish() -> None:
            stop.set()
            await task

        stack.push_async_callback(finish)

    async def _start_smtp(self, stack: AsyncExitStack) -> None:
        prepare_keys(self._settings)
        with self._listening("smtp"):
            if self._settings.smtp.processes == 1:
                running = await stack.enter_async_context(mail_role(self.core))
                self._workers.append(running.worker)
                self.ports |= running.ports
                return
            await self._start_children(stack, Role.SMTP, mail_processes(self._settings))

    async def _start_children(self, stack: AsyncExitStack, role: Role, children: ChildProcesses) -> None:
        await children.start()
        stack.push_async_callback(children.close)
        self._children[role] = children
        self.ports |= children.ports

    async def _start_rdds(self, stack: AsyncExitStack) -> None:
        if self._settings.rdds.processes > 1:
            await self._start_children(stack, Role.RDDS, rdds_processes(self._settings))
            return
        sockets = {}
        for name, (hosts, port) in listeners(self._settings).items():
            sockets[name] = listening_sockets(name, hosts, port)
            for one in sockets[name]:
                stack.callback(one.close)
            self.ports[name] = sockets[name][0].getsockname()[1]
        await stack.enter_async_context(rdds_role(self.core, sockets))

    async def _start_portal(self, stack: AsyncExitStack) -> None:
        app = make_portal_app(portal_dependencies(self.core))
        await self._serve(stack, "portal", web.AppRunner(app, access_log=None, handle_signals=False))

    async def _start_api(self, stack: AsyncExitStack) -> None:
        core = self.core
        dependencies = ApiDependencies(
            storage=core.storage,
            accounts=core.accounts,
            appearances=core.appearances,
            registrations=core.registrations,
            privacy=core.privacy,
            disclosures=core.disclosures,
            operations=core.operations,
            registry_tasks=core.registry_tasks,
            publications=core.publications,
            events=core.events,
            webhooks=core.webhooks,
            mailbox=core.mailbox,
            correspondence=core.correspondence,
            sender_rules=core.sender_rules,
            quarantine=core.quarantine,
            decisions=core.decisions,
            registry_messages=core.registry_messages,
            entry=core.entry,
            corrections=core.own_data.corrections,
            reads=RegistrantReads(core.storage, core.clock),
            catalogue=core.catalogue,
            ready=self.ready,
            metrics=self.metrics,
            clock=core.clock,
            limits=ApiLimits(requests_per_minute=self._settings.api.requests_per_minute),
        )
        await self._serve(stack, "api", make_runner(make_app(dependencies)))

    async def _serve(self, stack: AsyncExitStack, name: str, runner: web.BaseRunner) -> None:
        listener = getattr(self._settings, name)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        with self._listening(name):
            await web.TCPSite(runner, listener.host, listener.port).start()
        self.ports[name] = runner.addresses[0][1]

    @contextmanager
    def _listening(self, name: str) -> Iterator[None]:
        """Say in an error which listener it was."""
        try:
            yield
        except OSError as error:
            listener = getattr(self._settings, name)
            where = " ".join(f"{_in_url(host)}:{listener.port}" for host in listener.hosts)
            reason = f"cannot listen: {os.strerror(error.errno or 0)}"
            raise OSError(error.errno, reason, f"{name} {where}") from None
