"""The queue against a model: whatever happens in whatever order, they agree; a crash loses nothing."""

import asyncio
import tempfile
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mailrelay.queue.entry import FINAL, State
from mailrelay.queue.opening import QueueSite, open_queue
from tests.mailrelay.conftest import Clock
from tests.mailrelay.queue.letters import LEASE, RAW, Taker, kill_worker, letter
from tests.mailrelay.world import OwnerKeys
from whoisproxy.storage.engine import open_engine

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from mailrelay.queue.store import QueueStore

ResultT = TypeVar("ResultT")
CHOICE = st.integers(0, 1000)
WAITING = {State.QUEUED, State.DEFERRED}


class QueueAndModel(RuleBasedStateMachine):
    """The model keeps a state for each id, and when what is claimed or put off is due again."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.clock, self.keys = Clock(), OwnerKeys()
        self.states: dict[str, State] = {}
        self.due: dict[str, float] = {}
        self.sent: set[str] = set()
        self.lives = 0
        self.engine = open_engine(f"sqlite:///{self.folder.name}/main.sqlite3")

    def do(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        return self.loop.run_until_complete(work)

    @initialize()
    def opened(self) -> None:
        self.lives += 1
        site = QueueSite(self.engine, Path(self.folder.name) / "mail")
        self.opening: AbstractAsyncContextManager[QueueStore] = open_queue(site, self.keys, self.clock)
        self.store = self.do(self.opening.__aenter__())
        self.worker = Taker(self.store, f"worker-{self.lives}", room=0)
        self.do(self.store.begin_delivering(self.worker))

    @rule(state=st.sampled_from([State.QUEUED, State.QUARANTINED, State.REJECTED]), count=st.integers(1, 3))
    def taken(self, state: State, count: int) -> None:
        for one in self.do(self.store.enqueue([letter() for _ in range(count)], state)):
            self.states[one] = state
            self.due[one] = self.clock().timestamp()

    @rule()
    def handed_over(self) -> None:
        self.worker.room = 1
        [one] = self.do(self.store.enqueue([letter()]))
        self.states[one] = State.DELIVERING
        self.due[one] = (self.clock() + LEASE).timestamp()
        assert self.worker.taken[-1].id == one

    @rule(limit=st.integers(1, 4))
    def claimed(self, limit: int) -> None:
        now = self.clock().timestamp()
        may = {one for one, state in self.states.items() if state in {*WAITING, State.DELIVERING}}
        due = {one for one in may if self.due[one] <= now}
        got = self.do(self.store.claim(self.worker.worker_id, LEASE, limit))
        assert all(one.raw == RAW for one in got)
        assert {one.id for one in got} <= due - self.sent
        # What had been sent without a record is recorded by the way.
        recorded = {one for one in self.sent & due if self._state(one) is State.DELIVERED}
        assert len(got) + len(recorded) == min(limit, len(due))
        for one in recorded:
            self._end(one, State.DELIVERED)
        for message in got:
            self.states[message.id] = State.DELIVERING
            self.due[message.id] = (self.clock() + LEASE).timestamp()

    @rule(
        choice=CHOICE, outcome=st.sampled_from([State.DELIVERED, State.BOUNCED, State.DEFERRED, State.HELD])
    )
    def settled(self, choice: int, outcome: State) -> None:
        one = self._pick(choice, {State.DELIVERING})
        if one is None:
            return
        worker, store = self.worker.worker_id, self.store
        later = self.clock() + timedelta(minutes=5)
        done = self.do(
            {
                State.DELIVERED: lambda: store.delivered(worker, one),
                State.BOUNCED: lambda: store.bounced(worker, one, "refused-550"),
                State.DEFERRED: lambda: store.deferred(worker, one, "refused-450", later),
                State.HELD: lambda: store.held(worker, one, "shows-the-owner"),
            }[outcome]()
        )
        assert done
        self._end(one, State.DELIVERED if one in self.sent else outcome)
        self.due[one] = later.timestamp()

    @rule(choice=CHOICE)
    def sent_without_a_record(self, choice: int) -> None:
        one = self._pick(choice, {State.DELIVERING})
        if one is not None:
            self.store.sent(one)
            self.sent.add(one)

    @rule(choice=CHOICE)
    def released(self, choice: int) -> None:
        self._moved(choice, {State.QUARANTINED}, State.QUEUED, self.store.release)

    @rule(choice=CHOICE)
    def paused(self, choice: int) -> None:
        self._moved(choice, {*WAITING, State.QUARANTINED}, State.PAUSED, self.store.pause)

    @rule(choice=CHOICE)
    def dropped(self, choice: int) -> None:
        may = {*WAITING, State.QUARANTINED, State.HELD, State.PAUSED}
        self._moved(choice, may, State.DISCARDED, self.store.drop)

    @rule(seconds=st.sampled_from([1, 61, 301]))
    def time_goes_by(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def killed(self) -> None:
        """The process ends where it is; the next one settles what it left."""
        kill_worker(self.store)
        self.do(self.opening.__aexit__(None, None, None))
        for one, state in list(self.states.items()):
            if state is State.DELIVERING:
                self.due[one] = self.clock().timestamp()
                if one in self.sent:
                    self._end(one, State.DELIVERED)
        self.opened()

    @invariant()
    def they_agree(self) -> None:
        if self.states:
            shown = {one.id: one.state for one in self.do(self.store.search(10_000))}
            assert shown == self.states
            open_states = [state for state in self.states.values() if state not in FINAL]
            depth = self.do(self.store.depth())
            assert depth == {state: open_states.count(state) for state in set(open_states)}

    def teardown(self) -> None:
        self.do(self.opening.__aexit__(None, None, None))
        self.do(self.engine.dispose())
        self.loop.close()
        self.folder.cleanup()

    def _state(self, message_id: str) -> State:
        record = self.do(self.store.get(message_id))
        assert record is not None
        return record.state

    def _end(self, message_id: str, state: State) -> None:
        self.states[message_id] = state
        self.sent.discard(message_id)

    def _pick(self, choice: int, states: set[State]) -> str | None:
        """Return a message that this worker has claimed, or that is in one of some states."""
        mine = {State.DELIVERING} == states
        ids = [one for one, state in self.states.items() if state in states]
        if mine:
            ids = [one for one in ids if self._leased_by(one) == self.worker.worker_id]
        return ids[choice % len(ids)] if ids else None

    def _leased_by(self, message_id: str) -> str:
        record = self.do(self.store.get(message_id))
        assert record is not None
        return record.leased_by

    def _moved(self, choice: int, may: set[State], to: State, move: Any) -> None:
        one = self._pick(choice, set(State))
        if one is None or (one in self.sent and self.states[one] is State.DELIVERING):
            return
        assert self.do(move(one)) is (self.states[one] in may)
        if self.states[one] in may:
            self.states[one] = to
            self.due[one] = self.clock().timestamp()


TestQueueAndModel = QueueAndModel.TestCase
TestQueueAndModel.settings = settings(max_examples=10, stateful_step_count=25, deadline=None)
