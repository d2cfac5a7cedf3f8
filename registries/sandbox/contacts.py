"""Carry out the commands of the contact mapping (RFC 5733 3)."""

from collections.abc import Mapping
from dataclasses import replace

from lxml import etree

from registries.sandbox.answers import Answer, check_data, make, put, timestamp
from registries.sandbox.commands import ContactCheck, ContactCreate, ContactDelete, ContactInfo, ContactUpdate
from registries.sandbox.contact_parser import complete_postal
from registries.sandbox.context import (
    Context,
    demand_reader,
    demand_sponsor,
)
from registries.sandbox.protocol import CONTACT, Refusal
from registries.sandbox.records import ContactRecord, Origin
from registries.sandbox.settings import Quirk
from registries.sandbox.statuses import change_statuses, demand_no_status, demand_update_allowed
from registries.sandbox.values import Disclosure, Phone, PostalChange, PostalInfo

# The order of the schema's discloseType.
DISCLOSED_FIELDS = (
    *("name:int", "name:loc", "org:int", "org:loc", "addr:int", "addr:loc"),
    *("voice", "fax", "email"),
)


def check(context: Context, command: ContactCheck) -> Answer:
    """Say which handles are free."""
    results = [(handle, "In use" if context.state.contacts.get(handle) else None) for handle in command.ids]
    return Answer(data=check_data(CONTACT, "id", results))


def info(context: Context, command: ContactInfo) -> Answer:
    """Show a contact; its authorization only to its sponsor."""
    record = _existing(context, command.object_id)
    demand_reader(context, record.origin, "contact", record.authorization, command.authorization)
    return Answer(data=_info_data(context, record))


def create(context: Context, command: ContactCreate) -> Answer:
    """Store a new contact."""
    if context.state.contacts.get(command.object_id):
        raise Refusal(2302, "there is a contact of that id")
    record = ContactRecord(
        handle=command.object_id,
        roid="",
        origin=Origin(context.account, context.account, context.now),
        postal=command.postal,
        voice=_phone(command.voice),
        fax=_phone(command.fax),
        email=command.email,
        authorization=command.authorization,
        statuses=frozenset(),
        disclosure=_changed_disclosure(context, {}, command.disclosure),
    )
    context.state.contacts.add(record)
    data = make(CONTACT, "creData")
    put(data, "id", record.handle)
    put(data, "crDate", timestamp(context.now))
    return Answer(data=data)


def update(context: Context, command: ContactUpdate) -> Answer:
    """Change a contact; domains that use it show the new data at once."""
    record = _existing(context, command.object_id)
    demand_sponsor(context, record.origin, "contact")
    demand_update_allowed(record.statuses, removed=command.remove)
    statuses = change_statuses(record.statuses, add=command.add, remove=command.remove)
    context.state.contacts.update(
        replace(
            record,
            origin=replace(record.origin, updater=context.account, updated_at=context.now),
            postal=_merged_postal(record.postal, command.postal),
            voice=record.voice if command.voice is None else _phone(command.voice),
            fax=record.fax if command.fax is None else _phone(command.fax),
            email=command.email or record.email,
            authorization=record.authorization if command.authorization is None else command.authorization,
            statuses=statuses,
            disclosure=_updated_disclosure(context, record, command.disclosure),
        )
    )
    return Answer()


def delete(context: Context, command: ContactDelete) -> Answer:
    """Delete a contact that no domain uses."""
    record = _existing(context, command.object_id)
    demand_sponsor(context, record.origin, "contact")
    demand_no_status(record.statuses, "Delete")
    if context.state.contacts.is_linked(record.handle):
        raise Refusal(2305, "a domain uses the contact")
    context.state.contacts.remove(record.handle)
    context.state.transfers.forget("contact", record.handle)
    return Answer()


def _existing(context: Context, handle: str) -> ContactRecord:
    record = context.state.contacts.get(handle)
    if record is None:
        raise Refusal(2303, "there is no contact of that id")
    return record


def _phone(phone: Phone | None) -> Phone | None:
    return phone if phone and phone.number else None


def _merged_postal(
    current: tuple[PostalInfo, ...], changes: tuple[PostalChange, ...]
) -> tuple[PostalInfo, ...]:
    """Replace the parts named, form by form; a form that was not there must come complete."""
    merged = {postal.kind: postal for postal in current}
    for change in changes:
        old = merged.get(change.kind)
        if old is None:
            merged[change.kind] = complete_postal(change)
            continue
        merged[change.kind] = PostalInfo(
            change.kind,
            change.name or old.name,
            old.organization if change.organization is None else change.organization or None,
            change.address or old.address,
        )
    return tuple(merged.values())


