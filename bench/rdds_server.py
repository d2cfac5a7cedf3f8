"""The servers that `bench_rdds` measures: `python -m bench.rdds_server KIND FOLDER` prints a port.

Kinds: `rdap`, `whois`, and `bare-rdap`, `bare-whois`, which send one finished document over plain aiohttp.
The domains are in a SQLite file, every other one with privacy on; each is read, opened, decided upon and
rendered anew for each query.
"""

import asyncio
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from registries.catalogue import Catalogue
from registries.contact import Role
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import PrivacyState, PrivacyStatus, initial
from whoisproxy.domain.proxy_identity import Brand
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress, RelayState, random_local_part
from whoisproxy.observability import configure_logging
from whoisproxy.publication import rdap
from whoisproxy.publication.whois import domain_text
from whoisproxy.rdds_servers.rdap_answering import RdapSettings
from whoisproxy.rdds_servers.rdap_server import RdapServer
from whoisproxy.rdds_servers.whois_server import WhoisLimits, WhoisServer
from whoisproxy.runtime.listening import listening_sockets
from whoisproxy.services.lookup import Lookup
from whoisproxy.services.published_answers import PublishedAnswers
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

DOMAINS = 1000
NAMES = [f"bench-{number}.com" for number in range(DOMAINS)]
_UNLIMITED = 1_000_000_000
_BASE_URL = "https://rdap.bench.example"

_NOW = datetime(2026, 11, 24, tzinfo=UTC)
_ON = PrivacyStatus(PrivacyState.ENABLED, wanted=True, published=True)
_BRAND = Brand(
    name="Cloak Desk",
    organization="Privacy service provided by Cloak Ltd",
    street=("1 Cloak Street",),
    city="Geneva",
    region="GE",
    postal_code="1204",
    country_code="CH",
    phone="+41225550100",
    abuse_email="abuse@cloak.example",
    abuse_phone="+41225550101",
    terms_url="https://cloak.example/terms",
)
_REGISTRAR = Registrar("rgr_1", "Gandalf Domains SA", "https://gandalf.example", 9995, _BRAND, _NOW)
_REGISTRATION = Registration(
    id="dom_1",
    registrar_id="rgr_1",
    name=DomainName("bench.com"),
    registrant_id="own_1",
    registrant=Registrant(
        name="Zoë Müller-Sánchez",
        organization="",
        email="zoe@mueller.example",
        phone="+4915123456789",
        street=("Hauptstraße 12", "Hinterhof"),
        city="Köln",
        region="NRW",
        postal_code="50667",
        country_code="DE",
        language="de",
    ),
    registrant_verified=True,
    nameservers=("ns1.hoster.example", "ns2.hoster.example"),
    statuses=("clientTransferProhibited",),
    registered_at=_NOW,
    expires_at=_NOW,
    updated_at=_NOW,
    version=1,
)


async def open_storage(folder: Path) -> Storage:
    """Open the database of `fill`."""
    return await Storage.open(_url(folder), MasterKeys.load_or_create(folder / "keys"))


async def fill(folder: Path) -> None:
    """Make a database with every domain, in one transaction."""
    await migrate(_url(folder))
    storage = await open_storage(folder)
    async with storage.unit_of_work() as uow:
        await uow.registrars.add(_REGISTRAR)
        for number, name in enumerate(NAMES):
            await _add(uow, number, DomainName(name))
    await storage.close()


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'bench.sqlite3'}"


async def _add(uow: UnitOfWork, number: int, name: DomainName) -> None:
    registration = replace(_REGISTRATION, id=f"dom_{number}", registrant_id=f"own_{number}", name=name)
    await uow.registrations.add(registration)
    if number % 2:
        await uow.privacy.put(registration.id, initial(_NOW))
        return
    await uow.privacy.put(registration.id, replace(initial(_NOW), status=_ON))
    for role in (Role.REGISTRANT, Role.ADMIN, Role.TECH):
        address = (random_local_part(), "relay.cloak.example", RelayState.ACTIVE, None, _NOW)
        await uow.relays.add(RelayAddress(f"rel_{number}_{role}", registration.id, role, *address))


async def serve(kind: str, folder: Path) -> None:
    """Be a server: print the port, then answer until terminated."""
    configure_logging("error", "json")
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    storage = await open_storage(folder)
    lookup = Lookup(storage, Catalogue.load(), _BRAND, lambda: _NOW)
    if kind == "whois":
        await _whois(PublishedAnswers(lookup, _BASE_URL), stopped)
    elif kind == "rdap":
        settings = RdapSettings(_BASE_URL, _BRAND.terms_url, _UNLIMITED)
        await _rdap(RdapServer(PublishedAnswers(lookup, _BASE_URL), settings), stopped)
    else:
        await _http(await _bare(kind, lookup), stopped)
    await storage.close()


async def _whois(answers: PublishedAnswers, stopped: asyncio.Event) -> None:
    limits = WhoisLimits(_UNLIMITED, connections_per_prefix=_UNLIMITED)
    server = WhoisServer(answers, limits)
    server.listen(listening_sockets("whois", ["127.0.0.1"], 0))
    print(server.port, flush=True)
    await stopped.wait()
    await server.close()


async def _rdap(server: RdapServer, stopped: asyncio.Event) -> None:
    server.listen(listening_sockets("rdap", ["127.0.0.1"], 0))
    print(server.port, flush=True)
    await stopped.wait()
    await server.close()


async def _http(app: web.Application, stopped: asyncio.Event) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await stopped.wait()
    await runner.cleanup()


async def _bare(kind: str, lookup: Lookup) -> web.Application:
    """Return a handler that sends finished bytes: the document of the first domain."""
    record = await lookup.domain(DomainName(NAMES[0]))
    assert record is not None
    body = rdap.domain_json(record, _BASE_URL) if kind == "bare-rdap" else domain_text(record)

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=rdap.CONTENT_TYPE)

    app = web.Application()
    app.router.add_get("/domain/{name}", answer)
    return app


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
