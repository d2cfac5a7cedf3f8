"""An RDAP server on loopback with answers in memory, and a client of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import yarl
from aiohttp import ClientSession, TCPConnector

from whoisproxy.publication.answer import MISSING, Answer, Missing, ObjectKind, Question, View
from whoisproxy.rdds_servers.rdap_answering import RdapSettings
from whoisproxy.rdds_servers.rdap_server import RdapServer
from whoisproxy.runtime.listening import listening_sockets

BASE_URL = "https://rdap.cloak.example"
TERMS_URL = "https://cloak.example/terms"
CHEESE = Question(View.RDAP, ObjectKind.DOMAIN, "cheese.com")
IDN = "xn--kse-mller-v2a2y.de"


def document(question: Question) -> bytes:
    """Return something that tells objects and views apart; long enough to be worth a coding."""
    names = {"rdapConformance": ["rdap_level_0", "redacted"], "objectClassName": question.kind.value}
    return json.dumps(names | {"name": question.name, "view": question.view.value, "x": "x" * 2000}).encode()


@dataclass
class Held:
    """A publisher: what is `kept` is ready, all else is made of `names` when asked.

    Attributes:
        asked: Every question that was not ready.
        failure: Raised by every rendering while set.
        gate: Renderings wait for it.
    """

    names: set[str] = field(default_factory=lambda: {"cheese.com", IDN, "ns1.cheese.com", "9995", "a/b"})
    kept: dict[Question, Answer | Missing] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)
    failure: BaseException | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def ready(self, question: Question) -> Answer | Missing | None:
        return self.kept.get(question)

    async def rendered(self, question: Question) -> Answer | None:
        self.asked.append(question)
        self.reached.set()
        await self.gate.wait()
        if self.failure:
            raise self.failure
        answer = Answer.tagged(document(question)) if question.name in self.names else None
        self.kept[question] = answer or MISSING
        return answer


@dataclass(frozen=True)
class Got:
    """One answer as a client sees it."""

    status: int
    headers: Any
    body: bytes

    def document(self, status: int) -> Any:
        """13000, 13001, 13002, 20500: type, JSON, status and CORS of any answer."""
        assert self.status == status
        assert self.headers["Content-Type"] == "application/rdap+json"
        assert self.headers["Access-Control-Allow-Origin"] == "*"
        found = json.loads(self.body)
        assert found["rdapConformance"][0] == "rdap_level_0"
        if status != 200:
            assert found["errorCode"] == status
        return found


class Site:
    """A server and a client that asks it as it is told, without redirections, decoding and tidying."""

    def __init__(self, held: Held, server: RdapServer, session: ClientSession, base: str) -> None:
        self.held, self.server, self._session, self._base = held, server, session, base

    async def get(self, path: str, method: str = "GET", **headers: str) -> Got:
        url = yarl.URL(self._base + path, encoded=True)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.request(method, url, headers=sent, allow_redirects=False) as answer:
            return Got(answer.status, answer.headers, await answer.read())

    async def exchange(self, raw: bytes) -> bytes:
        """Send octets; return all that comes until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            writer.write(raw)
            return await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def site(
    held: Held | None = None,
    *,
    requests_per_minute: int = 100_000,
    base_url: str = BASE_URL,
    hosts: tuple[str, ...] = ("127.0.0.1",),
    client_tls: Any = None,
    **options: Any,
) -> AsyncIterator[Site]:
    """Run a server; `options` are the server's own."""
    held = held or Held()
    server = RdapServer(held, RdapSettings(f"{base_url}/", TERMS_URL, requests_per_minute), **options)
    server.listen(listening_sockets("rdap", hosts, 0))
    scheme = "https" if client_tls else "http"
    host = f"[{hosts[-1]}]" if ":" in hosts[-1] else hosts[-1]
    connector = TCPConnector(ssl=client_tls or True)
    skipped = ["Accept", "Accept-Encoding", "User-Agent"]
    session = ClientSession(connector=connector, auto_decompress=False, skip_auto_headers=skipped)
    try:
        yield Site(held, server, session, f"{scheme}://{host}:{server.port}")
    finally:
        await session.close()
        await server.close()
