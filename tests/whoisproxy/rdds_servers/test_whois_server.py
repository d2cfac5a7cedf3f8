"""WHOIS over a real socket: one answer for each connection, in time, whatever arrives."""

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.whoisproxy.publication import samples
from tests.whoisproxy.rdds_servers.shelf import Shelf
from whoisproxy.domain.errors import Unavailable
from whoisproxy.publication.answer import MISSING, Answer, Missing, ObjectKind, Question, View
from whoisproxy.publication.record import RddsEntity, RddsHost, RddsNameserver
from whoisproxy.publication.whois import domain_text, nameserver_text, registrar_text
from whoisproxy.rdds_servers.queries import Publisher
from whoisproxy.rdds_servers.whois_server import WhoisLimits, WhoisServer
from whoisproxy.runtime.listening import listening_sockets
from whoisproxy.services.published_answers import PublishedAnswers

PATIENT = WhoisLimits(requests_per_minute=100_000, connections_per_prefix=500, deadline_s=60)
HASTY = replace(PATIENT, deadline_s=0.05)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf([samples.GOLDEN["hidden"], samples.GOLDEN["hidden-idn"]])


@asynccontextmanager
async def serving(shelf: Shelf, limits: WhoisLimits = PATIENT) -> AsyncIterator[WhoisServer]:
    server = listening(PublishedAnswers(shelf, ""), limits)
    try:
        yield server
    finally:
        await server.close()


def listening(publisher: Publisher, limits: WhoisLimits, host: str = "127.0.0.1") -> WhoisServer:
    server = WhoisServer(publisher, limits, clock=lambda: 0.0)
    server.listen(listening_sockets("whois", [host], 0))
    return server


@pytest.fixture
async def server(shelf: Shelf) -> AsyncIterator[WhoisServer]:
    async with serving(shelf) as server:
        yield server


async def ask(server: WhoisServer, sent: bytes, *, then_eof: bool = False) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(sent)
        if then_eof:
            writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize(
    "query",
    [
        b"cheese.com\r\n",
        b"CHEESE.COM\r\n",
        b"cheese.com\n",
        b" cheese.com. \r\n",
        b"cheese.com\r\nmore",
        b"domain cheese.com\r\n",
        b"DOMAIN  Cheese.Com.\r\n",
    ],
)
async def test_a_domain_is_answered_with_its_text(server: WhoisServer, query: bytes) -> None:
    assert await ask(server, query) == domain_text(samples.GOLDEN["hidden"])


async def test_name_servers_and_registrars_are_answered(server: WhoisServer, shelf: Shelf) -> None:
    registrar = samples.GOLDEN["hidden"].registrar
    host = RddsHost(
        RddsNameserver("ns1.cheese.com", "ns1.cheese.com", ("192.0.2.1",)), registrar, samples.NOW
    )
    shelf.hosts["ns1.cheese.com"] = host
    shelf.registrars["gandalf domains sa"] = entity = RddsEntity(registrar, samples.NOW)
    assert await ask(server, b"nameserver NS1.cheese.com.\r\n") == nameserver_text(host)
    assert await ask(server, b"registrar Gandalf  Domains SA\r\n") == registrar_text(entity)


@pytest.mark.parametrize("query", ["käse-müller.de", "KÄSE-MÜLLER.de", "xn--kse-mller-v2a2y.de"])
async def test_a_labels_and_u_labels_in_utf_8_find_the_same(server: WhoisServer, query: str) -> None:
    answer = (await ask(server, f"{query}\r\n".encode())).decode()
    assert "Internationalized Domain Name: käse-müller.de" in answer


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (b"Nobody.com\r\n", b'"nobody.com"'),
        (b"domain nobody.com\r\n", b'"nobody.com"'),
        (b"www.cheese.com\r\n", b"this query"),
        (b"com\r\n", b"this query"),
        (b"domain\r\n", b"this query"),
        (b"nameserver ns9.cheese.com\r\n", b'"ns9.cheese.com"'),
        (b"registrar Nobody\r\n", b"this query"),
    ],
)
async def test_what_is_not_held_has_no_match(server: WhoisServer, query: bytes, named: bytes) -> None:
    assert await ask(server, query) == b"No match for %b.\r\n" % named


