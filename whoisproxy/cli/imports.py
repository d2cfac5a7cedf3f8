"""`whoisproxy import`: take over many domains from a file."""

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress as Bar

from whoisproxy.cli.context import ConfigOption, opened
from whoisproxy.cli.output import Exit, command, console, errors, print_json, stop
from whoisproxy.services.import_lines import ImportFormat
from whoisproxy.services.imports import LineResult, Outcome, Progress, import_domains

_SAVE_EVERY = 100


@command
async def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="CSV with a header, or NDJSON; see docs/howto/import-domains.md.",
        ),
    ],
    registrar: Annotated[str, typer.Option(help="Name of the registrar whose domains they are.")],
    config: ConfigOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON.")] = False,
) -> None:
    """Import domains; a bad line is reported and skipped, a stopped import goes on where it was."""
    form = ImportFormat.NDJSON if file.suffix in {".ndjson", ".jsonl"} else ImportFormat.CSV
    progress = Progress(file.with_name(file.name + ".progress"), file)
    counts: Counter[Outcome] = Counter()
    async with opened(config) as core:
        account = await core.accounts.registrar(registrar)
        done = await progress.line()
        if done:
            _errors_line(f"going on after line {done}")
        with file.open("rb") as lines, Bar(disable=not sys.stderr.isatty(), console=errors) as bar:
            task = bar.add_task("domains", total=None)
            async for result in import_domains(core.registrations, account, lines, form, done):
                counts[result.outcome] += 1
                _tell(result)
                bar.advance(task)
                if sum(counts.values()) % _SAVE_EVERY == 0:
                    await progress.save(result.line)
        await progress.clear()
    summary = {outcome.value: counts[outcome] for outcome in Outcome}
    if as_json:
        print_json(summary)
    else:
        console.print(", ".join(f"{count} {outcome}" for outcome, count in summary.items()))
    if failed := counts[Outcome.FAILED]:
        stop(f"{failed} {'line was' if failed == 1 else 'lines were'} not taken", Exit.FAILED)


def _tell(result: LineResult) -> None:
    if result.outcome is Outcome.FAILED:
        _errors_line(f"line {result.line}: {result.domain or 'no domain'}: {result.field}: {result.problem}")


def _errors_line(text: str) -> None:
    sys.stderr.write(text + "\n")
