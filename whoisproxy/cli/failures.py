"""What an error means to whoever typed the command: one line and an exit code.

Whatever is not foreseen here is a fault of ours: its type and place are shown, never its text, which may
quote a person's data.
"""

import os
import sqlite3
import traceback
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from mailrelay.delivery.dkim_keys import DkimKeysError
from mailrelay.errors import MailError
from mailrelay.queue.sqlite_file import NewerFile
from registries.catalogue import CatalogueError
from registries.errors import AccountStopped, RegistryError
from whoisproxy.config import ConfigurationError
from whoisproxy.domain.errors import InvalidInput, WhoisproxyError
from whoisproxy.storage.keys import KeysUnreadable


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    LATER = 4


def explain(error: BaseException) -> tuple[str, Exit]:
    """Return the line to show and the code to end with."""
    meaning = next((meaning for kinds, meaning in _MEANINGS if isinstance(error, kinds)), _fault)
    return meaning(error)


def _usage(error: Exception) -> tuple[str, Exit]:
    return str(error), Exit.USAGE


def _of_service(error: WhoisproxyError) -> tuple[str, Exit]:
    return str(error), Exit.LATER if error.retry else Exit.REFUSED


def _refused(error: Exception) -> tuple[str, Exit]:
    return str(error), Exit.REFUSED


def _of_registry(error: RegistryError) -> tuple[str, Exit]:
    return str(error), Exit.LATER if error.retry else Exit.FAILED


def _of_mail(error: MailError) -> tuple[str, Exit]:
    return f"mail queue: {error.reason}", Exit.LATER if error.retry else Exit.FAILED


def _of_stopped_account(error: AccountStopped) -> tuple[str, Exit]:
    return f"{error}; once the password is right, `whoisproxy registry resume` lifts that", Exit.FAILED


def _of_database(error: SQLAlchemyError) -> tuple[str, Exit]:
    cause = error.orig if isinstance(error, DBAPIError) else None
    # SQLite names tables and columns; PostgreSQL's texts may hold values.
    named = (cause.__cause__ or cause) if cause else error
    reason = str(cause) if isinstance(cause, sqlite3.Error) else type(named).__name__
    away = isinstance(error, OperationalError | InterfaceError)
    return f"database: {reason}", Exit.LATER if away else Exit.FAILED


def _no_connection(error: OSError) -> tuple[str, Exit]:
    return f"no connection: {_reason(error)}", Exit.LATER


def _of_system(error: OSError) -> tuple[str, Exit]:
    return f"{error.filename or 'system'}: {_reason(error)}", Exit.FAILED


def _stopped(_error: BaseException) -> tuple[str, Exit]:
    return "stopped", Exit.FAILED


def _reason(error: OSError) -> str:
    # The text of asyncio's errors repeats addresses and says less than that of the number.
    if error.filename and error.strerror:
        return error.strerror
    return os.strerror(error.errno) if error.errno else type(error).__name__


def _fault(error: BaseException) -> tuple[str, Exit]:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"internal error, please report it: {type(error).__name__}{place}", Exit.FAILED


_Meaning = Callable[[Any], tuple[str, Exit]]

# The first row whose kinds an error is of decides.
_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], _Meaning], ...] = (
    ((ConfigurationError, CatalogueError, KeysUnreadable, InvalidInput, NewerFile), _usage),
    ((WhoisproxyError,), _of_service),
    ((DkimKeysError,), _refused),
    ((AccountStopped,), _of_stopped_account),
    ((RegistryError,), _of_registry),
    ((MailError,), _of_mail),
    ((SQLAlchemyError,), _of_database),
    ((ConnectionError, TimeoutError), _no_connection),
    ((OSError,), _of_system),
    ((KeyboardInterrupt,), _stopped),
)
