"""The servers that `bench_rdds` measures: `python -m bench.rdds_server KIND` prints its port and answers.

Kinds: `rdap`, `whois`, and `bare-rdap`, `bare-whois`, which send one finished document over plain aiohttp.
Domains are held in memory, every other one with privacy on; each record is decided and rendered anew for
each query.
"""

import asyncio
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from aiohttp import web

from registries.catalogue import Catalogue
from registries.contact import Role
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import OFF, PrivacyState, PrivacyStatus
from whoisproxy.domain.proxy_identity import Brand, ProxyIdentity
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import random_local_part
from whoisproxy.observability import configure_logging
from whoisproxy.publication import rdap, whois
from whoisproxy.publication.record import RddsRecord
from whoisproxy.publication.redaction import build_record
from whoisproxy.rdds_servers.rdap_server import RdapSettings, make_rdap_app
from whoisproxy.rdds_servers.whois_server import WhoisLimits, start_whois

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


class Memory:
    """The look-up: everything but the database."""

    def __init__(self) -> None:
        self._policy = Catalogue.load().policy("com")
        self._domains = {
            name: (replace(_REGISTRATION, name=DomainName(name)), OFF if number % 2 else _ON, _identities())
            for number, name in enumerate(NAMES)
        }

    async def domain(self, name: DomainName) -> RddsRecord | None:
        """Decide what may be seen of a domain."""
        found = self._domains.get(name.a_label)
        return found and build_record(*found, _REGISTRAR, self._policy, _NOW, _BRAND)


def _identities() -> dict[Role, ProxyIdentity]:
    return {
        role: ProxyIdentity(_BRAND, f"{random_local_part()}@relay.cloak.example")
        for role in (Role.REGISTRANT, Role.TECH)
    }


async def serve(kind: str) -> None:
    """Be a server: print the port, then answer until terminated."""
    configure_logging("error", "json")
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    if kind == "whois":
        server = await start_whois(
            Memory(), "127.0.0.1", 0, WhoisLimits(_UNLIMITED, connections_per_prefix=_UNLIMITED)
        )
        print(server.port, flush=True)
        await stopped.wait()
        server.close()
        await server.wait_closed()
        return
    app = make_rdap_app(Memory(), RdapSettings(_BASE_URL, _BRAND.terms_url, _UNLIMITED))
    runner = web.AppRunner(app if kind == "rdap" else await _bare(kind), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await stopped.wait()
    await runner.cleanup()


async def _bare(kind: str) -> web.Application:
    """Return a handler that sends finished bytes: the document of the first domain."""
    record = cast("RddsRecord", await Memory().domain(DomainName(NAMES[0])))
    body = rdap.domain_json(record, _BASE_URL) if kind == "bare-rdap" else whois.render(record)

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=rdap.CONTENT_TYPE)

    app = web.Application()
    app.router.add_get("/domain/{name}", answer)
    return app


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
