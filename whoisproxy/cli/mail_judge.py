"""`whoisproxy mail judge`: run the checks of the message stage on files, offline."""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Annotated

import typer

from mailrelay.checks.chains import build_chains
from mailrelay.directory import MailPolicy
from mailrelay.dns import Resolver
from mailrelay.judging import Facts, Judge, Judgement
from whoisproxy.cli.context import ConfigOption, settings_from
from whoisproxy.cli.mail_files import content_of
from whoisproxy.cli.output import Exit, command, errors
from whoisproxy.config import Settings
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.mail.checks import check_limits, protected_senders_of
from whoisproxy.runtime.mail.engines import open_engines
from whoisproxy.runtime.mail.names import resolver_of

_DEFAULT = Facts()
_AT_ONCE = 50  # messages judged together, so that look-ups wait together


@command
async def judge(
    files: Annotated[list[str], typer.Argument(help="Messages as files; - reads one from standard input.")],
    peer_ip: Annotated[str, typer.Option(help="Address of the client.")] = _DEFAULT.peer_ip,
    helo: Annotated[str, typer.Option(help="Name given in EHLO.")] = _DEFAULT.helo,
    mail_from: Annotated[
        str | None, typer.Option(help="Reverse-path (default: Return-Path, else the author).")
    ] = None,
    rcpt: Annotated[str, typer.Option(help="The relay address written to.")] = _DEFAULT.recipient,
    policy: Annotated[
        MailPolicy, typer.Option(help="What the owner wants done with spam.")
    ] = _DEFAULT.policy,
    nameserver: Annotated[
        list[str] | None, typer.Option(help="host:port of a name server to ask; implies --dns.")
    ] = None,
    config: ConfigOption = None,
    *,
    dns: Annotated[
        bool, typer.Option("--dns/--no-dns", help="Authenticate senders (SPF, DKIM, DMARC, ARC).")
    ] = False,
    engines: Annotated[
        bool, typer.Option("--engines/--no-engines", help="Ask the engines of [engines] too.")
    ] = False,
) -> None:
    """Write a line of JSON a message: {file, action, class, score, checks, mail_class, features, why}.

    Features are what spoke most for spam in marked mail, and hold words of it.

    Without --dns or --nameserver nobody is authenticated. A file that cannot be read is named on standard
    error, the rest goes on, and the command ends with 1.
    """
    settings = settings_from(config)
    configure_logging("error", settings.log.format)
    facts = Facts(peer_ip, helo, mail_from, rcpt, policy)
    resolver = _resolver(settings, nameserver or [], dns=dns)
    async with open_engines(settings, utc_now) as opened:
        asked = [engine.check for engine in opened] if engines else ()
        protected = protected_senders_of(settings)
        chain = build_chains(check_limits(settings), utc_now, protected=protected, engines=asked).message
        judging = Judge(chain, facts, utc_now, resolver)
        # No more at once than each engine takes: who waits for a turn runs out of time.
        at_once = min([_AT_ONCE, *(engine.settings.at_once for engine in opened if engines)])
        unreadable = await _write(files, judging, at_once, authenticated=resolver is not None)
    if unreadable:
        raise typer.Exit(Exit.FAILED)


async def _write(files: Sequence[str], judging: Judge, at_once: int, *, authenticated: bool) -> int:
    """Write a line for each file that can be read; return how many cannot."""
    read = iter(files)
    unreadable = 0
    while batch := list(islice(read, at_once)):
        found = [(name, raw) for name, raw in _contents(batch) if raw is not None]
        unreadable += len(batch) - len(found)
        judgements = await asyncio.gather(*(judging.judge(raw) for _, raw in found))
        for (name, _), judgement in zip(found, judgements, strict=True):
            sys.stdout.write(_line(name, judgement, authenticated=authenticated) + "\n")
    sys.stdout.flush()
    return unreadable


def _resolver(settings: Settings, nameservers: Sequence[str], *, dns: bool) -> Resolver | None:
    if not nameservers:
        return resolver_of(settings) if dns else None
    timeout_s = settings.dns.timeout_s
    try:
        return Resolver(nameservers, timeout_s=timeout_s, lifetime_s=3 * timeout_s)
    except ValueError:
        raise typer.BadParameter("must be address:port", param_hint="'--nameserver'") from None


def _contents(names: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
    """Yield each file with its octets, or None after saying why it cannot be read."""
    for name in names:
        try:
            yield name, content_of(name)
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or "not a file name"
            errors.print(f"whoisproxy: {name}: {reason}", markup=False, soft_wrap=True)
            yield name, None


def _line(name: str, judgement: Judgement, *, authenticated: bool) -> str:
    checks = [
        {"name": one.check, "action": one.action.name.lower(), "reason": one.reason}
        for one in judgement.verdicts
    ]
    if not authenticated:
        # Said for each message, since nothing of it can be read from the other fields.
        checks.insert(0, {"name": "authentication", "action": "accept", "reason": "skipped"})
    line = {
        "file": name,
        "action": judgement.action.name.lower(),
        "class": judgement.kind,
        "score": judgement.score,
        "checks": checks,
        "mail_class": judgement.mail_class.value,
        "features": [feature._asdict() for feature in judgement.features],
        "why": list(judgement.why),
    }
    return json.dumps(line)
