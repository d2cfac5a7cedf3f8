"""What is put in the place of an owner's data, and what is left as it is."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
        (
            '<a href="mailto:zoe.lefevre@home.example">zoe.<wbr>lefevre&#64;home.example</a>.',
            f'<a href="mailto:{RELAY_ADDRESS}">{RELAY_ADDRESS}<wbr></a>.',
        ),
        ("<div>Best,</div><div>Zoë</div>", f"<div>Best,</div><div>{DOMAIN}</div>"),
    ],
)
def test_the_tags_of_a_document_stay_where_they_are(html: str, sent: str) -> None:
    assert SCRUBBER.html(html) == sent


_WORDS = st.lists(
    st.sampled_from(
        [
            "Zoë",
            "Müller-",
            "Lefèvre",
            " ",
            "zoe.lefevre",
            "&#64;",
            "@home.example",
            "%40",
            "\n",
            "-",
            "032",
            "5550123",
        ]
    ),
    max_size=6,
).map("".join)
_ELEMENTS = st.recursive(
    _WORDS,
    lambda inner: (
        st.builds(
            '<{0} title="{1}" href="mailto:{2}" alt=\'{1}\'>{3}</{0}>'.format,
            st.sampled_from(["p", "b", "a", "td", "span"]),
            _WORDS,
            _WORDS,
            st.lists(inner, max_size=4).map("".join),
        )
        | st.builds("<!-- {0} --><img alt='{0}'><wbr>{1}".format, _WORDS, inner)
    ),
)


@settings(deadline=None)
@given(_ELEMENTS)
def test_a_document_keeps_its_elements_and_their_attributes(html: str) -> None:
    assert structure(SCRUBBER.html(html)) == structure(html)


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [name for name, _ in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(tag)

    def handle_comment(self, _data: str) -> None:
        self.tags.append("comment")


def structure(html: str) -> list[object]:
    outline = _Outline()
    outline.feed(html)
    outline.close()
    return outline.tags


@pytest.mark.parametrize(
    "name",
    ["Zoe Mueller", "Müller Zoë", "Lefèvre, Z.", "Z Müller", "Z. M. Lefèvre", "Zoë M.-L.", "Müller-Lefèvre"],
)
def test_any_two_of_his_names_are_his_name(name: str) -> None:
    assert SCRUBBER.hits(f"It is {name} again", "text")


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("María del Carmen García López", "Carmen García"),
        ("João Pedro da Silva Santos", "João Silva"),
        ("Jan van der Berg", "van der Berg, Jan"),
        ("Dr. Hans-Peter von Arnim Jr.", "Peter von Arnim"),
        ("Анна Захаровна Михеева", "Михеева Анна"),
        ("Анна Захаровна Михеева", "А. З. Михеева"),  # noqa: RUF001 - Cyrillic is the subject
        ("Наумов Филипп Жанович", "Filipp Naumov"),
        ("Gógó Vatnsfjörð Patricksdóttir", "Gogo Patricksdottir"),
    ],
)
def test_names_of_many_cultures_are_found_in_their_short_forms(full: str, short: str) -> None:
    assert Scrubber(Identity(names=(full,))).hits(f"It is {short} again", "text")


@pytest.mark.parametrize(
    "text",
    [
        "Regards,\nZML",
        "Best,\nZ.M.",
        "Sent from Zoë\u2019s iPhone",
        "Enviado desde iPhone de Zoë",
        "Vorname: Zoë",
        '{"first": "Zo\\u00eb"}',
    ],
)
def test_what_says_who_writes_is_found(text: str) -> None:
    assert SCRUBBER.hits(text, "text")


@pytest.mark.parametrize(
    "text",
    [
        "Regards,\nOK",
        "I have a Miller at home",
        "It is OK",
        "Zoë is a nice name, my name is Bob",
        "See README\nZM",
    ],
)
def test_initials_and_names_of_others_stay(text: str) -> None:
    assert SCRUBBER.text(text) == text


def test_two_addresses_are_two() -> None:
    text = "zoe.lefevre@home.example or zoe.lefevre@home.example"
    assert SCRUBBER.text(text) == f"{RELAY_ADDRESS} or {RELAY_ADDRESS}"


@pytest.mark.parametrize("letters", range(16, 25))
def test_what_looks_like_a_coding_and_is_none_is_left_alone(letters: int) -> None:
    text = f"Order {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[:letters]}= please."
    assert SCRUBBER.text(text) == text


def test_a_long_line_of_names_is_scrubbed_in_time_that_grows_with_its_length() -> None:
    assert "Lefèvre" not in SCRUBBER.text("Zoë wrote to Müller-Lefèvre. " * 2_000)


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
