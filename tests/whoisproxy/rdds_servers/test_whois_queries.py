"""Lines of WHOIS: what each asks for, and that no line asks for anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.publication.answer import ObjectKind, Question, View
from whoisproxy.rdds_servers.whois_queries import Help, plain_question, read_question

_WORDS = st.sampled_from(
    ["domain", "NAMESERVER", "Registrar", "help", "?", "cheese.com", "käse.de", "9995", ""]
)


def asked(kind: ObjectKind, name: str) -> Question:
    return Question(View.WHOIS, kind, name)


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("cheese.com", asked(ObjectKind.DOMAIN, "cheese.com")),
        ("  CHEESE.com.\r", asked(ObjectKind.DOMAIN, "cheese.com")),
        ("domain Käse.DE", asked(ObjectKind.DOMAIN, "xn--kse-qla.de")),
        ("nameserver NS1.Cheese.com.", asked(ObjectKind.NAMESERVER, "ns1.cheese.com")),
        ("NameServer ns.käse.de", asked(ObjectKind.NAMESERVER, "ns.xn--kse-qla.de")),
        ("registrar  Gandalf   Domains SA", asked(ObjectKind.ENTITY, "gandalf domains sa")),
        ("registrar 9995", asked(ObjectKind.ENTITY, "9995")),
        ("com", None),
        ("domain www.cheese.com", None),
    ],
)
def test_each_form_asks_for_its_object(line: str, question: Question | None) -> None:
    assert read_question(line.encode()) == question


@pytest.mark.parametrize("line", ["", "\r", " ? ", "Help"])
def test_help_is_asked_for_in_any_case(line: str) -> None:
    with pytest.raises(Help):
        read_question(line.encode())


@pytest.mark.parametrize(
    "line", [b"\xff", b"-T dn cheese.com", b"domain a b", b"nameserver -a.com", b"registrar a\x00b", b"a..b"]
)
def test_what_is_no_query_is_refused(line: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_question(line)


@given(
    st.one_of(
        st.binary(max_size=60), st.lists(_WORDS, max_size=4).map(lambda words: " ".join(words).encode())
    )
)
def test_no_line_does_anything_else(line: bytes) -> None:
    try:
        question = read_question(line)
    except (Help, InvalidInput):
        return
    assert question is None or question.view is View.WHOIS


@given(st.text("abcDEF019-. ", max_size=40))
def test_a_plain_name_is_the_question_of_the_whole_grammar(text: str) -> None:
    """What is found at once under a name is what would have been found in the end."""
    quick = plain_question(text.encode())
    try:
        whole = read_question(text.encode())
    except (Help, InvalidInput):
        return
    if quick is not None and whole is not None:
        assert quick == whole
