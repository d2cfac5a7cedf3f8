"""Carry out the transfers of contacts and domains (RFC 5730 2.9.3.4, RFC 5731 and 5733 3.1.3 and 3.2.4).

The registrar that wants an object requests it with the object's authorization; the sponsor approves or
rejects, the requester cancels, and the registry approves what nobody answered in time.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from lxml import etree

from registries.sandbox import domains
from registries.sandbox.answers import Answer, serialise, transfer_data
from registries.sandbox.commands import DomainTransfer, Transfer
from registries.sandbox.context import Context, demand_authorization, demand_sponsor
from registries.sandbox.object_table import ObjectHead
from registries.sandbox.protocol import Refusal
from registries.sandbox.records import TransferRecord
from registries.sandbox.statuses import demand_no_status

_PENDING = "pending"
_APPROVED = frozenset({"clientApproved", "serverApproved"})
_TEXTS: Mapping[str, str] = {
    "pending": "Transfer requested",
    "clientApproved": "Transfer approved",
    "clientRejected": "Transfer rejected",
    "clientCancelled": "Transfer cancelled",
    "serverApproved": "Transfer approved by the registry",
    "serverCancelled": "Transfer cancelled by the registry",
}


def transfer(context: Context, command: Transfer) -> Answer:
    """Carry out one of the five operations of a transfer command."""
    kind = command.name.partition(":")[0]
    head = context.state.objects[kind].head(command.object_id)
    if head is None:
        raise Refusal(2303, f"there is no such {kind}")
    if command.authorization is not None:
        demand_authorization(head.authorization, command.authorization, kind)
    return _OPERATIONS[command.operation](context, command, kind, head)


def settle(context: Context) -> None:
    """Approve the transfers that nobody answered in time."""
    for record in context.state.transfers.due(context.now):
        end(context, record, "serverApproved", tell=(record.requester, record.sponsor))


def decide(context: Context, kind: str, object_id: str, *, approve: bool) -> bool:
    """Approve or cancel an open transfer as the registry; returns whether there was one."""
    record = context.state.transfers.get(kind, object_id)
    if record is None or record.status != _PENDING:
        return False
    status = "serverApproved" if approve else "serverCancelled"
    end(context, record, status, tell=(record.requester, record.sponsor))
    return True


def end(context: Context, record: TransferRecord, status: str, *, tell: tuple[str, ...]) -> TransferRecord:
    """End an open transfer: hand the object over when it was approved, and tell some accounts."""
    ended = replace(record, status=status, acted_at=context.now)
    objects = context.state.objects[record.kind]
    head = objects.head(record.object_id)
    if head is not None:
        objects.set_statuses(record.object_id, head.statuses - {"pendingTransfer"})
    # While it was open, it told the day that approval would lead to.
    expires_at = _expiry(context, record) if status in _APPROVED else None
    if status in _APPROVED:
        _hand_over(context, record, expires_at)
    context.state.transfers.put(ended)
    _tell(context, ended, transfer_data(ended, expires_at), tell)
    return ended


def _query(context: Context, command: Transfer, kind: str, head: ObjectHead) -> Answer:
    record = context.state.transfers.get(kind, command.object_id)
    if command.authorization is None and (record is None or context.account != record.requester):
        demand_sponsor(context, head.origin, kind)
    if record is None:
        raise Refusal(2301, f"no transfer of the {kind} was ever requested")
    return Answer(data=transfer_data(record, _told_expiry(context, record)))


def _request(context: Context, command: Transfer, kind: str, head: ObjectHead) -> Answer:
    if command.authorization is None:
        raise Refusal(2003, f"a request needs {kind}:authInfo")
    if head.origin.sponsor == context.account:
        raise Refusal(2106, f"you sponsor the {kind} already")
    if "pendingTransfer" in head.statuses:
        raise Refusal(2300, "a transfer is pending")
    demand_no_status(head.statuses, "Transfer")
    record = TransferRecord(
        kind=kind,
        object_id=command.object_id,
        status=_PENDING,
        requester=context.account,
        requested_at=context.now,
        sponsor=head.origin.sponsor,
        acted_at=context.now + timedelta(seconds=context.rules.transfer_s),
        months=_months(context, command),
    )
    context.state.objects[kind].set_statuses(command.object_id, head.statuses | {"pendingTransfer"})
    context.state.transfers.put(record)
    data = transfer_data(record, _expiry(context, record))
    _tell(context, record, data, (record.sponsor,))
    return Answer(1001, data=data)


def _approve(context: Context, command: Transfer, kind: str, head: ObjectHead) -> Answer:
    demand_sponsor(context, head.origin, kind)
    record = _open(context, command, kind)
    expires_at = _expiry(context, record)
    return Answer(
        data=transfer_data(end(context, record, "clientApproved", tell=(record.requester,)), expires_at)
    )


def _reject(context: Context, command: Transfer, kind: str, head: ObjectHead) -> Answer:
    demand_sponsor(context, head.origin, kind)
    record = _open(context, command, kind)
    return Answer(data=transfer_data(end(context, record, "clientRejected", tell=(record.requester,))))


def _cancel(context: Context, command: Transfer, kind: str, _: ObjectHead) -> Answer:
    record = _open(context, command, kind)
    if record.requester != context.account:
        raise Refusal(2201, "another registrar requested the transfer")
    return Answer(data=transfer_data(end(context, record, "clientCancelled", tell=(record.sponsor,))))


_OPERATIONS: Mapping[str, Callable[[Context, Transfer, str, ObjectHead], Answer]] = {
    "query": _query,
    "request": _request,
    "approve": _approve,
    "reject": _reject,
    "cancel": _cancel,
}


def _open(context: Context, command: Transfer, kind: str) -> TransferRecord:
    record = context.state.transfers.get(kind, command.object_id)
    if record is None or record.status != _PENDING:
        raise Refusal(2301, f"no transfer of the {kind} is pending")
    return record


def _hand_over(context: Context, record: TransferRecord, expires_at: datetime | None) -> None:
    objects = context.state.objects
    objects[record.kind].hand_over(record.object_id, record.requester, context.now)
    if expires_at is None:
        return
    domain = domains.existing(context, record.object_id)
    context.state.domains.update(replace(domain, expires_at=expires_at))
    # RFC 5731 3.2.4: the hosts in a domain move with it.
    for host in context.state.hosts.below(record.object_id):
        objects["host"].hand_over(host, record.requester, context.now)


def _months(context: Context, command: Transfer) -> int:
    if not isinstance(command, DomainTransfer):
        return 0
    if command.months is None:
        return domains.suffix_of(context, command.object_id).transfer_months
    domains.demand_prolongable(context, command.object_id, command.months)
    return command.months


def _expiry(context: Context, record: TransferRecord) -> datetime | None:
    """Return when the domain expires once the transfer is approved; None for contacts."""
    if record.kind != "domain":
        return None
    return domains.transferred_expiry(context, record.object_id, record.months)


def _told_expiry(context: Context, record: TransferRecord) -> datetime | None:
    if record.kind != "domain" or record.status not in {_PENDING, *_APPROVED}:
        return None
    if record.status == _PENDING:
        return _expiry(context, record)
    return domains.existing(context, record.object_id).expires_at


def _tell(context: Context, record: TransferRecord, data: etree._Element, accounts: tuple[str, ...]) -> None:
    for account in accounts:
        context.state.messages.add(account, _TEXTS[record.status], context.now, serialise(data))
