"""Finished answers for the servers of RDAP and WHOIS, kept as long as they are true.

`PublishedAnswers` reads, decides upon and renders an object once, and again when a change of it was
committed, wherever that was done (`storage.published_changes`). Where it cannot be known whether something
has changed, nothing that is kept is given out: every doubt hides.
"""

import sqlite3
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from whoisproxy.domain.errors import Unavailable
from whoisproxy.publication.answer import MISSING, Answer, Missing, ObjectKind, Question
from whoisproxy.services.answer_cache import AnswerCache
from whoisproxy.storage.engine import PASSING
from whoisproxy.storage.published_changes import EVERYTHING


class Source(Protocol):
    """Who makes answers."""

    async def rendered(self, question: Question) -> Answer | None:
        """Read and render; None where the object is not held here."""
        ...


class Changes(Protocol):
    """Who tells what was changed."""

    def poll(self) -> Collection[str] | None:
        """Return the names that changed since the last call, or None where that cannot be known now."""
        ...


@dataclass(eq=False, slots=True)
class _Reading:
    """An object that is being read.

    Attributes:
        overtaken: Whether it has changed meanwhile, so that what is read may be from before.
    """

    question: Question
    overtaken: bool = False


class KeptAnswers:
    """Answers the questions of both servers.

    Args:
        source: Makes answers.
        changes: Tells what has changed.
        cache: Keeps answers; nobody else uses it.
        monotonic: Seconds that never go back.
    """

    def __init__(
        self,
        source: Source,
        changes: Changes,
        cache: AnswerCache,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._changes = changes
        self._cache = cache
        self._monotonic = monotonic
        self._readings: set[_Reading] = set()

    def ready(self, question: Question) -> Answer | Missing | None:
        """Return what is rendered and still true; None where it must be rendered first."""
        changed = self._changes.poll()
        if changed is None:
            self._forget((EVERYTHING,))
            return None
        if changed:
            self._forget(changed)
        return self._cache.get(question, self._monotonic())

    async def rendered(self, question: Question) -> Answer | None:
        """Read and render; None where the object, or this view of it, is not held here.

        Raises:
            Unavailable: The database does not answer now.
        """
        reading = _Reading(question)
        self._readings.add(reading)
        try:
            answer = await self._source.rendered(question)
        except (*PASSING, sqlite3.OperationalError) as error:
            raise Unavailable("the database does not answer now") from error
        finally:
            self._readings.discard(reading)
        if not reading.overtaken:
            self._cache.put(question, answer or MISSING, self._monotonic())
        return answer

    def _forget(self, names: Collection[str]) -> None:
        everything = EVERYTHING in names
        if everything:
            self._cache.clear()
        else:
            self._cache.forget(names)
        for reading in self._readings:
            # A host may belong to any domain that names it.
            of_domain = reading.question.kind is ObjectKind.DOMAIN
            reading.overtaken |= everything or not of_domain or reading.question.name in names
