"""The states of a task: whatever comes, it ends by its deadline, and it is done only when seen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.callback.task import (
    LIVE,
    Answer,
    Occasion,
    Result,
    Task,
    TaskClosed,
    TaskState,
    Terms,
    answered,
    asked,
    changed,
    looked,
    on_time,
    reminder_at,
)
from registries.contact import Role
from registries.lookup.verdict import Doubt, Finding, Verdict
from registries.policy import Mechanism
from tests.registries.lookup.test_evidence import PROXY

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TERMS = Terms(window=timedelta(hours=48), settle=timedelta(minutes=15))
CLEAN = Finding(Verdict.CLEAN)
LEAK = Finding(Verdict.LEAK, ("email",), ("rdap",))
UNKNOWN = Finding(Verdict.UNKNOWN, doubt=Doubt.NO_ANSWER)
APPLIED = Answer(Result.APPLIED)
TASK = asked(
    Task(
        id="tsk_1",
        registrar_id="rgr_1",
        domain_id="dom_1",
        domain="zoe.org",
        operation_id="op_1",
        mechanism=Mechanism.SUBSTITUTE,
        hide=True,
        contacts={Role.REGISTRANT: PROXY},
        state=TaskState.OPEN,
        reason="",
        finding=None,
        reminded=False,
        answered_at=None,
        looks=0,
        deadline=NOW + TERMS.window,
        due_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    ),
    NOW,
)


def later(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def test_a_task_shows_no_contact_in_its_representation() -> None:
    assert PROXY.email not in repr(TASK)


def test_the_backend_is_reminded_once_when_a_quarter_of_its_time_is_left() -> None:
    assert TASK.due_at == reminder_at(TASK) == later(36)
    assert on_time(TASK, later(35.9)) == (TASK, None)
    reminded, occasion = on_time(TASK, later(36))
    assert (occasion, reminded.due_at) == (Occasion.REMINDER, TASK.deadline)
    assert on_time(reminded, later(47)) == (reminded, None)
    assert on_time(reminded, later(48))[0].state is TaskState.EXPIRED


def test_looks_become_more_seldom_and_never_pass_the_deadline() -> None:
    task, now, waits = answered(TASK, APPLIED, NOW), NOW, []
    while now < task.deadline:
        task, _ = looked(task, UNKNOWN, TERMS, now)
        waits.append((task.due_at - now).total_seconds())
        now = task.due_at
    assert waits[:8] == [30, 60, 120, 240, 480, 960, 1920, 3600]
    assert max(waits) == 3600
    assert now == task.deadline


def test_a_leak_counts_once_the_registry_has_had_time_to_publish() -> None:
    applied = answered(TASK, APPLIED, NOW)
    early, occasion = looked(applied, LEAK, TERMS, later(0.1))
    assert (early.state, early.finding, occasion) == (TaskState.APPLIED, LEAK, None)
    late, occasion = looked(early, LEAK, TERMS, later(0.25))
    assert (late.state, late.finding, occasion) == (TaskState.OPEN, LEAK, Occasion.LEAK)


def test_a_leak_near_the_deadline_is_told_at_once() -> None:
    applied = answered(TASK, APPLIED, later(47))
    assert looked(applied, LEAK, TERMS, later(47))[1] is Occasion.LEAK


def test_other_contacts_are_asked_for_as_if_for_the_first_time() -> None:
    applied = answered(TASK, APPLIED, NOW)
    other = {Role.REGISTRANT: replace(PROXY, city="Basel")}
    anew = changed(applied, other, later(1))
    assert (anew.state, anew.contacts, anew.answered_at, anew.due_at) == (
        TaskState.OPEN,
        other,
        None,
        later(36),
    )


def test_a_backend_may_change_its_mind_until_the_public_has_shown_it() -> None:
    applied = answered(TASK, APPLIED, NOW)
    assert answered(applied, Answer(Result.REFUSED, "LOCKED"), NOW).state is TaskState.REFUSED
    postponed = answered(applied, Answer(Result.LATER, retry_at=later(2)), NOW)
    assert answered(postponed, APPLIED, later(1)).state is TaskState.APPLIED


@pytest.mark.parametrize("state", [state for state in TaskState if state not in LIVE])
def test_what_has_ended_takes_no_other_answer(state: TaskState) -> None:
    ended = replace(TASK, state=state)
    other = Answer(Result.LATER, retry_at=later(1))
    with pytest.raises(TaskClosed) as closed:
        answered(ended, other, NOW)
    assert closed.value.state is state
    assert on_time(ended, later(100)) == (ended, None)
    assert looked(ended, LEAK, TERMS, NOW) == (ended, None)


def test_an_answer_after_the_deadline_comes_too_late() -> None:
    with pytest.raises(TaskClosed):
        answered(TASK, APPLIED, TASK.deadline)


_ANSWERS = st.one_of(
    st.just(APPLIED),
    st.just(Answer(Result.REFUSED, "NO")),
    st.floats(0, 60).map(lambda hours: Answer(Result.LATER, "WAIT", later(hours))),
)
_STEPS = st.lists(
    st.tuples(st.floats(0, 20), st.one_of(_ANSWERS, st.sampled_from([CLEAN, LEAK, UNKNOWN]), st.none())),
    max_size=30,
)


@given(_STEPS)
def test_no_task_outlives_its_deadline_and_none_is_done_unseen(steps: list[tuple[float, object]]) -> None:
    task, now = TASK, NOW
    for hours, step in steps:
        now += timedelta(hours=hours)
        before = task
        task, occasion = on_time(task, now)
        assert occasion is None or task.state is TaskState.OPEN
        if isinstance(step, Answer):
            try:
                task = answered(task, step, now)
            except TaskClosed:
                assert not task.live or now >= task.deadline
            else:
                # The same answer again says nothing new.
                assert answered(task, step, now) == task
        elif isinstance(step, Finding):
            task, _ = looked(task, step, TERMS, now)
        assert task.live is (task.state in LIVE)
        assert not task.live or (now < task.deadline and task.due_at <= task.deadline)
        if task.state is TaskState.DONE and before.state is not TaskState.DONE:
            assert task.finding == CLEAN
        assert before.live or task.state is before.state
