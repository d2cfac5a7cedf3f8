"""A parser reads beside us, in a process that can be killed; it adds what it finds, and proves nothing."""

from collections.abc import AsyncIterator

import pytest

from registries.lookup.document import Document
from registries.lookup.evidence import Hit
from registries.lookup.second_reading import ParserPool
from registries.lookup.verdict import Doubt, Verdict, judge
from tests.registries.lookup.test_evidence import DOMAIN, HOLDER, PROXY
from tests.registries.lookup.test_verdict import HIDDEN

ANSWER = f"Domain Name: MUELLER.ORG\nRegistrar: Some Registrar\nRegistrant Name: {HOLDER.name}\n"


@pytest.fixture
async def pool() -> AsyncIterator[ParserPool]:
    made = ParserPool(processes=1)
    yield made
    await made.close()


async def test_values_come_with_the_line_where_they_stand(pool: ParserPool) -> None:
    values = await pool.values(Document("whois", ANSWER), DOMAIN)
    assert (3, HOLDER.name) in values
    # The same process answers again.
    assert await pool.values(Document("whois", ANSWER), DOMAIN) == values


async def test_an_answer_that_cannot_be_parsed_has_no_values(pool: ParserPool) -> None:
    assert await pool.values(Document("whois", "No match for MUELLER.ORG"), DOMAIN) == []


async def test_a_line_that_its_patterns_cannot_bear_is_cut(pool: ParserPool) -> None:
    """Its pattern for mailboxes takes time by the square of a line's length."""
    assert await pool.values(Document("whois", ANSWER + "a" * 60_000), DOMAIN)


async def test_a_parser_that_takes_too_long_is_killed_and_the_next_one_answers() -> None:
    pool = ParserPool(processes=1, deadline_s=0)
    assert await pool.values(Document("whois", ANSWER), DOMAIN) == []
    pool._deadline_s = 60
    assert await pool.values(Document("whois", ANSWER), DOMAIN)
    await pool.close()


def test_what_a_parser_finds_is_a_trace() -> None:
    found = judge(Document("whois", ANSWER.partition("Registrant")[0], second=((2, HOLDER.email),)), HIDDEN)
    assert (found.verdict, found.hits) == (Verdict.LEAK, (Hit("email", "parsed", 2),))


def test_what_a_parser_finds_proves_nothing() -> None:
    found = judge(Document("whois", "", second=((1, PROXY.email),)), HIDDEN)
    assert (found.verdict, found.doubt) == (Verdict.UNKNOWN, Doubt.OTHER_DOMAIN)
