"""Carry out the commands of the domain mapping (RFC 5731 3)."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from lxml import etree

from registries.contact import Role
from registries.sandbox import dnssec, hosts
from registries.sandbox.answers import Answer, check_data, make, put, timestamp
from registries.sandbox.commands import (
    DomainCheck,
    DomainCreate,
    DomainDelete,
    DomainInfo,
    DomainRenew,
    DomainUpdate,
    DsChange,
)
from registries.sandbox.contacts import put_origin, put_transfer_date
from registries.sandbox.context import (
    Context,
    demand_reader,
    demand_sponsor,
)
from registries.sandbox.protocol import DOMAIN, Refusal
from registries.sandbox.records import DomainRecord, Origin
from registries.sandbox.settings import Tld, find_tld
from registries.sandbox.statuses import (
    change_statuses,
    demand_made,
    demand_no_status,
    demand_update_allowed,
)
from registries.sandbox.values import Nameserver

_MONTHS_PER_YEAR = 12
_MAX_NAMESERVERS = 13


def check(context: Context, command: DomainCheck) -> Answer:
    """Say which names are free here."""
    return Answer(data=check_data(DOMAIN, "name", [(name, _taken(context, name)) for name in command.ids]))


def _taken(context: Context, name: str) -> str | None:
    if find_tld(context.tlds, name) is None:
        return "Not in a zone of this registry"
    return "In use" if context.state.domains.get(name) else None


def info(context: Context, command: DomainInfo) -> Answer:
    """Show a domain; its authorization only to its sponsor."""
    record = existing(context, command.object_id)
    demand_reader(context, record.origin, "domain", record.authorization, command.authorization)
    return Answer(data=_info_data(context, record, command.hosts), extension=dnssec.info_data(record.ds))


def create(context: Context, command: DomainCreate) -> Answer:
    """Register a domain."""
    tld = find_tld(context.tlds, command.object_id)
    if tld is None:
        raise Refusal(2306, "the name is not directly below a suffix of this registry")
    if context.state.domains.get(command.object_id):
        raise Refusal(2302, "the domain is registered")
    record = DomainRecord(
        name=command.object_id,
        roid="",
        origin=Origin(context.account, context.account, context.now),
        expires_at=_extended(context, tld, context.now, command.months),
        authorization=command.authorization,
        statuses=frozenset(),
        nameservers=command.nameservers,
        contacts=command.contacts,
        ds=dnssec.changed((), DsChange(add=command.ds)),
    )
    _demand_contacts(context, tld, record, command.contacts)
    _take_nameservers(context, record, command.nameservers)
    context.state.domains.add(record)
    data = make(DOMAIN, "creData")
    put(data, "name", record.name)
    put(data, "crDate", timestamp(context.now))
    put(data, "exDate", timestamp(record.expires_at))
    return Answer(data=data)


def update(context: Context, command: DomainUpdate) -> Answer:
    """Change a domain's contacts, name servers, statuses and authorization, all or nothing."""
    record = existing(context, command.object_id)
    demand_sponsor(context, record.origin, "domain")
    demand_update_allowed(record.statuses, removed=command.remove.statuses)
    changed = replace(
        record,
        origin=replace(record.origin, updater=context.account, updated_at=context.now),
        authorization=record.authorization if command.authorization is None else command.authorization,
        statuses=change_statuses(record.statuses, add=command.add.statuses, remove=command.remove.statuses),
        nameservers=_changed_nameservers(record, command),
        contacts=_changed_contacts(record, command),
        ds=dnssec.changed(record.ds, command.ds),
    )
    added = set(changed.contacts) - set(record.contacts)
    _demand_contacts(context, suffix_of(context, record.name), changed, added)
    _take_nameservers(context, changed, command.add.nameservers)
    context.state.domains.update(changed)
    return Answer()


def renew(context: Context, command: DomainRenew) -> Answer:
    """Prolong a registration."""
    record = existing(context, command.object_id)
    demand_sponsor(context, record.origin, "domain")
    demand_no_status(record.statuses, "Renew")
    # RFC 5731 3.2.3: so that the same renewal, sent twice, is paid once.
    if command.current_expiry != record.expires_at.date():
        raise Refusal(2306, "domain:curExpDate is not the day on which the domain expires")
    expires_at = _extended(context, suffix_of(context, record.name), record.expires_at, command.months)
    origin = replace(record.origin, updater=context.account, updated_at=context.now)
    context.state.domains.update(replace(record, origin=origin, expires_at=expires_at))
    data = make(DOMAIN, "renData")
    put(data, "name", record.name)
    put(data, "exDate", timestamp(expires_at))
    return Answer(data=data)


def delete(context: Context, command: DomainDelete) -> Answer:
    """Delete a domain at once; hosts in it stand against it, unless this registry made them by itself."""
    record = existing(context, command.object_id)
    demand_sponsor(context, record.origin, "domain")
    demand_no_status(record.statuses, "Delete")
    below = context.state.hosts.below(record.name)
    if below and not context.rules.make_hosts:
        # RFC 5731 3.2.2: their delegations would hang in the air.
        raise Refusal(2305, "there are hosts in this domain")
    if any(user != record.name for host in below for user in context.state.hosts.users(host)):
        raise Refusal(2305, "another domain uses a host in this domain")
    for host in below:
        context.state.hosts.remove(host)
    context.state.domains.remove(record.name)
    context.state.transfers.forget("domain", record.name)
    return Answer()


def existing(context: Context, name: str) -> DomainRecord:
    """Return a domain, or refuse with 2303."""
    record = context.state.domains.get(name)
    if record is None:
        raise Refusal(2303, "there is no domain of that name")
    return record


