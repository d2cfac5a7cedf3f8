"""The files of an export: each section as JSON and as CSV (RFC 4180), in one ZIP.

JSON has the values as they are. CSV is for spreadsheets, which take a text that begins with certain
characters for a formula and carry it out; subjects are chosen by whoever writes. Such a text gets an
apostrophe before it, as spreadsheets themselves mark text.
"""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

Row = Mapping[str, object]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide forms count too
_BOM = "\ufeff"  # by which spreadsheets know UTF-8


def zipped(sections: Mapping[str, Sequence[Row]], about: str, now: datetime) -> bytes:
    """Return a ZIP of sections.

    Args:
        sections: Rows by the name of the section.
        about: What the file is, in the owner's words.
        now: Time of the files, aware UTC.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "about.txt", about.encode(), now)
        for name, rows in sections.items():
            _add(archive, f"json/{name}.json", json_of(rows), now)
            _add(archive, f"csv/{name}.csv", csv_of(rows).encode(), now)
    return file.getvalue()


def json_of(rows: Sequence[Row]) -> bytes:
    """Return rows as a JSON array; times are RFC 3339 in UTC."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps([dict(row) for row in rows], option=options)


def csv_of(rows: Sequence[Row]) -> str:
    """Return rows as CSV with a heading; lists and mappings are JSON in their cells."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    for row in rows:
        writer.writerow([cell(row.get(name)) for name in names])
    return _BOM + text.getvalue()


def cell(value: object) -> str:
    """Return a value as the text of a cell that no spreadsheet takes for a formula."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case str():
            return _tamed(value)
        case list() if all(isinstance(each, str) for each in value):
            return _tamed("; ".join(value))
        case _:
            return _tamed(_json(value))


def _json(value: Any) -> str:
    text = orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()
    return text.strip('"') if isinstance(value, datetime) else text


def _tamed(text: str) -> str:
    # Spreadsheets pass over spaces before what makes a formula.
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _add(archive: zipfile.ZipFile, name: str, content: bytes, now: datetime) -> None:
    info = zipfile.ZipInfo(name, (now.year, now.month, now.day, now.hour, now.minute, now.second))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    archive.writestr(info, content)
