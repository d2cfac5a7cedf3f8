"""Finished answers are given out while they are true, and take no more memory than they may."""

import asyncio
import sqlite3
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whoisproxy.domain.errors import Unavailable
from whoisproxy.publication.answer import MISSING, Answer, Missing, ObjectKind, Question, View
from whoisproxy.services.answer_cache import AnswerCache
from whoisproxy.services.kept_answers import KeptAnswers
from whoisproxy.storage.published_changes import EVERYTHING

ROOM = 10**6


def question(name: str = "a.com", view: View = View.RDAP, kind: ObjectKind = ObjectKind.DOMAIN) -> Question:
    return Question(view, kind, name)


class Source:
    """Answers with a number that grows, so that it shows when an answer was made.

    Attributes:
        gate: Answers wait for it, once they have their number.
    """

    def __init__(self) -> None:
        self.made = 0
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()

    async def rendered(self, question: Question) -> Answer | None:
        if self.failure:
            raise self.failure
        self.made += 1
        number = self.made
        self.reached.set()
        await self.gate.wait()
        return None if question.name == "none.com" else Answer.tagged(b"%d" % number)


class Told:
    """Changes that a test tells."""

    def __init__(self) -> None:
        self.names: Collection[str] | None = ()

    def poll(self) -> Collection[str] | None:
        names = self.names
        self.names = None if names is None else ()
        return names


class World:
    def __init__(self) -> None:
        self.source, self.told, self.now = Source(), Told(), 0.0
        self.cache = AnswerCache(ROOM, 60)
        self.answers = KeptAnswers(self.source, self.told, self.cache, lambda: self.now)

    def ready(self, asked: Question | None = None) -> bytes | Missing | None:
        found = self.answers.ready(asked or question())
        return found.body if isinstance(found, Answer) else found

    async def ask(self, asked: Question | None = None) -> bytes | Missing | None:
        """Ask as the servers do."""
        found = self.ready(asked)
        if found is not None:
            return found
        answer = await self.answers.rendered(asked or question())
        return answer.body if answer else None


@pytest.fixture
def world() -> World:
    return World()


async def test_an_answer_is_made_once_for_each_view(world: World) -> None:
    assert [await world.ask() for _ in range(3)] == [b"1", b"1", b"1"]
    assert await world.ask(question(view=View.WHOIS)) == b"2"
    assert await world.ask() == b"1"


async def test_a_change_of_the_domain_makes_it_anew_in_all_views(world: World) -> None:
    for view in View:
        await world.ask(question(view=view))
    await world.ask(question("b.com"))
    world.told.names = {"a.com"}
    assert [world.ready(question(view=view)) for view in View] == [None] * 3
    assert world.ready(question("b.com")) == b"4"


async def test_a_change_of_everything_leaves_nothing(world: World) -> None:
    await world.ask()
    world.told.names = {"b.com", EVERYTHING}
    assert world.ready() is None
    assert (len(world.cache), world.cache.octets) == (0, 0)


async def test_a_host_may_depend_on_any_domain(world: World) -> None:
    host = question("ns1.hoster.example", kind=ObjectKind.NAMESERVER)
    registrar = question("9995", kind=ObjectKind.ENTITY)
    await world.ask(host)
    await world.ask(registrar)
    world.told.names = {"a.com"}
    assert world.ready(host) is None
    assert world.ready(registrar) == b"2"


async def test_while_changes_are_unknown_nothing_that_was_kept_is_given_out(world: World) -> None:
    await world.ask()
    world.told.names = None
    assert world.ready() is None
    assert [await world.ask(), await world.ask()] == [b"2", b"3"]
    world.told.names = {EVERYTHING}
    assert await world.ask() == b"4"
    assert world.ready() == b"4"


