"""Whatever octets come, one of three things becomes of them."""

import contextlib
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from mailrelay.rewriting.metadata import CannotClean, Cleaned, Dropped, cleaned
from tests.mailrelay.rewriting.metadata.test_canaries import KINDS
from tests.mailrelay.rewriting.metadata.test_refused import DROPPED

_BEGINNINGS = [
    b"%PDF-1.7\n",
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF\0\0\0\0WEBP",
    b"II*\0\x08\0\0\0",
    b"BM\0\0\0\0\0\0\0\0",
    b"PK\x03\x04",
    b"\x1f\x8b\x08\0",
    rb"{\rtf1",
    b"<svg xmlns='http://www.w3.org/2000/svg'>",
    b"<!-- -->" * 9,
    b"<html><body>",
    b"<?xml version='1.0'?>",
    b"\0\0\0\x0cjP  \r\n\x87\n",
    b"\xff\x4f\xff\x51",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\x30\x82",
    b"\xff\xfe",
    b"BEGIN:",
    b"From: ",
]


@cache
def _valid() -> tuple[bytes, ...]:
    return (*(make() for make, _, _ in KINDS.values()), *(several[0] for several in DROPPED.values()))


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """Some octets of a valid file changed, taken out, doubled or cut off."""
    content = bytearray(draw(st.sampled_from(_valid())))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, max(len(content) - 1, 0)))
        end = min(start + draw(st.sampled_from((0, 1, 2, 4, 40))), len(content))
        content[start:end] = draw(
            st.one_of(
                st.binary(max_size=8), st.just(content[start:end] * 2), st.just(b"\xff" * 4), st.just(b"")
            )
        )
    return bytes(content[: draw(st.integers(0, len(content)))] if draw(st.integers(0, 4)) == 0 else content)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.builds(bytes.__add__, st.sampled_from(_BEGINNINGS), st.binary(max_size=300)),
        _mutated(),
    ),
    st.text(max_size=20),
)
def test_any_octets_are_cleaned_dropped_or_refused(content: bytes, name: str) -> None:
    with contextlib.suppress(Dropped, CannotClean):
        assert isinstance(cleaned(content, "application/octet-stream", name), Cleaned)
