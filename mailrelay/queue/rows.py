"""Between values and rows: what is sealed, and how.

A message is sealed twice. The envelope, kept as long as the row unless nobody has released a message in time,
is JSON of the reverse-path, the recipient, the protocol by which it came, what the sender asked to be told
(RFC 3461), for ENVID and ORCPT may name people, of an answer the Message-ID that its owner's program gave it,
author and subject for the owner's log, and the words that he lets pass. The body, which goes when the
recipient is done, is the Authentication-Results value and the octets as received.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from mailrelay.dsn_request import NOTHING_ASKED, DsnRequest, Notify
from mailrelay.queue.cipher import SealingKey
from mailrelay.queue.entry import (
    FINAL,
    USUAL_PROTOCOL,
    Direction,
    MessageRecord,
    NewMessage,
    NoteOfVerdict,
    QueuedMessage,
    State,
)
from mailrelay.queue.tables import messages

COLUMNS = tuple(column.name for column in messages.c)
"""Order of the values of `Row.values`."""

_LENGTH_OCTETS = 4
DIGEST_OCTETS = 16
"""Of each digest in the column `thread_ids`."""
_ERASED: Mapping[str, Any] = {"reverse_path": "", "recipient": ""}


@dataclass(frozen=True, slots=True)
class Row:
    """A message as it is written: the values of COLUMNS, and its sealed body."""

    id: str
    values: tuple[Any, ...]
    body: bytes | None

    def columns(self) -> dict[str, Any]:
        """Return the values by name."""
        return dict(zip(COLUMNS, self.values, strict=True))


@dataclass(frozen=True, slots=True)
class Claim:
    """Under which a new message is born, when a worker takes it at once.

    Attributes:
        worker_id: The worker.
        until: End of the lease, in microseconds.
    """

    worker_id: str
    until: int


def row_of(  # noqa: PLR0913, PLR0917 - called by `map`, for each message
    message_id: str, new: NewMessage, state: State, at: int, key: SealingKey, claim: Claim | None = None
) -> Row:
    """Return the row of a new message.

    Args:
        message_id: Its id.
        new: The message.
        state: In which it is taken; a claimed one is being delivered.
        at: Now, in microseconds.
        key: Its owner's.
        claim: By which it is born.
    """
    envelope: dict[str, object] = {"reverse_path": new.reverse_path, "recipient": new.recipient}
    if new.request is not NOTHING_ASKED:
        envelope["request"] = _request_as_json(new.request)
    if new.author:
        envelope["author"] = new.author
    if new.subject:
        envelope["subject"] = new.subject
    if new.message_id:
        envelope["message_id"] = new.message_id
    if new.protocol != USUAL_PROTOCOL:
        envelope["protocol"] = new.protocol
    if new.released is not None:
        envelope["released"] = new.released
    values = (
        message_id,
        new.direction.value,
        State.DELIVERING.value if claim else state.value,
        new.owner_id,
        new.relay_id,
        new.reply_id,
        new.about_id,
        key.seal(orjson.dumps(envelope)),
        new.size_octets,
        verdicts_as_json(new.verdicts),
        b"".join([thread_digest(new.relay_id, new.correspondent, one) for one in new.thread_ids]),
        new.proven,
        new.priority,
        1 if claim else 0,
        "",
        at,
        at,
        claim.until if claim else at,
        None,
        claim.worker_id if claim else "",
        trail_line(at, "taken-and-handed-over" if claim else state.value),
    )
    return Row(message_id, values, None if state in FINAL else seal_body(key, new.authentication, new.raw))


def handed_over(message_id: str, new: NewMessage, received_at: datetime) -> QueuedMessage:
    """Return a message for the worker that takes it at once, as a claim would give it."""
    return QueuedMessage(
        id=message_id,
        direction=new.direction,
        owner_id=new.owner_id,
        relay_id=new.relay_id,
        reply_id=new.reply_id,
        about_id=new.about_id,
        recipient=new.recipient,
        reverse_path=new.reverse_path,
        raw=new.raw,
        verdicts=new.verdicts,
        authentication=new.authentication,
        proven=new.proven,
        request=new.request,
        priority=new.priority,
        attempts=0,
        received_at=received_at,
        warned_at=None,
        protocol=new.protocol,
        released=new.released,
        parsed=new.parsed,
    )


def opened(row: Any, body: bytes, key: SealingKey) -> QueuedMessage:
    """Return a claimed message from its row.

    Raises:
        KeyDestroyed: It does not open.
    """
    envelope = orjson.loads(key.open(row.envelope))
    authentication, raw = _open_body(key, body)
    return QueuedMessage(
        id=row.id,
        direction=Direction(row.direction),
        owner_id=row.owner_id,
        relay_id=row.relay_id,
        reply_id=row.reply_id,
        about_id=row.about_id,
        recipient=envelope["recipient"],
        reverse_path=envelope["reverse_path"],
        raw=raw,
        verdicts=_notes(row.verdicts),
        authentication=authentication,
        proven=row.proven,
        request=_request(envelope),
        priority=row.priority,
        attempts=row.attempts - 1,
        received_at=row.received_at,
        warned_at=row.warned_at,
        protocol=envelope.get("protocol", USUAL_PROTOCOL),
        released=tuple(envelope["released"]) if "released" in envelope else None,
    )


def with_released(envelope: bytes, key: SealingKey, words: Iterable[str]) -> bytes:
    """Return a sealed envelope with the words that its owner lets pass, besides those of earlier releases.

    Raises:
        KeyDestroyed: It does not open.
    """
    content = orjson.loads(key.open(envelope))
    content["released"] = list(dict.fromkeys((*content.get("released", ()), *words)))
    return key.seal(orjson.dumps(content))


def record_of(row: Any, key: SealingKey | None) -> MessageRecord:
    """Return a message as it is shown; without envelope or key, nobody's address is known any more.

    Raises:
        KeyDestroyed: The envelope does not open.
    """
    envelope = orjson.loads(key.open(row.envelope)) if key and row.envelope else _ERASED
    return MessageRecord(
        id=row.id,
        direction=Direction(row.direction),
        state=State(row.state),
        owner_id=row.owner_id,
        relay_id=row.relay_id,
        sender=envelope["reverse_path"],
        author=envelope.get("author", ""),
        subject=envelope.get("subject", ""),
        recipient=envelope["recipient"],
        size_octets=row.size_octets,
        verdicts=_notes(row.verdicts),
        proven=row.proven,
        request=_request(envelope),
        priority=row.priority,
        attempts=row.attempts,
        last_error=row.last_error,
        received_at=row.received_at,
        updated_at=row.updated_at,
        next_attempt_at=row.next_attempt_at,
        warned_at=row.warned_at,
        leased_by=row.leased_by,
        trail=row.trail,
    )


def owners_id(envelope: bytes, key: SealingKey) -> str:
    """Return the Message-ID that an owner's program gave his answer, or the empty string.

    Raises:
        KeyDestroyed: The envelope does not open.
    """
    return str(orjson.loads(key.open(envelope)).get("message_id", ""))


def seal_body(key: SealingKey, authentication: str, raw: bytes) -> bytes:
    """Seal what goes when the recipient is done."""
    results = authentication.encode()
    return key.seal(len(results).to_bytes(_LENGTH_OCTETS, "big") + results + raw)


def _open_body(key: SealingKey, body: bytes) -> tuple[str, bytes]:
    plain = key.open(body)
    end = _LENGTH_OCTETS + int.from_bytes(plain[:_LENGTH_OCTETS], "big")
    return plain[_LENGTH_OCTETS:end].decode(), plain[end:]


def trail_line(at: int, event: str) -> str:
    """Return one line of a trail.

    Args:
        at: Microseconds since 1970.
        event: kebab-case words; never a person, an address or text of a message.
    """
    return f"{at // 1000} {event}\n"


def thread_digest(relay_id: str, correspondent: str, message_id: str) -> bytes:
    """Return 16 octets that stand for a Message-ID that somebody knows, and show neither him nor it.

    Args:
        relay_id: Of the relay address that the conversation goes by.
        correspondent: Mailbox in any case; empty for the owner.
        message_id: In angle brackets.
    """
    named = f"{relay_id}\0{correspondent.lower()}\0{message_id}"
    return hashlib.sha256(named.encode()).digest()[:DIGEST_OCTETS]


def digests_in(joined: bytes) -> Iterable[bytes]:
    """Return the digests of the column `thread_ids`, one by one."""
    return (joined[start : start + DIGEST_OCTETS] for start in range(0, len(joined), DIGEST_OCTETS))


def verdicts_as_json(verdicts: Iterable[NoteOfVerdict]) -> str:
    """Return verdicts as they are kept."""
    return orjson.dumps(verdicts).decode()


def _notes(verdicts: str) -> tuple[NoteOfVerdict, ...]:
    return tuple(NoteOfVerdict(**one) for one in orjson.loads(verdicts))


def _request_as_json(request: DsnRequest) -> dict[str, object]:
    return {
        "notify": None if request.notify is None else sorted(request.notify),
        "returns_full": request.returns_full,
        "envelope_id": request.envelope_id,
        "original_recipient": request.original_recipient,
    }


def _request(envelope: Mapping[str, Any]) -> DsnRequest:
    if "request" not in envelope:
        return NOTHING_ASKED
    kept = envelope["request"]
    notify = None if kept["notify"] is None else frozenset(Notify(one) for one in kept["notify"])
    return DsnRequest(notify, kept["returns_full"], kept["envelope_id"], kept["original_recipient"])
