"""The installation itself: database and keys, accounts of registries and backends, ports."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator

from sqlalchemy.exc import SQLAlchemyError

from registries.catalogue import Catalogue
from whoisproxy.config import Settings
from whoisproxy.domain.errors import WhoisproxyError
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.doctor.finding import Finding, Health

_CONNECT_S = 5.0


async def accounts(settings: Settings) -> AsyncIterator[Finding]:
    """Check registries and callback accounts."""
    for account in settings.registries:
        yield await _reachable(f"registry {account.name}", account.host, account.port)
    for finding in _sessions(settings):
        yield finding
    if settings.callback:
        for finding in await _backends(settings):
            yield finding


async def ports(settings: Settings) -> AsyncIterator[Finding]:
    """Check whether every port can be listened at."""
    for name, listener in (
        ("api", settings.api),
        ("rdap", settings.rdap),
        ("portal", settings.portal),
        ("whois", settings.whois),
        ("smtp", settings.smtp),
    ):
        for host in listener.hosts:
            yield await _free_or_ours(name, host, listener.port)


def pages(settings: Settings) -> Finding:
    """Warn where owners' links go in the clear: whoever reads one may use it."""
    if settings.portal.base_url.startswith("https:"):
        return Finding("pages for owners", Health.OK)
    advice = "portal.base_url is not https: links can be read on their way, and one-click unsubscribing fails"
    return Finding("pages for owners", Health.WARNING, advice)


async def database(settings: Settings) -> Finding:
    """Check that the database answers and its keys can be read."""
    try:
        async with open_core(settings) as core:
            await core.storage.ping()
    except (SQLAlchemyError, WhoisproxyError, OSError) as error:
        return Finding("database and keys", Health.FAILED, f"does not answer ({type(error).__name__})")
    return Finding("database and keys", Health.OK)


async def _backends(settings: Settings) -> list[Finding]:
    """Say of each callback account whether its registrar is here: a misspelt name serves nobody."""
    try:
        async with open_core(settings) as core:
            known = {registrar.name for registrar in await core.accounts.registrars()}
    except (SQLAlchemyError, WhoisproxyError, OSError):
        return []  # told of already
    return [
        Finding(f"callback {account.name}", Health.OK)
        if account.registrar in known
        else Finding(f"callback {account.name}", Health.FAILED, "no registrar has the name that it gives")
        for account in settings.callback
    ]


def _sessions(settings: Settings) -> Iterator[Finding]:
    """Warn of accounts that are to open more sessions than their registry is known to grant."""
    catalogue = Catalogue.load(*settings.catalogue.overrides)
    for account in settings.registries:
        for suffix in account.suffixes:
            limits = catalogue.policy(suffix).sessions
            most = limits.granted if limits.most is None else limits.most
            if most is not None and account.sessions > most:
                advice = f"sessions = {account.sessions}, yet the registry grants {most} at most"
                yield Finding(f"sessions of {account.name} for .{suffix}", Health.WARNING, advice)


async def _reachable(subject: str, host: str, port: int) -> Finding:
    if await _connects(host, port):
        return Finding(subject, Health.OK)
    return Finding(subject, Health.FAILED, f"no connection to {host}:{port}")


async def _free_or_ours(name: str, host: str, port: int) -> Finding:
    """Say whether a port can be listened at, or something answers there already."""
    subject = f"port {port} for {name}"
    if port and await _connects(host, port):
        return Finding(subject, Health.OK, "something answers there; the service, if it is running")
    try:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), host, port)
    except OSError as error:
        return Finding(subject, Health.FAILED, f"cannot listen: {os.strerror(error.errno or 0)}")
    server.close()
    await server.wait_closed()
    return Finding(subject, Health.OK)


async def _connects(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
