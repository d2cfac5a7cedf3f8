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
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from registries.sandbox.authority import CertificateAuthority, ClientCertificates
from registries.sandbox.quirks import PROFILES, QUIRKS
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import DataModel, Limits, Quirk, Rules, Tld

_ACCOUNT = "registrar-1"
_CLIENT = "registrar"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, run the registry, return the exit code: 2 for what cannot be started."""
    return _start(_parser().parse_args(arguments))


def _start(options: argparse.Namespace) -> int:
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
        epilog="Quirks: " + "; ".join(f"{quirk}: {does}" for quirk, (_, does) in QUIRKS.items()),
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
    parser.add_argument(
        "--account",
        action="append",
        default=[],
        metavar="ID",
        help=f"registrar id; repeatable (default {_ACCOUNT})",
    )
    parser.add_argument(
        "--delay", type=float, default=0.0, metavar="SECONDS", help="from a command to its answer, at least"
    )
    parser.add_argument(
        "--disconnect-share",
        type=float,
        default=0.0,
        metavar="PART",
        help="close the connection at this part of the commands (0 to 1), before or after carrying them out",
    )
    parser.add_argument("--verbose", action="store_true", help="log each command")
    _add_conduct(parser)
    return parser


def _add_conduct(parser: argparse.ArgumentParser) -> None:
    """Add the options by which the registry is stricter, slower or odder than usual."""
    parser.add_argument(
        "--quirk", action="append", default=[], choices=[quirk.value for quirk in Quirk], help="repeatable"
    )
    parser.add_argument(
        "--profile",
        action="append",
        default=[],
        choices=sorted(PROFILES),
        help="quirks that come together; repeatable",
    )
    parser.add_argument("--make-hosts", action="store_true", help="make hosts that a domain names")
    parser.add_argument(
        "--review-after", type=float, default=0.0, metavar="SECONDS", help="decide so long after a 1001"
    )
    parser.add_argument(
        "--approve-transfers-after",
        type=float,
        default=Rules().transfer_s,
        metavar="SECONDS",
        help="approve a transfer that nobody answered (default five days)",
    )
    parser.add_argument(
        "--client-certificates",
        choices=[choice.value for choice in ClientCertificates],
        default=ClientCertificates.OPTIONAL.value,
        help="whether a client shows one of this CA (default %(default)s)",
    )
    parser.add_argument(
        "--pin-certificate",
        action="store_true",
        help="log in only with the client certificate that is shown here",
    )
    parser.add_argument("--sessions", type=int, default=Limits().max_sessions, help="of an account at a time")
    parser.add_argument("--commands-a-minute", type=int, metavar="NUMBER", help="of an account; 2502 beyond")


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    authority = CertificateAuthority(options.folder / "certificates")
    # A password of the days before is in the database; a new one counts only for a new account.
    names = options.account or [_ACCOUNT]
    accounts = {name: _password(options.folder / f"{name}.password") for name in names}
    shown = authority.issue(_CLIENT)
    async with _registry(options, authority, accounts) as registry:
        sys.stdout.write(
            f"listening  {registry.host}:{registry.port} (EPP over TLS)\n"
            f"trust      {authority.ca_file}\n"
            + "".join(f"account    {name}\npassword   {accounts[name]}\n" for name in accounts)
            + f"show       {shown.cert_file} {shown.key_file} ({options.client_certificates})\n"
        )
        sys.stdout.flush()
        await stop.wait()


def _registry(
    options: argparse.Namespace, authority: CertificateAuthority, accounts: Mapping[str, str]
) -> SandboxRegistry:
    issued = authority.issue("registry", hosts=[options.host])
    registry = SandboxRegistry(
        options.folder / "registry.sqlite",
        tlds=_tlds(options.tld, options.thin_tld),
        accounts=accounts,
        tls=authority.server_context(issued, ClientCertificates(options.client_certificates)),
        host=options.host,
        port=options.port,
        limits=Limits(max_sessions=options.sessions, max_commands_a_minute=options.commands_a_minute),
        quirks=_quirks(options.quirk, options.profile),
        rules=Rules(
            make_hosts=options.make_hosts,
            transfer_s=options.approve_transfers_after,
            review_s=options.review_after,
        ),
        pins=dict.fromkeys(accounts, _CLIENT) if options.pin_certificate else {},
    )
    registry.faults.delay_s = options.delay
    registry.faults.disconnect_share = options.disconnect_share or registry.faults.disconnect_share
    return registry


def _quirks(names: Sequence[str], profiles: Sequence[str]) -> frozenset[Quirk]:
    return frozenset(map(Quirk, names)).union(*(PROFILES[profile] for profile in profiles))


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
    chosen = _parser().parse_args()
    # What the user is to read stands alone on the standard output.
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger("debug" if chosen.verbose else "info"),
    )
    sys.exit(_start(chosen))
