"""`whoisproxy spam`: teach the filter, as the operator, and see what it has learned."""

from itertools import islice
from typing import Annotated

import typer

from whoisproxy.cli.context import ConfigOption, opened
from whoisproxy.cli.mail_files import message_in, print_decision
from whoisproxy.cli.output import Exit, command, console, print_json, stop
from whoisproxy.services.spam_learning import Label, LearningStatus

app = typer.Typer(no_args_is_help=True, help="Teach the filter of spam, and see what it has learned.")

_TOGETHER = 100


@command
async def learn(
    files: Annotated[list[str], typer.Argument(help="Messages as files; - reads one from standard input.")],
    config: ConfigOption = None,
    *,
    spam: Annotated[
        bool | None, typer.Option("--spam/--ham", help="What the messages are.", show_default=False)
    ] = None,
) -> None:
    """Teach messages; the same message of the same kind counts once. Writes a line of JSON for each.

    The operator's word counts at once, that of owners only where three agree. A file that cannot be read ends
    the command; what was taught before it stays.
    """
    if spam is None:
        raise typer.BadParameter("say what they are: --spam or --ham")
    label = Label.SPAM if spam else Label.HAM
    async with opened(config) as core:
        remaining = iter(files)
        while batch := list(islice(remaining, _TOGETHER)):
            outcomes = await core.learning.teach([_message(name) for name in batch], label)
            for name, outcome in zip(batch, outcomes, strict=True):
                print_decision(name, outcome)


@command
async def status(
    config: ConfigOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON for scripts.")] = False,
) -> None:
    """Show what was learned, in numbers, and where the thresholds are."""
    async with opened(config) as core:
        found = await core.learning.status()
    if as_json:
        print_json({name: getattr(found, name) for name in LearningStatus.__slots__})
        return
    console.print(f"{found.spam} of spam and {found.ham} of honest mail taught, {found.teachers} teachers")
    console.print(f"{found.shared} weights count, {found.waiting} wait for more teachers")
    console.print(f"{found.confirmed} honest messages confirmed")
    for name, (here, shipped) in (("tagged", found.tag), ("held", found.quarantine)):
        console.print(f"{name} from {here:.2f} (shipped: {shipped:.2f})")


@command
async def forget(
    config: ConfigOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget all that was learned; running processes follow within half a minute."""
    if not yes:
        typer.confirm("Forget all that was learned about spam?", abort=True)
    async with opened(config) as core:
        await core.learning.forget()
    console.print("Forgotten.")


app.command("learn")(learn)
app.command("status")(status)
app.command("forget")(forget)


def _message(name: str) -> bytes:
    try:
        return message_in(name).raw
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a file name"
        stop(f"{name}: {reason}", Exit.FAILED)
