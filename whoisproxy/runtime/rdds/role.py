"""The role that answers RDAP and WHOIS: both servers on the same finished answers."""

import socket
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from whoisproxy.config import Settings
from whoisproxy.rdds_servers.rdap_server import RdapSettings, make_rdap_app
from whoisproxy.rdds_servers.whois_server import WhoisLimits, WhoisServer
from whoisproxy.runtime.child_processes import Listeners
from whoisproxy.runtime.core import Core
from whoisproxy.services.answer_cache import AnswerCache
from whoisproxy.services.kept_answers import KeptAnswers
from whoisproxy.services.published_answers import PublishedAnswers

_Sockets = Mapping[str, Sequence[socket.socket]]

_MIB = 2**20


def listeners(settings: Settings) -> Listeners:
    """Return where the role listens, by name of the listener."""
    return {
        "rdap": ((settings.rdap.host,), settings.rdap.port),
        "whois": ((settings.whois.host,), settings.whois.port),
    }


@asynccontextmanager
async def rdds_role(core: Core, sockets: _Sockets) -> AsyncIterator[None]:
    """Answer on sockets that listen already; they are closed at the end.

    Args:
        core: The services.
        sockets: By name of the listener.
    """
    async with AsyncExitStack() as stack:
        answers = await stack.enter_async_context(_answers(core))
        await _serve_rdap(stack, core, answers, sockets["rdap"])
        await _serve_whois(stack, core.settings, answers, sockets["whois"])
        yield


@asynccontextmanager
async def _answers(core: Core) -> AsyncIterator[KeptAnswers]:
    settings = core.settings
    cache = AnswerCache(settings.rdds.cache_mib * _MIB // settings.rdds.processes, settings.rdds.cache_s)
    source = PublishedAnswers(core.lookup, settings.rdap.base_url)
    async with core.storage.following_changes() as changes:
        yield KeptAnswers(source, changes, cache)


async def _serve_rdap(
    stack: AsyncExitStack, core: Core, answers: KeptAnswers, sockets: Sequence[socket.socket]
) -> None:
    settings = core.settings
    rate = _share(settings, settings.rdap.requests_per_minute)
    rdap = RdapSettings(settings.rdap.base_url, settings.brand.terms_url, rate)
    app = make_rdap_app(answers, rdap, discloser=core.disclosed)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    for one in sockets:
        await web.SockSite(runner, one).start()


async def _serve_whois(
    stack: AsyncExitStack, settings: Settings, answers: KeptAnswers, sockets: Sequence[socket.socket]
) -> None:
    limits = WhoisLimits(_share(settings, settings.whois.requests_per_minute))
    server = WhoisServer(answers, limits, time.monotonic)
    await server.listen_on(sockets)

    async def close() -> None:
        server.close()
        await server.wait_closed()

    stack.push_async_callback(close)


def _share(settings: Settings, per_minute: int) -> int:
    """Return what a network may ask of one process: the kernel spreads its connections over all."""
    return -(-per_minute // settings.rdds.processes)
