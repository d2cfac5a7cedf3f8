"""`whoisproxy publication`: what the public sees of a hidden domain, as the operator."""

from datetime import datetime

import typer
from rich.table import Table

from whoisproxy.api.resources.publication import publication_view
from whoisproxy.cli.context import ConfigOption, JsonOption, NameArgument, opened, registrar_of
from whoisproxy.cli.output import command, console, harmless, print_json
from whoisproxy.domain.names import DomainName
from whoisproxy.runtime.core import Core
from whoisproxy.runtime.publication import open_watcher
from whoisproxy.services.publications import Publication

app = typer.Typer(no_args_is_help=True, help="What the public sees of a hidden domain.")


@app.command("status")
@command
async def status(domain: NameArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Show what each directory showed when it was last looked at, and when it was last clean."""
    name = DomainName.parse(domain)
    async with opened(config) as core:
        found = await _publication(core, name)
    _show(found, as_json=as_json)


@app.command("check")
@command
async def check(domain: NameArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Look now, and show what was seen."""
    name = DomainName.parse(domain)
    async with opened(config) as core, open_watcher(core) as watcher:
        await watcher.look_now((await _publication(core, name)).domain_id)
        found = await _publication(core, name)
    _show(found, as_json=as_json)


@app.command("evidence")
@command
async def evidence(domain: NameArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Show the raw answers that are kept of a domain; they name its registrant."""
    name = DomainName.parse(domain)
    async with opened(config) as core:
        found = await core.publications.exhibits(await registrar_of(core, name), name)
    if as_json:
        fields = ("id", "place", "source", "server", "verdict", "taken_at", "expires_at", "answer")
        print_json([{field: getattr(each, field) for field in fields} for each in found])
        return
    for each in found:
        console.print(f"[bold]{each.taken_at:%Y-%m-%d %H:%M}[/] {each.source} {each.server}  {each.verdict}")
        console.print(harmless(each.answer.replace("\r\n", "\n")), markup=False, soft_wrap=True)


async def _publication(core: Core, name: DomainName) -> Publication:
    return await core.publications.get(await registrar_of(core, name), name)


def _show(found: Publication, *, as_json: bool) -> None:
    view = publication_view(found)
    if as_json:
        print_json(view.model_dump(mode="json", exclude={"links"}))
        return
    console.print(f"[bold]{found.name.u_label}[/]  {view.verdict or 'not looked at yet'}")
    if not found.watches:
        console.print("  It is not watched: privacy is not on, or nobody knows where strangers look it up.")
    table = Table("place", "server", "verdict", "what", "seen", "last clean", header_style="bold")
    for place in view.places:
        for each in place.servers:
            table.add_row(
                place.place,
                f"{each.source} {each.server}",
                each.verdict,
                ", ".join(each.fields) or each.doubt or "",
                _moment(each.seen_at),
                _moment(each.last_clean_at),
            )
    if table.row_count:
        console.print(table)


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "never"
