"""RDAP's door and connections: what is no HTTP, who is slow, who comes too often, TLS, IPv4 and IPv6."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.certificates import write_certificate
from tests.whoisproxy.rdds_servers.rdap_site import CHEESE, Held, Site, document, site
from whoisproxy.config import ConfigurationError
from whoisproxy.rdds_servers.rdap_connections import Deadlines
from whoisproxy.rdds_servers.rdap_listening import ConnectionLimits
from whoisproxy.rdds_servers.rdap_tls import rdap_tls

QUERY = b"GET /domain/cheese.com HTTP/1.1\r\nHost: x\r\n\r\n"
_MANY = 1_000_000
# The same for all who wait for something that must not be waited for long.
QUICK = Deadlines(handshake_s=0.2, request_s=0.2, read_s=0.2, content_s=0.2)


@pytest.fixture
async def rdap() -> AsyncIterator[Site]:
    async with site() as running:
        yield running


def is_rdap_error(answer: bytes, status: int) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    return (
        head.startswith(f"HTTP/1.1 {status} ".encode())
        and b"\r\nContent-Type: application/rdap+json\r\n" in head
        and b"\r\nAccess-Control-Allow-Origin: *\r\n" in head
        and b"\r\nConnection: close" in head
        and json.loads(body)["errorCode"] == status
    )


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200, 400),
        (b"cheese.com\r\n\r\n", 400),
        (b"GET /help HTTP/1.1\r\n\r\n", 400),
        (b"GET /help HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", 400),
        (b"GET /help HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET /help HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /domain/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400),
        (b"GET /domain/" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /help HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /help HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 100 + b"\r\n", 431),
        (b"GET /help HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 413),
        (b"POST /help HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 413),
        (b"GET /help HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 413),
    ],
)
async def test_what_is_no_query_is_refused_in_rdap_and_harms_nobody(
    rdap: Site, raw: bytes, status: int
) -> None:
    with capture_logs() as logs:
        answer = await rdap.exchange(raw)
    assert is_rdap_error(answer, status)
    assert "cheese" not in repr(logs)
    (await rdap.get("/domain/cheese.com")).document(200)


async def test_a_whole_url_may_be_sent(rdap: Site) -> None:
    """RFC 9112 section 3.2.2; which host it names does not matter."""
    raw = b"GET http://evil.example/domain/cheese.com HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert (await rdap.exchange(raw)).endswith(document(CHEESE))


async def test_an_old_client_is_answered_and_let_go(rdap: Site) -> None:
    answer = await rdap.exchange(b"GET /domain/cheese.com HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert answer.endswith(document(CHEESE))


async def test_queries_one_behind_the_other_are_answered_in_order(rdap: Site) -> None:
    last = b"GET /domain/nobody.com HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = await rdap.exchange(QUERY * 40 + last)
    assert answer.count(document(CHEESE)) == 40
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["errorCode"] == 404


@pytest.mark.parametrize("sent", [b"", b"GET /domain/che", QUERY, QUERY + b"GET /h", QUERY[:-2] + b"X: "])
async def test_whoever_does_not_finish_a_query_is_not_waited_for(sent: bytes) -> None:
    async with site(limits=ConnectionLimits(_MANY, deadlines=QUICK)) as rdap:
        await rdap.exchange(sent)


async def test_headers_that_trickle_in_do_not_move_the_deadline() -> None:
    async with site(limits=ConnectionLimits(_MANY, deadlines=QUICK)) as rdap:
        reader, writer = await asyncio.open_connection("127.0.0.1", rdap.server.port)

        async def trickle() -> None:
            for octet in QUERY[:-2] + b"X: " + b"a" * 10_000:
                writer.write(bytes((octet,)))
                await asyncio.sleep(0.01)

        trickling = asyncio.create_task(trickle())
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        trickling.cancel()
        writer.close()


async def test_content_that_does_not_come_is_not_waited_for() -> None:
    async with site(limits=ConnectionLimits(_MANY, deadlines=QUICK)) as rdap:
        raw = b"POST /help HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
        assert is_rdap_error(await rdap.exchange(raw), 413)


async def test_whoever_does_not_read_is_dropped() -> None:
    held = Held()
    async with site(held, limits=ConnectionLimits(_MANY, deadlines=QUICK)) as rdap:
        loop = asyncio.get_running_loop()
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)  # noqa: FBT003 - its only parameter
            await loop.sock_connect(client, ("127.0.0.1", rdap.server.port))

            async def ask_on_and_on() -> None:
                while True:
                    await loop.sock_sendall(client, QUERY * 100)

            with pytest.raises(ConnectionError):
                await ask_on_and_on()


async def test_a_network_holds_only_so_many_connections() -> None:
    async with site(limits=ConnectionLimits(_MANY, per_prefix=3)) as rdap:
        port = rdap.server.port
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for _, writer in held:
            writer.write(QUERY)
        for reader, _ in held:
            await reader.readuntil(b"\r\n\r\n")
        refused, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await refused.read() == b""
        writer.close()
        # Another network is not touched by it.
        reader, other = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.9.9.9", 0))
        other.write(QUERY)
        assert await reader.readuntil(b"\r\n\r\n")
        for _, writer in (*held, (None, other)):
            writer.close()


async def test_a_network_opens_connections_only_so_fast() -> None:
    async with site(limits=ConnectionLimits(2), clock=lambda: 0.0) as rdap:
        last = b"GET /domain/cheese.com HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert [bool(await rdap.exchange(last)) for _ in range(3)] == [True, True, False]


async def test_a_proxy_on_this_machine_may_connect_as_it_likes() -> None:
    limits = ConnectionLimits(1, per_prefix=1, behind_proxy=True)
    async with site(limits=limits, clock=lambda: 0.0) as rdap:
        held = [await asyncio.open_connection("127.0.0.1", rdap.server.port) for _ in range(3)]
        for _, writer in held:
            writer.write(QUERY)
        for reader, writer in held:
            await reader.readuntil(b"\r\n\r\n")
            writer.close()


async def test_when_all_places_are_taken_the_oldest_gives_way() -> None:
    async with site(limits=ConnectionLimits(_MANY, total=2)) as rdap:
        port = rdap.server.port
        waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for reader, writer in waiting:
            writer.write(QUERY)
            await reader.readuntil(b"\r\n\r\n")
        (await rdap.get("/domain/cheese.com")).document(200)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await waiting[0][0].readexactly(len(document(CHEESE)) + 1)
        for _, writer in waiting:
            writer.close()


async def test_closing_lets_a_query_be_answered_and_nobody_else_in() -> None:
    held = Held()
    async with site(held) as rdap:
        held.gate.clear()
        asked = asyncio.create_task(rdap.get("/domain/cheese.com"))
        await held.reached.wait()
        closing = asyncio.create_task(rdap.server.close())
        await asyncio.sleep(0)
        with pytest.raises(OSError, match=r"."):
            await asyncio.open_connection("127.0.0.1", rdap.server.port)
        held.gate.set()
        (await asked).document(200)
        await closing


async def test_20400_20401_ipv4_and_ipv6_share_a_port() -> None:
    async with site(hosts=("127.0.0.1", "::1")) as rdap:
        for host in ("127.0.0.1", "::1"):
            reader, writer = await asyncio.open_connection(host, rdap.server.port)
            writer.write(QUERY)
            assert await reader.readexactly(15) == b"HTTP/1.1 200 OK"
            writer.close()


def client_context(**options: object) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, value in options.items():
        setattr(context, name, value)
    return context


@pytest.mark.parametrize("kind", ["ec", "rsa"])
async def test_20100_an_answer_over_tls_is_the_same(tmp_path: Path, kind: str) -> None:
    write_certificate(tmp_path / "rdap.pem", "127.0.0.1", kind=kind)
    async with site(tls=rdap_tls(tmp_path / "rdap.pem", None), client_tls=client_context()) as rdap:
        for path in ("/domain/cheese.com", "/domain/CHEESE.com"):
            got = await rdap.get(path)
            got.document(200)
            assert got.body == document(CHEESE)
        (await rdap.get("/domain/nobody.com")).document(404)


async def _handshake(port: int, context: ssl.SSLContext) -> tuple[str, str]:
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    tls = writer.get_extra_info("ssl_object")
    found = tls.version(), tls.cipher()[0]
    writer.close()
    return found


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_61100_61101_tls_is_of_the_versions_and_suites_of_the_guide(tmp_path: Path) -> None:
    write_certificate(tmp_path / "rdap.pem", "127.0.0.1", kind="rsa")
    async with site(tls=rdap_tls(tmp_path / "rdap.pem", None)) as rdap:
        port = rdap.server.port
        assert (await _handshake(port, client_context()))[0] == "TLSv1.3"
        accepted = set()
        for cipher in client_context().get_ciphers():
            if cipher["protocol"] == "TLSv1.3":
                continue
            context = client_context(maximum_version=ssl.TLSVersion.TLSv1_2)
            context.set_ciphers(f"{cipher['name']}:@SECLEVEL=0")
            try:
                accepted.add((await _handshake(port, context))[1])
            except (ssl.SSLError, ConnectionError):
                continue
        assert accepted == {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"}
        old = client_context(minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await _handshake(port, old)


async def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "rdap.pem"
    write_certificate(file, "127.0.0.1")
    async with site(tls=rdap_tls(file, None)) as rdap:

        async def shown() -> bytes:
            _, writer = await asyncio.open_connection("127.0.0.1", rdap.server.port, ssl=client_context())
            try:
                return bytes(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
            finally:
                writer.close()

        first = await shown()
        write_certificate(file, "127.0.0.1")
        second = await shown()
        assert second != first
        file.write_text("nothing of the kind")
        assert await shown() == second


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", QUERY])
async def test_whoever_does_not_finish_the_handshake_is_not_waited_for(tmp_path: Path, sent: bytes) -> None:
    write_certificate(tmp_path / "rdap.pem", "127.0.0.1")
    limits = ConnectionLimits(_MANY, per_prefix=1, deadlines=QUICK)
    async with site(tls=rdap_tls(tmp_path / "rdap.pem", None), limits=limits) as rdap:
        reader, writer = await asyncio.open_connection("127.0.0.1", rdap.server.port)
        writer.write(sent)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        # Its place is free again.
        await _handshake(rdap.server.port, client_context())


def test_files_without_a_certificate_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.pem.*No such file"):
        rdap_tls(tmp_path / "missing.pem", None)
    (tmp_path / "empty.pem").write_bytes(b"")
    with pytest.raises(ConfigurationError, match=r"empty\.pem: holds no certificate"):
        rdap_tls(tmp_path / "empty.pem", None)
