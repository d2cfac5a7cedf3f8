"""Accounts at registries: contact objects there, messages from there, who looks after which account.

What a registry says may name persons: its words are sealed under the system's own key.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registries.contact import Role
from whoisproxy.domain.registry import ContactState, HeldContact, MessageKind, RegistryMessage
from whoisproxy.storage.keyring import SYSTEM
from whoisproxy.storage.ordering import in_order
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import contactless, registry_contacts, registry_leases, registry_messages

_EVERY_DOMAIN = ""


# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_OF_DOMAIN = (
    select(registry_contacts)
    .where(registry_contacts.c.domain_id.in_(bindparam("of_domains", expanding=True)))
    .order_by(registry_contacts.c.handle)
)
_THIS = and_(
    registry_contacts.c.account == bindparam("of_account"),
    registry_contacts.c.handle == bindparam("of_handle"),
    registry_contacts.c.domain_id == bindparam("of_domain"),
)
_OTHER = registry_contacts.alias()
_OWN_IDS = select(
    registry_contacts.c.domain_id, registry_contacts.c.role, registry_contacts.c.registry_id
).where(
    registry_contacts.c.domain_id.in_(bindparam("domain_ids", expanding=True)),
    registry_contacts.c.state == ContactState.LINKED,
    registry_contacts.c.made,
    registry_contacts.c.registry_id != "",
    ~exists().where(
        _OTHER.c.account == registry_contacts.c.account,
        _OTHER.c.handle == registry_contacts.c.handle,
        _OTHER.c.domain_id != registry_contacts.c.domain_id,
    ),
)
_NOTE = insert(registry_contacts)
_MOVE = (
    update(registry_contacts)
    .where(_THIS)
    .values(
        state=bindparam("new_state"),
        look_at=bindparam("new_look_at"),
        tries=bindparam("new_tries"),
        operation_id=bindparam("new_operation_id"),
        registry_id=bindparam("new_registry_id"),
    )
)
_LOOSE = registry_contacts.c.state == ContactState.LOOSE
_POSTPONE = (
    update(registry_contacts)
    .where(_THIS, _LOOSE)
    .values(look_at=bindparam("new_look_at"), tries=bindparam("new_tries"))
)
_CONTACTLESS = select(contactless.c.account, contactless.c.domain).where(
    contactless.c.domain.in_(bindparam("domains", expanding=True))
)
_REMOVE = delete(registry_contacts).where(_THIS)
_REMOVE_LOOSE = _REMOVE.where(_LOOSE)
_HAS_CONTACTS = delete(contactless).where(
    contactless.c.account == bindparam("of_account"),
    contactless.c.domain.in_([_EVERY_DOMAIN, bindparam("of_domain")]),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a proof showed of a domain's contacts, as handles.

    Attributes:
        linked: The domain has them; with their repository object ids, "" where those are not known.
        gone: They were deleted.
    """

    linked: Mapping[str, str]
    gone: Collection[str]


