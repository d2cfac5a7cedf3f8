"""The role that answers RDAP and WHOIS: both servers on the same finished answers."""

import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from whoisproxy.config import Settings
from whoisproxy.rdds_servers.rdap_answering import RdapSettings
from whoisproxy.rdds_servers.rdap_bootstrap import Elsewhere
from whoisproxy.rdds_servers.rdap_server import RdapServer
from whoisproxy.rdds_servers.rdap_tls import rdap_tls
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
        "rdap": (settings.rdap.hosts, settings.rdap.port),
        "whois": (settings.whois.hosts, settings.whois.port),
    }


@asynccontextmanager
async def rdds_role(core: Core, sockets: _Sockets) -> AsyncIterator[None]:
    """Answer on sockets that listen already; they are closed at the end.

    Args:
        core: The services.
        sockets: By name of the listener.

    Raises:
        ConfigurationError: RDAP's certificate or bootstrap file cannot be used.
    """
    async with AsyncExitStack() as stack:
        answers = await stack.enter_async_context(_answers(core))
        _serve_rdap(stack, core, answers, sockets["rdap"])
        _serve_whois(stack, core.settings, answers, sockets["whois"])
        yield


@asynccontextmanager
async def _answers(core: Core) -> AsyncIterator[KeptAnswers]:
    settings = core.settings
    cache = AnswerCache(settings.rdds.cache_mib * _MIB // settings.rdds.processes, settings.rdds.cache_s)
    rdap = settings.rdap
    source = PublishedAnswers(core.lookup, rdap.base_url, rdap.repository_id)
    async with core.storage.following_changes() as changes:
        yield KeptAnswers(source, changes, cache)


def _serve_rdap(
    stack: AsyncExitStack, core: Core, answers: KeptAnswers, sockets: Sequence[socket.socket]
) -> None:
    settings, rdap = core.settings, core.settings.rdap
    rate = _share(settings, rdap.requests_per_minute)
    server = RdapServer(
        answers,
        RdapSettings(rdap.base_url, settings.brand.terms_url, rate),
        tls=rdap_tls(rdap.tls_certificate, rdap.tls_key) if rdap.tls_certificate else None,
        elsewhere=Elsewhere(rdap.bootstrap, rdap.base_url) if rdap.bootstrap else None,
        discloser=core.disclosed,
    )
    server.listen(sockets)
    stack.push_async_callback(server.close)


def _serve_whois(
    stack: AsyncExitStack, settings: Settings, answers: KeptAnswers, sockets: Sequence[socket.socket]
) -> None:
    server = WhoisServer(answers, WhoisLimits(_share(settings, settings.whois.requests_per_minute)))
    server.listen(sockets)
    stack.push_async_callback(server.close)


def _share(settings: Settings, per_minute: int) -> int:
    """Return what a network may ask of one process: the kernel spreads its connections over all."""
    return -(-per_minute // settings.rdds.processes)