@pytest.mark.parametrize("query", [b"help\r\n", b"HELP\r\n", b"?\r\n", b"\r\n"])
async def test_help_is_given(server: WhoisServer, query: bytes) -> None:
    assert b"RFC 3912" in await ask(server, query)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (b"\xff\xfe\x00\r\n", b"not a query"),
        (b"k\xe4se-m\xfcller.de\r\n", b"not a query"),
        (b"cheese\x00.com\r\n", b"not a query"),
        (b"domain cheese.com edam.com\r\n", b"not a query"),
        (b"nameserver -ns1.cheese.com\r\n", b"not a query"),
        (b"registrar a\x00b\r\n", b"not a query"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"not a query"),
        (b"-T dn,ace cheese.com\r\n", b"not a query"),
        (b"a" * 512 + b"\n", b"not a query"),
        (b"a" * 513 + b"\n", b"longer than 512"),
        (b"a" * 513, b"longer than 512"),
        (b"a" * 50_000, b"longer than 512"),
    ],
)
async def test_a_bad_query_gets_a_reason_and_nothing_of_itself(
    server: WhoisServer, query: bytes, reason: bytes
) -> None:
    answer = await ask(server, query)
    assert answer.startswith(b"% Error: ")
    assert reason in answer
    assert answer.count(b"\r\n") == 1
    assert query.strip() not in answer


async def test_a_query_without_an_end_gets_a_reason(server: WhoisServer) -> None:
    assert b"must end with CRLF" in await ask(server, b"cheese.com", then_eof=True)
    assert b"must end with CRLF" in await ask(server, b"", then_eof=True)


async def test_a_client_that_closes_its_half_still_gets_the_answer(server: WhoisServer) -> None:
    assert b"Domain Name: cheese.com" in await ask(server, b"cheese.com\r\n", then_eof=True)


async def test_a_query_may_come_octet_by_octet(server: WhoisServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for octet in b"cheese.com\r\n":
        writer.write(bytes([octet]))
        await writer.drain()
        await asyncio.sleep(0)
    assert b"Domain Name: cheese.com" in await reader.read()
    writer.close()


async def test_random_octets_never_break_the_server(server: WhoisServer) -> None:
    chance = random.Random(3912)  # noqa: S311 - the same octets in every run
    answers = await asyncio.gather(
        *(ask(server, chance.randbytes(chance.randrange(600)) + b"\r\n") for _ in range(200))
    )
    assert all(answer.endswith(b"\r\n") for answer in answers)
    assert not [answer for answer in answers if b"Traceback" in answer]
    assert b"Domain Name: cheese.com" in await ask(server, b"cheese.com\r\n")


@pytest.mark.parametrize("sent", [b"", b"chee"])
async def test_whoever_never_finishes_is_told_and_dropped_at_the_deadline(shelf: Shelf, sent: bytes) -> None:
    async with serving(shelf, HASTY) as server:
        assert b"in time" in await ask(server, sent)


async def test_a_trickle_does_not_move_the_deadline(shelf: Shelf) -> None:
    """Slow loris: each octet in time, the query never."""
    async with serving(shelf, HASTY) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)

        async def trickle() -> None:
            while True:
                writer.write(b"a")
                await asyncio.sleep(0.005)

        trickling = asyncio.create_task(trickle())
        # An octet under way while the server closes resets the connection; the reason may be lost.
        with suppress(ConnectionError):
            assert b"in time" in (await reader.read() or b"in time")
        trickling.cancel()
        writer.close()


async def test_a_slow_database_does_not_hold_the_connection(shelf: Shelf) -> None:
    shelf.gate.clear()
    async with serving(shelf, HASTY) as server:
        assert b"in time" in await ask(server, b"cheese.com\r\n")


async def test_a_client_that_does_not_read_is_cut_off(shelf: Shelf) -> None:
    """More than the sockets of both sides hold stays in our memory until the deadline, not longer."""
    name = "n" * 200 + ".example"
    shelf.records["cheese.com"] = replace(
        samples.GOLDEN["hidden"], nameservers=(RddsNameserver(name, name, ()),) * 100_000
    )
    async with serving(shelf, replace(PATIENT, deadline_s=2)) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1)
        writer.write(b"cheese.com\r\n")
        await shelf.reached.wait()
        await server.close()
        writer.transport.abort()


async def test_whoever_goes_on_sending_after_a_refusal_is_cut_off(server: WhoisServer) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)

    async def send_for_ever() -> None:
        while True:
            writer.write(b"a" * 65_536)
            await writer.drain()

    with pytest.raises(ConnectionError):
        await send_for_ever()
    writer.transport.abort()


async def test_a_client_that_breaks_off_before_the_answer_is_forgotten(shelf: Shelf) -> None:
    async with serving(shelf) as server:
        shelf.gate.clear()
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"cheese.com\r\n")
        await shelf.reached.wait()
        # With a linger time of 0 the close is a reset, not the end of a half that we would answer.
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        await server._idle.wait()
        assert not server._sessions
        assert not server._per_prefix


async def test_a_network_that_asks_too_much_is_refused_before_any_work(shelf: Shelf) -> None:
    async with serving(shelf, replace(PATIENT, requests_per_minute=2)) as server:
        answers = [await ask(server, b"cheese.com\r\n", then_eof=True) for _ in range(3)]
    assert [b"too many queries" in answer for answer in answers] == [False, False, True]
    assert len(shelf.asked) == 2


