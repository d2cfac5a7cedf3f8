"""Of a message only what is seen gets onto a page."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from mailrelay.message import RawMessage
from whoisproxy.portal.preview import _TAGS, beginning, preview_of, safe_frame

_HEAD = b"From: a@relay.example\r\nTo: b@offers.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
_FRAME = {"html", "meta", "title", "body"}


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _FRAME:
            self.found.append((tag, tuple(name for name, _ in attrs)))


def _elements(body: bytes) -> list[tuple[str, tuple[str, ...]]]:
    raw = _HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + body
    reader = _Elements()
    reader.feed(preview_of(RawMessage.parse(raw), "en").html)
    return reader.found


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",  # noqa: E501 - as found in the wild
        "<a href=javascript:alert(1)>a</a>",
        "<p style='background:url(//x.example)'>b</p>",
        "<form action=//x.example><input name=a><button>c</button></form>",
        "</body></html><script>alert(1)</script>",
        "<base href=//x.example><link rel=stylesheet href=//x.example><meta http-equiv=refresh content=0>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data=x></object><embed src=x>",
    ],
)
def test_what_could_run_load_or_deceive_is_not_in_the_frame(hostile: str) -> None:
    assert all(tag in _TAGS and not attributes for tag, attributes in _elements(hostile.encode()))


@given(st.lists(st.sampled_from(["<", ">", "script", "img ", "onerror=", "'", '"', "<!--", "-->", "a", "/"])))
def test_nothing_else_gets_into_the_frame_either(pieces: list[str]) -> None:
    assert all(tag in _TAGS and not attributes for tag, attributes in _elements("".join(pieces).encode()))


def test_text_headers_and_attachments_are_shown() -> None:
    raw = _HEAD + (
        b"Content-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
        b"--z\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename=a.pdf"
        b"\r\n\r\n%PDF\r\n--z--\r\n"
    )
    shown = preview_of(RawMessage.parse(raw), "en")
    assert (shown.sender, shown.recipient, shown.subject) == ("a@relay.example", "b@offers.example", "x")
    assert (shown.text.strip(), shown.html, shown.attachments) == ("Hello", "", ("a.pdf",))


@given(st.text(), st.integers(10, 200))
def test_a_beginning_takes_no_more_of_a_page_than_it_may(text: str, most: int) -> None:
    kept = beginning(text, most)
    assert text.startswith(kept.removesuffix("…")) or kept == text
    assert len(escape(kept.removesuffix("…")).encode()) <= most or kept == text
    assert (kept == text) is (len(escape(text).encode()) <= most)


@given(
    st.lists(
        st.sampled_from(["<b>", "<p>", "</p>", "<table><tr><td>", "&amp;", "<", "words ", "字"]), max_size=400
    )
)
def test_of_long_html_the_beginning_is_shown_whole(parts: list[str]) -> None:
    html = "".join(parts)
    short, whole = safe_frame(html, "en", 300), safe_frame(html, "en")
    assert len(escape(short).encode()) <= 300 + len(escape(safe_frame("x", "en"))) or not short
    reader = _Elements()
    reader.feed(short)
    assert {tag for tag, _ in reader.found} <= _TAGS
    assert short == whole or len(short) < len(whole)
