"""Carry out the commands of the host mapping (RFC 5732 3)."""

from dataclasses import replace

from registries.sandbox.answers import Answer, check_data, make, put, timestamp
from registries.sandbox.commands import HostCheck, HostCreate, HostDelete, HostInfo, HostUpdate
from registries.sandbox.contacts import put_origin, put_transfer_date
from registries.sandbox.context import Context, demand_sponsor
from registries.sandbox.protocol import HOST, Refusal
from registries.sandbox.records import HostRecord, Origin
from registries.sandbox.settings import find_tld
from registries.sandbox.statuses import (
    change_statuses,
    demand_made,
    demand_no_status,
    demand_update_allowed,
)
from registries.sandbox.values import HostAddress


def check(context: Context, command: HostCheck) -> Answer:
    """Say which host names are free."""
    results = [(name, "In use" if context.state.hosts.get(name) else None) for name in command.ids]
    return Answer(data=check_data(HOST, "name", results))


def info(context: Context, command: HostInfo) -> Answer:
    """Show a host; hosts are public."""
    record = _existing(context, command.object_id)
    data = make(HOST, "infData")
    put(data, "name", record.name)
    put(data, "roid", record.roid)
    for status in _shown_statuses(context, record):
        put(data, "status", s=status)
    for family, address in record.addresses:
        put(data, "addr", address, ip=family)
    put_origin(data, record.origin)
    put_transfer_date(data, record.origin)
    return Answer(data=data)


def create(context: Context, command: HostCreate) -> Answer:
    """Store a new host: in a domain of the client's, or outside of this registry's suffixes."""
    if context.state.hosts.get(command.object_id):
        raise Refusal(2302, "there is a host of that name")
    _demand_place(context, command.object_id, command.addresses)
    _add(context, command.object_id, command.addresses)
    data = make(HOST, "creData")
    put(data, "name", command.object_id)
    put(data, "crDate", timestamp(context.now))
    return Answer(data=data)


def update(context: Context, command: HostUpdate) -> Answer:
    """Change a host's addresses, statuses and name; the domains that use it follow."""
    record = _existing(context, command.object_id)
    demand_sponsor(context, record.origin, "host")
    demand_update_allowed(record.statuses, removed=command.remove.statuses)
    changed = replace(
        record,
        name=command.new_name or record.name,
        origin=replace(record.origin, updater=context.account, updated_at=context.now),
        addresses=_changed_addresses(record, command),
        statuses=change_statuses(record.statuses, add=command.add.statuses, remove=command.remove.statuses),
    )
    if changed.name != record.name:
        _demand_renaming(context, record, changed.name)
    _demand_place(context, changed.name, changed.addresses)
    context.state.hosts.update(changed, name=record.name)
    return Answer()


def delete(context: Context, command: HostDelete) -> Answer:
    """Delete a host that no domain uses."""
    record = _existing(context, command.object_id)
    demand_sponsor(context, record.origin, "host")
    demand_no_status(record.statuses, "Delete")
    if context.state.hosts.users(record.name):
        raise Refusal(2305, "a domain uses the host")
    context.state.hosts.remove(record.name)
    return Answer()


def demand_usable(context: Context, name: str) -> None:
    """Refuse a host that a domain names and that is not there, unless the registry then makes it."""
    record = context.state.hosts.get(name)
    if record is not None:
        demand_made(record.statuses, "host")
    elif context.rules.make_hosts:
        _add(context, name, ())
    else:
        raise Refusal(2303, "a host that is named as name server does not exist")


def _existing(context: Context, name: str) -> HostRecord:
    record = context.state.hosts.get(name)
    if record is None:
        raise Refusal(2303, "there is no host of that name")
    return record


def _add(context: Context, name: str, addresses: tuple[HostAddress, ...]) -> None:
    origin = Origin(context.account, context.account, context.now)
    context.state.hosts.add(HostRecord(name, "", origin, addresses, frozenset()))


def _superordinate(context: Context, name: str) -> str | None:
    """Return the domain that a host lies in or is called like, or None outside of our suffixes."""
    while name:
        if find_tld(context.tlds, name):
            return name
        name = name.partition(".")[2]
    return None


def _demand_place(context: Context, name: str, addresses: tuple[HostAddress, ...]) -> None:
    domain = _superordinate(context, name)
    if domain is None:
        if addresses:
            raise Refusal(2306, "a host outside of this registry has no addresses here")
        return
    record = context.state.domains.get(domain)
    if record is None:
        raise Refusal(2303, "the domain that the host lies in is not registered")
    demand_sponsor(context, record.origin, "domain that the host lies in")


def _demand_renaming(context: Context, record: HostRecord, name: str) -> None:
    if context.state.hosts.get(name):
        raise Refusal(2302, "there is a host of that name")
    # RFC 5732 3.2.5: an external host that is renamed could break the delegations of other registrars.
    external = _superordinate(context, record.name) is None
    users = (context.state.domains.get(user) for user in context.state.hosts.users(record.name))
    if external and any(user and user.origin.sponsor != context.account for user in users):
        raise Refusal(2305, "a domain of another registrar uses the host")


def _changed_addresses(record: HostRecord, command: HostUpdate) -> tuple[HostAddress, ...]:
    addresses = list(record.addresses)
    for address in command.remove.addresses:
        if address not in addresses:
            raise Refusal(2306, "an address to be removed is not one of the host")
        addresses.remove(address)
    for address in command.add.addresses:
        if address in addresses:
            raise Refusal(2306, "an address to be added is one of the host already")
        addresses.append(address)
    return tuple(addresses)


def _shown_statuses(context: Context, record: HostRecord) -> list[str]:
    """Return the statuses with those that are computed; `ok` stands alone or beside `linked`."""
    domain = context.state.domains.get(_superordinate(context, record.name) or "")
    moving = {"pendingTransfer"} if domain and "pendingTransfer" in domain.statuses else set()
    linked = ["linked"] if context.state.hosts.users(record.name) else []
    return [*(sorted(record.statuses | moving) or ["ok"]), *linked]
