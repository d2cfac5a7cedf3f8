"""First checks of an installation: settings, database, keys, DNS of the relay domain, registries, ports."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from mailrelay.dns import DnsTemporaryError, Resolver
from registries.catalogue import Catalogue
from whoisproxy.config import Settings
from whoisproxy.domain.errors import WhoisproxyError
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.mail import dkim_record, resolver_of

_CONNECT_S = 5.0


class Health(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"  # works, but not as it should
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked thing.

    Attributes:
        advice: What to do; "" when all is well.
    """

    subject: str
    health: Health
    advice: str = ""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Check one thing after the other."""
    yield await _database(settings)
    resolver = resolver_of(settings, lifetime_s=_CONNECT_S)
    checks = (_mx, _spf, _dkim, _dmarc)
    # At once: where no name server answers, each of them takes the whole time.
    for finding in await asyncio.gather(*(_asked(check, settings, resolver) for check in checks)):
        yield finding
    for account in settings.registries:
        yield await _reachable(f"registry {account.name}", account.host, account.port)
    for finding in _sessions(settings):
        yield finding
    if settings.callback:
        for finding in await _backends(settings):
            yield finding
    for name, listener in (
        ("api", settings.api),
        ("rdap", settings.rdap),
        ("whois", settings.whois),
        ("smtp", settings.smtp),
    ):
        yield await _free_or_ours(name, listener.host, listener.port)


async def _database(settings: Settings) -> Finding:
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


async def _asked(
    check: Callable[[Settings, Resolver], Awaitable[Finding]], settings: Settings, resolver: Resolver
) -> Finding:
    try:
        return await check(settings, resolver)
    except DnsTemporaryError:
        subject = check.__name__.strip("_").upper()
        return Finding(f"{subject} of {settings.relay.domain}", Health.FAILED, "no name server answers")


async def _mx(settings: Settings, resolver: Resolver) -> Finding:
    domain, host = settings.relay.domain, settings.smtp.hostname
    found = [name.rstrip(".") for _, name in await resolver.mx(domain)]
    if host in found:
        return Finding(f"MX of {domain}", Health.OK)
    return Finding(f"MX of {domain}", Health.FAILED, f"publish: {domain}. MX 10 {host}.")


async def _spf(settings: Settings, resolver: Resolver) -> Finding:
    domain = settings.relay.domain
    if any(text.startswith("v=spf1") for text in await resolver.txt(domain)):
        return Finding(f"SPF of {domain}", Health.OK)
    return Finding(f"SPF of {domain}", Health.FAILED, f'publish: {domain}. TXT "v=spf1 mx -all"')


async def _dkim(settings: Settings, resolver: Resolver) -> Finding:
    name, record = dkim_record(settings)
    if record in await resolver.txt(name):
        return Finding(f"DKIM key of {settings.relay.domain}", Health.OK)
    return Finding(f"DKIM key of {settings.relay.domain}", Health.FAILED, f'publish: {name}. TXT "{record}"')


async def _dmarc(settings: Settings, resolver: Resolver) -> Finding:
    domain = settings.relay.domain
    if any(text.startswith("v=DMARC1") for text in await resolver.txt(f"_dmarc.{domain}")):
        return Finding(f"DMARC policy of {domain}", Health.OK)
    advice = f'publish: _dmarc.{domain}. TXT "v=DMARC1; p=reject"'
    return Finding(f"DMARC policy of {domain}", Health.WARNING, advice)


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
