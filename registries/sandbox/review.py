"""Commands that the registry decides on later (RFC 5730 2.9.2.3, RFC 5731 3.3): 1001, then a poll message.

Until the decision the object has a pending status. A new object is there at once and goes when it is
refused; every other command is rehearsed, kept as it was sent, and carried out when it is approved.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from registries.sandbox.answers import Answer, pending_data, serialise
from registries.sandbox.commands import Command, OnObject, Request
from registries.sandbox.context import Context
from registries.sandbox.parser import parse
from registries.sandbox.protocol import Refusal
from registries.sandbox.records import PendingRecord
from registries.sandbox.settings import Quirk
from registries.sandbox.statuses import conflict

Handle = Callable[[Context, Command], Answer]

_STATUS_OF: Mapping[str, str] = {
    "create": "pendingCreate",
    "update": "pendingUpdate",
    "delete": "pendingDelete",
    "renew": "pendingRenew",
}

TRANSFORMS = frozenset(
    f"{kind}:{action}"
    for kind in ("contact", "domain", "host")
    for action in _STATUS_OF
    if (kind, action) not in {("contact", "renew"), ("host", "renew")}
)
"""Names of the commands that can be decided on later; a transfer has a way of its own."""


def rehearse(context: Context, command: Command, handle: Handle) -> Answer:
    """Return what a command would be answered, and change nothing."""
    with context.state.rehearsal():
        return handle(context, command)


def defer(context: Context, request: Request, server_transaction: str, handle: Handle) -> Answer:
    """Answer 1001 and keep the command; carry it out where the status would conflict (a lock taken away)."""
    command = request.command
    assert isinstance(command, OnObject)  # noqa: S101 - only these transform
    kind, _, action = command.name.partition(":")
    objects = context.state.objects[kind]
    answer = handle(context, command) if action == "create" else rehearse(context, command, handle)
    head = objects.head(command.object_id)
    statuses = (head.statuses if head else frozenset()) | {_STATUS_OF[action]}
    if conflict(kind, statuses):
        return handle(context, command)
    objects.set_statuses(command.object_id, statuses)
    context.state.pendings.add(
        PendingRecord(
            kind=kind,
            object_id=command.object_id,
            action=action,
            account=context.account,
            client_transaction=request.client_transaction,
            server_transaction=server_transaction,
            frame=request.frame,
            decide_at=None
            if (wait := context.rules.review_s) is None
            else context.now + timedelta(seconds=wait),
        )
    )
    return replace(answer, code=1001)


def settle(context: Context, handle: Handle) -> None:
    """Decide what is due, as the registry decides by itself."""
    approve = context.rules.review_approves and Quirk.PENDING_REFUSED not in context.quirks
    for record in context.state.pendings.due(context.now):
        decide(context, record, handle, approve=approve)


def decide(context: Context, record: PendingRecord, handle: Handle, *, approve: bool) -> None:
    """Carry out or refuse what waits at an object, and tell its client (panData)."""
    context.state.pendings.remove(record)
    objects = context.state.objects[record.kind]
    head = objects.head(record.object_id)
    if head is not None:
        objects.set_statuses(record.object_id, head.statuses - {_STATUS_OF[record.action]})
    done = head is not None and approve and _carried_out(context, record, handle)
    if record.action == "create" and not done:
        objects.remove(record.object_id)
    text = f"Pending {record.kind}:{record.action} {'completed' if done else 'refused'}"
    data = serialise(pending_data(record, done=done, now=context.now))
    context.state.messages.add(record.account, text, context.now, data)


def _carried_out(context: Context, record: PendingRecord, handle: Handle) -> bool:
    if record.action == "create":
        return True
    try:
        request = parse(record.frame, untyped=Quirk.DISCLOSE_UNTYPED in context.quirks)
        assert isinstance(request, Request)  # noqa: S101 - it was one when it was kept
        with context.state.savepoint():
            handle(replace(context, account=record.account), request.command)
    except Refusal:
        # What happened since stands against it, such as a new link to a contact that was to be deleted.
        return False
    return True
