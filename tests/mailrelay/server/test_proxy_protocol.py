"""The PROXY protocol, from the balancers that are configured and from nobody else."""

import socket
import struct
from ipaddress import IPv4Network

import pytest

from mailrelay.server import ServerLimits
from tests.mailrelay.server.client import Client, Witness, another_server
from tests.mailrelay.world import World

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOOPBACK = [IPv4Network("127.0.0.0/8")]
ELSEWHERE = [IPv4Network("192.0.2.0/24")]


def version_2(command: int, family: int, addresses: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", 0x20 | command, family, len(addresses)) + addresses


def inet(client: str) -> bytes:
    return socket.inet_aton(client) + socket.inet_aton("192.0.2.9") + struct.pack("!HH", 40_000, 25)


def inet6(client: str) -> bytes:
    both = socket.inet_pton(socket.AF_INET6, client) + socket.inet_pton(socket.AF_INET6, "2001:db8::9")
    return both + struct.pack("!HH", 40_000, 25)


@pytest.mark.parametrize(
    ("header", "ip"),
    [
        (b"PROXY TCP4 198.51.100.7 192.0.2.9 40000 25\r\n", "198.51.100.7"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::9 40000 25\r\n", "2001:db8::7"),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
        (version_2(1, 0x11, inet("198.51.100.7")), "198.51.100.7"),
        (version_2(1, 0x21, inet6("2001:db8::7")), "2001:db8::7"),
        (version_2(1, 0x11, inet("198.51.100.7") + b"\x04\x00\x02ab"), "198.51.100.7"),
        (version_2(0, 0x00, b""), "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("pieces", [1, 3])
async def test_the_client_behind_a_balancer_is_the_client(
    world: World, header: bytes, ip: str, pieces: int
) -> None:
    witness = Witness(world.inbound)
    async with another_server(witness, proxies=LOOPBACK) as server:
        client = await Client.open(server.ports["smtp"])
        step = len(header) // pieces + 1
        await client.dribble([header[at : at + step] for at in range(0, len(header), step)])
        assert (await client.answer()).startswith("220")
        assert (await client.say("EHLO a.example")).startswith("250")
        assert [context.peer_ip for context in witness.connections] == [ip]
        await client.close()


@pytest.mark.parametrize(
    "header",
    [
        b"EHLO a.example\r\n",
        b"PROXY TCP4 198.51.100.7 192.0.2.9 40000\r\n",
        b"PROXY TCP4 zoe 192.0.2.9 40000 25\r\n",
        b"PROXY TCP4 " + b"1" * 5000,
        version_2(1, 0x12, inet("198.51.100.7")),
        version_2(1, 0x11, b"\0\0"),
        version_2(1, 0x11, inet("198.51.100.7") + b"\0" * 60_000),
    ],
)
async def test_a_balancer_that_does_not_say_who_it_speaks_for_is_hung_up_on(
    world: World, header: bytes
) -> None:
    witness = Witness(world.inbound)
    async with another_server(witness, proxies=LOOPBACK) as server:
        client = await Client.open(server.ports["smtp"])
        client.writer.write(header)
        assert await client.rest_of_bytes() == b""
        assert witness.connections == []
        await client.close()


async def test_nobody_else_can_say_he_is_another(world: World) -> None:
    witness = Witness(world.inbound)
    async with another_server(witness, proxies=ELSEWHERE) as server:
        client = await Client.open(server.ports["smtp"])
        client.writer.write(b"PROXY TCP4 198.51.100.7 192.0.2.9 40000 25\r\n")
        assert "554 5.5.1 This is a mail server" in await client.rest()
        assert {context.peer_ip for context in witness.connections} == {"127.0.0.1"}
        await client.close()


async def test_limits_are_the_clients_not_the_balancers(world: World) -> None:
    limits = ServerLimits(connections_per_address=1)
    async with another_server(world.inbound, limits, proxies=LOOPBACK) as server:
        clients = []
        for last, answer in (("7", "220"), ("8", "220"), ("7", "421")):
            client = await Client.open(server.ports["smtp"])
            client.writer.write(f"PROXY TCP4 198.51.100.{last} 192.0.2.9 40000 25\r\n".encode())
            assert (await client.answer()).startswith(answer)
            clients.append(client)
        for client in clients:
            await client.close()
