"""The test suites of others for SPF, DKIM and ARC, and the page that tells how we do in them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mailrelay.authentication.suites import arc, dkim, spf
from tests.mailrelay.authentication.suites.outcome import DATA, Outcome

_PAGE = Path(__file__).parents[3] / "docs/conformance-mail.md"


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite: how the page calls it, where it is, what runs it."""

    title: str
    path: Path
    run: Callable[[Path], Awaitable[list[Outcome]]]


_MAILAUTH = DATA / "mailauth_fixtures"
_VALIMAIL = DATA / "valimail_arc_test_suite/tests"
_SUITES = (
    Suite("SPF, RFC 7208, April 2014", DATA / "pyspf_rfc7208_suite/rfc7208-tests.yml", spf.run),
    Suite("SPF, RFC 7208, as kept by mailauth", _MAILAUTH / "fixtures/spf/rfc7208-tests.yml", spf.run),
    Suite("SPF, RFC 7208, May 2014", _MAILAUTH / "fixtures/spf/rfc7208-tests-2014-05.yml", spf.run),
    Suite("SPF, RFC 4408", DATA / "pyspf_rfc7208_suite/rfc4408-tests.yml", spf.run),
    Suite("ARC validation, ValiMail", _VALIMAIL / "arc-draft-validation-tests.yml", arc.validate),
    Suite("ARC sealing, ValiMail", _VALIMAIL / "arc-draft-sign-tests.yml", arc.sign),
    Suite(
        "ARC validation, as kept by mailauth",
        _MAILAUTH / "fixtures/arc/arc-draft-validation-tests.yml",
        arc.validate,
    ),
    Suite("ARC sealing, as kept by mailauth", _MAILAUTH / "fixtures/arc/arc-draft-sign-tests.yml", arc.sign),
    Suite("DKIM, dkimpy", DATA / "dkimpy_tests", dkim.run_dkimpy),
    Suite("DKIM and ARC in real mail, mailauth", _MAILAUTH, dkim.run_mailauth),
)


def _row(suite: Suite, outcomes: list[Outcome]) -> str:
    failed = sum(one.failed for one in outcomes)
    silent = sum(bool(one.not_applicable) for one in outcomes)
    passed = len(outcomes) - failed - silent
    return f"| {suite.title} | {len(outcomes)} | {passed} | {failed} | {silent} |"


def _reasons(suite: Suite, outcomes: list[Outcome]) -> list[str]:
    return [
        f"| {suite.title} | `{one.case}` | {one.not_applicable} |" for one in outcomes if one.not_applicable
    ]


def _param(suite: Suite) -> object:
    marks = [] if suite.path.exists() else [pytest.mark.skip(reason="the suite is not here")]
    return pytest.param(suite, id=suite.title, marks=marks)


@pytest.mark.parametrize("suite", [_param(suite) for suite in _SUITES])
async def test_a_suite_ends_as_the_page_says(suite: Suite) -> None:
    outcomes = await suite.run(suite.path)
    # No case fails; one that did would need its reason on the page.
    assert [one for one in outcomes if one.failed] == []
    page = _PAGE.read_text(encoding="utf-8").splitlines()
    assert {_row(suite, outcomes), *_reasons(suite, outcomes)} <= set(page)


def test_the_page_has_a_row_for_each_suite_and_no_other() -> None:
    rows = [
        line.split(" | ")[0].removeprefix("| ") for line in _PAGE.read_text(encoding="utf-8").splitlines()
    ]
    titles = [suite.title for suite in _SUITES]
    counted = rows[rows.index("suite") + 2 :]
    assert counted[: len(titles)] == titles
    assert not counted[len(titles)]
