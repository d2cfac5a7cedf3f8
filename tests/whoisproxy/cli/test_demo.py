"""`whoisproxy demo` tells the whole story, or names the step that failed."""

import pytest

from tests.whoisproxy.cli.conftest import Run
from whoisproxy.demo.stage import Stage
from whoisproxy.demo.world import World


@pytest.mark.slow
def test_the_demonstration_keeps_every_promise(run: Run) -> None:
    ended = run("demo")
    assert (ended.code, ended.err) == (0, "")
    assert "All of it is so" in ended.out
    assert [f"{number}." in ended.out for number in range(1, 7)] == [True] * 6


async def _fails(stage: Stage, _world: World) -> None:
    stage.act(3, "A stranger writes")
    stage.check("the relay takes it", kept=False, problem="451 try later")


async def _breaks(stage: Stage, _world: World) -> None:
    stage.act(4, "The owner answers")
    raise KeyError("registrant_email")


async def _hangs(stage: Stage, _world: World) -> None:
    stage.act(5, "Spam comes")
    raise TimeoutError


@pytest.mark.parametrize(
    ("tell", "line"),
    [
        (_fails, "demo failed in act 3: A stranger writes: the relay takes it: 451 try later"),
        (_breaks, "demo failed in act 4: The owner answers: internal error, please report it: KeyError"),
        (_hangs, "demo failed in act 5: Spam comes: what was waited for did not come"),
    ],
)
def test_a_step_that_fails_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, tell: object, line: str
) -> None:
    monkeypatch.setattr("whoisproxy.cli.demo.tell", tell)
    ended = run("demo")
    assert ended.code == 1
    assert ended.err.startswith(f"whoisproxy: {line}")
    assert ended.err.count("\n") == 1
