"""`whoisproxy dkim`: the keys that sign relayed mail, and how to change them without a broken signature."""

from typing import Annotated

import typer
from rich.table import Table

from mailrelay.delivery.dkim_keys import Algorithm, DkimKey, DkimKeysError
from whoisproxy.cli.context import ConfigOption, settings_from
from whoisproxy.cli.output import command, console, print_json
from whoisproxy.config import Settings
from whoisproxy.runtime.dns_records import txt_line
from whoisproxy.runtime.mail.keys import dkim_keys
from whoisproxy.runtime.mail.names import resolver_of

app = typer.Typer(
    no_args_is_help=True,
    help="The DKIM keys of the relay domain: generate, publish the record, activate, retire.",
)
Selector = Annotated[str, typer.Argument(help="As `list` shows it.")]


@app.command("list")
@command
async def list_keys(
    config: ConfigOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON for scripts.")] = False,
) -> None:
    """Show the keys, their state, and the records that belong in the DNS."""
    settings = settings_from(config)
    keys = dkim_keys(settings).all()
    if as_json:
        print_json([_shown(settings, key) for key in keys])
        return
    table = Table("selector", "algorithm", "state", "since", "record needed until", header_style="bold")
    for key in keys:
        until = f"{key.record_until:%Y-%m-%d %H:%M} UTC" if key.record_until else "further notice"
        table.add_row(key.selector, key.algorithm, key.state, f"{key.changed_at:%Y-%m-%d %H:%M} UTC", until)
    console.print(table)
    for key in keys:
        console.print(_record(settings, key), markup=False, soft_wrap=True)


@app.command()
@command
async def generate(
    config: ConfigOption = None,
    *,
    selector: Annotated[str, typer.Option(help="Default: the configured one with a number.")] = "",
    algorithm: Annotated[Algorithm, typer.Option(help="An Ed25519 key signs beside RSA.")] = Algorithm.RSA,
) -> None:
    """Make a key that signs nothing yet, and print the record to publish."""
    settings = settings_from(config)
    keys = dkim_keys(settings)
    used = {one.selector for one in keys.all()}
    base = settings.relay.dkim_selector
    free = (name for number in range(2, 10_000) if (name := f"{base}-{number}") not in used)
    made = keys.generate(selector or next(free), algorithm)
    console.print("publish this record, then `whoisproxy dkim activate` the selector:", markup=False)
    console.print(_record(settings, made), markup=False, soft_wrap=True)


@app.command()
@command
async def activate(
    selector: Selector,
    config: ConfigOption = None,
    *,
    unpublished: Annotated[
        bool, typer.Option("--unpublished", help="Even where the DNS does not show its record.")
    ] = False,
) -> None:
    """Let a key sign, in place of the one before; running services follow within a minute."""
    settings = settings_from(config)
    keys = dkim_keys(settings)
    chosen = next((one for one in keys.all() if one.selector == selector), None)
    if chosen is not None and not unpublished and not await _is_published(settings, chosen):
        raise DkimKeysError(f"the DNS does not show the record of selector {selector} yet")
    keys.activate(selector)
    console.print(f"selector {selector} signs within a minute", markup=False)
    _say_what_must_stay(settings, keys.all())


@app.command()
@command
async def retire(selector: Selector, config: ConfigOption = None) -> None:
    """Let a key sign no more; an RSA key only once another has taken over."""
    settings = settings_from(config)
    keys = dkim_keys(settings)
    keys.retire(selector)
    _say_what_must_stay(settings, keys.all())


@app.command()
@command
async def forget(selector: Selector, config: ConfigOption = None) -> None:
    """Take a retired key off the list once its record may go from the DNS."""
    dkim_keys(settings_from(config)).forget(selector)
    console.print(f"take the record of selector {selector} out of the DNS", markup=False)


def _say_what_must_stay(settings: Settings, keys: list[DkimKey]) -> None:
    for key in keys:
        if key.record_until is not None:
            name = _name(settings, key)
            line = f"leave {name} in the DNS until {key.record_until:%Y-%m-%d %H:%M} UTC: mail may wait"
            console.print(line, markup=False, soft_wrap=True)


async def _is_published(settings: Settings, key: DkimKey) -> bool:
    return key.record in await resolver_of(settings).txt(_name(settings, key))


def _name(settings: Settings, key: DkimKey) -> str:
    return f"{key.selector}._domainkey.{settings.relay.domain}"


def _record(settings: Settings, key: DkimKey) -> str:
    return txt_line(_name(settings, key), key.record)


def _shown(settings: Settings, key: DkimKey) -> dict[str, object]:
    return {
        "selector": key.selector,
        "algorithm": key.algorithm,
        "state": key.state,
        "since": key.changed_at.isoformat(),
        "record_needed_until": key.record_until.isoformat() if key.record_until else None,
        "name": _name(settings, key),
        "text": key.record,
    }
