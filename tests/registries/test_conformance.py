"""The page about ICANN's acceptance cases has every case, and names tests that are there."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from tests.registries.sandbox.rst import FOLDER, needs_data

_HERE = Path(__file__).parent
_PAGE = _HERE.parents[1] / "docs" / "conformance-epp.md"
_ROW = re.compile(r"^\| (epp-\d\d) \|(.*)\|$", re.MULTILINE)
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


def _rows() -> list[tuple[str, str]]:
    return _ROW.findall(_PAGE.read_text(encoding="utf-8"))


def _tests_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


@needs_data
def test_every_case_of_icann_has_one_row() -> None:
    cases = yaml.safe_load((FOLDER / "cases.yaml").read_text(encoding="utf-8"))
    assert [case for case, _ in _rows()] == sorted(cases)


@pytest.mark.parametrize("case", [case for case, _ in _rows()])
def test_every_row_says_where_it_is_tested_by_a_test_of_that_case(case: str) -> None:
    named = _TEST.findall(dict(_rows())[case])
    assert any(case.replace("-", "_") in test for _, test in named)


def test_every_test_that_is_named_is_there() -> None:
    named = _TEST.findall(_PAGE.read_text(encoding="utf-8"))
    assert named
    assert [(file, test) for file, test in named if test not in _tests_in(_HERE / file)] == []


def test_every_test_of_a_case_is_named_in_its_row() -> None:
    rows = dict(_rows())
    for file in sorted((_HERE / "sandbox").glob("test_rst_*.py")):
        for test in _tests_in(file):
            for number in re.findall(r"epp_(\d\d)", test):
                assert f"`sandbox/{file.name}::{test}`" in rows[f"epp-{number}"]
