"""What is put in the place of an owner's data, and what is left as it is."""

from dataclasses import replace

import pytest

from mailrelay.identity import Identity, Trait
from mailrelay.rewriting.scrub import Hit, Scrubber, scrubber_for
from tests.mailrelay.world import OWNER, RELAY_ADDRESS, STRANGER

DOMAIN = "example-bakery.org"
SCRUBBER = Scrubber(OWNER.identity, (STRANGER,), relay_address=RELAY_ADDRESS, domain=DOMAIN)
ANN = Identity(
    mailboxes=("ann@will.example",),
    names=("Ann May",),
    organisations=("Long Rose Ltd",),
    streets=("Will Street 5",),
    places=("90210, Reading",),
    country="GB",
)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Write to zoe.lefevre@home.example please.", f"Write to {RELAY_ADDRESS} please."),
        ("I am Zoë Müller-Lefèvre, hello.", f"I am {DOMAIN}, hello."),
        ("Best regards,\nZoë\n", f"Best regards,\n{DOMAIN}\n"),
        ("Call +41 (0)32 555 01 23 now.", "Call [...] now."),
        ("I live at 7, rue de l'Étang, CH-2000 Neuchâtel.", "I live at [...], [...]."),
        ("See https://home.example/shop", "See https://[...]/shop"),
        (
            "On Monday, Zoë Müller-Lefèvre <zoe.lefevre@home.example> wrote:\n> hello",
            f"On Monday, {DOMAIN} <{RELAY_ADDRESS}> wrote:\n> hello",
        ),
    ],
)
def test_the_text_reads_like_mail_after_the_owner_is_taken_out(text: str, sent: str) -> None:
    assert SCRUBBER.text(text) == sent


@pytest.mark.parametrize(
    ("html", "sent"),
    [
        ("<p><b>Zoë</b> <i>Müller</i>-Lefèvre</p>", f"<p><b>{DOMAIN}</b><i></i></p>"),
        ("<p>zoe.lef<wbr>evre&#64;home.example</p>", f"<p>{RELAY_ADDRESS}<wbr></p>"),
        ("<a href='mailto:zoe.lefevre%40home.example'>x</a>", f"<a href='mailto:{RELAY_ADDRESS}'>x</a>"),
        ("<img alt='Zo&euml; M&uuml;ller-Lef&egrave;vre'>", f"<img alt='{DOMAIN}'>"),
        ("<div>Best,</div><div>Zoë</div>", f"<div>Best,</div><div>{DOMAIN}</div>"),
    ],
)
def test_the_tags_of_a_document_stay_where_they_are(html: str, sent: str) -> None:
    assert SCRUBBER.html(html) == sent


@pytest.mark.parametrize(
    "text",
    [
        "Müller is not me, nor is the rue de Rivoli 7, nor 32000 Neuchâtel.",
        "I sell it for 2000. Or for 13255501234?",
        "Hi Zoë, you asked at home. Example: see below.",
        "A rendez-vous at home, example or not.",
    ],
)
def test_what_is_not_his_comes_back_unchanged(text: str) -> None:
    assert SCRUBBER.text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "You may want to wait, ann will say. In May it will be long.",
        "A long rose is in the garden, 5 will streets away, for 90210 pounds.",
        "A will.exampled word helps.",
    ],
)
def test_names_that_are_words_are_words_in_a_sentence(text: str) -> None:
    assert Scrubber(ANN).text(text) == text


@pytest.mark.parametrize(
    "text",
    ["I am Ann May.", "Long Rose Limited, Will Street 5", "Reading, 90210", "ann @ will.example", "May, Ann"],
)
def test_names_that_are_words_are_found_where_they_are_written_as_names(text: str) -> None:
    assert Scrubber(ANN).hits(text, "text")


def test_a_hit_says_what_and_where_and_shows_the_person_to_nobody_else() -> None:
    [hit] = SCRUBBER.hits("Ask Zoë Müller-Lefèvre.", "attachment 1 content")
    assert hit == Hit(Trait.NAME, "attachment 1 content", "Zoë Müller-Lefèvre")
    assert "Zo" not in repr(hit)


def test_what_he_lets_pass_on_purpose_passes_and_nothing_more() -> None:
    identity = Identity(names=("Zoë Müller-Lefèvre",), released=frozenset({"Zoë"}))
    scrubber = Scrubber(identity, domain=DOMAIN)
    assert scrubber.text("Best,\nzoë\n") == "Best,\nzoë\n"
    assert scrubber.text("Best,\nZoë Müller-Lefèvre\n") == f"Best,\n{DOMAIN}\n"


def test_a_hit_that_he_lets_pass_is_none_any_more() -> None:
    text = "Ask Zoë Müller-Lefèvre <zoe.lefevre@home.example> for it."
    found = frozenset(hit.found for hit in SCRUBBER.hits(text, "text"))
    assert Scrubber(replace(OWNER.identity, released=found)).hits(text, "text") == ()


def test_the_correspondents_own_address_may_be_named_though_data_of_the_owner_be_part_of_it() -> None:
    identity = Identity(mailboxes=("zoe@offers.example",), organisations=("Example Bakery",))
    scrubber = Scrubber(identity, (STRANGER,), domain=DOMAIN)
    text = f"You are {STRANGER}, and I sell {DOMAIN}."
    assert scrubber.text(text) == text
    assert scrubber.text("See offers.example") == "See [...]"


@pytest.mark.parametrize(
    ("added", "text"),
    [
        ("Blue Heron", "my boat Blue Heron"),
        ("@zoe_sails", "see zoe_sails there"),
        ("+41 79 123 45 67", "call 079 1234567"),
        ("zoe@boat.example", "zoe at boat dot example"),
        ("https://www.sails.example/", "see sails.example for it"),
    ],
)
def test_what_the_owner_adds_is_found_by_what_it_looks_like(added: str, text: str) -> None:
    identity = Identity(others=(added,), country="CH")
    assert Scrubber(identity).text(text) != text


def test_the_domain_of_a_provider_shows_nobody() -> None:
    text = "Write to somebody.else@gmail.com or see https://www.yahoo.co.uk/"
    identity = Identity(mailboxes=("zoe.lefevre@gmail.com", "zoe@yahoo.co.uk"))
    assert Scrubber(identity).text(text) == text


def test_a_scrubber_is_prepared_once_for_a_conversation() -> None:
    assert scrubber_for(OWNER.identity, (STRANGER,)) is scrubber_for(OWNER.identity, (STRANGER,))
    assert "Zo" not in repr(OWNER.identity)
