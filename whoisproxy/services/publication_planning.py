"""Plan the looks at domains of which something has changed.

A change of privacy leaves a row behind by itself (see migration 0016). What it means for the watch is found
out here, many at once, so that a switch need not wait for it.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from whoisproxy.domain.publication_watch import Place, Rhythm, Watch, changed
from whoisproxy.services.publication_subjects import Posts
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.publication_watch import Facts
from whoisproxy.storage.unit_of_work import Storage

_BATCH = 200


class PublicationPlanner:
    """Turns changes into due times."""

    def __init__(
        self,
        storage: Storage,
        posts: Posts,
        rhythm: Rhythm,
        clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._storage = storage
        self._posts = posts
        self._rhythm = rhythm
        self._clock = clock
        self._chance = chance

    async def adopt(self) -> None:
        """Plan every hidden domain anew where other directories are known than before."""
        async with self._storage.unit_of_work() as uow:
            if await uow.publication_watch.adopt(self._posts.digest):
                await uow.publication_watch.change_all()

    async def plan(self) -> int:
        """Plan what has changed, a batch at most; return how many domains that were."""
        # Most of the time there is nothing, and then nobody should have to wait for the write lock.
        async with self._storage.reading() as uow:
            if not await uow.publication_watch.any_change():
                return 0
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            changes = await uow.publication_watch.changes(_BATCH)
            facts = await uow.publication_watch.facts(changes)
            known = await uow.publication_watch.of_domains(changes)
            await uow.publication_watch.put(
                [
                    watch
                    for domain_id, at in changes.items()
                    if domain_id in facts and facts[domain_id].hidden
                    for watch in self._watches(domain_id, at, facts[domain_id], known[domain_id], now)
                ],
                now,
            )
            await uow.publication_watch.end([each for each in changes if not _hidden(facts.get(each))])
            await uow.publication_history.forget([each for each in changes if each not in facts])
            await uow.publication_watch.planned(changes)
        return len(changes)

    def _watches(
        self, domain_id: str, at: datetime, facts: Facts, known: Sequence[Watch], now: datetime
    ) -> Iterator[Watch]:
        for place in Place:
            post = self._posts.post(place, facts.name.suffix)
            watch = next((each for each in known if each.place is place), None)
            paused = _nothing_to_see(place, facts)
            if post is None or (watch is None and paused) or _is_planned(watch, post.lane, at, paused):
                continue
            yield changed(
                watch or Watch(domain_id, place, post.lane, at, None, soon=True),
                post.lane,
                at,
                paused=paused,
                rhythm=self._rhythm,
                now=now,
                chance=self._chance(),
            )


def _hidden(facts: Facts | None) -> bool:
    return facts is not None and facts.hidden


def _is_planned(watch: Watch | None, lane: str, at: datetime, paused: bool) -> bool:  # noqa: FBT001 - a fact
    return watch is not None and (watch.lane, watch.changed_at, watch.due_at is None) == (lane, at, paused)


def _nothing_to_see(place: Place, facts: Facts) -> bool:
    """Whether the place may show either state now: a registry that is being asked, or asked to show him."""
    return place is Place.REGISTRY and (facts.at_work or not facts.wanted)
