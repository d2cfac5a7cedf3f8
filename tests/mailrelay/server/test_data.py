"""The octets of messages, in whatever pieces they come."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailrelay.checks.verdict import MALFORMED, Reply
from mailrelay.server.data import ChunkReader, DotReader, Spool
from mailrelay.server.limits import Memory
from mailrelay.server.replies import NO_MEMORY, TOO_LARGE
from tests.mailrelay.server.client import ends_of_data

PLENTY = 10**9
PIECES = st.lists(
    st.sampled_from(
        [b"\r\n", b"\r", b"\n", b".", b"\0", b"a", b"\xff", b"..", b".\r\n", b"\r\n.", b"x" * 70]
    ),
    max_size=40,
).map(b"".join)
LINE_ENDS = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\n\r",
    b"\r\r\n",
    b"\r\n\r",
    b"\n\n",
    b"\r\0\n",
    b"\0\r\n",
    b"\0\n",
    b"\0",
]


def receive(pieces: list[bytes], size_octets: int = PLENTY) -> tuple[bytes | Reply, bytes]:
    """Feed pieces; return the message and what is left over."""
    spool = Spool(size_octets, Memory(PLENTY))
    reader = DotReader(spool)
    for number, piece in enumerate(pieces):
        rest = reader.feed(piece)
        if rest is not None:
            return spool.message(stuffed=True), rest + b"".join(pieces[number + 1 :])
    raise AssertionError("the message did not end")


def by_the_standard(stream: bytes) -> tuple[bytes | Reply, bytes]:
    """RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2, said as simply as can be."""
    text, _, rest = (b"\r\n" + stream).partition(b"\r\n.\r\n")
    message = (text + b"\r\n")[2:]
    if b"\0" in message or re.search(rb"\r(?!\n)|(?<!\r)\n", message):
        return MALFORMED, rest
    return re.sub(rb"^\.|(?<=\r\n)\.", b"", message), rest


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(stream) + 1) for place in places}), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


@given(PIECES, PIECES, st.lists(st.integers(min_value=0, max_value=5000), max_size=30))
@example(b"", b"", [1, 2])
@example(b".", b".", [])
def test_a_message_is_what_the_standard_says_however_it_is_cut(
    body: bytes, behind: bytes, places: list[int]
) -> None:
    stream = body + b"\r\n.\r\n" + behind
    assert receive(cut(stream, places)) == by_the_standard(stream)


@pytest.mark.parametrize("before", LINE_ENDS)
@pytest.mark.parametrize("after", LINE_ENDS)
def test_only_crlf_dot_crlf_ends_a_message_at_any_cut(before: bytes, after: bytes) -> None:
    """Every other pair of line ends makes one message, which is refused."""
    end = before + b"." + after
    if b"\r\n.\r\n" in end:
        return
    stream = b"Subject: x\r\n\r\nhonest" + end + b"MAIL FROM:<smuggled@offers.example>\r\n.\r\n"
    for place in range(len(stream)):
        assert receive([stream[:place], stream[place:]]) == (MALFORMED, b"")


@pytest.mark.skipif(not ends_of_data(), reason="the collection of smuggling sequences is not here")
def test_the_collected_ends_of_data_are_none_octet_by_octet() -> None:
    for end in ends_of_data().values():
        stream = b"honest" + end + b"smuggled\r\n.\r\n"
        assert receive([bytes([octet]) for octet in stream]) == (MALFORMED, b"")


@given(PIECES, st.lists(st.integers(min_value=1, max_value=20), max_size=20))
def test_chunks_are_counted_not_read(content: bytes, sizes: list[int]) -> None:
    """RFC 3030: whatever is in a chunk, its length rules; only the whole must be well-formed."""
    spool, rest = Spool(PLENTY, Memory(PLENTY)), content
    for size in sizes:
        taken = min(size, len(rest))
        assert ChunkReader(taken, spool).feed(rest) == rest[taken:]
        rest = rest[taken:]
    assert ChunkReader(len(rest), spool).feed(rest + b"NOOP") == b"NOOP"
    if b"\0" in content or re.search(rb"\r(?!\n)|(?<!\r)\n", content):
        assert spool.message(stuffed=False) == MALFORMED
    else:
        assert spool.message(stuffed=False) == content + (b"" if content.endswith(b"\r\n") else b"\r\n")


@pytest.mark.parametrize("piece", [1000, 65_536, 10_000_000])
def test_absurd_lines_and_headers_are_refused_and_not_kept(piece: int) -> None:
    memory = Memory(PLENTY)
    lines, fields = b"\r\n" + b"x" * 100_000 + b"\r\n", b"a:\r\n" * 4_001 + b"\r\ntext"
    for content in (b"x" * 2_000_000, b"a: b\r\n" * 100_000, lines, fields):
        spool = Spool(PLENTY, memory)
        reader, stream = DotReader(spool), content + b"\r\n.\r\n"
        for start in range(0, len(stream), piece):
            reader.feed(stream[start : start + piece])
        assert spool.message(stuffed=True) == MALFORMED
        spool.drop()
        assert memory.take(PLENTY)
        memory.give(PLENTY)


@pytest.mark.parametrize("piece", [7, 1000, 10_000_000])
def test_what_is_within_the_limits_is_kept(piece: int) -> None:
    header = b"a:\r\n b\r\n" * 3_000 + b"To: " + b"a@b.example,\r\n " * 10_000 + b"z@b.example\r\n"
    content = header + b"\r\n" + b"x" * 99_999 + b"\r\nshort\r\n" * 2
    stream = content + b".\r\n"
    assert receive([stream[at : at + piece] for at in range(0, len(stream), piece)]) == (content, b"")


def test_size_is_counted_to_the_octet() -> None:
    assert receive([b"12345678\r\n.\r\n"], size_octets=10) == (b"12345678\r\n", b"")
    assert receive([b"123456789\r\n.\r\n"], size_octets=10) == (TOO_LARGE, b"")
    assert receive([b"1" * 5000, b"\r\n.\r\nNOOP"], size_octets=10) == (TOO_LARGE, b"NOOP")


def test_messages_share_memory_and_give_it_back() -> None:
    memory = Memory(100)
    first, second = Spool(PLENTY, memory), Spool(PLENTY, memory)
    first.add(b"x" * 80)
    second.add(b"x" * 40)
    assert second.message(stuffed=False) == NO_MEMORY
    assert not memory.take(21)
    first.drop()
    assert memory.take(100)
