"""`whoisproxy quarantine`: look at mail that checks hold, release it or throw it away, as the operator.

A message is shown by what checks found: no address of a person, no text. Whoever must read one asks its
owner.
"""

from typing import Annotated, Any

import typer
from rich.table import Table

from mailrelay.checks.explanations import why
from whoisproxy.cli.context import ConfigOption, JsonOption, opened
from whoisproxy.cli.output import Exit, command, console, print_json, stop
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.quarantine import Decision, HeldMessage, Outcome, Speaker
from whoisproxy.runtime.core import Core
from whoisproxy.services.quarantine import demanded

app = typer.Typer(no_args_is_help=True, help="Look at held mail, release it or throw it away.")

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `whoisproxy quarantine list` shows it.")]


@command
async def list_held(
    domain: Annotated[str, typer.Argument(help="The domain that the mail was written to.")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what is held for a domain, in the order in which its owner sees it."""
    name = DomainName.parse(domain)
    async with opened(config) as core:
        await _demand_domain(core, name)
        found = [one.held for one in await core.quarantine.held_for(name)]
    if as_json:
        print_json({"messages": [_as_json(one) for one in found]})
    elif found:
        _print_table(found)
    else:
        console.print("Nothing is held.")


@command
async def show(message_id: IdArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Show why a message is held."""
    async with opened(config) as core:
        held = demanded(await core.quarantine.find(message_id)).held
    if as_json:
        print_json(_as_json(held))
        return
    console.print(f"[bold]{held.id}[/] {held.domain}, {held.kind}, {held.record.state}")
    for one in held.notes:
        console.print(f"    {one.check}: {one.action} ({one.reason}) {one.score}", markup=False)
    for sentence in why(held.notes, "en"):
        console.print(f"    {sentence}", markup=False)


@command
async def release(
    message_id: IdArgument,
    config: ConfigOption = None,
    *,
    malware: Annotated[bool, typer.Option("--malware", help="Even though malware was found in it.")] = False,
) -> None:
    """Send a held message on to its owner."""
    await _decide(message_id, config, Decision.RELEASE, sure=malware)


@command
async def discard(
    message_id: IdArgument,
    config: ConfigOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Throw a held message away; nobody is told, only its trail and an event tell."""
    if not yes:
        typer.confirm(f"Throw {message_id} away for good?", abort=True)
    await _decide(message_id, config, Decision.DISCARD)


app.command("list")(list_held)
app.command("show")(show)
app.command("release")(release)
app.command("discard")(discard)


async def _decide(message_id: str, config: ConfigOption, decision: Decision, *, sure: bool = False) -> None:
    async with opened(config) as core:
        found = demanded(await core.quarantine.find(message_id))
        decided = await core.decisions.decide(found, decision, Speaker.OPERATOR, sure=sure)
        state = demanded(await core.quarantine.find(message_id)).held.record.state
    if decided.outcome is Outcome.DANGEROUS:
        stop("malware was found in the message; say --malware to release it", Exit.REFUSED)
    if decided.outcome is Outcome.ALREADY:
        stop(f"the message is {state}: that cannot be done with it", Exit.REFUSED)
    console.print(f"{message_id} is {state}.")


async def _demand_domain(core: Core, name: DomainName) -> None:
    async with core.storage.reading() as uow:
        if await uow.registrations.by_name(name) is None:
            raise NotFound("there is no domain of that name here")


def _as_json(held: HeldMessage) -> dict[str, Any]:
    record = held.record
    return {
        "id": held.id,
        "domain": held.domain,
        "state": record.state,
        "class": held.kind,
        "score": held.score,
        "malware": held.is_dangerous,
        "size_octets": record.size_octets,
        "received_at": record.received_at,
        "expires_at": held.expires_at,
        "checks": [
            {"check": one.check, "action": one.action, "reason": one.reason, "score": one.score}
            for one in held.notes
        ],
        "why": why(held.notes, "en"),
    }


def _print_table(found: list[HeldMessage]) -> None:
    table = Table("id", "class", "score", "taken", "octets", "kept until", "why")
    for one in found:
        table.add_row(
            one.id, one.kind, f"{one.score:.1f}", f"{one.record.received_at:%Y-%m-%d %H:%M}",
            str(one.record.size_octets), f"{one.expires_at:%Y-%m-%d}", why(one.notes, "en", 1)[0],
        )  # fmt: skip
    console.print(table)
