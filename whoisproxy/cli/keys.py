"""`whoisproxy keys` and `whoisproxy migrate`: care of what is stored."""

import typer

from whoisproxy.cli.context import ConfigOption, opened, settings_from
from whoisproxy.cli.output import command, console
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate as migrate_database

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
    console.print(
        f"master key {keys.current_id} is current; {wrapped} registrants' keys are wrapped under it"
    )


@command
async def migrate(config: ConfigOption = None) -> None:
    """Bring the database to the newest schema; `serve` does it by itself on its start."""
    await migrate_database(settings_from(config).database.url)
    console.print("the database has the newest schema")