def suffix_of(context: Context, name: str) -> Tld:
    """Return a domain's suffix; one taken out of the settings keeps the usual rules for its old domains."""
    return find_tld(context.tlds, name) or Tld(name.partition(".")[2])


def _extended(context: Context, tld: Tld, start: datetime, months: int) -> datetime:
    expires_at = _add_months(start, months)
    if expires_at > _latest(context, tld):
        raise Refusal(2306, f"a domain can be registered for at most {tld.max_years} years from now")
    return expires_at


def _latest(context: Context, tld: Tld) -> datetime:
    return _add_months(context.now, tld.max_years * _MONTHS_PER_YEAR)


def demand_prolongable(context: Context, name: str, months: int) -> None:
    """Refuse with 2306 a period that a domain cannot be prolonged by."""
    _extended(context, suffix_of(context, name), existing(context, name).expires_at, months)


def transferred_expiry(context: Context, name: str, months: int) -> datetime:
    """Return when a domain expires that is prolonged by a transfer, at most as late as any may."""
    record = existing(context, name)
    return min(
        _add_months(record.expires_at, months),
        max(_latest(context, suffix_of(context, record.name)), record.expires_at),
    )


def _add_months(start: datetime, months: int) -> datetime:
    years, month = divmod(start.month - 1 + months, _MONTHS_PER_YEAR)
    year, month = start.year + years, month + 1
    return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1]))


def _demand_contacts(
    context: Context, tld: Tld, record: DomainRecord, added: Iterable[tuple[Role, str]]
) -> None:
    """Refuse contacts where none are held, missing ones, and such as do not exist or are another's."""
    if not tld.holds_contacts:
        if record.contacts:
            raise Refusal(2306, "this suffix holds no contacts")
        return
    missing = [role for role in tld.required if role not in dict(record.contacts)]
    if missing:
        raise Refusal(2003, f"the domain needs a contact as {', '.join(missing)}")
    for role, handle in sorted(added):
        contact = context.state.contacts.get(handle)
        if contact is None:
            raise Refusal(2303, f"there is no contact of the id given as {role}")
        demand_sponsor(context, contact.origin, f"contact given as {role}")
        demand_made(contact.statuses, f"contact given as {role}")


def _take_nameservers(context: Context, record: DomainRecord, added: tuple[Nameserver, ...]) -> None:
    if len({server.addresses is None for server in record.nameservers}) > 1:
        raise Refusal(2306, "the name servers of a domain are either all host objects or all attributes")
    if len(record.nameservers) > _MAX_NAMESERVERS:
        raise Refusal(2306, f"a domain has at most {_MAX_NAMESERVERS} name servers")
    for server in added:
        if server.addresses is None:
            hosts.demand_usable(context, server.name)
        elif not server.addresses and f".{server.name}".endswith(f".{record.name}"):
            raise Refusal(2003, "a name server in its own domain needs an address")


def _changed_contacts(record: DomainRecord, command: DomainUpdate) -> tuple[tuple[Role, str], ...]:
    contacts = list(record.contacts)
    for contact in command.remove.contacts:
        if contact not in contacts:
            raise Refusal(2306, "a contact to be removed is not one of the domain in that role")
        contacts.remove(contact)
    for contact in command.add.contacts:
        if contact in contacts:
            raise Refusal(2306, "a contact to be added is one of the domain in that role already")
        contacts.append(contact)
    if command.registrant is not None:
        contacts = [contact for contact in contacts if contact[0] is not Role.REGISTRANT]
        if command.registrant:
            contacts.insert(0, (Role.REGISTRANT, command.registrant))
    return tuple(contacts)


def _changed_nameservers(record: DomainRecord, command: DomainUpdate) -> tuple[Nameserver, ...]:
    servers = {server.name: server for server in record.nameservers}
    for server in command.remove.nameservers:
        if servers.pop(server.name, None) is None:
            raise Refusal(2306, "a name server to be removed is not one of the domain")
    for server in command.add.nameservers:
        if server.name in servers:
            raise Refusal(2306, "a name server to be added is one of the domain already")
        servers[server.name] = server
    return tuple(servers.values())


def shown_statuses(record: DomainRecord) -> list[str]:
    """Return the statuses with those that are computed (RFC 5731 2.3)."""
    computed = [] if record.nameservers else ["inactive"]
    return [*sorted(record.statuses), *computed] or ["ok"]


def _info_data(context: Context, record: DomainRecord, shown: str) -> etree._Element:
    data = make(DOMAIN, "infData")
    put(data, "name", record.name)
    put(data, "roid", record.roid)
    for status in shown_statuses(record):
        put(data, "status", s=status)
    for role, handle in record.contacts:
        if role is Role.REGISTRANT:
            put(data, "registrant", handle)
    for role, handle in record.contacts:
        if role is not Role.REGISTRANT:
            put(data, "contact", handle, type=role.value)
    if shown in {"all", "del"} and record.nameservers:
        _put_nameservers(put(data, "ns"), record.nameservers)
    if shown in {"all", "sub"}:
        for host in context.state.hosts.below(record.name):
            put(data, "host", host)
    put_origin(data, record.origin)
    put(data, "exDate", timestamp(record.expires_at))
    put_transfer_date(data, record.origin)
    if record.origin.sponsor == context.account and record.authorization:
        put(put(data, "authInfo"), "pw", record.authorization)
    return data


def _put_nameservers(node: etree._Element, nameservers: tuple[Nameserver, ...]) -> None:
    for server in nameservers:
        if server.addresses is None:
            put(node, "hostObj", server.name)
            continue
        attribute = put(node, "hostAttr")
        put(attribute, "hostName", server.name)
        for family, address in server.addresses:
            put(attribute, "hostAddr", address, ip=family)