class RegistryContacts:
    """Contact objects, one row for each domain that needs or needed them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def note(self, contacts: Sequence[HeldContact]) -> frozenset[str]:
        """Store contacts of domains; one that is known already stays as it is, unless it is planned.

        Returns:
            Handles of those that were known to be of these domains.
        """
        of_domains = await self._of_domains({each.domain_id for each in contacts})
        known = {(each.account, each.handle, each.domain_id) for each in of_domains}
        fresh, again = [], []
        for each in contacts:
            if (each.account, each.handle, each.domain_id) not in known:
                fresh.append(asdict(each))
            elif each.state is ContactState.PLANNED:
                again.append(each)
        if fresh:
            await self._connection.execute(_NOTE, fresh)
        await self._write(again)
        return frozenset(handle for _, handle, _ in known)

    async def of_domain(self, domain_id: str) -> list[HeldContact]:
        """Return what is known of a domain."""
        return await self._of_domains([domain_id])

    async def own_ids(self, domain_id: str) -> dict[Role, str]:
        """Return the repository object ids of contacts that we made for a domain and no other one has."""
        return (await self.own_ids_of_domains([domain_id])).get(domain_id, {})

    async def own_ids_of_domains(self, domain_ids: Iterable[str]) -> dict[str, dict[Role, str]]:
        """Return the same of many domains, by domain."""
        rows = (await self._connection.execute(_OWN_IDS, {"domain_ids": list(domain_ids)})).all()
        found: dict[str, dict[Role, str]] = {}
        for row in rows:
            found.setdefault(row.domain_id, {})[Role(row.role)] = row.registry_id
        return found

    async def settle(self, shown: Mapping[str, Shown], now: datetime) -> None:
        """Write down what proofs showed of domains, by their ids.

        All other contacts of the domains are loose from now on. A contact of the registrar's own that a
        domain has is forgotten: it is no business of ours.
        """
        over, stay = [], []
        for each in await self._of_domains(shown):
            proof = shown[each.domain_id]
            if each.handle in proof.gone or (each.handle in proof.linked and not each.made):
                over.append(_key(each))
            else:
                stay.append(_after_proof(each, proof.linked, now))
        if over:
            await self._connection.execute(_REMOVE, over)
        await self._write(stay)

    async def loosen(self, domain_id: str, look_at: datetime, operation_id: str = "") -> None:
        """Let go of a domain's contacts, or of those that an operation has planned."""
        chosen = registry_contacts.c.domain_id == domain_id
        if operation_id:
            chosen = and_(
                chosen,
                registry_contacts.c.operation_id == operation_id,
                registry_contacts.c.state == ContactState.PLANNED,
            )
        values = {"state": ContactState.LOOSE, "look_at": look_at, "tries": 0}
        await self._connection.execute(update(registry_contacts).where(chosen).values(**values))

    async def due(self, account: str, now: datetime, limit: int) -> list[HeldContact]:
        """Return loose contacts of an account that it is time to look at."""
        return await self._many(
            and_(registry_contacts.c.account == account, registry_contacts.c.look_at <= now), limit
        )

    async def needed(self, account: str, handle: str) -> bool:
        """Whether a domain refers to the contact, or a change is about to make it do so."""
        live = registry_contacts.c.state.in_([ContactState.PLANNED, ContactState.LINKED])
        statement = select(exists().where(_object(account, handle), live))
        return bool((await self._connection.execute(statement)).scalar_one())

    async def postpone(self, contact: HeldContact, look_at: datetime) -> None:
        """Look at a loose contact again later; one that a change needs again meanwhile stays."""
        values = {"new_look_at": look_at, "new_tries": contact.tries + 1}
        await self._connection.execute(_POSTPONE, {**_key(contact), **values})

    async def forget(self, contact: HeldContact) -> None:
        """Remove a loose contact that is gone; one that a change needs again meanwhile stays."""
        await self._connection.execute(_REMOVE_LOOSE, _key(contact))

    async def by_handle(self, account: str, handle: str) -> HeldContact | None:
        """Return what is known of a contact object."""
        found = await self._many(_object(account, handle), 1)
        return found[0] if found else None

    async def _write(self, contacts: Iterable[HeldContact]) -> None:
        """Store the state of contacts that are known."""
        values = [
            {
                **_key(each),
                "new_state": each.state,
                "new_look_at": each.look_at,
                "new_tries": each.tries,
                "new_operation_id": each.operation_id,
                "new_registry_id": each.registry_id,
            }
            for each in contacts
        ]
        if values:
            await self._connection.execute(_MOVE, values)

    async def _of_domains(self, domain_ids: Iterable[str]) -> list[HeldContact]:
        rows = await self._connection.execute(_OF_DOMAIN, {"of_domains": list(domain_ids)})
        return [_held(row) for row in rows.all()]

    async def _many(self, condition: ColumnElement[bool], limit: int) -> list[HeldContact]:
        statement = select(registry_contacts).where(condition).order_by(registry_contacts.c.handle)
        return [_held(row) for row in (await self._connection.execute(statement.limit(limit))).all()]


def _after_proof(contact: HeldContact, linked: Mapping[str, str], now: datetime) -> HeldContact:
    if contact.handle in linked:
        shown = linked[contact.handle]
        return replace(contact, state=ContactState.LINKED, look_at=None, tries=0, registry_id=shown)
    if contact.state is ContactState.LOOSE:
        return contact
    return replace(contact, state=ContactState.LOOSE, look_at=now, tries=0)


def _object(account: str, handle: str) -> ColumnElement[bool]:
    return and_(registry_contacts.c.account == account, registry_contacts.c.handle == handle)


def _key(contact: HeldContact) -> dict[str, object]:
    return {"of_account": contact.account, "of_handle": contact.handle, "of_domain": contact.domain_id}


def _held(row: Row[tuple[object, ...]]) -> HeldContact:
    values = {
        **row._mapping,  # noqa: SLF001 - SQLAlchemy's documented accessor
        "role": Role(row.role),
        "state": ContactState(row.state),
    }
    return HeldContact(**values)


