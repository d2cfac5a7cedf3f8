"""In quotes the correspondent finds himself, and nothing that the relay had put there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.addresses import Mailbox
from mailrelay.identity import Identity
from mailrelay.message import RawMessage
from mailrelay.rewriting.banner import Banner, banner_text
from mailrelay.rewriting.forward import ForwardFacts, rewrite_forward
from mailrelay.rewriting.reply.quotes import Quotes, display_in
from mailrelay.rewriting.reply.signature import without_signature
from tests.mailrelay.rewriting.reply.letters import FACTS, answer, html, letter, replace, seen

R, C = FACTS.reply_address, FACTS.correspondent
WRAPPED = "ada at offers.example (via\nexample-bakery.org)"
PHRASE = "ada at offers.example (via example-bakery.org)"


@pytest.mark.parametrize(
    ("quoted", "wanted"),
    [
        (
            f"On Tue, 24 Nov 2026, Ada Buyer, {PHRASE} <{R}> wrote:",
            f"On Tue, 24 Nov 2026, Ada Buyer <{C}> wrote:",
        ),
        (
            f"On Tue, Nov 24, 2026 at 5:12 PM Ada Buyer, {WRAPPED} <{R}> wrote:",
            f"On Tue, Nov 24, 2026 at 5:12 PM Ada Buyer <{C}> wrote:",
        ),
        (f'"Ada Buyer, {PHRASE}" <{R}> schrieb am 24.11.:', f"Ada Buyer <{C}> schrieb am 24.11.:"),
        (
            f"Le 24/11/2026 à 12:42, Ada Buyer, {PHRASE} a écrit :",
            "Le 24/11/2026 à 12:42, Ada Buyer a écrit :",
        ),
        (f"Von: Ada Buyer, {PHRASE} [mailto:{R}]", f"Von: Ada Buyer [mailto:{C}]"),
        (f"> > From: Ada Buyer, {PHRASE}\n> > <{R.upper()}>", f"> > From: Ada Buyer\n> > <{C}>"),
        (
            f"> 在 2026-11-24\uff0cAda Buyer, {PHRASE} <{R}> 写道\uff1a",
            f"> 在 2026-11-24\uff0cAda Buyer <{C}> 写道\uff1a",
        ),
        (f"see mailto:{R.replace('@', '%40')}", f"see mailto:{C.replace('@', '%40')}"),
        (f"> x rabcdefghijklmnopqrs@{FACTS.relay_domain} y", f"> x {FACTS.relay_address} y"),
        (f"write to {FACTS.relay_address}", f"write to {FACTS.relay_address}"),
        (f"a@{FACTS.relay_domain} via example-bakery.org", f"a@{FACTS.relay_domain} via example-bakery.org"),
    ],
)
def test_a_quote_names_the_correspondent_as_he_is(quoted: str, wanted: str) -> None:
    assert seen(answer(letter(f"Yes.\n\n{quoted}\n".encode()))).plain == f"Yes.\n\n{wanted}\n"


@pytest.mark.parametrize(
    ("display", "shown", "wanted"),
    [
        ("", f"On 24.11., {PHRASE} <{R}> wrote:", f"On 24.11., <{C}> wrote:"),
        ("", f"On 24.11., {PHRASE} wrote:", f"On 24.11., {C} wrote:"),
        (None, f"On 24.11., Ada, {PHRASE} <{R}> wrote:", f"On 24.11., Ada <{C}> wrote:"),
        (None, f"On 24.11., {PHRASE} <{R}> wrote:", f"On 24.11., <{C}> wrote:"),
    ],
)
def test_a_correspondent_without_a_known_name_is_his_address(
    display: str | None, shown: str, wanted: str
) -> None:
    assert Quotes(FACTS, display).text(shown) == wanted


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), max_size=60))
def test_what_the_relay_shows_the_owner_is_undone_in_his_answer(display: str) -> None:
    """The owner's program copies our From field into To and into the line above the quote."""
    forwarded = rewrite_forward(
        RawMessage.parse(b"Subject: x\r\n\r\n"), Mailbox(display, "ada", "offers.example"), _forward_facts()
    )
    shown = forwarded.first("From")
    name = display_in([shown], FACTS)
    assert name is not None
    text = Quotes(FACTS, name).text(f"On Monday, {name + ', ' if name else ''}{PHRASE} <{R}> wrote:")
    assert "(via example-bakery.org)" not in text
    assert R not in text
    assert f"<{C}> wrote:" in text


