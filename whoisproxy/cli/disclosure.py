"""`whoisproxy disclosure`: let one requester see parts of a registrant, and see who did, as the operator."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from whoisproxy.cli.context import ConfigOption, JsonOption, NameArgument, opened, registrar_of
from whoisproxy.cli.output import command, console, print_json
from whoisproxy.domain.disclosure import LONGEST, DisclosedField, Grant, GrantSpec, Look, Purpose, Requester
from whoisproxy.domain.names import DomainName

app = typer.Typer(no_args_is_help=True, help="Let one requester see parts of a registrant over RDAP.")


_PAGE = 500


@app.command("grant")
@command
async def grant(
    domain: NameArgument,
    requester: Annotated[str, typer.Option(help="Name of the person who may look.")],
    purpose: Annotated[Purpose, typer.Option(help="What for: a query purpose of RFC 9560.")],
    field: Annotated[list[DisclosedField], typer.Option(help="Part to be shown; may be repeated.")],
    reason: Annotated[str, typer.Option(help="What was decided on, such as the number of an order.")],
    config: ConfigOption = None,
    organization: Annotated[str, typer.Option(help="For whom the requester acts.")] = "",
    email: Annotated[str, typer.Option(help="The requester's mailbox.")] = "",
    days: Annotated[int, typer.Option(min=1, max=LONGEST.days, help="How long.")] = 14,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a grant and print its token, this once."""
    name, until = DomainName.parse(domain), datetime.now(UTC) + timedelta(days=days)
    spec = GrantSpec(Requester(requester, organization, email), purpose, field, reason, until)
    async with opened(config) as core:
        made, token = await core.disclosures.grant(await registrar_of(core, name), name, spec)
    url = f"{core.settings.rdap.base_url.rstrip('/')}/domain/{name}"
    if as_json:
        print_json({**_as_json(made), "token": token, "url": url})
        return
    console.print(f"id       {made.id}")
    console.print(f"until    {made.expires_at:%Y-%m-%d %H:%M} UTC")
    console.print(f"ask      {url}", soft_wrap=True)
    console.print(f"token    [bold]{token}[/]", soft_wrap=True)


@app.command("list")
@command
async def list_grants(
    domain: NameArgument, config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """List the grants of a domain, oldest first, ended ones too; who may look is shown by `--json` only."""
    name = DomainName.parse(domain)
    async with opened(config) as core:
        found = await core.disclosures.page(await registrar_of(core, name), name, "", _PAGE)
    if as_json:
        print_json([_as_json(each) for each in found])
        return
    table = Table("id", "purpose", "fields", "until", "ended", "looks", header_style="bold")
    for each in found:
        until, ended = f"{each.expires_at:%Y-%m-%d %H:%M}", each.ending or ""
        table.add_row(each.id, each.purpose, ", ".join(each.fields), until, ended, str(each.looks))
    console.print(table if found else "Nothing was disclosed.")


@app.command("looks")
@command
async def list_looks(
    domain: NameArgument, config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """List who looked when, oldest first, and what was shown."""
    name = DomainName.parse(domain)
    async with opened(config) as core:
        found = await core.disclosures.looks(await registrar_of(core, name), name, "", _PAGE)
    if as_json:
        print_json([_look_as_json(each) for each in found])
        return
    table = Table("at", "grant", "fields", "network", header_style="bold")
    for each in found:
        table.add_row(f"{each.at:%Y-%m-%d %H:%M:%S}", each.grant_id, ", ".join(each.fields), each.network)
    console.print(table if found else "Nobody looked.")


@app.command("revoke")
@command
async def revoke(
    domain: NameArgument,
    grant_id: Annotated[str, typer.Argument(metavar="ID", help="As `disclosure list` shows it.")],
    config: ConfigOption = None,
) -> None:
    """End a grant at once."""
    name = DomainName.parse(domain)
    async with opened(config) as core:
        await core.disclosures.revoke(await registrar_of(core, name), name, grant_id)
    console.print(f"{grant_id} is over.")


def _as_json(made: Grant) -> dict[str, object]:
    who = made.requester
    return {
        "id": made.id,
        "domain": made.domain,
        "requester": {"name": who.name, "organization": who.organization, "email": who.email},
        "purpose": made.purpose,
        "fields": made.fields,
        "reason": made.reason,
        "created_at": made.created_at,
        "expires_at": made.expires_at,
        "ended_at": made.ended_at,
        "ending": made.ending,
        "looks": made.looks,
    }


def _look_as_json(look: Look) -> dict[str, object]:
    return {
        "id": look.id,
        "disclosure_id": look.grant_id,
        "at": look.at,
        "fields": look.fields,
        "network": look.network,
    }
