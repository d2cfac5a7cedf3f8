"""Asked at the same time, carried out together: each gets an answer of its own, none before the commit."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy.exc import OperationalError

from tests.whoisproxy.storage.values import NOW, REGISTRAR
from whoisproxy.storage.gathering import Gathering
from whoisproxy.storage.repositories.operations import NewEvent
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork


class Refused(Exception):
    """Stands in the place of an answer."""


class Book:
    """Writes a line for each ask, as an event; an ask of "refused" is refused, one of "broken" breaks."""

    def __init__(self, storage: Storage) -> None:
        self.batches: list[list[str]] = []
        self.storage = storage

    def gathering(self, key: Callable[[str], object] = id) -> Gathering[str, int]:
        return Gathering(self.storage.unit_of_work, self._write, key)

    async def lines(self) -> list[str]:
        async with self.storage.reading() as uow:
            return [event.type for event in await uow.events.after(REGISTRAR.id, 0, 1000)]

    async def _write(self, uow: UnitOfWork, asks: Sequence[str]) -> list[int | Exception]:
        self.batches.append(list(asks))
        written = [ask for ask in asks if ask != "refused"]
        events = await uow.events.append_all([NewEvent(REGISTRAR.id, ask, "", {}) for ask in written], NOW)
        if "broken" in asks:
            raise ValueError("broken")
        if "away" in asks:
            raise OperationalError("", {}, Exception())
        sequences = iter(events)
        return [Refused() if ask == "refused" else next(sequences).sequence for ask in asks]


@pytest.fixture
async def book(storage: Storage) -> Book:
    async with storage.unit_of_work() as uow:
        await uow.registrars.add(REGISTRAR)
    return Book(storage)


async def test_what_is_asked_at_the_same_time_is_written_together_and_in_order(book: Book) -> None:
    ask = book.gathering().ask
    asks = [f"line {number}" for number in range(250)]
    answers = await asyncio.gather(*map(ask, asks))
    assert answers == sorted(answers)
    assert await book.lines() == asks
    assert [len(batch) for batch in book.batches] == [100, 100, 50]


async def test_an_answer_comes_after_the_commit(book: Book) -> None:
    ask = book.gathering().ask

    async def look(line: str) -> None:
        await ask(line)
        assert line in await book.lines()

    await asyncio.gather(*(look(f"line {number}") for number in range(5)))


async def test_who_is_refused_is_told_so_and_stops_no_other(book: Book) -> None:
    ask = book.gathering().ask
    one, refused, two = await asyncio.gather(*map(ask, ("one", "refused", "two")), return_exceptions=True)
    assert (one, two) == (1, 2)
    assert isinstance(refused, Refused)
    assert await book.lines() == ["one", "two"]


async def test_who_breaks_a_batch_fails_alone(book: Book) -> None:
    ask = book.gathering().ask
    answers = await asyncio.gather(*map(ask, ("one", "broken", "two")), return_exceptions=True)
    assert [isinstance(each, int) for each in answers] == [True, False, True]
    assert await book.lines() == ["one", "two"]


async def test_a_database_that_is_away_is_asked_once_for_all(book: Book) -> None:
    ask = book.gathering().ask
    answers = await asyncio.gather(*map(ask, ("one", "away", "two")), return_exceptions=True)
    assert all(isinstance(each, OperationalError) for each in answers)
    assert len(book.batches) == 1


async def test_of_two_with_the_same_key_the_second_finds_what_the_first_has_left(book: Book) -> None:
    ask = book.gathering(key=lambda line: line.split()[0]).ask
    await asyncio.gather(*map(ask, ("a 1", "b 1", "a 2", "c 1", "a 3")))
    assert book.batches == [["a 1", "b 1"], ["a 2", "c 1"], ["a 3"]]


async def test_an_asker_who_goes_away_stops_no_other(book: Book) -> None:
    ask = book.gathering().ask
    gone, stays = asyncio.create_task(ask("one")), asyncio.create_task(ask("two"))
    await asyncio.sleep(0)
    gone.cancel()
    assert isinstance(await stays, int)
    # And those who come later are served as usual.
    assert isinstance(await ask("three"), int)
