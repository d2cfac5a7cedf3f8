"""How commands answer: rich for people, JSON for scripts, one clear line for an error.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 refused by a rule, 4 try again later.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from enum import IntEnum
from functools import wraps
from typing import Any, NoReturn, ParamSpec

import typer
from rich.console import Console

from registries.errors import RegistryError
from whoisproxy.config import ConfigurationError
from whoisproxy.domain.errors import InvalidInput, WhoisproxyError

P = ParamSpec("P")

console = Console(highlight=False)
_errors = Console(stderr=True, highlight=False)


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    LATER = 4


def print_json(value: object) -> None:
    """Write a value for scripts, on one document."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def stop(message: str, code: Exit) -> NoReturn:
    """End the command with one line on standard error."""
    _errors.print(f"whoisproxy: {message}", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def command(function: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async command and turn errors into one line and an exit code."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            asyncio.run(function(*args, **kwargs))
        except ConfigurationError as error:
            stop(str(error), Exit.USAGE)
        except InvalidInput as error:
            stop(str(error), Exit.USAGE)
        except WhoisproxyError as error:
            stop(str(error), Exit.LATER if error.retry else Exit.REFUSED)
        except RegistryError as error:
            stop(str(error), Exit.LATER if error.retry else Exit.FAILED)
        except OSError as error:
            stop(f"{error.filename or 'system'}: {error.strerror or type(error).__name__}", Exit.FAILED)
        except KeyboardInterrupt:
            stop("stopped", Exit.FAILED)

    return run