@pytest.mark.parametrize("changed", [{"a.com"}, {EVERYTHING}, None], ids=repr)
async def test_what_changes_while_it_is_read_is_not_kept(
    world: World, changed: Collection[str] | None
) -> None:
    world.source.gate.clear()
    asking = asyncio.create_task(world.ask())
    await world.source.reached.wait()
    world.told.names = changed
    assert world.ready(question("b.com")) is None
    world.told.names = ()
    world.source.gate.set()
    assert await asking == b"1"
    assert world.ready() is None


async def test_what_changes_elsewhere_meanwhile_does_no_harm(world: World) -> None:
    world.source.gate.clear()
    asking = asyncio.create_task(world.ask())
    await world.source.reached.wait()
    world.told.names = {"b.com"}
    assert world.ready(question("b.com")) is None
    world.source.gate.set()
    assert await asking == b"1"
    assert world.ready() == b"1"


async def test_that_nothing_is_held_is_kept_too_until_it_is(world: World) -> None:
    none = question("none.com")
    assert await world.ask(none) is None
    assert world.ready(none) is MISSING
    world.told.names = {"none.com"}
    assert world.ready(none) is None


async def test_an_answer_has_its_time(world: World) -> None:
    await world.ask()
    world.now = 59.9
    assert world.ready() == b"1"
    world.now = 60.0
    assert world.ready() is None


@pytest.mark.parametrize("failure", [sqlite3.OperationalError(), TimeoutError(), ConnectionRefusedError()])
async def test_a_database_that_is_away_may_be_asked_again(world: World, failure: Exception) -> None:
    world.source.failure = failure
    with pytest.raises(Unavailable):
        await world.ask()
    world.source.failure = None
    assert await world.ask() == b"1"


def test_those_not_asked_for_the_longest_make_room() -> None:
    cache = AnswerCache(3000, 60)
    for number in range(3):
        cache.put(question(f"{number}.com"), Answer(b"x" * 200), 0)
    cache.get(question("0.com"), 0)
    cache.put(question("3.com"), Answer(b"x" * 200), 0)
    assert [cache.get(question(f"{number}.com"), 0) is not None for number in range(4)] == [
        True,
        False,
        True,
        True,
    ]


def test_whoever_asks_for_names_that_nobody_has_drives_out_no_answer() -> None:
    cache = AnswerCache(3000, 60)
    cache.put(question(), Answer(b"x" * 200), 0)
    for number in range(100):
        cache.put(question(f"{number}.com"), MISSING, 0)
    assert cache.get(question(), 0) is not None


def test_encoded_forms_count_while_the_answer_is_kept() -> None:
    cache = AnswerCache(ROOM, 60)
    answer = Answer(b"x" * 1000)
    cache.put(question(), answer, 0)
    before = cache.octets
    grown = len(answer.gzip()) + len(answer.zstd())
    assert cache.octets == before + grown
    cache.clear()
    assert cache.octets == 0
    other = Answer(b"y")
    cache.put(question(), other, 0)
    cache.clear()
    other.gzip()
    assert cache.octets == 0


_STEP = st.tuples(st.sampled_from(["put", "miss", "gzip", "forget", "get"]), st.integers(0, 9))


@given(steps=st.lists(_STEP, max_size=60), room=st.integers(500, 6000))
def test_the_bound_holds_whatever_happens(steps: list[tuple[str, int]], room: int) -> None:
    cache = AnswerCache(room, 60)
    answers: dict[int, Answer] = {}
    for action, number in steps:
        asked = question(f"{number}.com")
        if action == "put":
            answers[number] = Answer(b"x" * 100 * number)
            cache.put(asked, answers[number], 0)
        elif action == "miss":
            cache.put(asked, MISSING, 0)
        elif action == "gzip" and number in answers:
            answers[number].gzip()
        elif action == "forget":
            cache.forget([asked.name])
            assert cache.get(asked, 0) is None
        else:
            cache.get(asked, 0)
        assert 0 <= cache.octets <= room
    cache.clear()
    assert cache.octets == 0
