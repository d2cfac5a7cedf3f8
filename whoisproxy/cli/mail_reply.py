"""`whoisproxy mail reply`: what an owner's answer would look like to his correspondent, offline."""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from mailrelay.addresses import parse_mailboxes
from mailrelay.identity import Identity
from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.rewriting.reply import Answer, AnswerHeld, AutomaticMail, ReplyFacts, rewrite_reply
from whoisproxy.cli.identity_file import NotAnIdentity, read_identity
from whoisproxy.cli.output import Exit, errors, print_json, stop

_STDIN = "-"
_DOMAIN = "example.com"  # RFC 2606: nobody's
_RELAY_DOMAIN = "relay.example"


def reply(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The owner's message; - is standard input.")],
    registrant: Annotated[
        Path, typer.Option(help="Registrant as JSON, in the shape of the API; may list more of his data.")
    ],
    to: Annotated[str, typer.Option(help="Mailbox of the correspondent, with or without a display name.")],
    domain: Annotated[str, typer.Option(help="The owner's registered domain.")] = _DOMAIN,
    release: Annotated[
        list[str] | None, typer.Option(help="A form of his data that he lets pass; may be repeated.")
    ] = None,
    *,
    plain: Annotated[bool, typer.Option("--plain", help="Send text only, HTML made text.")] = False,
    neutral_names: Annotated[
        bool, typer.Option("--neutral-names", help="Call attachments attachment-1.pdf and so on.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the decision as JSON.")] = False,
) -> None:
    """Write what would be sent, as the service makes it; nothing is sent and no database is needed.

    Exit code 3: held, standard error says why and where. 4: automatic mail, never relayed.
    """
    message = RawMessage.parse(canonical_line_ends(_content(file)))
    identity = replace(_identity(registrant), released=frozenset(release or ()))
    facts = replace(_facts(message, to, domain), plain_text_only=plain, neutral_file_names=neutral_names)
    try:
        answer = rewrite_reply(message, identity, facts)
    except AnswerHeld as held:
        _refuse("held", held.reason, _places(held), Exit.REFUSED, as_json=as_json)
    except AutomaticMail as automatic:
        _refuse("automatic", automatic.reason, [], Exit.LATER, as_json=as_json)
    _write(answer, as_json=as_json)


def _content(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == _STDIN else Path(name).read_bytes()
    except OSError as error:
        stop(f"{name}: {error.strerror}", Exit.USAGE)


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


def _facts(message: RawMessage, to: str, domain: str) -> ReplyFacts:
    mailboxes = parse_mailboxes(to)
    if len(mailboxes) != 1:
        stop("--to: is not a mailbox (RFC 5322 3.4)", Exit.USAGE)
    # Where it was sent is the reply address, as for the service.
    written_to = parse_mailboxes(message.first("To"))
    reply_address = written_to[0].address if written_to else f"reply@{_RELAY_DOMAIN}"
    relay_domain = reply_address.rpartition("@")[2]
    return ReplyFacts(
        domain=domain,
        relay_address=f"owner@{relay_domain}",
        relay_domain=relay_domain,
        reply_address=reply_address,
        correspondent=mailboxes[0].address,
        known_ids={},
        now=datetime.now(UTC),
        correspondent_name=mailboxes[0].display,
    )


def _places(held: AnswerHeld) -> list[dict[str, str]]:
    shown = [{"place": hit.place, "trait": hit.trait.value} for hit in held.hits]
    return shown or [{"place": place} for place in held.places]


def _write(answer: Answer, *, as_json: bool) -> None:
    left_out = [{"place": one.place, "reason": one.reason} for one in answer.dropped]
    if as_json:
        print_json({"decision": "sent", "left_out": left_out, "message_id": answer.message_id})
        return
    for one in left_out:
        errors.print(f"whoisproxy: left out: {one['place']} ({one['reason']})", markup=False, soft_wrap=True)
    sys.stdout.buffer.write(answer.message.raw)
    sys.stdout.buffer.flush()


def _refuse(decision: str, reason: str, hits: list[dict[str, str]], code: Exit, *, as_json: bool) -> NoReturn:
    if as_json:
        print_json({"decision": decision, "reason": reason, "hits": hits})
    places = ", ".join(dict.fromkeys(" ".join(reversed(hit.values())) for hit in hits))
    stop(f"{decision}: {reason}{f' ({places})' if places else ''}", code)
