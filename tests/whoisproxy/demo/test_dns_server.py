"""The demonstration's name server answers as a real one does (RFC 1035)."""

import asyncio

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode

from whoisproxy.demo.dns_server import DnsServer


async def asked(server: DnsServer, name: str, rdtype: str) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype)
    return await dns.asyncquery.udp(query, "127.0.0.1", timeout=5, port=server.port)


async def test_it_answers_from_its_table_without_regard_to_case() -> None:
    async with DnsServer() as server:
        server.set("Mail.Example", "MX", "10 mx.hosting.example.")
        answer = await asked(server, "mAIL.example", "MX")
        assert "10 mx.hosting.example." in answer.answer[0].to_text()
        assert server.queries == [("mAIL.example", "MX")]


async def test_a_long_answer_is_truncated_and_whole_over_tcp() -> None:
    async with DnsServer() as server:
        server.set("long.example", "TXT", *("x" * 250 + str(number) for number in range(8)))
        query = dns.message.make_query("long.example", "TXT")
        short = await dns.asyncquery.udp(query, "127.0.0.1", timeout=5, port=server.port)
        whole = await dns.asyncquery.tcp(query, "127.0.0.1", timeout=5, port=server.port)
        assert short.flags & dns.flags.TC
        assert len(whole.answer[0]) == 8


async def test_unknown_names_and_empty_names_differ() -> None:
    """RFC 8020: a name exists when something is below it."""
    async with DnsServer() as server:
        server.set("a.b.example", "A", "127.0.0.1")
        assert (await asked(server, "none.example", "A")).rcode() == dns.rcode.NXDOMAIN
        below = await asked(server, "b.example", "A")
        assert (below.rcode(), below.answer) == (dns.rcode.NOERROR, [])


async def test_it_fails_and_recovers_on_demand() -> None:
    async with DnsServer() as server:
        server.set("a.example", "A", "127.0.0.1")
        server.fail("a.example")
        assert (await asked(server, "a.example", "A")).rcode() == dns.rcode.SERVFAIL
        server.recover("a.example")
        assert (await asked(server, "a.example", "A")).answer


async def test_garbage_is_not_answered_and_breaks_nothing() -> None:
    async with DnsServer() as server:
        assert server.answer(b"\xff" * 40) is None
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"\x00\x05hello")
        assert await reader.read() == b""
        writer.close()
        server.set("a.example", "A", "127.0.0.1")
        assert (await asked(server, "a.example", "A")).answer
