"""No second message comes in behind the first, whatever stands between them, over real sockets."""

import pytest

from tests.mailrelay.server.client import HEADER, MAIL, RCPT, Client, ends_of_data, stored
from tests.mailrelay.world import RELAY_ADDRESS, STRANGER, World

SMUGGLED = (
    f"MAIL FROM:<admin@offers.example>\r\nRCPT TO:<{RELAY_ADDRESS}>\r\nDATA\r\n".encode()
    + HEADER
    + b"smuggled"
)
pytestmark = pytest.mark.skipif(
    not ends_of_data(), reason="the collection of smuggling sequences is not here"
)


@pytest.mark.parametrize("name", ends_of_data())
async def test_a_smuggled_message_is_never_taken(world: World, name: str) -> None:
    """CVE-2023-51764 and kin: only CRLF.CRLF ends a message."""
    end = ends_of_data()[name]
    client = await Client.connect(world)
    for cut in range(len(end) + 1):
        await client.begin()
        await client.dribble([HEADER + b"honest" + end[:cut], end[cut:] + SMUGGLED, b"\r\n.\r\n"])
        assert await client.answer() == "554 5.6.0 Message is not well-formed"
    assert (await client.say("QUIT")).startswith("221")
    assert await stored(world) == 0
    await client.close()


@pytest.mark.parametrize("name", ends_of_data())
async def test_a_chunk_ends_where_its_length_says(world: World, name: str) -> None:
    client = await Client.connect(world)
    content = HEADER + b"honest" + ends_of_data()[name] + SMUGGLED
    assert (await client.say("EHLO offers.example")).startswith("250")
    for cut in (0, len(HEADER) + 7, len(HEADER) + 8):
        await client.say(MAIL)
        await client.say(RCPT)
        client.writer.write(f"BDAT {cut}\r\n".encode() + content[:cut])
        assert (await client.answer()).startswith("250 2.0.0")
        client.writer.write(f"BDAT {len(content) - cut} LAST\r\n".encode() + content[cut:])
        assert await client.answer() == "554 5.6.0 Message is not well-formed"
    assert (await client.say("QUIT")).startswith("221")
    assert await stored(world) == 0
    await client.close()


async def test_a_real_end_of_data_in_a_chunk_is_text(world: World) -> None:
    client = await Client.connect(world)
    await client.say("EHLO offers.example")
    content = HEADER + b"honest\r\n.\r\n" + SMUGGLED + b"\r\n.\r\n"
    await client.say(MAIL)
    await client.say(RCPT)
    client.writer.write(f"BDAT {len(content)} LAST\r\n".encode() + content + b"QUIT\r\n")
    assert (await client.answer()).startswith("250 2.0.0 OK msg_")
    assert (await client.answer()).startswith("221")
    [kept] = await world.store.claim("w", world.worker._lease, 2)
    assert (kept.reverse_path, kept.raw) == (STRANGER, content)
    await client.close()
