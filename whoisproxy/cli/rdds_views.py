"""Show public answers: for people side by side, the registrant's traces highlighted; for scripts as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from registries.lookup.document import Document, laid_out
from registries.lookup.public import Look, Seen
from registries.lookup.verdict import Expectation, Finding, Verdict, judge
from whoisproxy.cli.output import console, harmless
from whoisproxy.domain.names import DomainName

_COLOURS = {Verdict.CLEAN: "green", Verdict.LEAK: "red", Verdict.UNKNOWN: "yellow"}
_TRACE = "bold white on red"
_SIDE_BY_SIDE = ("rdap", "whois")


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """What was seen from one place.

    Attributes:
        place: `own`: our servers; `registry`: those of the registry, or those that were named.
        expected: What was to be seen.
    """

    place: str
    look: Look
    expected: Expectation

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
        shown = [Group(*(_panel(seen, view.expected) for seen in column)) for column in columns if column]
        for _ in shown:
            table.add_column(ratio=1)
        table.add_row(*shown)
        console.print(table)


def _panel(seen: Seen, expected: Expectation) -> RenderableType:
    """Return an answer in a frame, and below it what was found; lines are those that are shown."""
    document = laid_out(seen.document) if seen.document else None
    finding = judge(document, expected) if document and document is not seen.document else seen.finding
    origin = f"{seen.source} {seen.server}" + (" (referred to)" if seen.referred else "")
    text = Text("\n").join(_lines(document, finding)) if document else Text("no answer", "yellow")
    title = Text(f"{origin}: {seen.finding.verdict}")
    panel = Panel(text, title=title, border_style=_COLOURS[seen.finding.verdict])
    told = [f"line {hit.line}: {hit.field} ({hit.form})" for hit in finding.hits]
    told += [seen.finding.doubt] if seen.finding.doubt else []
    return Group(panel, *(Text(f"  {line}") for line in told))


def _lines(document: Document, finding: Finding) -> Iterator[Text]:
    """Yield the lines of an answer; an answer is written by others, so what moves the cursor is not shown."""
    marked = {hit.line for hit in finding.hits}
    for number, line in enumerate(document.raw.rstrip().split("\n"), 1):
        printable = harmless(line.rstrip("\r"))
        yield Text(printable, _TRACE if number in marked else "")
