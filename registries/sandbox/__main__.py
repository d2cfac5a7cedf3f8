"""Run a sandbox registry by hand: `python -m registries.sandbox FOLDER`.

It keeps its database and its certificate authority in the folder, prints where it listens and how to log
in, and runs until it is interrupted.
"""

import argparse
import asyncio
import secrets
import signal
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from registries.sandbox.authority import CertificateAuthority
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import DataModel, Limits, Quirk, Tld

_ACCOUNT = "registrar-1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, run the registry, return the exit code: 2 for what cannot be started."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_run(options))
    except (OSError, ValueError, OverflowError, sqlite3.Error) as error:
        sys.stderr.write(f"sandbox registry: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m registries.sandbox",
        description="An EPP registry for development and tests: RFC 5730-5734 over TLS, state in SQLite.",
    )
    parser.add_argument("folder", type=Path, help="where the database and the certificates are kept")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=7700, help="0 for a free one (default %(default)s)")
    parser.add_argument(
        "--tld", action="append", default=[], metavar="SUFFIX", help="suffix that holds contacts; repeatable"
    )
    parser.add_argument(
        "--thin-tld", action="append", default=[], metavar="SUFFIX", help="suffix that holds none; repeatable"
    )
    parser.add_argument("--account", default=_ACCOUNT, help="registrar id (default %(default)s)")
    parser.add_argument(
        "--delay", type=float, default=0.0, metavar="SECONDS", help="hold every answer back for so long"
    )
    parser.add_argument(
        "--disconnect-share",
        type=float,
        default=0.0,
        metavar="PART",
        help="close the connection at this part of the commands (0 to 1), before or after carrying them out",
    )
    parser.add_argument(
        "--sessions", type=int, default=10, help="that an account may have at a time (default %(default)s)"
    )
    parser.add_argument(
        "--quirk", action="append", default=[], choices=[quirk.value for quirk in Quirk], help="repeatable"
    )
    return parser


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    authority = CertificateAuthority(options.folder / "certificates")
    issued = authority.issue("registry", hosts=[options.host])
    # A password of the days before is in the database; a new one counts only for a new account.
    password = _password(options.folder / f"{options.account}.password")
    registry = SandboxRegistry(
        options.folder / "registry.sqlite",
        tlds=_tlds(options.tld, options.thin_tld),
        accounts={options.account: password},
        tls=authority.server_context(issued),
        host=options.host,
        port=options.port,
        quirks=[Quirk(name) for name in options.quirk],
        limits=Limits(max_sessions=options.sessions),
    )
    registry.faults.delay_s = options.delay
    registry.faults.disconnect_share = options.disconnect_share
    async with registry:
        sys.stdout.write(
            f"listening  {registry.host}:{registry.port} (EPP over TLS)\n"
            f"trust      {authority.ca_file}\n"
            f"account    {options.account}\n"
            f"password   {password}\n"
        )
        sys.stdout.flush()
        await stop.wait()


def _tlds(full: Sequence[str], thin: Sequence[str]) -> list[Tld]:
    suffixes = [Tld(suffix.lower().strip(".")) for suffix in full]
    suffixes += [Tld(suffix.lower().strip("."), data_model=DataModel.MINIMUM, required=()) for suffix in thin]
    return suffixes or [Tld("example")]


def _password(file: Path) -> str:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(9), encoding="ascii")
    return file.read_text(encoding="ascii")


if __name__ == "__main__":
    # What the user is to read stands alone on the standard output.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    sys.exit(main())
