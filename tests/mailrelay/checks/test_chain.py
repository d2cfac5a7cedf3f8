"""The chain: order, decision, broken checks, checks that only watch."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from mailrelay.checks.chain import Chain
from mailrelay.checks.verdict import NOT_ACCEPTED, TRY_LATER, Action, Decision, Verdict


class Says:
    """A check that gives a verdict and remembers that it was asked."""

    def __init__(self, name: str, action: Action | None) -> None:
        self.name = name
        self.asked = 0
        self._action = action

    async def __call__(self, context: str) -> Verdict | None:
        del context
        self.asked += 1
        if self._action is None:
            return None
        reply = NOT_ACCEPTED if self._action >= Action.DEFER else None
        return Verdict(self.name, self._action, "because", reply)


class Breaks:
    name = "breaks"

    async def __call__(self, context: str) -> Verdict | None:
        raise KeyError(context)


class BreaksAtOnce:
    name = "breaks"

    def __call__(self, context: str) -> Verdict | None:
        raise KeyError(context)


class AnswersAtOnce:
    name = "at-once"

    def __call__(self, context: str) -> Verdict | None:
        return Verdict(self.name, Action.TAG, context)


class Hangs:
    name = "hangs"

    async def __call__(self, context: str) -> Verdict | None:
        del context
        await asyncio.Event().wait()
        return None


async def test_mail_that_nobody_objects_to_is_accepted() -> None:
    assert await Chain[str]([Says("a", None)]).run("x") == Decision(Action.ACCEPT)


async def test_a_check_that_waits_for_nothing_is_one_like_any_other() -> None:
    decision = await Chain[str]([AnswersAtOnce(), BreaksAtOnce(), Says("never", None)]).run("x")
    assert [(one.check, one.action, one.reply) for one in decision.verdicts] == [
        ("at-once", Action.TAG, None),
        ("breaks", Action.DEFER, TRY_LATER),
    ]


@given(st.lists(st.sampled_from([None, *Action]), max_size=8))
async def test_the_greatest_action_decides_and_the_first_refusal_ends_the_run(
    actions: list[Action | None],
) -> None:
    checks = [Says(f"check-{number}", action) for number, action in enumerate(actions)]
    decision = await Chain[str](checks).run("x")
    refusals = [number for number, action in enumerate(actions) if action in {Action.DEFER, Action.REJECT}]
    asked = actions[: refusals[0] + 1] if refusals else actions
    assert [check.asked for check in checks] == [1] * len(asked) + [0] * (len(actions) - len(asked))
    assert decision.action == max((action for action in asked if action is not None), default=Action.ACCEPT)
    assert [verdict.action for verdict in decision.verdicts] == [one for one in asked if one is not None]
    assert (decision.reply is not None) == (decision.action >= Action.DEFER)


@pytest.mark.parametrize("broken", [Breaks(), Hangs()])
async def test_a_broken_check_defers_and_the_log_names_only_the_check(broken: Breaks | Hangs) -> None:
    with capture_logs() as logs:
        decision = await Chain[str]([broken, Says("b", Action.TAG)], timeout_s=0.01).run("ann@home.example")
    assert decision.action is Action.DEFER
    assert decision.reply == TRY_LATER
    assert str(decision.reply).startswith("451 4.3.0 ")
    [event] = logs
    assert event["check"] == broken.name
    assert "ann@home.example" not in str(event)


@pytest.mark.parametrize("watched", [Says("watched", Action.REJECT), Breaks(), Hangs()])
async def test_a_check_that_only_watches_is_recorded_and_decides_nothing(
    watched: Says | Breaks | Hangs,
) -> None:
    chain = Chain[str]([watched, Says("b", Action.TAG)], frozenset({watched.name}), timeout_s=0.01)
    decision = await chain.run("x")
    assert decision.action is Action.TAG
    assert [verdict.check for verdict in decision.observed] == [watched.name]
    assert decision.reasons == ("b: because",)


@pytest.mark.parametrize(("action", "reply"), [(Action.REJECT, None), (Action.TAG, TRY_LATER)])
def test_a_reply_belongs_to_refusals_and_only_to_them(action: Action, reply: None) -> None:
    with pytest.raises(ValueError, match="SMTP reply"):
        Verdict("a", action, "because", reply)
