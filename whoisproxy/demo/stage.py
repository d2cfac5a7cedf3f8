"""How the demonstration speaks: acts, what was seen on the wire, tables, and checks that can fail.

On a terminal it is coloured and boxed (rich); elsewhere rich writes plain text.
"""

from collections.abc import Iterable, Sequence
from typing import NoReturn

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule
from rich.table import Table


class StepFailed(Exception):
    """A step of the story did not end as promised.

    Attributes:
        step: Which one, as printed above it.
    """

    def __init__(self, step: str, problem: str) -> None:
        super().__init__(f"{step}: {problem}")
        self.step = step
        self.problem = problem


class Stage:
    """Prints the story and remembers where it is."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.step = "setting up"
        self.checks = 0

    def act(self, number: int, title: str) -> None:
        """Begin an act."""
        self.step = f"act {number}: {title}"
        self.console.print()
        self.console.print(Rule(f"[bold]{number}. {escape(title)}[/]", align="left", style="cyan"))

    def say(self, text: str) -> None:
        """Tell what happens now."""
        self.console.print(f"\n{escape(text)}")

    def wire(self, label: str, lines: Iterable[str], *, marked: Sequence[str] = ()) -> None:
        """Show what passed on the wire; strings in `marked` stand out."""
        self.console.print(f"  [dim]┌ {escape(label)}[/]", soft_wrap=True)
        for line in lines:
            shown = escape(line.rstrip())
            for mark in marked:
                shown = shown.replace(escape(mark), f"[bold yellow]{escape(mark)}[/]")
            self.console.print(f"  [dim]│[/] {shown}", soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show rows under headings."""
        table = Table(header_style="bold", show_edge=False, pad_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        self.console.print(table)

    def check(self, promise: str, kept: bool, problem: str = "not so") -> None:  # noqa: FBT001 - reads as a sentence
        """Print that a promise is kept.

        Raises:
            StepFailed: It is not.
        """
        if not kept:
            self.fail(f"{promise}: {problem}")
        self.checks += 1
        self.console.print(f"  [green]✔[/] {escape(promise)}", soft_wrap=True)

    def end(self, seconds: float) -> None:
        """Say that everything was as promised."""
        self.console.print(f"\n[bold green]All of it is so:[/] {self.checks} checks in {seconds:.1f} s.")

    def fail(self, problem: str) -> NoReturn:
        """End the story here."""
        raise StepFailed(self.step, problem)
