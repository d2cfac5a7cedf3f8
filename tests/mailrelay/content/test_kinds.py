"""Kinds of letters: each is known in five languages, and what only looks like it is not taken for it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.spam.letters import written
from mailrelay.content.kind_phrases import shipped_phrases
from mailrelay.content.kinds import KNOWN_SENDER, Kind, MailClass, Structure, class_in, classify
from mailrelay.content.reading import read_content
from mailrelay.content.words import Words
from mailrelay.message import RawMessage
from mailrelay.queue.entry import NoteOfVerdict

DATA = Path(__file__).parents[2] / "data/mail"
LETTERS = tomllib.loads((DATA / "kinds.toml").read_text("utf-8"))["letter"]
HONEST = {
    "abuse_report_quotes_spam": MailClass.ABUSE_REPORT,
    "broker_html": MailClass.PURCHASE_INQUIRY,
    "buyer_offer": MailClass.PURCHASE_INQUIRY,
    "french_buyer": MailClass.PURCHASE_INQUIRY,
    "journalist": MailClass.OTHER,
    "lawyer_german": MailClass.LEGAL,
    "lawyer_trademark": MailClass.LEGAL,
    "phishing_report": MailClass.ABUSE_REPORT,
    "registrar_transfer": MailClass.REGISTRAR,
    "security_researcher": MailClass.OTHER,
    "short_question": MailClass.PURCHASE_INQUIRY,
    "spanish_customer": MailClass.OTHER,
}
# What templates of letters are, by the last word of their group; those of `other` are all the rest.
OF_TEMPLATES = {
    "udrp": MailClass.LEGAL,
    "dmca": MailClass.LEGAL,
    "cease-and-desist": MailClass.LEGAL,
    "abuse-report": MailClass.ABUSE_REPORT,
}
CAREFUL = {MailClass.LEGAL, MailClass.ABUSE_REPORT}
QUOTED = (
    "> Your account has been suspended. Confirm your account with your email address and password.\n"
    "> Congratulations, claim your prize. Western Union, next of kin, seed phrase."
)


def _classified(raw: bytes, structure: Structure = Structure()) -> Kind:  # noqa: B008 - frozen
    message = RawMessage.parse(raw)
    return classify(message, read_content(message), structure)


def _letter(text: str, subject: str = "Hello", header: str = "", author: str = "kim@sender.example") -> bytes:
    head = f"From: Kim <{author}>\r\nSubject: {subject}\r\n{header}"
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()


@pytest.mark.parametrize("letter", LETTERS, ids=lambda one: f"{one['class']}-{one['language']}")
def test_letters_are_told_apart_in_five_languages(letter: dict[str, Any]) -> None:
    kind = _classified(_letter(letter["text"], letter["subject"]))
    assert kind.mail_class == letter["class"], kind
    assert bool(kind.reasons) is (kind.mail_class is not MailClass.OTHER)


@pytest.mark.parametrize(("name", "mail_class"), HONEST.items())
def test_honest_letters_have_their_class(name: str, mail_class: MailClass) -> None:
    assert _classified((DATA / f"honest/{name}.eml").read_bytes()).mail_class is mail_class


def test_every_honest_template_for_which_care_is_due_is_met_with_it_and_no_spam_is() -> None:
    for sample in written(15, seed=3):
        kind = _classified(sample.raw)
        wanted = OF_TEMPLATES.get(sample.group.split("/")[1])
        if sample.spam:
            assert kind.mail_class in {MailClass.SCAM, MailClass.BULK, MailClass.OTHER}, sample.group
        elif wanted is not None:
            assert kind.mail_class is wanted, (sample.group, kind)
        else:
            assert kind.mail_class not in {*CAREFUL, MailClass.SCAM}, (sample.group, kind)


def test_what_a_report_quotes_or_passes_on_says_nothing_about_it() -> None:
    report = (
        "This mail was sent through your server, please stop this abuse. " + "We look forward to it. " * 4
    )
    for letter in (
        f"{report}\n\n{QUOTED}",
        f"{report}\n-----Original Message-----\n{QUOTED.replace('> ', '')}",
    ):
        assert _classified(_letter(letter)).mail_class is MailClass.ABUSE_REPORT
    assert _classified(_letter(QUOTED.replace("> ", ""))).mail_class is MailClass.SCAM


def test_a_scam_that_takes_legal_words_into_its_mouth_stays_one() -> None:
    """A rival leads where it is much stronger."""
    text = QUOTED.replace("> ", "") + " Notice of copyright infringement."
    assert _classified(_letter(text)).mail_class is MailClass.SCAM


def test_hints_make_a_class_only_when_there_are_four() -> None:
    footer = "Copyright 2026. Foo is a trademark of Bar. Unauthorised use without permission"
    assert _classified(_letter("Copyright 2026. Foo is a trademark.")).mail_class is MailClass.OTHER
    assert _classified(_letter(footer)).mail_class is MailClass.LEGAL


@pytest.mark.parametrize(
    "header",
    [
        "List-Id: <talk.lists.example>\r\n",
        "Precedence: list\r\n",
        "Precedence: bulk\r\nList-Unsubscribe: <mailto:off@lists.example>\r\n",
    ],
)
def test_lists_and_newsletters_are_bulk_by_their_header(header: str) -> None:
    assert _classified(_letter("Minutes of the meeting.", header=header)).mail_class is MailClass.BULK
    assert _classified(_letter("Minutes of the meeting.")).mail_class is MailClass.OTHER


def test_a_debate_of_law_on_a_list_is_no_legal_letter_but_an_abuse_desk_may_use_a_mailer() -> None:
    text = "The DMCA again: cease and desist, says the court order."
    assert _classified(_letter(text)).mail_class is MailClass.LEGAL
    assert _classified(_letter(text, header="List-Id: <a.b>\r\n")).mail_class is MailClass.BULK
    report = "A phishing page is hosted at hxxp://shop.example/"
    by_mailer = _letter(report, header="Precedence: bulk\r\n", author="abuse@isp.example")
    assert _classified(by_mailer).mail_class is MailClass.ABUSE_REPORT


def test_a_known_sender_is_a_registrar_where_he_writes_of_the_registration_only() -> None:
    known = Structure(known_sender=True)
    notice = _classified(_letter("Your registrar: the renewal of your domain is due."), known)
    assert (notice.mail_class, notice.reasons[0]) == (MailClass.REGISTRAR, KNOWN_SENDER)
    assert _classified(_letter("Certificates at half price"), known).mail_class is MailClass.OTHER
    legal = _classified(_letter("We received the attached UDRP complaint."), known)
    assert legal.mail_class is MailClass.LEGAL


@pytest.mark.parametrize("path", sorted((DATA / "reports").glob("*.eml")), ids=lambda path: path.stem)
def test_a_bounce_is_no_scam_and_nothing_legal(path: Path) -> None:
    """It speaks of mailboxes that are full and accounts that are locked."""
    assert _classified(path.read_bytes()).mail_class in {MailClass.OTHER, MailClass.BULK}


def test_a_report_for_machines_is_one_whatever_it_says() -> None:
    kind = _classified(_letter(QUOTED.replace("> ", "")), Structure(complaint="arf"))
    assert kind == Kind(MailClass.ABUSE_REPORT, ("arf",))


@pytest.mark.parametrize(
    "written_as",
    [
        "Unterlassungserklärung",
        "UNTERLASSUNGSERKLAERUNG",
        "unterlassungserklarung",
        "„Unterlassungserklärung“",
    ],
)
def test_accents_case_and_quotation_marks_make_no_difference(written_as: str) -> None:
    kind = _classified(_letter(f"Die {written_as}, bitte."))
    assert kind == Kind(MailClass.LEGAL, ("unterlassungserklaerung",))


def test_a_phrase_is_found_as_whole_words_only() -> None:
    names = [
        one.name for one in shipped_phrases().found_in(Words.of("udrpx, ceased and desisted, abuse-reported"))
    ]
    assert "udrp" not in names
    assert "cease-and-desist" not in names
    assert "abuse-report" not in names


def test_there_are_phrases_for_every_class_but_those_that_need_none() -> None:
    needless = {MailClass.PROTECTED, MailClass.OTHER}
    assert {phrase.kind for phrase in shipped_phrases().all} == {
        one.value for one in MailClass if one not in needless
    }


@settings(deadline=None)
@given(
    st.sampled_from(shipped_phrases().all),
    st.text("abc .,\u2019-\n", max_size=20),
    st.text(" .,\n", min_size=1),
)
def test_every_phrase_is_found_wherever_it_stands(phrase: Any, before: str, after: str) -> None:
    text = f"{before} {phrase.octets.decode()}{after}"
    assert phrase in shipped_phrases().found_in(Words.of(text))
    assert phrase in shipped_phrases().found_in(Words.of(""), Words.of(text.upper()))


@settings(deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_anything_has_a_class_and_the_same_each_time(raw: bytes, known: bool) -> None:  # noqa: FBT001 - drawn
    structure = Structure(known_sender=known)
    assert _classified(raw, structure) == _classified(raw, structure)


def test_a_class_is_read_back_from_the_notes_of_verdicts() -> None:
    notes = [
        NoteOfVerdict("content-score", "accept", "html-only"),
        NoteOfVerdict("mail-class", "accept", "legal udrp"),
    ]
    assert class_in(notes) is MailClass.LEGAL
    assert class_in(notes[:1]) is MailClass.OTHER
    assert class_in([NoteOfVerdict("protected-mail", "accept", "dispute")]) is MailClass.PROTECTED
