"""Two views of a domain's contacts, line by line, as a page shows them side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from registries.contact import Contact, Role
from whoisproxy.i18n import N_
from whoisproxy.publication.record import Field, RddsContact
from whoisproxy.services.owners.switch_previews import SwitchPreview
from whoisproxy.services.previews import UNKNOWN

_ROLES = {
    Role.REGISTRANT: N_("Holder"),
    Role.ADMIN: N_("Administrative contact"),
    Role.TECH: N_("Technical contact"),
    Role.BILLING: N_("Billing contact"),
}
_FIELDS = {
    Field.NAME: N_("Name"),
    Field.ORGANIZATION: N_("Organisation"),
    Field.STREET: N_("Street"),
    Field.CITY: N_("City"),
    Field.REGION: N_("State or region"),
    Field.POSTAL_CODE: N_("Postal code"),
    Field.COUNTRY_CODE: N_("Country"),
    Field.PHONE: N_("Telephone"),
    Field.EMAIL: N_("Email"),
}


class Kind(StrEnum):
    """What stands in a cell."""

    TEXT = "text"
    EMPTY = "empty"  # there is nothing to show
    WITHHELD = "withheld"  # there is something, and it is not shown
    PAGE = "page"  # in place of an e-mail address, the address of a page
    NEW_ADDRESS = "new-address"  # an address that is yet to be made, at the domain that `lines` names
    OWN_ADDRESS = "own-address"  # of several domains, each one's own address there


@dataclass(frozen=True, slots=True)
class Cell:
    """What one view shows of one field."""

    kind: Kind
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One field; `label` is English."""

    label: str
    before: Cell
    after: Cell

    @property
    def differs(self) -> bool:
        """Whether a switch changes it."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Block:
    """One contact, or several that are the same; `roles` are English."""

    roles: tuple[str, ...]
    rows: tuple[Row, ...]


def published(preview: SwitchPreview) -> tuple[Block, ...]:
    """Return what the public directories show before and after."""
    before = {contact.role: contact for contact in preview.before.contacts}
    after = {contact.role: contact for contact in preview.after.contacts}
    return _blocks(before, after)


def at_registry(preview: SwitchPreview) -> tuple[Block, ...]:
    """Return what the registry holds before and after; nothing where that is what is published."""
    registry = preview.registry
    return () if registry is None else _blocks(registry.before, registry.after)


def of_several(blocks: Iterable[Block], relay_domain: str) -> tuple[Block, ...]:
    """Return blocks in which a domain's own relay address is not named: then those of many are the same."""

    def veiled(cell: Cell) -> Cell:
        if cell.kind is Kind.NEW_ADDRESS:
            return Cell(Kind.OWN_ADDRESS, cell.lines)
        own = cell.kind is Kind.TEXT and all(line.endswith(f"@{relay_domain}") for line in cell.lines)
        return Cell(Kind.OWN_ADDRESS, (relay_domain,)) if own else cell

    return _together(
        Block(
            block.roles,
            tuple(replace(row, before=veiled(row.before), after=veiled(row.after)) for row in block.rows),
        )
        for block in blocks
    )


def _blocks(
    before: Mapping[Role, RddsContact] | Mapping[Role, Contact],
    after: Mapping[Role, RddsContact] | Mapping[Role, Contact],
) -> tuple[Block, ...]:
    return _together(
        Block((_ROLES[role],), _rows(before[role], after[role]))
        for role in Role
        if role in before and role in after
    )


def _rows(before: RddsContact | Contact, after: RddsContact | Contact) -> tuple[Row, ...]:
    rows = (Row(label, _cell(before, field), _cell(after, field)) for field, label in _FIELDS.items())
    return tuple(row for row in rows if {row.before.kind, row.after.kind} != {Kind.EMPTY})


def _cell(contact: RddsContact | Contact, field: Field) -> Cell:
    if isinstance(contact, RddsContact) and field in contact.withheld:
        page = contact.contact_uri if field is Field.EMAIL else ""
        return Cell(Kind.PAGE, (page,)) if page else Cell(Kind.WITHHELD)
    value: str | tuple[str, ...] = getattr(contact, field.value)
    lines = value if isinstance(value, tuple) else (value,) if value else ()
    if lines and lines[0].startswith(f"{UNKNOWN}@"):
        return Cell(Kind.NEW_ADDRESS, (lines[0].partition("@")[2],))
    return Cell(Kind.TEXT, lines) if lines else Cell(Kind.EMPTY)


def _together(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return blocks with those that show the same made one."""
    found: dict[tuple[Row, ...], Sequence[str]] = {}
    for block in blocks:
        found[block.rows] = (*found.get(block.rows, ()), *block.roles)
    return tuple(Block(tuple(roles), rows) for rows, roles in found.items())