class RegistryMessages:
    """Messages, kept from before they are acknowledged until their time is over."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def known(self, account: str, message_id: str) -> bool:
        """Whether the message is here already."""
        statement = select(
            exists().where(
                registry_messages.c.account == account, registry_messages.c.message_id == message_id
            )
        )
        return bool((await self._connection.execute(statement)).scalar_one())

    async def add(self, message: RegistryMessage) -> None:
        """Store a message."""
        values = asdict(message)
        words = {"text": values.pop("text"), "about": values.pop("about")}
        sealed = await self._sealing.seal_json(SYSTEM, _purpose(message.id), words)
        await self._connection.execute(insert(registry_messages).values(**values, sealed=sealed))

    async def page(self, registrar_id: str, after: str, limit: int) -> list[RegistryMessage]:
        """Return up to `limit` messages for a registrar that it has not taken, from behind `after`."""
        return await self._many(
            and_(
                registry_messages.c.registrar_id == registrar_id,
                registry_messages.c.taken_at.is_(None),
                registry_messages.c.id > after,
            ),
            limit,
        )

    async def take(self, registrar_id: str, message_id: str, now: datetime) -> bool:
        """Mark a registrar's message as taken, once; return whether it has one of that id."""
        its = and_(registry_messages.c.registrar_id == registrar_id, registry_messages.c.id == message_id)
        untaken = update(registry_messages).where(its, registry_messages.c.taken_at.is_(None))
        await self._connection.execute(untaken.values(taken_at=now))
        return bool((await self._connection.execute(select(exists().where(its)))).scalar_one())

    async def end_of(self, account: str, transaction: str) -> RegistryMessage | None:
        """Return the message that says how a transaction ended, if it has come, and offer it to nobody."""
        its = and_(
            registry_messages.c.account == account,
            registry_messages.c.transaction == transaction,
            registry_messages.c.succeeded.is_not(None),
        )
        found = await self._many(its, 1)
        if found:
            await self._connection.execute(update(registry_messages).where(its).values(registrar_id=None))
        return found[0] if found else None

    async def purge(self, before: datetime) -> int:
        """Delete messages that came before `before`, taken or not; return how many."""
        statement = delete(registry_messages).where(registry_messages.c.received_at < before)
        return (await self._connection.execute(statement)).rowcount

    async def _many(self, condition: ColumnElement[bool], limit: int) -> list[RegistryMessage]:
        statement = select(registry_messages).where(condition).order_by(registry_messages.c.id).limit(limit)
        return [await self._message(row) for row in (await self._connection.execute(statement)).all()]

    async def _message(self, row: Row[tuple[object, ...]]) -> RegistryMessage:
        words = await self._sealing.open_json(SYSTEM, _purpose(row.id), row.sealed)
        values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
        del values["sealed"]
        values |= {"kind": MessageKind(row.kind), "text": str(words["text"]), "about": str(words["about"])}
        return RegistryMessage(**values)


def _purpose(message_id: str) -> str:
    return f"registry-message:{message_id}"


class RegistryAccounts:
    """What is known of our accounts at registries."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lease(self, account: str, worker_id: str, now: datetime, until: datetime) -> bool:
        """Take an account into care, or go on caring for it; False while another worker does."""
        await in_order(self._connection, f"registry-account:{account}")
        its = registry_leases.c.account == account
        free = or_(registry_leases.c.worker_id == worker_id, registry_leases.c.lease_until <= now)
        values = {"worker_id": worker_id, "lease_until": until}
        taken = await self._connection.execute(update(registry_leases).where(its, free).values(**values))
        if taken.rowcount:
            return True
        if (await self._connection.execute(select(exists().where(its)))).scalar_one():
            return False
        await self._connection.execute(insert(registry_leases).values(account=account, **values))
        return True

    async def without_contacts(self, account_of: Mapping[str, str]) -> frozenset[str]:
        """Return the domains for which the registry was found to hold no contacts.

        Args:
            account_of: Our account at its registry, by domain.
        """
        asked = {"domains": [_EVERY_DOMAIN, *account_of]}
        found = {(row.account, row.domain) for row in await self._connection.execute(_CONTACTLESS, asked)}
        return frozenset(
            domain
            for domain, account in account_of.items()
            if not found.isdisjoint({(account, domain), (account, _EVERY_DOMAIN)})
        )

    async def remember_no_contacts(self, account: str, domain: str, now: datetime) -> None:
        """Remember that the registry holds none: for a domain, or with "" for every one of the account."""
        await in_order(self._connection, f"registry-account:{account}")
        its = and_(contactless.c.account == account, contactless.c.domain == domain)
        if not (await self._connection.execute(select(exists().where(its)))).scalar_one():
            await self._connection.execute(
                insert(contactless).values(account=account, domain=domain, since=now)
            )

    async def remember_contacts(self, account_of: Mapping[str, str]) -> None:
        """Forget it again: the registries have shown contacts of domains.

        Args:
            account_of: Our account at its registry, by domain.
        """
        # In one order, so that nobody waits for one who waits for him.
        rows = sorted((account, domain) for domain, account in account_of.items())
        if rows:
            values = [{"of_account": account, "of_domain": domain} for account, domain in rows]
            await self._connection.execute(_HAS_CONTACTS, values)
