"""Whole conversations, word for word, and the same in any number of packets (RFC 2920)."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.mailrelay.server.client import HEADER, MAIL, RCPT, Client
from tests.mailrelay.world import World

DIALOGUES = {file.stem: file.read_text() for file in (Path(__file__).parent / "dialogues").glob("*.txt")}
LINES = [
    MAIL,
    MAIL,
    f"{MAIL} SIZE=100 BODY=8BITMIME",
    f"{MAIL} SIZE=99999999999",
    "MAIL FROM:<>",
    "MAIL FROM:<zo\u00eb@offers.example> SMTPUTF8",
    RCPT,
    RCPT,
    f"{RCPT} NOTIFY=NEVER",
    "RCPT TO:<nobody@relay.example>",
    "RCPT TO:<postmaster>",
    "EHLO again.example",
    "HELO again.example",
    "RSET",
    "NOOP",
    "VRFY x",
    "\0",
    "",
    "x" * 2047,
    "x" * 5000,
    "BDAT 0",
    "BDAT 5 LAST\r\nNOOP\r",
    "BDAT 9999 LAST\r\n" + "DATA\r\n" * 1666 + "x",
    "DATA\r\n.",
    "DATA\r\n" + HEADER.decode() + "..dot\r\n.",
]


def masked(answers: str) -> str:
    """Return answers without what differs each time."""
    return re.sub(r"msg_\w+", "<id>", answers)


@pytest.mark.parametrize("name", DIALOGUES)
async def test_a_conversation_goes_by_the_book(world: World, name: str) -> None:
    """What the client says without waiting goes in one packet."""
    client = await Client.open(world.port)
    to_say = ""
    for line in [*DIALOGUES[name].splitlines(), ""]:
        side, text = line[:2], line[3:]
        if side == "C:":
            to_say += f"{text}\r\n"
            continue
        client.writer.write(to_say.encode())
        to_say = ""
        said = (await client.reader.readline()).decode()
        assert masked(said).rstrip("\r\n") == text
    await client.close()


async def converse(world: World, pieces: list[bytes]) -> str:
    """Send pieces and return all answers."""
    client = await Client.connect(world)
    try:
        await client.say("EHLO offers.example")
        await client.dribble(pieces)
        return masked(await client.rest())
    finally:
        await client.close()


@given(st.lists(st.sampled_from(LINES), max_size=10), st.lists(st.integers(0, 20_000), max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_answers_do_not_depend_on_packets(world: World, lines: list[str], places: list[int]) -> None:
    stream = b"".join(line.encode() + b"\r\n" for line in [*lines, "QUIT"])
    edges = [0, *sorted({place % len(stream) for place in places}), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]
    assert await converse(world, pieces) == await converse(world, [stream])


async def test_octet_by_octet(world: World) -> None:
    lines = [
        MAIL,
        RCPT,
        "DATA\r\n" + HEADER.decode() + "..dot\r\n.",
        MAIL,
        RCPT,
        "BDAT 3 LAST\r\nhi!NOOP",
        "QUIT",
    ]
    stream = "".join(f"{line}\r\n" for line in lines).encode()
    whole = await converse(world, [stream])
    assert whole.count("250 2.0.0 OK <id>") == 1
    assert await converse(world, [bytes([octet]) for octet in stream]) == whole


async def test_answers_to_one_packet_come_in_one(world: World) -> None:
    client = await Client.connect(world)
    await client.say("EHLO offers.example")
    client.writer.write(f"{MAIL}\r\n{RCPT}\r\nRCPT TO:<nobody@relay.example>\r\nDATA\r\n".encode())
    answers = await client.reader.read(4096)
    assert re.findall(rb"^(\d+) ", answers, re.MULTILINE) == [b"250", b"250", b"550", b"354"]
    await client.close()


async def test_a_client_that_only_listens_any_more_gets_its_answers(world: World) -> None:
    """TCP may be closed in one direction; what was asked before is answered."""
    client = await Client.connect(world)
    letter = HEADER.decode() + "x\r\n."
    client.writer.write(f"EHLO a.example\r\n{MAIL}\r\n{RCPT}\r\nDATA\r\n{letter}\r\nNOOP\r\n".encode())
    client.writer.write_eof()
    answers = await client.rest()
    assert re.findall(r"^(\d+) ", answers, re.MULTILINE) == ["250", "250", "250", "354", "250", "250"]
    await client.close()
