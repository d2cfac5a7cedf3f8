"""One MAIL transaction, and what it becomes in the queue."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mailrelay.authentication.results_header import results_header
from mailrelay.checks.stages import MessageContext, Route, SenderContext
from mailrelay.checks.verdict import Action, Decision
from mailrelay.directory import ReplyRoute
from mailrelay.dsn_request import DsnRequest
from mailrelay.message import RawMessage
from mailrelay.queue.cipher import RELAY_OWNER
from mailrelay.queue.entry import Direction, NewMessage, NoteOfVerdict
from mailrelay.rewriting.threads import ids_in_thread, own_id

# Of a field for the owner's log: what is longer is not shown in a line anyway (RFC 5322 section 2.1.1).
_LONGEST_FIELD = 998
_ACCEPTED = Action.ACCEPT.name.lower()


@dataclass(slots=True)
class Transaction:
    """One MAIL transaction while it goes on.

    Attributes:
        routes: Route of each accepted relay or reply address, by the address as given.
        requests: What the sender asked to be told, by the same address.
        bounces: Ids of sent messages that this null-sender message may report on.
        to_operator: Whether postmaster or abuse is among the recipients.
    """

    sender: SenderContext
    routes: dict[str, Route] = field(default_factory=dict)
    requests: dict[str, DsnRequest] = field(default_factory=dict)
    bounces: list[str] = field(default_factory=list)
    to_operator: list[str] = field(default_factory=list)


def entries_of(
    transaction: Transaction,
    context: MessageContext,
    decision: Decision,
    correspondent: str,
    authserv_id: str,
) -> list[NewMessage]:
    """Return what the queue takes for each address of a transaction.

    Args:
        transaction: Who sent it, and to whom.
        context: The message as it was judged.
        decision: What the checks say of it.
        correspondent: Mailbox that an answer goes to, or "".
        authserv_id: Our name in Authentication-Results.
    """
    message, results = context.message, context.authentication
    notes = tuple(
        NoteOfVerdict(one.check, one.action.name.lower(), one.reason, round(one.score, 1))
        for one in decision.verdicts
    )
    shared = {
        "reverse_path": transaction.sender.reverse_path,
        "raw": message.raw,
        "size_octets": len(message.raw),
        "verdicts": notes,
        "authentication": results_header(results, authserv_id),
        "proven": results.proven,
        "protected": decision.protected,
        "protocol": transaction.sender.protocol,
        "parsed": message,
    }
    # Both are made for either kind of address, for neither may take longer than the other.
    letter = {**shared, **_of_letter(message, correspondent)}
    # Of an answer only objections are kept: what else is known of its text is nobody's business.
    objections = tuple(note for note in notes if note.action != _ACCEPTED)
    answer = {**shared, "verdicts": objections, **_of_answer(message)}
    return [
        _entry(
            address,
            route,
            transaction.requests[address],
            answer if isinstance(route, ReplyRoute) else letter,
        )
        for address, route in transaction.routes.items()
    ]


def _of_letter(message: RawMessage, correspondent: str) -> dict[str, object]:
    """Return what is kept of a stranger's message, for his conversation with the owner."""
    # Where nobody can be answered, nobody will be told of anything.
    known = ids_in_thread(message) if correspondent else ()
    return {
        "direction": Direction.FORWARD,
        "correspondent": correspondent,
        "thread_ids": known,
        **_heading(message, "From"),
    }


def _of_answer(message: RawMessage) -> dict[str, object]:
    """Return what is kept of an owner's message, for his conversation with the correspondent."""
    named = own_id(message)
    return {
        "direction": Direction.REPLY,
        "message_id": named,
        "thread_ids": (named,) if named else (),
        **_heading(message, "To"),
    }


def _heading(message: RawMessage, other_side: str) -> dict[str, object]:
    return {
        "author": message.first(other_side)[:_LONGEST_FIELD],
        "subject": message.first("Subject")[:_LONGEST_FIELD],
    }


def _entry(address: str, route: Route, request: DsnRequest, known: dict[str, object]) -> NewMessage:
    return NewMessage(
        owner_id=route.owner_id,
        relay_id=route.relay_id,
        recipient=address,
        reply_id=route.reply_id if isinstance(route, ReplyRoute) else "",
        request=request,
        **known,  # type: ignore[arg-type]
    )


def operator_entries(transaction: Transaction, raw: bytes) -> Iterable[NewMessage]:
    """Yield what goes to whoever reads postmaster and abuse: once, if it is written to both."""
    for address in transaction.to_operator[:1]:
        yield NewMessage(
            direction=Direction.OPERATOR,
            owner_id=RELAY_OWNER,
            relay_id="",
            recipient=address,
            reverse_path=transaction.sender.reverse_path,
            raw=raw,
            size_octets=len(raw),
        )


def bounce_entries(transaction: Transaction, raw: bytes) -> Iterable[NewMessage]:
    """Yield what reports on messages of ours, each message once."""
    for message_id in dict.fromkeys(transaction.bounces):
        yield NewMessage(
            direction=Direction.BOUNCE,
            owner_id=RELAY_OWNER,
            relay_id="",
            about_id=message_id,
            recipient="",
            reverse_path="",
            raw=raw,
            size_octets=len(raw),
        )
