"""The howto on adding a TLD, followed to the letter."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from registries.catalogue import Catalogue
from registries.policy import (
    HOLDER_CHANGES,
    ContactModel,
    Mechanism,
    ProxyPolicy,
    Reason,
    Shown,
)
from tests.whoisproxy.cli.conftest import Run

ROOT = Path(__file__).parents[3]
HOWTO = (ROOT / "docs" / "howto" / "add-a-tld.md").read_text(encoding="utf-8")
NEEDED = (
    "registries",
    "whoisproxy",
    "mailrelay",
    "pyproject.toml",
    "tests/conftest.py",
    "tests/support",
    "tests/registries/test_catalogue.py",
    "tests/registries/test_catalogue_facts.py",
)


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", HOWTO, re.DOTALL | re.MULTILINE)


def _files() -> dict[str, str]:
    """Return each TOML block by the file that the text before it names last."""
    named = re.findall(
        r"`([\w/-]+\.toml)`(?:(?!`[\w/-]+\.toml`).)*?^```toml\n", HOWTO, re.DOTALL | re.MULTILINE
    )
    return dict(zip(named, _blocks("toml"), strict=True))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the program, with the environment that runs the tests."""
    folder = tmp_path / "checkout"
    for name in NEEDED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def _perform(command: str, folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    ended = subprocess.run(
        shlex.split(command),
        cwd=folder,
        env={**environment, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_who_follows_the_howto_has_added_a_tld(checkout: Path) -> None:
    [commands] = _blocks("sh")
    show, check = commands.splitlines()
    assert "TLD_UNSUPPORTED" in _perform(show, checkout)
    [(name, text), _] = _files().items()
    (checkout / name).write_text(text, encoding="utf-8")
    shown = _perform(show, checkout)
    assert shown.startswith(".co.example  Example Registry\n")
    assert "mechanism    substitute: " in shown
    assert f"rule in      {Path(name).name}\n" in shown
    assert " passed" in _perform(check, checkout)


def test_who_follows_the_howto_has_overridden_a_rule(run: Run, tmp_path: Path) -> None:
    [(_, rule), (settings, text)] = _files().items()
    (tmp_path / settings).write_text(text, encoding="utf-8")
    [own] = re.findall(r'overrides = \["(.*)"\]', text)
    (tmp_path / own).write_text(rule, encoding="utf-8")
    [commands] = _blocks("sh")
    shown = run(*shlex.split(commands.splitlines()[0])[1:], "--json").json()
    assert (shown["tld"], shown["mechanism"]) == ("co.example", "substitute")
    assert shown["source"] == "https://registry.example/policy, section 4"


def test_the_example_has_every_key_that_a_rule_may_have(tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(_files()["registries/tld/gtld-example.toml"], encoding="utf-8")
    shown = Catalogue.load(file).policy("example")
    unset = {name for name in shown.__slots__ if getattr(shown, name) in ("", ())}
    assert unset == set()
    assert None not in {getattr(shown.sessions, name) for name in shown.sessions.__slots__}


@pytest.mark.parametrize("names", [Mechanism, Reason, ContactModel, ProxyPolicy, Shown, HOLDER_CHANGES])
def test_the_howto_names_every_value(names: list[str]) -> None:
    assert [name for name in names if not re.search(rf"\b{name}\b", HOWTO)] == []


def test_the_howto_names_files_that_exist() -> None:
    named = re.findall(r"`((?:gtld|cc|[a-z]{2})-[a-z-]+\.toml)`", HOWTO)
    assert named
    assert [name for name in named if not (ROOT / "registries" / "tld" / name).exists()] == []
