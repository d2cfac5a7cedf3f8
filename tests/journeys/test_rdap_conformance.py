"""What ICANN's conformance tool asks of a running service over TLS, and the rules for what it gets.

For each address and each type that a client may accept: GET, HEAD, a name in mixed case, help, and names that
nobody can have. Codes are the tool's; those of documents are in `publication.conformance`.
"""

import asyncio
import random
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, TCPConnector

from tests.mailrelay.delivery.certificates import authority, issued
from tests.whoisproxy.publication.conformance.answers import ANSWERS, BASE_URL, TERMS_URL
from tests.whoisproxy.publication.conformance.rules import broken
from tests.whoisproxy.publication.conformance.table import Answer as Taken
from whoisproxy.publication.answer import MISSING, Answer, Missing, ObjectKind, Question, View
from whoisproxy.rdds_servers.rdap_answering import RdapSettings
from whoisproxy.rdds_servers.rdap_server import RdapServer
from whoisproxy.rdds_servers.rdap_tls import rdap_tls

_ADDRESSES = ("127.0.0.1", "::1")
_ACCEPTS = ("application/json", "application/rdap+json")
_QUERIES = (
    "complete-hidden",
    "hidden",
    "shown",
    "hidden-idn",
    "transition-enabling-10",
    "registry-complete-hidden",
    "registry-withheld-by-registry",
    "nameserver",
    "nameserver-idn",
    "entity",
    "help",
)


class Shelf:
    """Publishes one answer of each kind."""

    def __init__(self) -> None:
        self.answers: dict[Question, Answer] = {}

    def put(self, taken: Taken) -> None:
        name = taken.url.rpartition("/")[2]
        self.answers = {Question(View.RDAP, ObjectKind(taken.kind), name): Answer.tagged(taken.body)}

    def ready(self, question: Question) -> Answer | Missing | None:
        return self.answers.get(question, MISSING)

    async def rendered(self, question: Question) -> Answer | None:
        return self.answers.get(question)


@dataclass
class Service:
    shelf: Shelf
    port: int
    trust: ssl.SSLContext
    session: ClientSession

    async def ask(
        self, path: str, method: str = "GET", accept: str = _ACCEPTS[1], address: str = _ADDRESSES[0]
    ) -> tuple[int, Any, bytes]:
        host = f"[{address}]" if ":" in address else address
        response = await self.session.request(
            method,
            f"https://{host}:{self.port}{path}",
            headers={"Accept": accept},
            ssl=self.trust,
            server_hostname="rdap.cloak.example",
            allow_redirects=False,
        )
        return response.status, response.headers, await response.read()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    folder = tmp_path_factory.mktemp("rdap-conformance")
    root = authority()
    issued(root, "rdap.cloak.example").server_context(folder)
    [file] = folder.iterdir()
    return file, root.trusting_context()


@pytest.fixture
async def service(certificate: tuple[Path, ssl.SSLContext]) -> AsyncIterator[Service]:
    file, trust = certificate
    shelf = Shelf()
    sockets = [socket.create_server((_ADDRESSES[0], 0))]
    port = sockets[0].getsockname()[1]
    sockets.append(socket.create_server((_ADDRESSES[1], port), family=socket.AF_INET6))
    settings = RdapSettings(BASE_URL, TERMS_URL, requests_per_minute=100_000)
    server = RdapServer(shelf, settings, tls=rdap_tls(file, None))
    server.listen(sockets)
    async with ClientSession(connector=TCPConnector(limit=4)) as session:
        yield Service(shelf, port, trust, session)
    await server.close()


@pytest.mark.parametrize("name", _QUERIES)
async def test_an_answer_is_right_by_every_way_that_the_tool_takes(name: str, service: Service) -> None:
    taken = ANSWERS[name]
    if taken.kind != "help":
        service.shelf.put(taken)
    path = urlsplit(taken.url).path
    for address in _ADDRESSES:  # 20400, 20401
        for accept in _ACCEPTS:
            status, headers, body = await service.ask(path, accept=accept, address=address)
            assert status == 200  # 13002
            assert headers["Content-Type"].startswith("application/rdap+json")  # 13000
            assert headers["Access-Control-Allow-Origin"] == "*"  # 20500
            assert broken(Taken(taken.kind, taken.url, body, taken.mode)) == set()
            head, head_headers, nothing = await service.ask(path, "HEAD", accept, address)
            assert (head, nothing) == (200, b"")  # 20300, 13018
            assert head_headers["Content-Type"] == headers["Content-Type"]
            mixed, _, folded = await service.ask(_folded(path), accept=accept, address=address)
            assert (mixed, folded) == (200, body)  # 10403


def _folded(path: str) -> str:
    """Turn every other character of a name around, as the tool does (RFC 9082 section 3.1.3)."""
    base, slash, name = path.rpartition("/")
    if not base.endswith(("domain", "nameserver")):
        return path
    return base + slash + "".join(char.swapcase() if at % 2 else char for at, char in enumerate(name))


async def test_65300_13005_13006_nobody_has_a_name_below_invalid(service: Service) -> None:
    for name in ("not-a-domain.invalid", "test.invalid"):
        status, headers, body = await service.ask(f"/v1/domain/{name}")
        assert status == 404
        assert "Location" not in headers
        assert broken(Taken("error", f"{BASE_URL}/domain/{name}", body, status=404)) == set()


async def test_13004_no_redirection_repeats_what_was_asked_behind_the_question_mark(service: Service) -> None:
    status, headers, _ = await service.ask(f"/v1/domain/example.invalid?{random.randrange(10**9)}=1")  # noqa: S311
    assert status == 404
    assert "Location" not in headers


@pytest.mark.parametrize(
    ("version", "suites", "agrees"),
    [
        (ssl.TLSVersion.TLSv1_3, "", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-GCM-SHA384", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-CHACHA20-POLY1305", False),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256", False),
    ],
)
async def test_61100_61101_only_what_the_guide_allows_is_agreed_upon(
    version: ssl.TLSVersion,
    suites: str,
    agrees: bool,  # noqa: FBT001 - a column of the table
    service: Service,
) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    if suites:
        context.set_ciphers(suites)
    try:
        _, writer = await asyncio.open_connection(_ADDRESSES[0], service.port, ssl=context)
    except (ssl.SSLError, ConnectionError):
        assert not agrees
        return
    writer.close()
    assert agrees


async def test_20101_nothing_is_answered_in_the_clear(service: Service) -> None:
    service.shelf.put(ANSWERS["hidden"])
    reader, writer = await asyncio.open_connection(_ADDRESSES[0], service.port)
    writer.write(b"GET /v1/domain/cheese.com HTTP/1.1\r\nHost: rdap.cloak.example\r\n\r\n")
    with suppress(ConnectionError):
        assert b"rdapConformance" not in await reader.read()
    writer.close()
