"""Files of an export: JSON as it is, CSV that no spreadsheet carries out."""

import csv
import io
from datetime import UTC, datetime

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tests.whoisproxy.services.own_data import files_of
from whoisproxy.services.owners.export_files import cell, csv_of, json_of, zipped

_NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide forms count too
_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.builds(lambda first, rest: first + rest, st.sampled_from([*_BEGINS, " =", "  +"]), st.text("A1()!|'")),
)
_VALUES = st.one_of(st.none(), st.booleans(), st.integers(), _TEXTS, st.lists(_TEXTS, max_size=3))
_ROWS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), _VALUES, min_size=1), max_size=5)


@given(_ROWS)
def test_no_text_begins_as_a_formula_does_and_none_is_lost(rows: list[dict[str, object]]) -> None:
    text = csv_of(rows)
    assert text.startswith("\ufeff")
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    names, found = read[0] if read else [], read[1:]
    assert len(found) == len(rows)
    for row, cells in zip(rows, found, strict=True):
        for name, shown in zip(names, cells, strict=True):
            value = row.get(name)
            # A whole number is none either: it has no operator but its own sign.
            if not isinstance(value, int) or isinstance(value, bool):
                assert not shown.lstrip(" ").startswith(_BEGINS)
            if isinstance(value, str):
                assert shown in {value, f"'{value}"}


@given(st.lists(st.dictionaries(st.text("abc", min_size=1), st.one_of(st.none(), _TEXTS), max_size=3)))
def test_json_says_what_was_held(rows: list[dict[str, object]]) -> None:
    assert orjson.loads(json_of(rows)) == rows


def test_cells_read_well() -> None:
    assert cell(_NOW) == "2026-11-26T12:00:00Z"
    assert cell(["ns1.example", "ns2.example"]) == "ns1.example; ns2.example"
    assert cell({"city": "Bonn"}) == '{"city":"Bonn"}'
    assert [cell(one) for one in (True, False, None, -3)] == ["yes", "no", "", "-3"]
    assert cell("+41446681800") == "'+41446681800"


def test_a_zip_has_each_section_twice_and_says_what_it_is() -> None:
    files = files_of(zipped({"domains": [{"domain": "zoe.com"}], "none": []}, "About.\n", _NOW))
    assert list(files) == [
        "about.txt",
        "json/domains.json",
        "csv/domains.csv",
        "json/none.json",
        "csv/none.csv",
    ]
    assert files["about.txt"] == b"About.\n"
    assert orjson.loads(files["json/none.json"]) == []
