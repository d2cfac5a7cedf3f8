"""Carry out the commands of the host mapping that the sandbox has (RFC 5732 3.1)."""

from registries.sandbox.answers import Answer, check_data, make, put
from registries.sandbox.commands import HostCheck, HostInfo
from registries.sandbox.contacts import put_origin
from registries.sandbox.context import Context
from registries.sandbox.protocol import HOST, Refusal


def check(context: Context, command: HostCheck) -> Answer:
    """Say which host names are free."""
    results = [(name, "In use" if context.state.hosts.get(name) else None) for name in command.ids]
    return Answer(data=check_data(HOST, "name", results))


def info(context: Context, command: HostInfo) -> Answer:
    """Show a host; hosts are public."""
    record = context.state.hosts.get(command.object_id)
    if record is None:
        raise Refusal(2303, "there is no host of that name")
    data = make(HOST, "infData")
    put(data, "name", record.name)
    put(data, "roid", record.roid)
    put(data, "status", s="ok")
    if context.state.hosts.users(record.name):
        put(data, "status", s="linked")
    put_origin(data, record.origin)
    return Answer(data=data)
