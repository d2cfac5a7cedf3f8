"""What the owner wrote is what the correspondent reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.rewriting.reply import AnswerHeld, LeftOut
from tests.mailrelay.rewriting.reply.letters import FACTS, answer, html, letter, mixed, part, replace, seen

LINES = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=80).filter(
        lambda line: not line.strip().startswith("--") and "begin " not in line
    ),
    max_size=8,
)


@given(LINES, st.sampled_from(["7bit", "utf-8", "utf-16", "gb18030"]))
def test_text_that_names_nobody_arrives_unchanged(lines: list[str], charset: str) -> None:
    text = "".join([f"{line}\n" for line in lines]).removeprefix("\ufeff")
    if charset == "7bit":
        raw = letter(text.encode())
    else:
        raw = mixed([part(text.encode(charset), f"text/plain; charset={charset}")])
    assert seen(answer(raw)).plain == text


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("iso-8859-1", b"\x93Yes\x94 \x80 900", "\u201cYes\u201d \u20ac 900"),
        ("us-ascii", "für".encode(), "für"),
        ("us-ascii", b"f\xfcr", "für"),
        ("gb2312", "真的嗎".encode("gb18030"), "真的嗎"),
        ("iso-2022-jp", "はい".encode("iso-2022-jp"), "はい"),
        ("x-unknown", "für".encode(), "für"),
        ("undefined", b"yes", "yes"),
    ],
)
def test_charsets_mean_what_senders_mean_by_them(charset: str, octets: bytes, text: str) -> None:
    assert seen(answer(mixed([part(octets, f"text/plain; charset={charset}")]))).plain == text


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "application/octet-stream"])
def test_a_charset_may_be_encoded_itself(kind: str) -> None:
    got = answer(letter("f\u00fcr".encode(), f"{kind}; charset*=utf-8''utf-8"))
    leaves = [one for one in seen(got).message.walk() if not one.is_multipart()]
    assert "f\u00fcr".encode() in leaves[-1].get_payload(decode=True)


def test_lines_that_flow_still_flow() -> None:
    got = answer(letter(b"One \r\nline.\r\n", "text/plain; format=flowed"))
    assert got.message.first("Content-Type") == "text/plain; charset=us-ascii; format=flowed"
    assert seen(got).plain == "One \nline.\n"


def test_both_forms_of_a_text_are_kept() -> None:
    got = seen(answer(mixed([part(b"Yes"), part(b"<p>Y<b>e</b>s</p>", "text/html")], "alternative")))
    assert got.kinds == ["multipart/alternative", "text/plain", "text/html"]
    assert got.plain == "Yes"
    assert "<p>Y<b>e</b>s</p>" in got.html


def test_html_alone_gets_a_text_beside_it() -> None:
    got = seen(answer(html("<p>Yes,<br>for 900.</p><ul><li>one<li>two</ul>")))
    assert got.kinds == ["multipart/alternative", "text/plain", "text/html"]
    assert got.plain == "Yes,\nfor 900.\n\n- one\n- two\n"


def test_text_around_an_attachment_stays_in_order() -> None:
    parts = [part(b"Before."), part(b"a,b\n", "text/csv; name=a.csv"), part(b"After.")]
    got = seen(answer(mixed(parts)))
    assert got.plain == "Before.\nAfter."
    assert got.names == ["a.csv"]


def test_uuencoded_files_leave_the_text() -> None:
    got = seen(answer(letter(b'See:\n\nbegin 644 a.csv\n$82QB"@``\n`\nend\nBye\n')))
    assert got.plain == "See:\n\nBye\n"
    assert got.names == ["a.csv"]


def test_a_message_within_the_message_becomes_text_without_its_way() -> None:
    inner = b"Received: from home.example\r\nFrom: x@y.example\r\nSubject: s\r\n\r\nInner text\r\n"
    got = seen(answer(mixed([part(b"Outer."), b"Content-Type: message/rfc822\r\n\r\n" + inner])))
    assert got.kinds == ["text/plain"]
    assert "Subject: s" in got.plain
    assert "Inner text" in got.plain
    assert "home.example" not in got.plain


def test_what_is_signed_leaves_without_its_signature() -> None:
    parts = [part(b"Yes."), part(b"x", "application/pgp-signature")]
    assert seen(answer(mixed(parts, "signed"))).kinds == ["text/plain"]


def test_of_a_text_that_is_signed_the_text_leaves() -> None:
    signed = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nYes.\n- -----\n"
        "-----BEGIN PGP SIGNATURE-----\n\nwnsE\n-----END PGP SIGNATURE-----\nBye\n"
    )
    got = answer(letter(signed.encode()))
    assert seen(got).plain == "Yes.\n-----\nBye\n"
    assert got.dropped == (LeftOut("pgp-signature", "text"),)


@pytest.mark.parametrize("mark", ["", "> ", "> > "])
@pytest.mark.parametrize(
    "block",
    [
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----", "xjME", "-----END PGP PUBLIC KEY BLOCK-----"),
        ("-----BEGIN CERTIFICATE-----", "MIIB", "-----END CERTIFICATE-----"),
        ("BEGIN:VCARD", "FN:Zoe", "END:VCARD"),
    ],
)
def test_what_says_who_somebody_is_leaves_the_text(mark: str, block: tuple[str, ...]) -> None:
    text = "".join([f"{mark}{line}\n" for line in ("Yes.", *block, "Bye.")])
    assert seen(answer(letter(text.encode()))).plain == f"{mark}Yes.\n{mark}Bye.\n"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (mixed([part(b"Version: 1", "application/pgp-encrypted")], "encrypted"), "encrypted"),
        (letter(b"x", "application/pkcs7-mime"), "encrypted"),
        (letter(b"-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n"), "encrypted"),
        (mixed([part(b"x")] * 300), "too-many-parts"),
        (html("<div>" * 5000 + "Yes"), "unreadable-html"),
        (mixed([part(b"BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n", "text/vcard; name=a.vcf")]), "nothing-left"),
    ],
    ids=["OpenPGP", "S/MIME", "OpenPGP in text", "parts", "levels of HTML", "a card alone"],
)
def test_what_cannot_be_read_is_held(raw: bytes, reason: str) -> None:
    with pytest.raises(AnswerHeld) as held:
        answer(raw)
    assert held.value.reason == reason


def test_an_empty_answer_leaves_empty() -> None:
    assert seen(answer(letter(b""))).plain == ""


def test_html_is_sent_as_text_where_the_owner_wants_that() -> None:
    raw = html(
        "<p>See <a href='https://a.example/x?y=1'>this</a> and <a href='https://b.example'>b.example</a>.</p>"
        "<ol start=3><li>three<li>four<ul><li>and a half</ul></ol>"
        "<blockquote>Is it?<blockquote>deep</blockquote></blockquote><pre>a  b\n c</pre>"
        "<table><tr><td>1<td>2</table>"
    )
    got = seen(answer(raw, replace(FACTS, plain_text_only=True)))
    assert got.kinds == ["text/plain"]
    assert got.plain == (
        "See this <https://a.example/x?y=1> and b.example.\n\n3. three\n4. four\n   - and a half\n\n"
        "> Is it?\n>\n> > deep\n\na  b\n c\n\n1  2\n"
    )
