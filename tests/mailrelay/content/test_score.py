"""The content score: honest letters pass, spam is caught, anything can be read."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.content.features import FEATURES
from mailrelay.content.mime import MAX_DEPTH, MAX_PARTS
from mailrelay.content.reading import decode_words, read_content
from mailrelay.content.score import QUARANTINE_POINTS, TAG_POINTS, Score, score
from mailrelay.content.similarity import Sketcher
from mailrelay.message import RawMessage

HONEST = Path(__file__).parents[2] / "data/mail/honest"
MIME = Path(__file__).parents[4] / "shared/data/mail/mime"
HEAD = (
    b"From: a@b.example\r\nTo: c@d.example\r\nDate: Mon, 1 Jun 2026 00:00:00 +0000\r\n"
    b"Message-ID: <1@b.example>\r\n"
)


def _score(raw: bytes) -> Score:
    message = RawMessage.parse(raw)
    return score(message, read_content(message))


@pytest.mark.parametrize("path", sorted(HONEST.glob("*.eml")), ids=lambda path: path.stem)
def test_an_honest_letter_to_a_domain_owner_is_not_even_tagged(path: Path) -> None:
    result = _score(path.read_bytes())
    assert result.total < TAG_POINTS, result


def test_there_are_a_dozen_honest_letters() -> None:
    assert len(list(HONEST.glob("*.eml"))) >= 12


def test_an_advance_fee_letter_is_held() -> None:
    body = (
        "I am Barrister Okoro. My late client left 12 million US dollars and no next of kin. I seek your "
        "utmost confidence to transfer the sum into your account. ACT NOW!!! You have won my trust, no risk."
    )
    assert _score(HEAD + b"Subject: MODEST PROPOSAL\r\n\r\n" + body.encode()).total >= QUARANTINE_POINTS


def test_a_phishing_page_behind_a_lying_link_is_held() -> None:
    html = (
        '<html><body>Please <a href="http://192.0.2.9/login">https://bank.example/login</a> '
        "verify your account. "
        'Your account has been suspended!!!<div style="display:none">'
        + "filler words for the filter " * 5
        + "</div></body></html>"
    )
    raw = HEAD + b"Subject: Account\r\nContent-Type: text/html\r\n\r\n" + html.encode()
    result = _score(raw)
    assert {"lying-link", "numeric-host", "hidden-text", "credential-lure", "html-only"} <= set(result.names)
    assert result.total >= QUARANTINE_POINTS


def test_hidden_text_is_no_visible_text() -> None:
    html = b'<p>seen</p><p style="font-size:0px">unseen</p><font color="#FFFFFF">white</font><p>again</p>'
    content = read_content(RawMessage.parse(HEAD + b"Content-Type: text/html\r\n\r\n" + html))
    assert "seen" in content.text
    assert "again" in content.text
    assert "unseen" not in content.text
    assert "white" not in content.text
    assert "unseen" in content.html.hidden


def test_a_program_in_disguise_is_held() -> None:
    raw = HEAD + (
        b'Subject: Invoice\r\nContent-Type: application/octet-stream; name="invoice.pdf.exe"\r\n'
        b"Content-Disposition: attachment; filename=invoice.pdf.exe\r\n\r\nMZ"
    )
    assert {"program-attached", "double-extension"} <= set(_score(raw).names)


def test_feature_names_are_unique_and_no_weight_decides_alone() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)
    assert all(0 < feature.weight < QUARANTINE_POINTS for feature in FEATURES)


def test_encoded_words_are_read_and_broken_ones_left() -> None:
    assert decode_words("=?utf-8?q?Gr=C3=BC=C3=9Fe?=") == "Grüße"
    assert decode_words("=?no-such-charset?q?abc?=") == "abc"


@pytest.mark.parametrize(
    ("named", "written", "text", "trouble"),
    [
        ("gb2312", "gb18030", "域名出售 价格面议 镕", False),
        ("iso-2022-jp", "euc_jp", "送信できませんでした", False),
        ("ks_c_5601-1987", "cp949", "도메인 뷁", False),
        ("shift_jis", "cp932", "価格①", False),
        ("gb2312", "latin-1", "\xff\xff", True),
        ("us-ascii", "latin-1", "Größe", True),
        ("no-such-charset", "utf-8", "Größe", True),
    ],
)
def test_text_is_read_in_the_charset_in_which_mail_programs_read_it(
    named: str, written: str, text: str, *, trouble: bool
) -> None:
    """A charset that is a superset of the one that is named is no trouble: honest mail of Asia has it."""
    raw = HEAD + b"Content-Type: text/plain; charset=" + named.encode() + b"\r\n\r\n" + text.encode(written)
    content = read_content(RawMessage.parse(raw))
    assert content.charset_trouble is trouble
    assert content.text.strip() == unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize("levels", [MAX_DEPTH + 2, 90, 5000])
@pytest.mark.parametrize("boundary", [b"%04d", b"b%d"])
def test_deep_nesting_is_counted_and_not_followed(levels: int, boundary: bytes) -> None:
    """Where delimiters look like those of other levels, it is enough that there are too many."""
    raw = HEAD + b"".join(
        b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n--%b\r\n' % (boundary % n, boundary % n)
        for n in range(levels)
    )
    content = read_content(RawMessage.parse(raw))
    assert content.depth > MAX_DEPTH or content.parts > MAX_PARTS
    assert not content.complete


def test_many_parts_are_counted_and_not_followed() -> None:
    raw = HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 5000
    content = read_content(RawMessage.parse(raw))
    assert content.parts > MAX_PARTS
    assert not content.complete


@pytest.mark.parametrize(
    "text", ["<", " ", "a", "@", "a@", "a ", "<a ", "domain a", "&#x200b;", "www.", "=?a?q?"]
)
@pytest.mark.parametrize("kind", [b"text/plain", b"text/html"])
def test_hostile_repetition_is_read_in_linear_time(text: str, kind: bytes) -> None:
    """The test ends: quadratic work on these would outlast the time limit of the suite."""
    body = (text * 400_000)[:400_000].encode()
    raw = b"Subject: " + body[:30_000] + b"\r\n" + HEAD + b"Content-Type: " + kind + b"\r\n\r\n" + body
    message = RawMessage.parse(raw)
    content = read_content(message)
    score(message, content)
    Sketcher(bytes(32)).sketch(content)


@given(st.binary(max_size=2000))
def test_any_octets_can_be_scored(raw: bytes) -> None:
    _score(raw)


@given(
    st.sampled_from(["text/html", "text/plain; charset=utf-7", "multipart/mixed; boundary=b"]), st.binary()
)
def test_any_body_of_any_kind_can_be_scored(kind: str, body: bytes) -> None:
    _score(HEAD + b"Content-Type: " + kind.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body)


def test_the_mime_collections_can_be_read() -> None:
    if not MIME.is_dir():
        pytest.skip("the collections of MIME messages are not here")
    paths = [path for path in sorted(MIME.rglob("*")) if path.is_file() and path.suffix != ".tsv"]
    assert paths
    for path in paths:
        _score(path.read_bytes())
