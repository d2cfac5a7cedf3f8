"""How commands answer: rich for people, JSON for scripts, one clear line for an error."""

import json
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, NoReturn, ParamSpec

import typer
import uvloop
from rich.console import Console

from whoisproxy.cli.failures import Exit, explain

__all__ = ["Exit", "command", "console", "errors", "harmless", "print_json", "stop"]

P = ParamSpec("P")

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """Write a value for scripts, on one document."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")
    # Now, so that a reader who has gone away is noticed here and not when Python ends.
    sys.stdout.flush()


def harmless(text: str) -> str:
    """Return a text of others without what would move the cursor or command the terminal."""
    return "".join(
        each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text
    )


def stop(message: str, code: Exit) -> NoReturn:
    """End the command with one line on standard error."""
    errors.print(f"whoisproxy: {message}", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def command(function: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async command and turn errors into one line and an exit code."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            uvloop.run(function(*args, **kwargs))
        except (typer.Exit, typer.BadParameter, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - no stack trace outside
            stop(*explain(error))

    return run
