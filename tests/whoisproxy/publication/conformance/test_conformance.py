"""Every answer keeps every rule; and each rule can be broken."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from tests.whoisproxy.publication import samples
from tests.whoisproxy.publication.conformance.answers import ANSWERS, domain_answer
from tests.whoisproxy.publication.conformance.rules import RULES, Answer, broken
from tests.whoisproxy.publication.conformance.table import Code, asks, keeps


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_keeps_every_rule(name: str) -> None:
    assert broken(ANSWERS[name]) == set()


def test_a_reseller_without_an_iana_id_keeps_all_but_what_asks_for_one() -> None:
    """Nor can the end of a registration be told that nobody knows."""
    answer = domain_answer(samples.GOLDEN["reseller"])
    assert broken(answer) == {-23300, -47400, -47402, -65600}


# Answers that together hold all that a rule may speak of.
_WHOLE = (
    "complete-hidden-without-address",
    "complete-hidden-idn",
    "registry-complete-hidden",
    "registry-hidden-without-address",
    "nameserver",
    "nameserver-idn",
    "entity",
    "help",
    "error-404",
)
# Member -> what it must not be where it is added.
_ADDED: dict[str, Any] = {
    "lang": "?",
    "port43": "?",
    "variants": [],
    "asEventActor": [],
    "maxSigLife": 0,
    "keyData": [],
    "zoneSigned": "?",
    "media": "?",
    "title": 0,
    "hreflang": 0,
    "eventActor": 0,
    "links": [],
    "type": "?",
    "notices": [],
    "rdapConformance": [],
    "handle": "X-ICANNRST",
    "reason": {"?": 0},
    "postPath": "$.x",
    "description": "?",
    "status": ["associated"],
    "?": "?",
}
# Rules of the whole text, and of what no answer holds -> a text that breaks them.
_TWICE = b'{"a":1,"a":2}'
_TEXTS: dict[Code, bytes] = {
    **dict.fromkeys((-10602, -10702, -10902, -11202, -11303, -11402, -11502, -11509), _TWICE),
    **dict.fromkeys((-12002, -12010, -12020, -12102, -12202, -12302, -12402, -12502), _TWICE),
    **dict.fromkeys((-12100, -12200, -12300, -12400, -12500), b"[]"),
    -40100: b'"<SCRIPT>alert(1)</SCRIPT>"',
    -49205: b'{"entities":[{"roles":["registrar"],"handle":"not applicable","publicIds":[]}]}',
    -47201: b'{"objectClassName":"nameserver","handle":"?"}',
    -47202: b'{"objectClassName":"nameserver","handle":"X-UNHEARD"}',
}


def _paths(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield (*above, key)
        yield from _paths(node[key], (*above, key))


def _spoil(node: Any, key: Any) -> Iterator[None]:
    """Change what is at one place in one way after the other; at each yield there is one thing wrong."""
    good = node[key]
    for wrong in (None, "?"):
        node[key] = wrong
        yield
        if isinstance(good, list):
            node[key] = [*good, wrong]
            yield
    node[key] = good
    if isinstance(node, list):
        node.append(good)
        yield
        node.pop()
    elif key == next(iter(node)):
        for name in _ADDED.keys() - node.keys():
            node[name] = _ADDED[name]
            yield
            del node[name]
    del node[key]
    yield


def _spoilt(answer: Answer) -> Iterator[Answer]:
    for path in _paths(answer.document):
        document = node = orjson.loads(answer.body)
        for key in path[:-1]:
            node = node[key]
        for _ in _spoil(node, path[-1]):
            yield replace(answer, body=orjson.dumps(document))


@pytest.mark.slow
def test_every_rule_can_be_broken() -> None:
    """A rule that nothing breaks says nothing."""
    whole = set(RULES) - set(_TEXTS)
    for name in _WHOLE:
        answer = ANSWERS[name]
        asked = {code for code in whole if asks(code, answer)}
        for spoilt in _spoilt(answer) if asked else ():
            whole -= (fallen := {code for code in asked if not keeps(spoilt, code)})
            asked -= fallen
    assert whole == set()


@pytest.mark.parametrize("code", _TEXTS)
def test_rules_of_the_text_can_be_broken(code: Code) -> None:
    assert not keeps(Answer(RULES[code][0][0], "https://rdap.example/", _TEXTS[code]), code)
