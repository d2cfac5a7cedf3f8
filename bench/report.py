"""What the programs in bench/ share: CPU of a process tree, memory, and a table with JSON below it."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(*roots: int) -> float:
    """Return the CPU seconds, user and system, of processes and all below them.

    Those that have ended count as well: the kernel adds their time to whoever waited for them. See proc(5),
    fields 14 to 17 of stat.
    """
    times = {pid: sum(int(ticks) for ticks in fields[11:15]) * _TICK_S for pid, fields in _stats().items()}
    return sum(times.get(pid, 0.0) for pid in tree(*roots))


def tree(*roots: int) -> list[int]:
    """Return processes and all that run below them now."""
    children: dict[int, list[int]] = {}
    for pid, fields in _stats().items():
        children.setdefault(int(fields[1]), []).append(pid)
    found = list(roots)
    for pid in found:
        found += children.get(pid, [])
    return found


def running(pids: Iterable[int]) -> list[int]:
    """Return those of the processes that have not ended."""
    stats = _stats()
    return [pid for pid in pids if pid in stats and stats[pid][0] != "Z"]


def _stats() -> dict[int, list[str]]:
    """Return for each process the fields of its stat behind the name, the third one first."""
    found: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            found[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def pss_mib(*roots: int) -> float:
    """Return the memory of processes and all below them in MiB: each shared page is divided by its users."""
    total = 0.0
    for pid in tree(*roots):
        try:
            total += memory_mib(pid)[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return round(total, 1)


def memory_mib(pid: int) -> tuple[float, float]:
    """Return RSS and PSS of a process in MiB: its pages, shared ones in full or in part; see proc(5)."""
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines())
    kib = {words[0]: int(words[1]) for words in lines if words[0] in {"Rss:", "Pss:"}}
    return round(kib["Rss:"] / 1024, 1), round(kib["Pss:"] / 1024, 1)


def report(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows of the same keys: a table, then one line of JSON; with `--json` that line alone."""
    if "--json" not in sys.argv:
        print_table(title, rows)
    print(json.dumps({"benchmark": title, "rows": [dict(row) for row in rows]}))


def print_table(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows of the same keys as a table."""
    table = Table(*rows[0], title=title, header_style="bold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    # Where there is no terminal, 80 columns would cut the headings.
    console = Console()
    (console if console.is_terminal else Console(width=200)).print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
