"""`whoisproxy correction`: what owners ask their registrar to correct, decided at the command line."""

from typing import Annotated

import typer
from rich.table import Table

from whoisproxy.cli.context import ConfigOption, JsonOption, opened
from whoisproxy.cli.output import command, console, print_json
from whoisproxy.domain.correction import CorrectionState
from whoisproxy.services.owners.corrections import Asked

app = typer.Typer(no_args_is_help=True, help="Corrections of registration data that owners ask for.")

_PAGE = 500
_RegistrarArgument = Annotated[str, typer.Argument(metavar="REGISTRAR", help="Its name.")]
_IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `correction list` shows it.")]


@app.command("list")
@command
async def list_corrections(
    registrar: _RegistrarArgument,
    config: ConfigOption = None,
    state: Annotated[CorrectionState, typer.Option(help="Those in this state.")] = CorrectionState.OPEN,
    *,
    as_json: JsonOption = False,
) -> None:
    """List corrections, oldest first; the values are shown by `--json` only."""
    async with opened(config) as core:
        whose = await core.accounts.registrar(registrar)
        found = await core.own_data.corrections.page(whose, state, "", _PAGE)
    if as_json:
        print_json([_as_json(each) for each in found])
        return
    table = Table("id", "asked", "domains", "fields", header_style="bold")
    for each in found:
        asked = f"{each.correction.created_at:%Y-%m-%d %H:%M}"
        names = ", ".join(one.name.a_label for one in each.domains[:3])
        more = f" and {len(each.domains) - 3} more" if len(each.domains) > 3 else ""  # noqa: PLR2004 - as above
        table.add_row(each.correction.id, asked, names + more, ", ".join(each.correction.changes))
    console.print(table if found else f"None is {state}.")


@app.command("apply")
@command
async def apply(
    registrar: _RegistrarArgument,
    correction_id: _IdArgument,
    config: ConfigOption = None,
    *,
    verified: Annotated[
        bool | None,
        typer.Option("--verified/--unverified", help="Whether the registrar vouches for the mailbox."),
    ] = None,
) -> None:
    """Change the registrants as their owner asks for."""
    async with opened(config) as core:
        whose = await core.accounts.registrar(registrar)
        done = await core.own_data.corrections.apply(whose, correction_id, verified=verified)
    console.print(f"{correction_id} is applied to {len(done.domains)} domains.")


@app.command("refuse")
@command
async def refuse(
    registrar: _RegistrarArgument,
    correction_id: _IdArgument,
    reason: Annotated[str, typer.Option(help="Shown to the owner.")],
    config: ConfigOption = None,
) -> None:
    """Leave the registrants as they are, and tell their owner why."""
    async with opened(config) as core:
        whose = await core.accounts.registrar(registrar)
        await core.own_data.corrections.refuse(whose, correction_id, reason)
    console.print(f"{correction_id} is refused.")


def _as_json(asked: Asked) -> dict[str, object]:
    correction, domains = asked.correction, asked.domains
    return {
        "id": correction.id,
        "state": correction.state,
        "domains": [each.name.a_label for each in domains],
        "registrant": domains[0].registrant.as_dict() if domains else None,
        "changes": dict(correction.changes),
        "reason": correction.reason,
        "created_at": correction.created_at,
        "ended_at": correction.ended_at,
    }
