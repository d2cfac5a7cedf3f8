"""Run checks in a fixed order and decide: the greatest action wins, the first refusal ends the run.

A verdict that protects ends it too; what stands after it in the chain is not asked.

A check that raises or overruns its time defers (451 4.3.0): a broken check neither loses mail nor
opens the door. Checks that only watch (`observe_only`) are recorded and never decide, not even by
breaking. A check that waits for nothing is a plain method and is asked without a timer. Nothing here knows
what a check looks at.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Generic, Protocol, TypeVar

import structlog
from prometheus_client import Counter

from mailrelay.checks.verdict import TRY_LATER, Action, Decision, Verdict

ContextT = TypeVar("ContextT")
ContextT_contra = TypeVar("ContextT_contra", contravariant=True)

_HITS = Counter(
    "mailrelay_check_hits_total", "Verdicts of checks, by check and action asked for", ["check", "action"]
)
_log = structlog.get_logger()


class Check(Protocol[ContextT_contra]):
    """A rule about one stage of the SMTP transaction.

    Attributes:
        name: kebab-case; the same in log, metric and the list of blocked mail.
    """

    @property
    def name(self) -> str:
        """kebab-case name."""
        ...

    def __call__(self, context: ContextT_contra) -> Verdict | Awaitable[Verdict | None] | None:
        """Return a verdict, or None where there is nothing to say; either at once or to be waited for."""
        ...


class Chain(Generic[ContextT]):
    """Checks of one stage in their order.

    Args:
        checks: All checks; names are unique.
        observe_only: Names of checks that are recorded but do not decide.
        timeout_s: Time given to each check that waits.
        found_in: Where a context keeps the verdicts that count, for checks that decide by those before them.
    """

    def __init__(
        self,
        checks: Sequence[Check[ContextT]],
        observe_only: frozenset[str] = frozenset(),
        timeout_s: float = 10.0,
        found_in: Callable[[ContextT], list[Verdict]] = lambda _: [],
    ) -> None:
        self._checks = tuple(checks)
        self._observe_only = observe_only
        self._timeout_s = timeout_s
        self._found_in = found_in

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the checks in order."""
        return tuple(check.name for check in self._checks)

    async def run(self, context: ContextT) -> Decision:
        """Ask each check until one defers, rejects or protects; never raises for a check's fault."""
        counted = self._found_in(context)
        observed: list[Verdict] = []
        for check in self._checks:
            answer = _ask(check, context)
            if answer is None:
                continue
            verdict = answer if isinstance(answer, Verdict) else await self._wait(check, answer)
            if verdict is None:
                continue
            _hits(check.name, verdict.action).inc()
            if check.name in self._observe_only:
                observed.append(verdict)
                continue
            counted.append(verdict)
            if verdict.action >= Action.DEFER or verdict.protects:
                break
        action = max((verdict.action for verdict in counted), default=Action.ACCEPT)
        return Decision(action, tuple(counted), tuple(observed))

    async def _wait(self, check: Check[ContextT], answer: Awaitable[Verdict | None]) -> Verdict | None:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await answer
        except Exception as error:  # noqa: BLE001 - any fault of a check must end in 451, not in lost mail
            return _broken(check.name, error)


def _ask(check: Check[ContextT], context: ContextT) -> Verdict | Awaitable[Verdict | None] | None:
    try:
        return check(context)
    except Exception as error:  # noqa: BLE001 - as above
        return _broken(check.name, error)


def _broken(check: str, error: Exception) -> Verdict:
    fault = "check-timed-out" if isinstance(error, TimeoutError) else "check-failed"
    # The error's text may quote the message; its type cannot.
    _log.warning(fault, check=check, error=type(error).__name__)
    return Verdict(check, Action.DEFER, fault, TRY_LATER)


@cache
def _hits(check: str, action: Action) -> Counter:
    return _HITS.labels(check, action.name.lower())
