"""`whoisproxy mail reply`: what an owner's answer would look like to his correspondent, offline."""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mailrelay.addresses import Mailbox, parse_mailboxes
from mailrelay.identity import Identity
from mailrelay.message import RawMessage
from mailrelay.rewriting.reply import Answer, AnswerHeld, AutomaticMail, ReplyFacts, rewrite_reply
from mailrelay.rewriting.threads import referenced_ids
from whoisproxy.cli.context import ConfigOption, settings_from
from whoisproxy.cli.identity_file import NotAnIdentity, read_identity
from whoisproxy.cli.mail_files import message_in, print_decision
from whoisproxy.cli.output import Exit, command, errors, stop
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.core import utc_now

_DOMAIN = "example.com"  # RFC 2606: nobody's


@command
async def reply(
    file: Annotated[
        str, typer.Argument(help="The owner's message as a file; - reads it from standard input.")
    ],
    registrant: Annotated[
        Path, typer.Option(help="Registrant as JSON, in the shape of the API; may list more of his data.")
    ],
    to: Annotated[str, typer.Option(help="Mailbox of the correspondent, with or without a display name.")],
    domain: Annotated[str, typer.Option(help="The owner's domain.")] = _DOMAIN,
    release: Annotated[
        list[str] | None, typer.Option(help="A form of his data that he lets pass; may be repeated.")
    ] = None,
    config: ConfigOption = None,
    *,
    plain: Annotated[bool, typer.Option("--plain", help="Send text only, HTML made text.")] = False,
    neutral_names: Annotated[
        bool, typer.Option("--neutral-names", help="Call attachments attachment-1.pdf and so on.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say what was decided instead.")] = False,
) -> None:
    """Write the message that would go to the correspondent, before it is signed; no database is needed.

    When it may not go out, standard error says why and where, and the command ends with 3; with 4 where
    software wrote it. Message-IDs at the correspondent's mail domain are taken for known to him.
    """
    settings = settings_from(config)
    configure_logging("error", settings.log.format)
    message = message_in(file)
    identity = replace(_identity(registrant), released=frozenset(release or ()))
    facts = replace(
        _facts(message, _correspondent(to), identity, settings.relay.domain),
        domain=domain,
        plain_text_only=plain,
        neutral_file_names=neutral_names,
    )
    try:
        answer = rewrite_reply(message, identity, facts)
    except AnswerHeld as held:
        hits = [{"place": hit.place, "trait": hit.trait.value, "found": hit.found} for hit in held.hits]
        found = hits or [{"place": place} for place in held.places]
        places = f" ({', '.join(held.places)})" if held.places else ""
        if as_json:
            print_decision(file, "hold", reason=held.reason, found=found)
        stop(f"held: {held.reason}{places}", Exit.REFUSED)
    except AutomaticMail as automatic:
        if as_json:
            print_decision(file, "automatic", reason=automatic.reason)
        stop(f"automatic mail, never relayed: {automatic.reason}", Exit.LATER)
    _write(file, answer, as_json=as_json)


def _identity(file: Path) -> Identity:
    try:
        raw = json.loads(file.read_bytes())
    except OSError as error:
        stop(f"{file}: {error.strerror}", Exit.USAGE)
    except ValueError:
        stop(f"{file}: is not JSON", Exit.USAGE)
    if not isinstance(raw, Mapping):
        stop(f"{file}: is not a registrant, which is a JSON object", Exit.USAGE)
    try:
        return read_identity(raw)
    except NotAnIdentity as error:
        stop(f"{file}: {error}", Exit.USAGE)


def _correspondent(to: str) -> Mailbox:
    mailboxes = parse_mailboxes(to)
    if len(mailboxes) != 1:
        stop("--to: is not a mailbox (RFC 5322 section 3.4)", Exit.USAGE)
    return mailboxes[0]


def _facts(message: RawMessage, to: Mailbox, identity: Identity, relay_domain: str) -> ReplyFacts:
    written_to = (one.address for value in message.all("To") for one in parse_mailboxes(value))
    # An answer is written to the reply address; in the service the envelope says so.
    reply_address = next((one for one in written_to if one != to.address), f"reply-address@{relay_domain}")
    return ReplyFacts(
        domain=_DOMAIN,
        relay_address=f"relay-address@{relay_domain}",
        relay_domain=relay_domain,
        reply_address=reply_address,
        correspondent=to.address,
        known_ids={one: one for one in referenced_ids(message) if _is_his(one, to, identity)},
        now=utc_now(),
        correspondent_name=to.display,
    )


def _is_his(message_id: str, correspondent: Mailbox, identity: Identity) -> bool:
    """Whether an id was made where the correspondent has his mailbox, and the owner has none."""
    domain = message_id.strip("<>").rpartition("@")[2].lower()
    owners = {mailbox.rpartition("@")[2].lower() for mailbox in identity.mailboxes}
    return f".{domain}".endswith(f".{correspondent.domain}") and correspondent.domain not in owners


def _write(file: str, answer: Answer, *, as_json: bool) -> None:
    left_out = [{"place": one.place, "reason": one.reason} for one in answer.dropped]
    if as_json:
        size = len(answer.message.raw)
        print_decision(file, "reply", message_id=answer.message_id, left_out=left_out, size_octets=size)
        return
    for one in left_out:
        errors.print(f"whoisproxy: left out: {one['place']}: {one['reason']}", markup=False, soft_wrap=True)
    sys.stdout.buffer.write(answer.message.raw)
    sys.stdout.flush()
