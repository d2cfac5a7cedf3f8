"""`whoisproxy registrar`: tenants and their API keys."""

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import typer

from whoisproxy.cli.context import ConfigOption, JsonOption, opened
from whoisproxy.cli.output import command, console, print_json
from whoisproxy.config import load_brand, load_office
from whoisproxy.domain.account import Scope
from whoisproxy.runtime.core import brand_of, office_of

app = typer.Typer(no_args_is_help=True, help="Registrars and the API keys of their backends.")


def _named(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("must not be empty")
    return text.strip()


def _web_site(text: str) -> str:
    if not re.fullmatch(r"https?://[!-~]+", text):
        raise typer.BadParameter("must begin with http:// or https://")
    return text


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise typer.BadParameter("is not a CIDR block such as 192.0.2.0/24") from None


@app.command("add")
@command
async def add(
    name: Annotated[
        str, typer.Argument(parser=_named, metavar="NAME", help="The registrar's name, as published in RDDS.")
    ],
    url: Annotated[str, typer.Option(parser=_web_site, metavar="URL", help="Its web site.")],
    config: ConfigOption = None,
    iana_id: Annotated[
        int | None, typer.Option(min=1, help="IANA registrar id; none for a reseller.")
    ] = None,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What the key may do; may be repeated (default: all).")
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            parser=_network,
            metavar="CIDR",
            help="CIDR block the key may be used from; may be repeated (default: any).",
        ),
    ] = None,
    brand: Annotated[
        Path | None, typer.Option(help="TOML file with its own proxy identity: every key of \\[brand].")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Add a registrar and print its first API key, this once."""
    own_brand = brand_of(load_brand(brand)) if brand else None
    async with opened(config) as core:
        registrar = await core.accounts.add_registrar(name, url, iana_id, own_brand)
        key, secret = await core.accounts.add_key(registrar, scope or tuple(Scope), network or ())
    if as_json:
        print_json({"registrar_id": registrar.id, "key_id": key.id, "api_key": secret})
        return
    console.print(f"registrar  {registrar.name} ({registrar.id})", markup=False)
    console.print(f"key id     {key.id}")
    console.print(f"API key    [bold]{secret}[/]", soft_wrap=True)
    console.print("The key is shown this once; only its hash is kept.")


@app.command("office")
@command
async def office(
    name: Annotated[str, typer.Argument(help="The registrar's name.")],
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="TOML file: street (a list), city, country_code, phone, email; where there are any, "
            "region, postal_code and whois_server.",
        ),
    ],
    config: ConfigOption = None,
) -> None:
    """Tell where a registrar is reached: RDAP and WHOIS publish it in place of its brand's address."""
    told = office_of(load_office(file))
    async with opened(config) as core:
        await core.accounts.set_office(await core.accounts.registrar(name), told)
    console.print(f"{name} is published with the address in {file}", markup=False, soft_wrap=True)


@app.command("list")
@command
async def list_registrars(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """List registrars with the ids of their keys."""
    async with opened(config) as core:
        found = [(each, await core.accounts.keys(each)) for each in await core.accounts.registrars()]
    if as_json:
        print_json(
            [{"id": each.id, "name": each.name, "keys": [key.id for key in keys]} for each, keys in found]
        )
        return
    for each, keys in found:
        console.print(f"{each.id}  {each.name}", markup=False)
        for key in keys:
            ends = f"ends {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "no end"
            console.print(
                f"  {key.id}  {ends}  {', '.join(sorted(key.scopes))}", markup=False, soft_wrap=True
            )


@app.command("add-key")
@command
async def add_key(
    name: Annotated[str, typer.Argument(help="The registrar's name.")],
    scope: Annotated[list[Scope], typer.Option(help="What the key may do; may be repeated.")],
    config: ConfigOption = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            parser=_network,
            metavar="CIDR",
            help="CIDR block the key may be used from; may be repeated (default: any).",
        ),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make one more key, such as one for a legal desk, and print it, this once."""
    async with opened(config) as core:
        registrar = await core.accounts.registrar(name)
        key, secret = await core.accounts.add_key(registrar, scope, network or ())
    if as_json:
        print_json({"registrar_id": registrar.id, "key_id": key.id, "api_key": secret})
        return
    console.print(f"key id     {key.id}")
    console.print(f"API key    [bold]{secret}[/]", soft_wrap=True)


@app.command("rotate-key")
@command
async def rotate_key(
    name: Annotated[str, typer.Argument(help="The registrar's name.")],
    key_id: Annotated[str, typer.Argument(help="The key to replace; see `registrar list`.")],
    config: ConfigOption = None,
    overlap_hours: Annotated[int, typer.Option(min=0, help="How long the old key goes on working.")] = 24,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a new key with the rights of an old one, which ends after the overlap."""
    async with opened(config) as core:
        registrar = await core.accounts.registrar(name)
        key, secret = await core.accounts.rotate_key(registrar, key_id, timedelta(hours=overlap_hours))
    if as_json:
        print_json({"registrar_id": registrar.id, "key_id": key.id, "api_key": secret})
        return
    console.print(f"key id     {key.id}")
    console.print(f"API key    [bold]{secret}[/]", soft_wrap=True)
    console.print(f"The old key ends in {overlap_hours} hours. The new one is shown this once.")


@app.command("two-step")
@command
async def two_step(
    name: Annotated[str, typer.Argument(help="The registrar's name.")],
    config: ConfigOption = None,
    *,
    required: Annotated[
        bool, typer.Option("--required/--optional", help="Whether each of its owners needs a second step.")
    ] = True,
) -> None:
    """Require a second step of a registrar's owners when they sign in to their pages, or leave it to them."""
    async with opened(config) as core:
        registrar = await core.accounts.registrar(name)
        await core.entry.methods.require_two_step(registrar, required=required)
    console.print(f"A second step is {'required' if required else 'left to each owner'}.")
