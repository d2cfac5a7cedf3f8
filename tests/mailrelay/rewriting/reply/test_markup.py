"""Of HTML only what is seen is left, in plain elements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.rewriting.reply import AnswerHeld
from tests.mailrelay.rewriting.reply.letters import answer, html, mixed, part, seen

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- canary -->",
        "<!--[if mso]><p>canary</p><![endif]-->",
        "<style>.canary{}</style>",
        "<script>canary</script>",
        "<title>canary</title>",
        "<meta name=author content=canary>",
        "<p style='DISPLAY : none'>canary</p>",
        "<p style='mso-hide:all'>canary</p>",
        "<p hidden>canary</p>",
        "<p class=canary id=canary data-x=canary title=canary lang=canary>x</p>",
        "<span style='font-family:canary'>x</span>",
        "<img src='https://tracker.example/canary.png' alt=canary>",
        "<img src='data:image/png;base64,canary'>",
        "<a href='javascript:canary'>x</a>",
        "<a href='data:text/html,canary'>x</a>",
        "<svg><text>canary</text></svg>",
        "<object data=canary>canary</object>",
        "<iframe src=canary srcdoc=canary></iframe>",
        "<xml><o:author>canary</o:author></xml>",
        "<link rel=stylesheet href='https://canary.example'>",
        "<form action='https://canary.example'><input value=canary></form>",
        "<table background='https://canary.example/x.png'><tr><td>x</table>",
        "<base href='https://canary.example/'>",
    ],
)
def test_what_is_not_seen_does_not_leave(hidden: str) -> None:
    got = answer(html(f"<html><head></head><body><p>Yes.</p>{hidden}</body></html>"))
    assert "Yes." in seen(got).html
    assert b"canary" not in got.message.raw


@pytest.mark.parametrize(
    "kept",
    [
        "<b>a</b>",
        "<ul><li>a</li></ul>",
        '<a href="https://a.example/?x=1&amp;y=2">a</a>',
        '<a href="mailto:ada@offers.example">a</a>',
        '<blockquote type="cite">a</blockquote>',
        '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>',
        '<p dir="rtl">a</p>',
        "<h2>a</h2>",
        "<pre>a  b</pre>",
    ],
)
def test_simple_formatting_is_kept(kept: str) -> None:
    assert kept in seen(answer(html(kept))).html


@pytest.mark.parametrize(
    "signature",
    [
        '<div class="gmail_signature">canary</div>',
        '<div id="Signature"><p>canary</p></div>',
        '<div id="ms-outlook-mobile-signature">canary</div>',
        '<div id="AppleMailSignature">canary</div>',
        '<div class="moz-signature">-- <br>canary</div>',
        '<div class="protonmail_signature_block">canary</div>',
        "-- <br><b>canary</b><br>canary",
        "<div>-- </div><div>canary</div>",
    ],
)
def test_signatures_do_not_leave(signature: str) -> None:
    got = answer(html(f"<div>Yes.</div>{signature}<blockquote>Is it?</blockquote>"))
    assert b"canary" not in got.message.raw
    assert "Is it?" in seen(got).html


def test_controls_that_entities_bring_are_left_out() -> None:
    got = seen(answer(html('<p>a&#1;b&#xb;c&#127;</p><a href="https://a.example/&#1;" alt="&#2;">d&#3;</a>')))
    assert "<p>abc</p>" in got.html
    assert got.plain == "abc\n\nd <https://a.example/>\n"


def test_two_hyphens_within_a_line_are_no_mark() -> None:
    assert "Ada" in seen(answer(html("<p>2026<br>-- <b>Ada</b> writes</p>"))).html


def test_a_signature_that_holds_the_answer_is_text() -> None:
    """Some programs put what is written into the element of the signature."""
    got = answer(html(f'<div id="Signature"><p>{"A long answer. " * 200}</p></div>'))
    assert "A long answer." in seen(got).html


def test_pictures_in_the_text_get_new_names() -> None:
    image = part(PNG, "image/png; name=a.png", "Content-ID: <canary@home.example>\r\n")
    page = part(b'<p>See <img src="cid:canary@home.example" alt="plan"></p>', "text/html")
    got = answer(mixed([page, image], "related"))
    saw = seen(got)
    assert saw.kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    name = saw.message.get_payload(1).get_payload(1)["Content-ID"].strip("<>")  # type: ignore[union-attr, index]
    assert f'<img src="cid:{name}" alt="plan">' in saw.html
    assert b"canary" not in got.message.raw


def test_a_picture_of_the_signature_stays_behind() -> None:
    image = part(PNG, "image/png; name=logo.png", "Content-ID: <logo>\r\n")
    page = part(b'<p>Yes.</p><div class="gmail_signature"><img src="cid:logo"></div>', "text/html")
    assert seen(answer(mixed([page, image], "related"))).names == []


@given(
    st.text(max_size=200), st.lists(st.sampled_from(["<b>", "<p", "</p>", "<!--", "<img src=x>", "&#64;"]))
)
def test_any_html_gives_html_of_the_allowed_elements(text: str, marks: list[str]) -> None:
    try:
        got = seen(answer(html("".join([f"{mark}{text}" for mark in marks] or [text]))))
    except AnswerHeld:
        return
    assert "<!--" not in got.html
    assert "src=" not in got.html
