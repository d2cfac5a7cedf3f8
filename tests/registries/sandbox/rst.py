"""The rows of ICANN's RST data providers: spreadsheets whose cells are values or little expressions.

An empty cell repeats the one above. `{EMPTY}` is the empty text, `{AUTO}` something good, `{PREVIOUS}` what
the cell above came to, and pieces of an expression are joined by `&`.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import pytest
from lxml import etree

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "epp" / "rst"
needs_data = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"ICANN's acceptance cases are not at {FOLDER}")

Row = dict[str, str]

_MAIN = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
_NAMES_ROW, _FIRST_ROW = 7, 10
_ALPHABETS = {
    "RANDCHARS": "abcdefghijklmnopqrstuvwxyz0123456789",
    "RANDASCII": "abcdefghijklmnopqrstuvwxyz",
    "RANDHEX": "0123456789ABCDEF",
}
_CALL = re.compile(r"([A-Z]+)\((\d+)\)")


def rows(provider: str) -> list[Row]:
    """Return the rows of a data provider as cells by column name, not yet evaluated; [] without the data."""
    file = FOLDER / f"{provider}.xlsx"
    if not file.exists():
        return []
    with zipfile.ZipFile(file) as archive:
        texts = [_text(item) for item in _all(archive.read("xl/sharedStrings.xml"), "m:si")]
        sheet = _all(archive.read("xl/worksheets/sheet1.xml"), "m:sheetData/m:row")
    cells = {int(row.get("r", "0")): _cells(row, texts) for row in sheet}
    names = cells[_NAMES_ROW]
    found: list[Row] = []
    for number in sorted(number for number in cells if number >= _FIRST_ROW and cells[number]):
        above = found[-1] if found else {}
        found.append({name: cells[number].get(column, above.get(name, "")) for column, name in names.items()})
    return found


def filled(provider: str, auto: Mapping[str, str], known: Mapping[str, str] = {}) -> Iterator[Row]:
    """Yield the rows of a data provider with every cell evaluated, always to the same texts.

    Args:
        provider: Its name, such as `epp-07-data`.
        auto: What `{AUTO}` comes to in each column; `{n}` in it is the row's number.
        known: The variables, such as `$TLD`; each column is one in the columns after it.
    """
    chance = Random(provider)  # noqa: S311 - the same texts in every run
    previous: Row = {}
    for number, row in enumerate(rows(provider)):
        values: Row = {}
        for column, cell in row.items():
            variables = {**known, **{f"${name}": value for name, value in values.items()}}
            whole = {
                "{EMPTY}": "",
                "{AUTO}": auto.get(column, "").format(n=number),
                "{PREVIOUS}": previous.get(column, ""),
            }
            values[column] = whole[cell] if cell in whole else _evaluated(cell, chance, variables)
        yield values
        previous = values


def _evaluated(cell: str, chance: Random, known: Mapping[str, str]) -> str:
    if not cell.startswith("{"):
        return cell
    return "".join(_piece(piece.strip(), chance, known) for piece in cell.strip("{}").split(" & "))


def _piece(piece: str, chance: Random, known: Mapping[str, str]) -> str:
    if piece.startswith('"'):
        return piece.strip('"')
    if call := _CALL.fullmatch(piece):
        return "".join(chance.choices(_ALPHABETS[call[1]], k=int(call[2])))
    return known[piece]


def _all(document: bytes, path: str) -> list[etree._Element]:
    return etree.fromstring(document).findall(path, _MAIN)


def _text(node: etree._Element) -> str:
    return "".join(found.text or "" for found in node.findall(".//m:t", _MAIN))


def _cells(row: etree._Element, texts: list[str]) -> Row:
    found: Row = {}
    for cell in row.findall("m:c", _MAIN):
        value = cell.findtext("m:v", None, _MAIN)
        if value is not None:
            found[cell.get("r", "").rstrip("0123456789")] = (
                texts[int(value)] if cell.get("t") == "s" else value
            )
    return found


def verdict(code: int) -> str:
    """Return what a result code is in the column passOrFail."""
    return "pass" if code < 2000 else "fail"
