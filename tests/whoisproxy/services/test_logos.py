"""A logo draws, and does nothing else."""

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.services.logos import MOST_OCTETS, checked_logo

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
    "{}</svg>"
)
_ENTITIES = "<!DOCTYPE svg [<!ENTITY {}>]><svg xmlns='http://www.w3.org/2000/svg'><text>&a;</text></svg>"


def _png(size: tuple[int, int] = (8, 4)) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Ann Angstroem")
    written = BytesIO()
    Image.new("RGBA", size, "#0b5c6b").save(written, "PNG", pnginfo=info)
    return written.getvalue()


def test_of_a_png_only_pixels_are_left() -> None:
    kept = checked_logo(_png() + b"<script>alert(1)</script>")
    assert kept.media_type == "image/png"
    assert b"Ann" not in kept.content
    assert b"script" not in kept.content
    with Image.open(BytesIO(kept.content)) as picture:
        assert (picture.size, picture.getpixel((0, 0))) == ((8, 4), (0x0B, 0x5C, 0x6B, 0xFF))


def test_an_svg_that_draws_is_kept_without_what_stands_beside() -> None:
    drawing = (
        '<title>Example</title><defs><linearGradient id="a"><stop offset="0" stop-color="#fff"/>'
        "</linearGradient>"
        '<linearGradient id="b" xlink:href="#a"/></defs><path d="M0 0h9v9z" fill="url(#b)"/>'
    )
    kept = checked_logo(("<!-- Ann --><?php x ?>" + _SVG.format(drawing)).encode())
    assert kept.media_type == "image/svg+xml"
    assert b"Ann" not in kept.content
    assert b"php" not in kept.content
    assert b'fill="url(#b)"' in kept.content


@pytest.mark.parametrize(
    "inner",
    [
        "<script>alert(1)</script>",
        '<script href="https://evil.example/x.js"/>',
        '<path onload="alert(1)"/>',
        "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>",
        '<image href="https://evil.example/pixel.png"/>',
        '<image xlink:href="data:image/svg+xml;base64,AAAA"/>',
        '<a href="https://evil.example/"><path/></a>',
        '<linearGradient href="https://evil.example/#a"/>',
        '<linearGradient xlink:href="javascript:alert(1)"/>',
        "<style>@import url(https://evil.example/)</style>",
        '<path style="fill: url(https://evil.example/)"/>',
        '<path fill="url(https://evil.example/#a)"/>',
        '<path fill="url( //evil.example/#a)"/>',
        "<path fill=\"url('https://evil.example/#a')\"/>",
        '<path fill="u\\72l(x)"/>',
        '<path id="a"/><use href="#a"/>',
        '<animate attributeName="href" values="javascript:alert(1)"/>',
        '<set attributeName="onload" to="alert(1)"/>',
        '<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>',
        '<filter id="f"><feImage href="https://evil.example/"/></filter>',
    ],
)
def test_an_svg_that_does_more_than_draw_is_refused(inner: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_logo(_SVG.format(inner).encode())
    assert refused.value.field == "logo"
    assert "evil" not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>",
        b"<svg><script>alert(1)</script></svg>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        _ENTITIES.format("a SYSTEM 'file:///etc/passwd'").encode(),
        _ENTITIES.format("b 'bb'><!ENTITY a '&b;&b;&b;&b;'").encode(),
        b"\x89PNG\r\n\x1a\n",
        _png()[:40],
        _png((1025, 1)),
        b"x" * (MOST_OCTETS + 1),
    ],
)
def test_what_is_no_logo_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        checked_logo(content)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"<svg xmlns='"]))
def test_anything_is_a_logo_or_is_refused(content: bytes, begin: bytes) -> None:
    with suppress(InvalidInput):
        assert checked_logo(begin + content).media_type in {"image/png", "image/svg+xml"}
