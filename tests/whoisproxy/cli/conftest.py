"""The command line, run in this process: its code, what it printed, what it complained."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from whoisproxy.cli.main import main

REGISTRANT = {
    "name": "Zoë Müller",
    "organization": "",
    "email": "zoe@home.example",
    "phone": "+41325550123",
    "street": ["Rue 7"],
    "city": "Neuchâtel",
    "region": "NE",
    "postal_code": "2000",
    "country_code": "CH",
    "language": "fr",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return what it printed for scripts."""
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Commands set the logging of their process, which here is that of the tests."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run `whoisproxy` with arguments in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def whoisproxy(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["whoisproxy", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ended(int(ended.value.code or 0), captured.out, captured.err)

    return whoisproxy


@pytest.fixture
def holder(tmp_path: Path) -> str:
    """A file with a registrant."""
    (tmp_path / "holder.json").write_text(json.dumps(REGISTRANT), encoding="utf-8")
    return "holder.json"
