"""`whoisproxy queue`: look at queued mail and move it, as the operator, while the service runs.

A message is shown by ids and by what happened to it: no address of a person, no text.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from mailrelay.queue.entry import FINAL, MessageRecord, State
from whoisproxy.cli.context import ConfigOption, JsonOption, opened
from whoisproxy.cli.output import Exit, command, console, print_json, stop
from whoisproxy.domain.errors import NotFound
from whoisproxy.runtime.core import Core

app = typer.Typer(no_args_is_help=True, help="Look at queued mail, and move it.")

_ID = "msg_"
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_LONGEST_TRAIL = 100
_ROUND = 1000

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `whoisproxy queue list` shows it.")]


@command
async def list_messages(
    config: ConfigOption = None,
    state: Annotated[
        list[State] | None,
        typer.Option(help="Only this state; may be repeated (default: all that are not final)."),
    ] = None,
    relay: Annotated[str, typer.Option(metavar="ADDRESS", help="Only mail of this relay address.")] = "",
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Only mail taken longer ago than that: 30m, 4h, 2d.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many, newest first.")] = 50,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show how many messages are in each state, and the newest of them."""
    states = state or [one for one in State if one not in FINAL]
    async with opened(config) as core:
        found = await core.queue.search(
            limit,
            states=states,
            relay_ids=[await _relay_id(core, relay)] if relay else (),
            before=core.clock() - _age(older_than) if older_than else None,
        )
        depth = await core.queue.depth()
    if as_json:
        print_json({"depth": depth, "messages": [_as_json(one) for one in found]})
        return
    counts = [f"{depth[one]} {one}" for one in State if one in depth]
    console.print(", ".join(counts) or "The queue is empty.")
    if found:
        _print_table(found)


@command
async def show(
    what: Annotated[str, typer.Argument(metavar="ID|ADDRESS", help="A message, or a relay address.")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show a message, or all of a relay address, event by event."""
    async with opened(config) as core:
        if what.startswith(_ID):
            found = [await _message(core, what)]
        else:
            found = await core.queue.of_relay([await _relay_id(core, what)], _LONGEST_TRAIL)
    if as_json:
        print_json([_as_json(one) for one in found])
        return
    for one in found:
        _print_whole(one)


@command
async def retry(
    message_id: Annotated[str, typer.Argument(metavar="[ID]", help="A message.")] = "",
    config: ConfigOption = None,
    *,
    all_deferred: Annotated[
        bool, typer.Option("--all-deferred", help="Every message that waits for its next attempt.")
    ] = False,
) -> None:
    """Try to deliver now: what waits for its next attempt, was held, or could not be delivered."""
    if bool(message_id) is all_deferred:
        raise typer.BadParameter("name one message, or say --all-deferred")
    async with opened(config) as core:
        if all_deferred:
            count = await core.queue.retry_deferred()
            console.print(f"{count} {'message is' if count == 1 else 'messages are'} tried now.")
        else:
            await _demand(core, message_id, done=await core.queue.retry(message_id))


@command
async def hold(message_id: IdArgument, config: ConfigOption = None) -> None:
    """Keep a message back until `retry`; one that is being delivered just now is not held."""
    async with opened(config) as core:
        await _demand(core, message_id, done=await core.queue.pause(message_id))


@command
async def drop(
    message_id: IdArgument,
    config: ConfigOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Throw a message away that is not delivered; nobody is told, only its trail tells."""
    if not yes:
        typer.confirm(f"Throw {message_id} away for good?", abort=True)
    async with opened(config) as core:
        await _demand(core, message_id, done=await core.queue.drop(message_id))


app.command("list")(list_messages)
app.command("show")(show)
app.command("retry")(retry)
app.command("hold")(hold)
app.command("drop")(drop)


async def _message(core: Core, message_id: str) -> MessageRecord:
    record = await core.queue.get(message_id)
    if record is None:
        raise NotFound("there is no message of that id")
    return record


async def _demand(core: Core, message_id: str, *, done: bool) -> None:
    """Say what a message is now; where nothing was done, why not."""
    record = await _message(core, message_id)
    if not done:
        stop(f"the message is {record.state}: that cannot be done with it", Exit.REFUSED)
    console.print(f"{message_id} is {record.state}.")


async def _relay_id(core: Core, address: str) -> str:
    local_part, _, domain = address.lower().rpartition("@")
    async with core.storage.reading() as uow:
        relay = await uow.relays.by_local_part(local_part, domain)
    if relay is None:
        raise NotFound("there is no relay address of that name")
    return relay.id


def _age(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if not number.isdigit() or unit not in _UNITS:
        raise typer.BadParameter("an age is a number with m, h or d: 30m, 4h, 2d")
    return timedelta(seconds=int(number) * _UNITS[unit])


def _as_json(record: MessageRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "direction": record.direction,
        "state": record.state,
        "relay_id": record.relay_id,
        "protected": record.priority == 0,
        "size_octets": record.size_octets,
        "attempts": record.attempts,
        "last_error": record.last_error,
        "received_at": record.received_at,
        "updated_at": record.updated_at,
        "next_attempt_at": record.next_attempt_at,
        "leased_by": record.leased_by,
        "checks": [
            {"check": one.check, "action": one.action, "reason": one.reason} for one in record.verdicts
        ],
        "trail": [{"at": at, "event": event} for at, event in _trail(record)],
    }


def _trail(record: MessageRecord) -> list[tuple[datetime, str]]:
    lines = (line.split(" ", 1) for line in record.trail.splitlines())
    zone = record.received_at.tzinfo
    return [(datetime.fromtimestamp(int(at) / _ROUND, zone), event) for at, event in lines]


def _print_table(found: Sequence[MessageRecord]) -> None:
    table = Table("id", "direction", "state", "taken", "attempts", "octets", "last error", "next attempt")
    for one in found:
        table.add_row(
            one.id, one.direction, one.state, _moment(one.received_at), str(one.attempts),
            str(one.size_octets), one.last_error, _moment(one.next_attempt_at),
        )  # fmt: skip
    console.print(table)


def _print_whole(record: MessageRecord) -> None:
    console.print(f"[bold]{record.id}[/] {record.direction}, {record.state}, {record.size_octets} octets")
    for verdict in record.verdicts:
        console.print(f"    {verdict.check}: {verdict.action} ({verdict.reason})", markup=False)
    for at, event in _trail(record):
        console.print(f"    {at.isoformat(timespec='milliseconds')} {event}", markup=False)


def _moment(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
