"""`whoisproxy appearance`: how the pages of a registrar look."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from whoisproxy.cli.context import ConfigOption, opened
from whoisproxy.cli.output import command, console, print_json
from whoisproxy.domain.appearance import Appearance

app = typer.Typer(no_args_is_help=True, help="Name, logo, colours and legal links of a registrar's pages.")

RegistrarArgument = Annotated[str, typer.Argument(metavar="REGISTRAR", help="The registrar's name.")]
_Url = Annotated[str, typer.Option(metavar="URL", help="Begins with https://.")]


@app.command("set")
@command
async def set_appearance(
    registrar: RegistrarArgument,
    name: Annotated[str, typer.Option(help="What stands at the head of each page.")],
    config: ConfigOption = None,
    host: Annotated[str, typer.Option(help="Own host name by which the pages are reached as well.")] = "",
    accent: Annotated[
        str, typer.Option(metavar="#RRGGBB", help="Of links and buttons on a light ground.")
    ] = "",
    accent_dark: Annotated[
        str, typer.Option(metavar="#RRGGBB", help="Of links and buttons on a dark ground.")
    ] = "",
    imprint_url: _Url = "",
    privacy_url: _Url = "",
    terms_url: _Url = "",
    help_url: _Url = "",
    logo: Annotated[Path | None, typer.Option(help="PNG or SVG file of at most 16 KiB.")] = None,
) -> None:
    """Choose how a registrar's pages look, in place of what was chosen before."""
    picture = logo.read_bytes() if logo else None
    async with opened(config) as core:
        tenant = await core.accounts.registrar(registrar)
        wanted = Appearance(
            tenant.id, name, host, accent, accent_dark, imprint_url, privacy_url, terms_url, help_url
        )
        kept = await core.appearances.put(wanted, picture)
        console.print(core.appearances.base_url(kept), markup=False, soft_wrap=True)


@app.command("show")
@command
async def show(registrar: RegistrarArgument, config: ConfigOption = None) -> None:
    """Write what was chosen, as JSON, without the logo itself."""
    async with opened(config) as core:
        found, _ = await core.appearances.get(await core.accounts.registrar(registrar))
    print_json(asdict(found))


@app.command("remove")
@command
async def remove(registrar: RegistrarArgument, config: ConfigOption = None) -> None:
    """Let a registrar's pages look as they do for anybody."""
    async with opened(config) as core:
        await core.appearances.remove(await core.accounts.registrar(registrar))
