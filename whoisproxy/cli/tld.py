"""`whoisproxy tld`: what privacy means for a TLD, and why."""

from typing import Annotated

import typer
from rich.table import Table

from registries.catalogue import Catalogue
from whoisproxy.api.resources.tlds import tld_view
from whoisproxy.cli.context import ConfigOption, settings_from
from whoisproxy.cli.output import command, console, print_json
from whoisproxy.domain.names import suffix_from

app = typer.Typer(no_args_is_help=True, help="What privacy means for a TLD, and why.")
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON for scripts.")]


@app.command("list")
@command
async def list_tlds(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """List every TLD of the catalogue with its mechanism."""
    policies = Catalogue.load(*settings_from(config).catalogue.overrides).all()
    if as_json:
        print_json([tld_view(policy).model_dump(mode="json") for policy in policies])
        return
    table = Table(header_style="bold")
    for column in ("TLD", "mechanism", "reason", "confidence"):
        table.add_column(column, no_wrap=True)
    table.add_column("operator", overflow="fold")
    for policy in policies:
        table.add_row(
            f".{policy.tld}", policy.mechanism, policy.reason or "", policy.confidence, policy.operator
        )
    console.print(table)


@app.command("show")
@command
async def show_tld(
    tld: Annotated[str, typer.Argument(help="Such as ch, org or co.uk.")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Explain in plain words what would happen and why, with the source."""
    catalogue = Catalogue.load(*settings_from(config).catalogue.overrides)
    policy = catalogue.policy(suffix_from(tld))
    if as_json:
        print_json(tld_view(policy).model_dump(mode="json"))
        return
    console.print(f"[bold].{policy.tld}[/]  {policy.operator}".rstrip())
    console.print(f"  mechanism   {policy.mechanism}{f' ({policy.reason})' if policy.reason else ''}")
    console.print(f"  {policy.explanation}", soft_wrap=True)
    if policy.allowed:
        console.print(f"  replaced    {', '.join(policy.roles) or 'nothing at the registry'}")
        lock = f", {policy.holder_change.lock_days} days of lock" if policy.holder_change.lock_days else ""
        console.print(f"  holder      {policy.holder_change.kind}{lock}")
    console.print(f"  source      {policy.source or 'none'}", soft_wrap=True)
    console.print(f"  confidence  {policy.confidence}")
