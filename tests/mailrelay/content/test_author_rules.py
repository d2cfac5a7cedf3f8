"""Who says that he writes: each rule where it holds, and beside it what is honest and looks like it."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.spam.mail_sets import archive, folder
from mailrelay.content.borrowed_names import (
    Likeness,
    borrowed_in_name,
    likeness,
    mixes_scripts,
    registered_label,
    skeleton,
)
from mailrelay.content.reading import read_content
from mailrelay.content.score import rule_hits
from mailrelay.message import RawMessage

SHARED = Path(__file__).parents[4] / "shared/data/mail"
HONEST = Path(__file__).parents[2] / "data/mail/honest"
RULES = (
    "name-claims-brand", "look-alike-sender", "look-alike-link", "borrowed-name", "writes-as-recipient",
    "reversed-writing", "styled-letters", "page-attached", "macros-attached", "archive-attached",
    "locked-attachment",
)  # fmt: skip


def _hits(author: str, body: str = "Hello", **fields: str) -> set[str]:
    header = {"To": "q7x@relay.example", "Subject": "Hello", **fields}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in header.items())
    raw = f"From: {author}\r\n{lines}Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n".encode()
    message = RawMessage.parse(raw)
    return {name for name, _ in rule_hits(message, read_content(message))}


@pytest.mark.parametrize(
    "host",
    [
        "paypa1.com",
        "www.paypai.example",
        "rnicrosoft.com",
        "gooogle.example",
        "xn--pypal-4ve.com",  # a Cyrillic a
        "раураl.com",  # noqa: RUF001 - five Cyrillic letters
        "namecheqp.com",
        "cloudfare.net",
        "coinbasse.co.uk",
        "godaddyy.example",
    ],
)
def test_a_name_that_is_read_as_a_known_one_is_a_look_alike(host: str) -> None:
    assert likeness(host) is Likeness.LOOK_ALIKE


@pytest.mark.parametrize(
    "host",
    [
        "paypal.com", "www.paypal.de", "intl.paypal.co.uk", "united-domains.de", "registry.google",
        "münchen.example", "xn--mnchen-3ya.de", "example.org", "192.0.2.1", "localhost", "", "....",
        "sbcglobal.net", "openssl.org", "internet.com", "finance.example", "papal.example", "xn--.example",
    ],
)  # fmt: skip
def test_a_name_of_its_own_borrows_nothing(host: str) -> None:
    assert likeness(host) is Likeness.NONE


@pytest.mark.parametrize("host", ["paypal.com.login.example", "paypal-secure.example", "my-godaddy.co.uk"])
def test_a_known_name_within_another_is_borrowed(host: str) -> None:
    assert likeness(host) is Likeness.BORROWED


def test_the_registered_label_stands_before_the_suffix() -> None:
    hosts = ["a.example.com", "a.example.co.uk", "example.com", "co.uk", "localhost"]
    assert [registered_label(host) for host in hosts] == ["example", "example", "example", "co", "localhost"]


def test_scripts_are_mixed_within_a_label_only() -> None:
    assert mixes_scripts("www.xn--pypal-4ve.com")
    assert not mixes_scripts("xn--e1afmkfd.com")  # Cyrillic alone
    assert not mixes_scripts("xn--mnchen-3ya.de")


@given(st.text(max_size=300))
def test_any_host_and_name_can_be_looked_at(text: str) -> None:
    likeness(text.lower())
    mixes_scripts(f"xn--{text}")
    borrowed_in_name(text, text)
    assert skeleton(skeleton(text.lower())) == skeleton(skeleton(skeleton(text.lower())))


def test_a_look_alike_is_told_wherever_it_stands() -> None:
    assert "look-alike-sender" in _hits("Support <support@paypa1.com>")
    assert "look-alike-sender" in _hits("Ann <ann@home.example>", Reply_To="support@narnecheap.com")
    assert "look-alike-link" in _hits("Ann <ann@home.example>", "See https://www.paypa1.com/now")
    assert "borrowed-name" in _hits("Ann <ann@home.example>", "See https://paypal.com.account.example/")
    honest = _hits("PayPal <service@paypal.com>", "See https://www.paypal.com/", Reply_To="help@paypal.de")
    assert honest.isdisjoint({"look-alike-sender", "look-alike-link", "borrowed-name", "name-claims-brand"})


@pytest.mark.parametrize(
    ("author", "claims"),
    [
        ("PayPal <service@x71.example>", True),
        ("DHL Express <track@parcel.example>", True),
        ('"Pаypal Service" <a@x71.example>', True),  # noqa: RUF001 - a Cyrillic a
        ("PayPal <service@intl.paypal.com>", False),
        ("Microsoft Outlook <postmaster@outlook.com>", False),
        ("Ann Dropboxer <ann@home.example>", False),
        ("Ann <ann@home.example>", False),
    ],
)
def test_a_name_that_is_anothers_is_told_where_the_address_has_nothing_of_it(
    author: str, *, claims: bool
) -> None:
    assert ("name-claims-brand" in _hits(author)) is claims


def test_who_writes_as_his_own_recipient_is_told() -> None:
    assert "writes-as-recipient" in _hits("Hacker <q7x@relay.example>")
    assert "writes-as-recipient" not in _hits("Ann <x@relay.example>")
    assert "writes-as-recipient" not in _hits("Nobody")


def test_an_override_of_the_direction_is_told_and_writing_from_right_to_left_is_not() -> None:
    assert "reversed-writing" in _hits("Ann <ann@home.example>", Subject="Invoice \u202egpj.exe")
    assert "reversed-writing" not in _hits("Ann <ann@home.example>", Subject="\u200fשלום \u200e")  # noqa: RUF001


def test_letters_of_mathematics_are_told_in_subject_and_name() -> None:
    assert "styled-letters" in _hits("Ann <ann@home.example>", Subject="𝐅𝐫𝐞𝐞 offer")  # noqa: RUF001
    assert "styled-letters" in _hits('"ᴜʟᴛɪᴍᴏ ʀᴇᴄᴏʀᴅ" <ann@home.example>')
    assert "styled-letters" not in _hits("Ann <ann@home.example>", Subject="Größe 10 m² für 2 Straßen")


@pytest.mark.slow  # it reads 3,000 messages
@pytest.mark.skipif(not SHARED.is_dir(), reason="the collections of mail are not here")
def test_real_mail_is_told_apart() -> None:
    """Spam of 2009 and phishing of 2022 have what these rules look for, honest mail of all kinds has not."""
    hits: dict[str, Counter[str]] = {}
    sizes: Counter[str] = Counter()
    honest = [*folder(SHARED / "automatic", "ham"), *folder(SHARED / "dsn", "ham"), *folder(HONEST, "ham")]
    for sample in [*archive(SHARED / "spam/dev_2009_2024.tar.gz"), *honest]:
        raw = sample.raw.partition(b"\n")[2] if sample.raw.startswith(b"From ") else sample.raw
        message = RawMessage.parse(raw)
        kind = sample.source if sample.spam else "ham"
        sizes[kind] += 1
        hits.setdefault(kind, Counter()).update(name for name, _ in rule_hits(message, read_content(message)))
    ham, phishing, spam = (hits[kind] for kind in ("ham", "phishing_2022_24", "csdmc_spam_2009_10"))
    assert sizes["ham"] > 1_500
    # A bounce that returns a packed file, and two writers who send to themselves and to a list.
    assert {rule: ham[rule] for rule in RULES if ham[rule]} == {
        "archive-attached": 1,
        "writes-as-recipient": 2,
    }
    assert phishing["name-claims-brand"] >= 10
    assert phishing["styled-letters"] >= 10
    assert phishing["borrowed-name"] >= 2
    assert spam["writes-as-recipient"] >= 200
