"""Replies are read as they come, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.delivery.replies import NotAReply, Reply, ReplyReader

_TEXT = st.binary(max_size=40).filter(lambda text: not set(text) & {10, 13})
_REPLY = st.builds(
    Reply, st.sampled_from([220, 250, 354, 421, 550, 599]), st.lists(_TEXT, min_size=1, max_size=5).map(tuple)
)


def written(reply: Reply, end: bytes) -> bytes:
    last = len(reply.lines) - 1
    return b"".join(
        b"%d%s%s%s" % (reply.code, b" " if number == last else b"-", text, end)
        for number, text in enumerate(reply.lines)
    )


@given(st.lists(_REPLY, max_size=6), st.data(), st.sampled_from([b"\r\n", b"\n"]))
def test_replies_come_out_as_they_were_written_however_they_are_cut(
    replies: list[Reply], data: st.DataObject, end: bytes
) -> None:
    wire = b"".join(written(reply, end) for reply in replies)
    reader, found = ReplyReader(), []
    while wire:
        at = data.draw(st.integers(1, len(wire)))
        found += reader.feed(wire[:at])
        wire = wire[at:]

    assert found == replies
    assert reader.between_replies


@given(st.lists(st.binary(max_size=3000), max_size=20))
def test_whatever_comes_is_a_reply_or_refused_and_bounded(pieces: list[bytes]) -> None:
    reader = ReplyReader()
    try:
        for piece in pieces:
            for reply in reader.feed(piece):
                assert 200 <= reply.code < 600
    except NotAReply:
        return
    assert len(reader._rest) <= 2048


@pytest.mark.parametrize(
    "wire",
    [
        b"hello\r\n",
        b"25\r\n",
        b"2500 x\r\n",
        b"150 x\r\n",
        b"650 x\r\n",
        b"250-a\r\n251 b\r\n",
        b"\r\n",
        b"250" * 700,
    ],
)
def test_what_is_no_reply_is_refused(wire: bytes) -> None:
    with pytest.raises(NotAReply):
        ReplyReader().feed(wire)


def test_a_reply_without_end_is_given_up() -> None:
    reader = ReplyReader()
    with pytest.raises(NotAReply):
        reader.feed(b"250-and so on\r\n" * 10_000)


def test_a_code_alone_is_a_reply() -> None:
    assert ReplyReader().feed(b"250\r\n") == [Reply(250, (b"",))]
