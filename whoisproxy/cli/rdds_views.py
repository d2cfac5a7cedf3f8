"""Show public answers: for people side by side, the registrant's traces highlighted; for scripts as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from registries.lookup.public import Look, Seen
from registries.lookup.verdict import Finding, Verdict
from whoisproxy.cli.output import console
from whoisproxy.domain.names import DomainName

_COLOURS = {Verdict.CLEAN: "green", Verdict.LEAK: "red", Verdict.UNKNOWN: "yellow"}
_TRACE = "bold white on red"
_SIDE_BY_SIDE = ("rdap", "whois")


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """What was seen from one place.

    Attributes:
        place: `own`: our servers; `registry`: those of the registry.
    """

    place: str
    look: Look

    @property
    def finding(self) -> Finding:
        """Of all its answers together."""
        return self.look.finding


def finding_view(finding: Finding) -> dict[str, object]:
    """Return a finding of one answer for scripts."""
    return {
        "verdict": finding.verdict,
        "hits": [asdict(hit) for hit in finding.hits],
        "doubt": finding.doubt,
    }


def as_plain(name: DomainName, views: Sequence[View]) -> dict[str, object]:
    """Return what was seen for scripts; answers as they came."""
    return {
        "domain": name.a_label,
        "views": [
            {
                "place": view.place,
                "verdict": view.finding.verdict,
                "doubt": view.finding.doubt,
                "answers": [_answer(seen) for seen in view.look.seen],
            }
            for view in views
        ],
    }


def _answer(seen: Seen) -> dict[str, object]:
    return {
        "source": seen.source,
        "server": seen.server,
        "referred": seen.referred,
        **finding_view(seen.finding),
        "answer": seen.document.raw if seen.document else None,
    }


def show(name: DomainName, views: Sequence[View]) -> None:
    """Write each place's RDAP and WHOIS side by side."""
    for view in views:
        finding = view.finding
        told = ", ".join(finding.fields) or finding.doubt or ""
        line = Text(f"{name.u_label}  {view.place}: ")
        console.print(line.append(finding.verdict, _COLOURS[finding.verdict]).append(f"  {told}"))
        table = Table.grid(expand=True, padding=(0, 1))
        columns = [[seen for seen in view.look.seen if seen.source == source] for source in _SIDE_BY_SIDE]
        shown = [Group(*map(_panel, column)) for column in columns if column]
        for _ in shown:
            table.add_column(ratio=1)
        table.add_row(*shown)
        console.print(table)


def _panel(seen: Seen) -> Panel:
    finding = seen.finding
    origin = f"{seen.source} {seen.server}" + (" (referred to)" if seen.referred else "")
    text = Text("\n").join(_lines(seen)) if seen.document else Text("no answer", "yellow")
    below = finding.doubt or "; ".join(f"line {hit.line}: {hit.field} ({hit.form})" for hit in finding.hits)
    return Panel(
        text,
        title=Text(f"{origin}: {finding.verdict}"),
        subtitle=Text(below) if below else None,
        border_style=_COLOURS[finding.verdict],
    )


def _lines(seen: Seen) -> Iterator[Text]:
    """Yield the lines of an answer; an answer is written by others, so what moves the cursor is not shown."""
    marked = {hit.line for hit in seen.finding.hits}
    raw = seen.document.raw if seen.document else ""
    for number, line in enumerate(raw.rstrip().split("\n"), 1):
        printable = "".join(char if char.isprintable() else " " for char in line.rstrip("\r"))
        yield Text(printable, _TRACE if number in marked else "")
