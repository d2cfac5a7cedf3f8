"""`whoisproxy keys` and `whoisproxy migrate`: care of what is stored."""

import typer

from whoisproxy.cli.context import ConfigOption, opened, settings_from
from whoisproxy.cli.output import command, console
from whoisproxy.runtime.core import prepare_database
from whoisproxy.storage.keys import MasterKeys

app = typer.Typer(no_args_is_help=True, help="The master key that protects registrants' data.")


@app.command("rotate")
@command
async def rotate(config: ConfigOption = None) -> None:
    """Make a new master key and wrap every registrant's key under it; running services go on.

    The old key stays in the file, for the backups that need it.
    """
    keys = MasterKeys.rotate(settings_from(config).keys.folder)
    async with opened(config) as core:
        wrapped = await core.storage.rotate_keys()
    console.print(f"master key {keys.current_id} is current; {wrapped} data keys are wrapped under it")


@command
async def migrate(config: ConfigOption = None) -> None:
    """Bring the database to the newest schema; `serve` does it by itself on its start."""
    await prepare_database(settings_from(config))
    console.print("the database has the newest schema")
