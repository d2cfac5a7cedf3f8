"""`whoisproxy doctor`: what an installation still lacks."""

from typing import Annotated

import typer

from whoisproxy.cli.context import ConfigOption, settings_from
from whoisproxy.cli.output import Exit, command, console, print_json
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.doctor import Finding, Health, examine

_MARKS = {Health.OK: "[green]✔[/]", Health.WARNING: "[yellow]![/]", Health.FAILED: "[red]✘[/]"}


@command
async def doctor(
    config: ConfigOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON for scripts.")] = False,
) -> None:
    """Check settings, database, keys, DNS of the relay, registries, engines, ports; exit 1 on a failure."""
    settings = settings_from(config)
    configure_logging("error", settings.log.format)
    findings = []
    async for finding in examine(settings):
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        print_json([{"subject": f.subject, "health": f.health, "advice": f.advice} for f in findings])
    if any(finding.health is Health.FAILED for finding in findings):
        raise typer.Exit(Exit.FAILED)


def _show(finding: Finding) -> None:
    console.print(f"{_MARKS[finding.health]} {finding.subject}")
    if finding.advice:
        console.print(f"    {finding.advice}", markup=False, soft_wrap=True)