def _forward_facts() -> ForwardFacts:
    return ForwardFacts(
        domain=FACTS.domain,
        relay_address=FACTS.relay_address,
        reply_address=R,
        relay_host="mx.relay.example",
        authentication="",
        verdicts=(),
        queue_id="msg_1",
        received_at=FACTS.now,
    )


def test_our_banner_quoted_back_does_not_leave() -> None:
    banner = banner_text(Banner("fr", FACTS.domain, answer_url="https://relay.example/a/secret"))
    quoted = "".join([f"> {line}\n" for line in banner.splitlines()])
    got = answer(letter(f"Yes.\n\n{quoted}> Is it for sale?\n".encode()))
    assert seen(got).plain == "Yes.\n\n> Is it for sale?\n"
    assert (
        b"secret" not in answer(html(f"<p>Yes.</p><blockquote><pre>{banner}</pre></blockquote>")).message.raw
    )


def test_links_to_the_reply_address_lead_to_the_correspondent() -> None:
    got = seen(answer(html(f'<p>x</p><blockquote><a href="mailto:{R}?subject=x">{R}</a></blockquote>')))
    assert f'<a href="mailto:{C}?subject=x">{C}</a>' in got.html


def test_the_owners_own_quoted_letters_name_the_published_address() -> None:
    identity = Identity(mailboxes=("zoe@home.example",), names=("Zoë Lefèvre",))
    text = "No.\n\n> On Monday, Zoë Lefèvre <zoe@home.example> wrote:\n> > Hello\n"
    got = seen(answer(letter(text.encode()), identity=identity))
    assert FACTS.relay_address in got.plain
    assert "Zoë" not in got.plain
    assert got.plain.endswith("> wrote:\n> > Hello\n")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Yes.\n-- \nZoë\nHome\n", "Yes.\n"),
        ("Yes.\n\n--\nZoë\n", "Yes.\n"),
        ("-- \nZoë\n\n> Is it?\nYes.\n", "> Is it?\nYes.\n"),
        (
            "Yes.\n-- \nZoë\n\nOn Monday\nAda <ada@offers.example> wrote:\n> x\n",
            "Yes.\nOn Monday\nAda <ada@offers.example> wrote:\n> x\n",
        ),
        ("Yes.\n-- \nZoë\n\nAm Montag schrieb Ada:\n\n> x\n", "Yes.\nAm Montag schrieb Ada:\n\n> x\n"),
        ("> -- \n> Ada\nYes.\n", "> -- \n> Ada\nYes.\n"),
        ("One\n--\n" + "line\n" * 30, "One\n--\n" + "line\n" * 30),
        ("--- rule ---\n--x\n", "--- rule ---\n--x\n"),
    ],
)
def test_signatures_end_where_quotes_begin(text: str, wanted: str) -> None:
    assert without_signature(text) == wanted


@given(st.lists(st.sampled_from(["-- ", "--", "> x", "a", "", "b:", "On x <a@b.c> wrote:"]), max_size=30))
def test_quotes_never_go_with_a_signature(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert without_signature(text).count("> x") == text.count("> x")


def test_the_name_of_the_correspondent_stands_in_to() -> None:
    assert answer(letter(b"Yes.")).message.first("To") == f"Ada Buyer <{C}>"
    facts = replace(FACTS, correspondent_name="Ada B.")
    assert answer(letter(b"Yes."), facts).message.first("To") == f'"Ada B." <{C}>'
