"""Where the collections of real reports are, and what they expect; absent, their tests are skipped."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

MAIL = (Path(__file__).parents[3] / "../shared/data/mail").resolve()
SISIMAI = MAIL / "dsn/sisimai_half"
FLUFL = MAIL / "dsn/flufl_bounce_data"
needs_collections = pytest.mark.skipif(not SISIMAI.exists(), reason="the collections of reports are not here")


def sisimai_expected() -> dict[str, list[str]]:
    """Return the kinds that are expected of each file, one for each recipient."""
    expected: dict[str, list[str]] = defaultdict(list)
    for row in _rows(MAIL / "dsn/expected_sisimai_half.tsv"):
        by_reason = {"feedback": "feedback", "vacation": "auto-reply", "delivered": "none"}
        hard_or_soft = "hard" if row["hardbounce"] == "true" else "soft"
        expected[row["file"]].append(by_reason.get(row["reason"], hard_or_soft))
    return expected


def flufl_expected() -> dict[str, tuple[set[str], bool]]:
    """Return the recipients of each file, and whether the failure is final."""
    return {
        row["file"]: (
            {each.lower() for each in row["addresses"].split(",") if each},
            row["is_temporary"] == "0",
        )
        for row in _rows(MAIL / "dsn/expected_flufl.tsv")
    }


def samples() -> list[Path]:
    """Return every report and every other message of the collections."""
    folders = (SISIMAI, FLUFL, MAIL / "automatic", MAIL / "mime")
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
