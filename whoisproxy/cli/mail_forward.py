"""`whoisproxy mail forward`: a stranger's message as its owner would get it, offline."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from mailrelay.content.reading import read_content
from mailrelay.content.score import score
from mailrelay.rewriting.banner import LANGUAGES
from mailrelay.rewriting.encryption import EncryptionKey, UnusableKey, read_key
from mailrelay.rewriting.forward import ForwardFacts, author_of, correspondent_of, rewrite_forward
from whoisproxy.cli.context import ConfigOption, settings_from
from whoisproxy.cli.mail_files import message_in, print_decision
from whoisproxy.cli.output import Exit, command, errors
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.core import utc_now

_QUEUE_ID = "msg_" + "0" * 26


@command
async def forward(
    file: Annotated[str, typer.Argument(help="A message as a file; - reads it from standard input.")],
    domain: Annotated[str, typer.Option(help="The owner's domain.")],
    mail_from: Annotated[str, typer.Option(help="Reverse-path.")] = "",
    relay_address: Annotated[str, typer.Option(help="The address written to.")] = "",
    reply_address: Annotated[str, typer.Option(help="The address that takes his answer.")] = "",
    language: Annotated[str, typer.Option(help=f"Of the owner: {', '.join(LANGUAGES)}.")] = "en",
    key: Annotated[
        Path | None, typer.Option(help="OpenPGP or X.509 certificate to encrypt with.", dir_okay=False)
    ] = None,
    answer_url: Annotated[str, typer.Option(help="Page to answer in the browser.")] = "",
    block_url: Annotated[str, typer.Option(help="Page that blocks the correspondent (RFC 8058).")] = "",
    config: ConfigOption = None,
    *,
    banner: Annotated[bool, typer.Option("--banner", help="Say in the message where it comes from.")] = False,
    attach_original: Annotated[
        bool, typer.Option("--attach-original", help="Attach the message as it came.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say what was decided instead.")] = False,
) -> None:
    """Write the message that would go to the owner, with CRLF, before it is signed; no database is needed.

    Nobody is authenticated. When it may not go out, standard error says why and the command ends with 3.
    """
    settings = settings_from(config)
    configure_logging("error", settings.log.format)
    message = message_in(file)
    author = author_of(message, mail_from)
    weight = score(message, read_content(message)).total
    try:
        facts = ForwardFacts(
            domain=domain,
            relay_address=relay_address or f"relay-address@{settings.relay.domain}",
            reply_address=reply_address or f"reply-address@{settings.relay.domain}",
            relay_host=settings.smtp.hostname,
            authentication="",
            verdicts=(),
            queue_id=_QUEUE_ID,
            received_at=utc_now(),
            score=weight,
            language=language,
            banner=banner,
            attach_original=attach_original,
            key=_key(key),
            answer_url=answer_url,
            block_url=block_url,
        )
        rewritten = rewrite_forward(message, author, facts)
    except UnusableKey as error:
        _hold(file, f"unusable-key: {error.reason}", as_json=as_json)
    if as_json:
        correspondent = correspondent_of(message, author)
        print_decision(
            file,
            "forward",
            author=author.address if author else None,
            correspondent=correspondent.address if correspondent else None,
            score=round(weight, 1),
            encryption=facts.key.method if facts.key else None,
            body_as_it_came=rewritten.body == message.body,
            size_octets=len(rewritten.raw),
        )
    else:
        sys.stdout.buffer.write(rewritten.raw)
        sys.stdout.flush()


def _key(path: Path | None) -> EncryptionKey | None:
    return read_key(path.read_bytes(), utc_now()) if path is not None else None


def _hold(file: str, reason: str, *, as_json: bool) -> NoReturn:
    if as_json:
        print_decision(file, "hold", reason=reason)
    errors.print(f"whoisproxy: held: {reason}", markup=False, soft_wrap=True)
    raise typer.Exit(Exit.REFUSED)
