"""Nobody learns by asking: every address of a kind gets the same answer, after the same work.

How long an answer takes is measured by `bench/bench_oracle.py`. What can be promised to the last count is the
work: the statements that the databases get, and the questions that the DNS gets, from command to answer. What
comes after the answer is left out, for it would be counted with the next command: nothing is delivered, and
owners are not told of answers that wait for them.
"""

import random
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bench.oracle.cases import REFUSED, TAKEN, Place, Senders, populate, publish
from bench.relay import RelaySettings
from tests.mailrelay.server.client import Client
from tests.support.postgres import PostgresServer
from whoisproxy.config import load
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.runtime.core import Core, open_core
from whoisproxy.runtime.mail.names import resolver_of
from whoisproxy.runtime.mail.receiving import mail_server
from whoisproxy.services.mailbox_health import MailboxHealth
from whoisproxy.services.relay_directory import RelayDirectory

SENDERS = ("stranger", "owner", "spoofer")
ON_SUCCESS = " NOTIFY=SUCCESS"
_VALUE = re.compile(r"[xX]?'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_QUEUE_ID = re.compile(r"\bmsg_\w+")


class Statements(list[str]):
    """What the databases were asked, in order, without values."""

    @contextmanager
    def of_sqlite(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Record every statement of every connection that is opened meanwhile."""
        connect = sqlite3.connect

        def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*arguments, **options)
            connection.set_trace_callback(lambda statement: self.append(_VALUE.sub("?", statement)))
            return connection

        with patch.context() as patched:
            patched.setattr(sqlite3, "connect", traced)
            yield

    @contextmanager
    def of_postgresql(self) -> Iterator[None]:
        """Record every statement that goes by SQLAlchemy."""

        def record(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            self.append(statement)

        event.listen(Engine, "before_cursor_execute", record)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", record)


@dataclass(frozen=True, slots=True)
class Work:
    """What one command cost until its answer: statements, and questions to the DNS."""

    statements: Sequence[str]
    questions: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A transaction as its client sees it, and as the databases and the DNS do."""

    answers: Sequence[str]
    work: Sequence[Work]


@dataclass(slots=True)
class Ground:
    """A service that takes mail, with addresses of every kind."""

    core: Core
    dns: DnsServer
    senders: Senders
    statements: Statements
    places: Mapping[str, Sequence[Place]] = field(default_factory=dict)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """Connect to a server that has asked the DNS nothing yet."""
        core, resolver = self.core, resolver_of(self.core.settings)
        health = MailboxHealth(core.storage, core.clock)
        directory = RelayDirectory(core.storage, core.settings.relay.domain, core.clock, health)
        server = mail_server(core, directory, resolver, ())
        await server.start(None)
        client = await Client.connect(server.ports["smtp"])
        try:
            await client.say("EHLO mx.offers.example")
            yield client
        finally:
            client.writer.close()
            await client.writer.wait_closed()
            await server.close()

    async def transaction(self, sender: str, kind: str, wish: str = "") -> Seen:
        """Send a letter as far as it goes."""
        [place] = self.places[kind]
        reverse_path, raw = self.senders.letter(sender, place, random.Random(1))  # noqa: S311 - a text
        async with self.client() as client:
            await client.say(f"MAIL FROM:<{reverse_path}>")
            answers, work = [], []
            commands = [f"RCPT TO:<{place.address}>{wish}", "DATA", raw.decode() + "."]
            for command in commands:
                self.statements.clear()
                self.dns.queries.clear()
                answer = await client.say(command)
                answers.append(_QUEUE_ID.sub("msg", answer))
                work.append(Work([*self.statements], [*self.dns.queries]))
                if not answer.startswith(("2", "3")):
                    break
        return Seen(answers, work)


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> PostgresServer | None:
    """Return PostgreSQL, or None for SQLite."""
    return request.getfixturevalue("postgres") if request.param == "postgresql" else None


@pytest.fixture
async def ground(
    server: PostgresServer | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ground]:
    """The service on either database."""
    statements = Statements()
    async with AsyncExitStack() as stack:
        dns = await stack.enter_async_context(DnsServer())
        settings = RelaySettings(dns.port, sink=1)
        if server is not None:
            settings = replace(settings, database=server.url(server.new_database()))
            stack.enter_context(statements.of_postgresql())
        else:
            stack.enter_context(statements.of_sqlite(monkeypatch))
        senders = publish(dns, tmp_path)
        core = await stack.enter_async_context(open_core(load(settings.write(tmp_path), {})))
        made = Ground(core, dns, senders, statements, await populate(core, each=1))
        # What is done once, such as opening a connection or remembering who has written, is done now.
        await made.transaction("stranger", "unknown")
        for sender in (*SENDERS, *SENDERS):
            await made.transaction(sender, "relay")
        yield made


@pytest.mark.parametrize("wish", ["", ON_SUCCESS])
async def test_all_addresses_that_take_mail_are_answered_alike(ground: Ground, wish: str) -> None:
    """Blocked or not, at rest, in grace, encrypted, relay or reply address; whoever writes."""
    for sender in SENDERS:
        seen = {kind: await ground.transaction(sender, kind, wish) for kind in TAKEN}

        first = seen["relay"]
        assert [answer[:3] for answer in first.answers] == ["250", "354", "250"]
        assert first.work[0].statements
        assert first.work[2].questions
        assert {kind: one for kind, one in seen.items() if one != first} == {}


async def test_strangers_owners_and_spoofers_are_answered_alike(ground: Ground) -> None:
    """The DNS is asked about each of them: about another domain, so it is not compared."""
    seen = {
        (sender, kind): await ground.transaction(sender, kind)
        for sender in SENDERS
        for kind in ("relay", "reply")
    }

    assert len({tuple(one.answers) for one in seen.values()}) == 1
    assert len({tuple(tuple(work.statements) for work in one.work) for one in seen.values()}) == 1


@pytest.mark.parametrize("sender", SENDERS)
async def test_all_addresses_that_take_none_are_refused_alike(ground: Ground, sender: str) -> None:
    """Unknown, retired, revoked, expired, or of an owner who wants no mail."""
    seen = {kind: await ground.transaction(sender, kind) for kind in REFUSED}

    assert seen["unknown"].answers == ["550 5.1.1 No such address here"]
    assert seen["unknown"].work[0].statements
    assert {kind: one for kind, one in seen.items() if one != seen["unknown"]} == {}


async def test_no_two_addresses_are_taken_together(ground: Ground) -> None:
    """A relay address and its own reply address neither: that they belong together is a secret."""
    [relay], [reply], [other] = (ground.places[kind] for kind in ("relay", "reply", "relay, all forwarded"))
    for first, second in ((relay, other), (relay, reply), (reply, relay)):
        async with ground.client() as client:
            await client.say("MAIL FROM:<ada@offers.example>")
            assert (await client.say(f"RCPT TO:<{first.address}>")).startswith("250")
            assert (await client.say(f"RCPT TO:<{second.address}>")).startswith("452 4.5.3")


async def test_an_address_is_answered_the_same_in_any_order(ground: Ground) -> None:
    """What one transaction left in memory must not show in the next."""
    kinds = [*TAKEN, *TAKEN]
    random.Random(3).shuffle(kinds)  # noqa: S311 - an order
    seen = [await ground.transaction("stranger", kind) for kind in kinds]
    assert all(one == seen[0] for one in seen)
