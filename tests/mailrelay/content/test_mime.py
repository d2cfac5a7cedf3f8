"""Parts are found as the standard library finds them, within bounds."""

import email.message
import email.policy
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.content.mime import MAX_DEPTH, MAX_PARTS, read_structure
from mailrelay.message import RawMessage

HONEST = Path(__file__).parents[2] / "data/mail/honest"


def _leaves_of_the_library(raw: bytes) -> list[tuple[str, bytes]]:
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    return [
        (part.get_content_type(), cast("bytes", part.get_payload(decode=True) or b""))
        for part in message.walk()
        if not part.is_multipart()
    ]


def _ours(raw: bytes) -> list[tuple[str, bytes]]:
    return [(leaf.type.kind, leaf.octets()) for leaf in read_structure(RawMessage.parse(raw)).leaves]


@pytest.mark.parametrize("path", sorted(HONEST.glob("*.eml")), ids=lambda path: path.stem)
def test_the_leaves_of_a_letter_are_those_of_the_library(path: Path) -> None:
    raw = path.read_bytes()
    assert _ours(raw) == _leaves_of_the_library(raw)


_TEXT = st.lists(st.sampled_from([b"text", b"--", b"--x", b" --1", b"a: b", b""]), min_size=1, max_size=4)
_LEAVES = _TEXT.map(lambda lines: b"Content-Type: text/html\r\n\r\n" + b"\r\n".join(lines))


def _container(children: list[bytes], closed: bool, around: bytes) -> bytes:  # noqa: FBT001 - drawn
    # Boundaries of different levels differ, and one may begin like another.
    boundary = b"1" * max([0, *(child.count(b"boundary=") for child in children)]) + b"1"
    parts = b"".join(b"--" + boundary + b" \r\n" + child + b"\r\n" for child in children)
    end = b"--" + boundary + b"--\r\n" + around if closed else b""
    head = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'
    return head + around + b"\r\n" + parts + end


_MESSAGES = st.recursive(
    _LEAVES,
    lambda inner: st.builds(
        _container, st.lists(inner, min_size=1, max_size=3), st.booleans(), st.sampled_from([b"", b"text"])
    ),
    max_leaves=8,
)


@given(_MESSAGES)
def test_any_tree_is_read_as_the_library_reads_it(raw: bytes) -> None:
    assert _texts(_ours(raw)) == _texts(_leaves_of_the_library(raw))


def _texts(leaves: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    # Whether the last line end belongs to a part that nothing closes is a matter of taste.
    return [(kind, octets.rstrip(b"\r\n")) for kind, octets in leaves]


def test_bounds_hold_for_100_000_parts_and_levels() -> None:
    """The test ends: quadratic work would outlast the time limit of the suite."""
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    many = read_structure(RawMessage.parse(head + b"--b\r\n\r\nx\r\n" * 100_000))
    assert (many.parts, many.complete) == (MAX_PARTS + 1, False)
    deep = read_structure(RawMessage.parse(b"Content-Type: message/rfc822\r\n\r\n" * 100_000))
    assert (deep.depth, deep.complete) == (MAX_DEPTH + 1, False)
    near = read_structure(RawMessage.parse(head + b"\r\n--bx" * 200_000))
    assert (near.parts, near.complete) == (MAX_PARTS + 1, False)