@pytest.mark.parametrize("cap", ["connections", "connections_per_prefix"])
async def test_connections_beyond_the_cap_are_refused_and_places_come_back(shelf: Shelf, cap: str) -> None:
    limits = WhoisLimits(100_000, **{cap: 2}, deadline_s=60)
    async with serving(shelf, limits) as server:
        waiting = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        for _, writer in waiting:
            writer.write(b"chee")
        refused, other = await asyncio.open_connection("127.0.0.1", server.port)
        other.write(b"chee")
        assert b"too many connections" in await refused.read()
        other.close()
        for reader, writer in waiting:
            writer.write(b"se.com\r\n")
            assert b"Domain Name" in await reader.read()
            writer.close()
        await server._idle.wait()
        assert b"Domain Name" in await ask(server, b"cheese.com\r\n")


async def test_close_ends_who_waits_and_finishes_what_is_being_answered(shelf: Shelf) -> None:
    server = listening(PublishedAnswers(shelf, ""), PATIENT)
    shelf.gate.clear()
    waiting, waiting_writer = await asyncio.open_connection("127.0.0.1", server.port)
    waiting_writer.write(b"chee")
    busy, busy_writer = await asyncio.open_connection("127.0.0.1", server.port)
    busy_writer.write(b"cheese.com\r\n")
    await shelf.reached.wait()
    closing = asyncio.create_task(server.close())
    assert b"going down" in await waiting.read()
    shelf.gate.set()
    await closing
    assert b"Domain Name: cheese.com" in await busy.read()
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", server.port)
    busy_writer.close()
    waiting_writer.close()


@pytest.mark.parametrize(
    ("failure", "text", "events"),
    [
        (Unavailable("Zoë"), b"database does not answer", []),
        (RuntimeError("Zoë"), b"failed here", ["whois-failed"]),
    ],
)
async def test_a_failure_inside_is_a_reason_without_a_trace(
    server: WhoisServer, shelf: Shelf, failure: Exception, text: bytes, events: list[str]
) -> None:
    shelf.failure = failure
    with capture_logs() as logs:
        answer = await ask(server, b"cheese.com\r\n")
    assert text in answer
    assert "Zoë".encode() not in answer
    assert [log["event"] for log in logs] == events


async def test_no_query_leaves_a_line_in_the_log(server: WhoisServer) -> None:
    """Whoever floods the port does not fill the disk."""
    with capture_logs() as logs:
        for query in (b"cheese.com\r\n", b"-cheese.com\r\n", b"nobody.com\r\n", b"c" * 600):
            await ask(server, query, then_eof=True)
    assert logs == []


class Ready:
    """A publisher that has one answer ready, and knows one name that is not held."""

    def __init__(self, body: bytes) -> None:
        self._answers: dict[Question, Answer | Missing] = {
            whois_domain("cheese.com"): Answer(body),
            whois_domain("nobody.com"): MISSING,
        }

    def ready(self, question: Question) -> Answer | Missing | None:
        return self._answers.get(question)

    async def rendered(self, question: Question) -> Answer | None:
        raise AssertionError(question)


def whois_domain(name: str) -> Question:
    return Question(View.WHOIS, ObjectKind.DOMAIN, name)


@pytest.mark.parametrize("octets", [3_000, 3_000_000])
async def test_what_is_ready_is_sent_whole_however_long_it_is(octets: int) -> None:
    body = bytes(octets)
    server = listening(Ready(body), PATIENT)
    assert await ask(server, b"CHEESE.com.\r\n") == body
    assert b"No match" in await ask(server, b"nobody.com\r\n")
    await server.close()


async def test_a_ready_answer_that_nobody_reads_is_dropped_at_the_deadline() -> None:
    server = listening(Ready(bytes(20_000_000)), replace(PATIENT, deadline_s=0.05))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1)
    writer.write(b"cheese.com\r\n")
    assert await reader.readexactly(1) == b"\0"
    await server.close()
    writer.transport.abort()


async def test_ipv6_is_served_and_counted_by_its_network(shelf: Shelf) -> None:
    server = listening(PublishedAnswers(shelf, ""), replace(PATIENT, requests_per_minute=1), "::1")
    answers = []
    for _ in range(2):
        reader, writer = await asyncio.open_connection("::1", server.port)
        writer.write(b"cheese.com\r\n")
        answers.append(await reader.read())
        writer.close()
    await server.close()
    assert [b"Domain Name: cheese.com" in answers[0], b"too many queries" in answers[1]] == [True, True]


async def test_queries_are_counted_by_outcome(server: WhoisServer) -> None:
    def found() -> float:
        return REGISTRY.get_sample_value("whoisproxy_whois_queries_total", {"outcome": "found"}) or 0

    before = found()
    await ask(server, b"cheese.com\r\n")
    await ask(server, b"nobody.com\r\n")
    assert found() - before == 1