def _disclosure(disclosure: Disclosure | None) -> dict[str, bool]:
    return {} if disclosure is None else dict.fromkeys(disclosure.fields, disclosure.flag)


def _changed_disclosure(
    context: Context, current: Mapping[str, bool], disclosure: Disclosure | None
) -> dict[str, bool]:
    if disclosure is not None and Quirk.DISCLOSE_UNNAMED_PUBLIC in context.quirks:
        current = dict.fromkeys(DISCLOSED_FIELDS, True)
    return dict(current) | _disclosure(disclosure)


def _updated_disclosure(
    context: Context, record: ContactRecord, disclosure: Disclosure | None
) -> dict[str, bool]:
    if Quirk.DISCLOSE_IGNORED in context.quirks:
        return dict(record.disclosure)
    if Quirk.DISCLOSE_RESET in context.quirks:
        return dict.fromkeys(DISCLOSED_FIELDS, True) | _disclosure(disclosure)
    return _changed_disclosure(context, record.disclosure, disclosure)


def shown_statuses(context: Context, record: ContactRecord) -> list[str]:
    """Return the statuses with those that are computed: `ok` stands alone or beside `linked`."""
    linked = ["linked"] if context.state.contacts.is_linked(record.handle) else []
    return [*(sorted(record.statuses) or ["ok"]), *linked]


def _info_data(context: Context, record: ContactRecord) -> etree._Element:
    data = make(CONTACT, "infData")
    put(data, "id", record.handle)
    put(data, "roid", record.roid)
    for status in shown_statuses(context, record):
        put(data, "status", s=status)
    for postal in record.postal:
        _put_postal(data, postal)
    for name, phone in (("voice", record.voice), ("fax", record.fax)):
        if phone is not None:
            put(data, name, phone.number, **({"x": phone.extension} if phone.extension else {}))
    put(data, "email", record.email)
    put_origin(data, record.origin)
    put_transfer_date(data, record.origin)
    if record.origin.sponsor == context.account:
        put(put(data, "authInfo"), "pw", record.authorization)
    _put_disclosure(data, record, typed=Quirk.DISCLOSE_UNTYPED not in context.quirks)
    return data


def put_origin(data: etree._Element, origin: Origin) -> None:
    """Append the elements from clID to upDate, which all kinds of objects share."""
    put(data, "clID", origin.sponsor)
    put(data, "crID", origin.creator)
    put(data, "crDate", timestamp(origin.created_at))
    if origin.updater is not None and origin.updated_at is not None:
        put(data, "upID", origin.updater)
        put(data, "upDate", timestamp(origin.updated_at))


def put_transfer_date(data: etree._Element, origin: Origin) -> None:
    """Append when the last transfer was completed, if there was one."""
    if origin.transferred_at is not None:
        put(data, "trDate", timestamp(origin.transferred_at))


def _put_postal(data: etree._Element, postal: PostalInfo) -> None:
    node = put(data, "postalInfo", type=postal.kind)
    put(node, "name", postal.name)
    if postal.organization:
        put(node, "org", postal.organization)
    address = put(node, "addr")
    for line in postal.address.street:
        put(address, "street", line)
    put(address, "city", postal.address.city)
    if postal.address.region:
        put(address, "sp", postal.address.region)
    if postal.address.postal_code:
        put(address, "pc", postal.address.postal_code)
    put(address, "cc", postal.address.country_code)


def _put_disclosure(data: etree._Element, record: ContactRecord, *, typed: bool) -> None:
    # One element has one flag, and what it does not name follows the policy: public. So the withheld
    # fields are listed where there are any, else those that a client asked to be public.
    withheld = [field for field in DISCLOSED_FIELDS if record.disclosure.get(field) is False]
    listed = withheld or [field for field in DISCLOSED_FIELDS if field in record.disclosure]
    if not listed:
        return
    node = put(data, "disclose", flag="0" if withheld else "1")
    names = [tuple(field.split(":")) for field in listed]
    for name, *kind in names if typed else dict.fromkeys((name,) for name, *_ in names):
        put(node, name, **({"type": kind[0]} if kind else {}))
