"""Domains with their registrants; the registrant is sealed under a key of his own."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import orjson
from sqlalchemy import Row, Select, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from registries.delegation import DelegationSigner, Host, RegistryFacts
from whoisproxy.domain.errors import DomainTaken
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration, informed
from whoisproxy.domain.relay import RelayState
from whoisproxy.storage.ordering import in_order
from whoisproxy.storage.repositories.name_servers import NameServers
from whoisproxy.storage.repositories.sender_rules import follow_owner, forget_rules_of_domain
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import (
    consents,
    domains,
    mail_settings,
    privacy,
    registrants,
    relay_addresses,
    reply_addresses,
)
from whoisproxy.storage.vault import normalised_mailbox

_PURPOSE = "registrant"
_JOINED = select(domains, registrants.c.sealed).join(registrants, registrants.c.id == domains.c.registrant_id)
# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_BY_NAME = _JOINED.where(domains.c.name == bindparam("name"))
_BY_ID = _JOINED.where(domains.c.id == bindparam("id"))
_OF_REGISTRAR = _BY_NAME.where(domains.c.registrar_id == bindparam("registrar_id"))
# Locked in one order, so that nobody waits for one who waits for him.
_BY_NAMES = _JOINED.where(domains.c.name.in_(bindparam("names", expanding=True))).order_by(domains.c.id)
_BY_IDS = _JOINED.where(domains.c.id.in_(bindparam("ids", expanding=True))).order_by(domains.c.id)
_OF_REGISTRANTS = _JOINED.where(domains.c.registrant_id.in_(bindparam("ids", expanding=True))).order_by(
    domains.c.id
)
_OWNERS = (
    registrants.c.registrar_id == bindparam("registrar_id"),
    registrants.c.email_index == bindparam("owner_index"),
)
_OF_OWNER = _JOINED.where(*_OWNERS).order_by(domains.c.id)
_OF_OWNER_BY_NAME = _BY_NAME.where(*_OWNERS)
_OF_OWNER_NAMED = _OF_OWNER.where(domains.c.name.in_(bindparam("names", expanding=True)))
_HELD = (
    select(registrants.c.id, registrants.c.data_index, domains.c.name)
    .join(domains, domains.c.registrant_id == registrants.c.id)
    .where(*_OWNERS)
    .order_by(domains.c.name)
)
_REGISTRANTS = select(registrants.c.id, registrants.c.sealed).where(
    registrants.c.id.in_(bindparam("ids", expanding=True))
)
_OWNERS_OF_DOMAINS = _HELD.with_only_columns(registrants.c.id, domains.c.id.label("domain_id"))
_ADD = insert(domains)
_ADD_REGISTRANTS = insert(registrants)
_TOUCH = update(domains).where(domains.c.id == bindparam("of_id"))
_BEFORE = select(domains.c.registrant_id, domains.c.nameservers).where(domains.c.id == bindparam("of_id"))


@dataclass(frozen=True, slots=True)
class HeldRegistrant:
    """A registrant, unopened, and the domain that is his.

    Attributes:
        mark: The same for registrants whose data are the same.
    """

    id: str
    domain: DomainName
    mark: bytes


class Registrations:
    """The domains that registrars told us about."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection
        self._name_servers = NameServers(sealing.connection)

    async def add(self, *new: Registration) -> None:
        """Store new domains, each with a registrant of its own.

        Raises:
            DomainTaken: A name is here already.
        """
        if not new:
            return
        await self._add_registrants(new)
        rows = [
            {
                "id": each.id,
                "registrar_id": each.registrar_id,
                "name": each.name.a_label,
                "u_label": each.name.u_label if each.name.is_international else None,
                "registrant_id": each.registrant_id,
                **_plain(each),
            }
            for each in new
        ]
        try:
            await self._connection.execute(_ADD, rows)
        except IntegrityError:
            raise DomainTaken("the domain is here already") from None
        await self._name_servers.add((each.id, each.nameservers) for each in new)

    async def get(self, registrar_id: str, name: DomainName) -> Registration | None:
        """Return a domain of this registrar."""
        return await self._one(_OF_REGISTRAR, name=name.a_label, registrar_id=registrar_id)

    async def by_name(self, name: DomainName) -> Registration | None:
        """Return a domain whosever it is: for RDDS, never for a registrar."""
        return await self._one(_BY_NAME, name=name.a_label)

    async def by_id(self, domain_id: str) -> Registration | None:
        """Return a domain by its id."""
        return await self._one(_BY_ID, id=domain_id)

    async def by_names(self, names: Iterable[DomainName]) -> dict[DomainName, Registration]:
        """Return the domains that there are of these names, whosever they are."""
        found = await self._many(_BY_NAMES, names=[name.a_label for name in names])
        return {registration.name: registration for registration in found}

    async def by_ids(self, ids: Iterable[str]) -> dict[str, Registration]:
        """Return the domains that there are of these ids."""
        return {registration.id: registration for registration in await self._many(_BY_IDS, ids=list(ids))}

    async def of_owner(self, registrar_id: str, owner_index: bytes) -> list[Registration]:
        """Return the domains of a registrar whose registrants have the mailbox of that blind index."""
        found = await self._many(_OF_OWNER, registrar_id=registrar_id, owner_index=owner_index)
        return sorted(found, key=lambda each: each.name.a_label)

    async def of_owner_by_name(
        self, registrar_id: str, owner_index: bytes, name: DomainName
    ) -> Registration | None:
        """Return a domain where it is among those of `of_owner`."""
        owner = {"registrar_id": registrar_id, "owner_index": owner_index}
        return await self._one(_OF_OWNER_BY_NAME, **owner, name=name.a_label)

    async def of_owner_named(
        self, registrar_id: str, owner_index: bytes, names: Iterable[DomainName]
    ) -> dict[DomainName, Registration]:
        """Return those of an owner's domains that have these names, without reading his others."""
        labels = [name.a_label for name in names]
        whose = {"registrar_id": registrar_id, "owner_index": owner_index}
        return {each.name: each for each in await self._many(_OF_OWNER_NAMED, names=labels, **whose)}

    async def held_of_owner(self, registrar_id: str, owner_index: bytes) -> list[HeldRegistrant]:
        """Return the registrants of an owner at a registrar, by the names of their domains.

        Only those are opened that were stored before they had an index.
        """
        values = {"registrar_id": registrar_id, "owner_index": owner_index}
        rows = (await self._connection.execute(_HELD, values)).all()
        found = await self.registrants([row.id for row in rows if row.data_index is None])
        late = {each: await self._data_index(registrant) for each, registrant in found.items()}
        return [HeldRegistrant(row.id, DomainName(row.name), row.data_index or late[row.id]) for row in rows]

    async def registrants(self, ids: Collection[str]) -> dict[str, Registrant]:
        """Return the registrants that there are of these ids."""
        if not ids:
            return {}
        rows = (await self._connection.execute(_REGISTRANTS, {"ids": list(ids)})).all()
        await self._sealing.fetch_keys(row.id for row in rows)
        return {row.id: await self._registrant(row.id, row.sealed) for row in rows}

    async def owners_of_domains(self, registrar_id: str, owner_index: bytes) -> dict[str, str]:
        """Return the registrants of an owner at a registrar by the ids of their domains, unopened."""
        values = {"registrar_id": registrar_id, "owner_index": owner_index}
        rows = (await self._connection.execute(_OWNERS_OF_DOMAINS, values)).all()
        return {row.domain_id: row.id for row in rows}

    async def of_registrants(self, ids: Iterable[str]) -> list[Registration]:
        """Return the domains that there are of these registrants."""
        return await self._many(_OF_REGISTRANTS, ids=list(ids))

    async def alone_with(self, *names: DomainName) -> None:
        """Wait until nobody else adds domains of these names; nobody does until this unit of work ends."""
        await in_order(self._connection, *(f"domain:{name.a_label}" for name in names))

    async def update(self, registration: Registration) -> None:
        """Store a changed domain or registrant; the caller sets the version.

        Another `registrant_id` means a new holder: the one before is erased with his threads, his
        consents, the mailbox that he had mail forwarded to and all else that he wished for his mail.
        """
        before = await self._before(registration.id)
        owner = before.registrant_id if before else None
        if owner == registration.registrant_id:
            await self._change_registrant(registration)
        else:
            await self._add_registrants([registration])
        await self._connection.execute(
            update(domains)
            .where(domains.c.id == registration.id)
            .values(registrant_id=registration.registrant_id, **_plain(registration))
        )
        if before is not None:
            await self._name_servers.replace(registration.id, before.nameservers, registration.nameservers)
        if owner is not None and owner != registration.registrant_id:
            await self._end_threads(registration.id)
            await self._connection.execute(delete(consents).where(consents.c.domain_id == registration.id))
            of_domain = privacy.c.domain_id == registration.id
            await self._connection.execute(
                update(privacy).where(of_domain).values(forward_to=None, mailbox_id="", consent=None)
            )
            await self._erase(owner)

    async def touch(self, *changed: Registration) -> None:
        """Store version and time of domains of which nothing else has changed."""
        if changed:
            rows = [
                {"of_id": each.id, "version": each.version, "updated_at": each.updated_at} for each in changed
            ]
            await self._connection.execute(_TOUCH, rows)

    async def learn(self, facts: Iterable[tuple[Registration, RegistryFacts]]) -> None:
        """Store what registries say of domains; version and time are the caller's to set."""
        for known, told in facts:
            if (new := informed(known, told)) != known:
                of_domain = domains.c.id == known.id
                await self._connection.execute(update(domains).where(of_domain).values(**_facts(new)))

    async def withdraw(self, registration: Registration) -> None:
        """Answer no more for the name servers of a domain that has gone elsewhere."""
        await self._name_servers.remove(registration.id, registration.nameservers)

    async def remove(self, domain_id: str) -> None:
        """Delete a domain, its registrant, the key that reads him and the threads that he had.

        Relay addresses stay, retired, so that none is ever given to another domain.
        """
        before = await self._before(domain_id)
        if before is None:
            return
        of_domain = relay_addresses.c.domain_id == domain_id
        await self._connection.execute(
            update(relay_addresses).where(of_domain).values(state=RelayState.RETIRED, grace_until=None)
        )
        await self._end_threads(domain_id)
        await self._name_servers.remove(domain_id, before.nameservers)
        await self._connection.execute(delete(domains).where(domains.c.id == domain_id))
        await self._erase(before.registrant_id)

    async def page(self, registrar_id: str, after: str, limit: int) -> list[Registration]:
        """Return up to `limit` domains of a registrar in order of name, from behind `after`."""
        statement = (
            _JOINED.where(domains.c.registrar_id == registrar_id, domains.c.name > after)
            .order_by(domains.c.name)
            .limit(limit)
        )
        rows = (await self._connection.execute(statement)).all()
        await self._sealing.fetch_keys(row.registrant_id for row in rows)
        return [await self._registration(row) for row in rows]

    async def _add_registrants(self, new: Sequence[Registration]) -> None:
        await self._sealing.make_keys(each.registrant_id for each in new)
        rows = [
            {"id": each.registrant_id, "registrar_id": each.registrar_id, **await self._sealed(each)}
            for each in new
        ]
        await self._connection.execute(_ADD_REGISTRANTS, rows)

    async def _before(self, domain_id: str) -> Row[Any, Any] | None:
        return (await self._connection.execute(_BEFORE, {"of_id": domain_id})).one_or_none()

    async def _end_threads(self, domain_id: str) -> None:
        for table in (reply_addresses, mail_settings):
            await self._connection.execute(delete(table).where(table.c.domain_id == domain_id))
        await forget_rules_of_domain(self._connection, domain_id)

    async def _change_registrant(self, registration: Registration) -> None:
        same, sealed = registrants.c.id == registration.registrant_id, await self._sealed(registration)
        known = (await self._connection.execute(select(registrants).where(same))).one()
        await self._connection.execute(update(registrants).where(same).values(**sealed))
        if known.email_index != sealed["email_index"]:
            await follow_owner(self._connection, known.registrar_id, known.email_index, sealed["email_index"])
            # Whom another mailbox stands for has not chosen where the mail goes.
            chosen = (privacy.c.domain_id == registration.id, privacy.c.mailbox_id != "")
            await self._connection.execute(
                update(privacy).where(*chosen).values(forward_to=None, mailbox_id="")
            )

    async def _erase(self, registrant_id: str) -> None:
        gone = delete(registrants).where(registrants.c.id == registrant_id).returning(registrants)
        for row in (await self._connection.execute(gone)).all():
            await follow_owner(self._connection, row.registrar_id, row.email_index, None)
        await self._sealing.destroy(registrant_id)

    async def _one(self, statement: Select[Any], **values: object) -> Registration | None:
        found = await self._many(statement, **values)
        return found[0] if found else None

    async def _many(self, statement: Select[Any], **values: object) -> list[Registration]:
        if not self._sealing.read_only and self._connection.dialect.name == "postgresql":
            # Whoever reads a domain in order to change it keeps others from changing it meanwhile. It is read
            # once it is locked: a statement that had to wait joins it with the registrant from before.
            await self._connection.execute(statement.with_for_update(of=domains), values)
        rows = (await self._connection.execute(statement, values)).all()
        await self._sealing.fetch_keys(row.registrant_id for row in rows)
        return [await self._registration(row) for row in rows]

    async def _sealed(self, registration: Registration) -> dict[str, bytes]:
        values = registration.registrant.as_dict()
        mailbox = normalised_mailbox(registration.registrant.email)
        return {
            "sealed": await self._sealing.seal_json(registration.registrant_id, _PURPOSE, values),
            "email_index": await self._sealing.index("registrant-email", mailbox),
            "data_index": await self._data_index(registration.registrant),
        }

    async def _data_index(self, registrant: Registrant) -> bytes:
        text = orjson.dumps(registrant.as_dict(), option=orjson.OPT_SORT_KEYS).decode()
        return await self._sealing.index("registrant-data", text)

    async def _registration(self, row: Row[tuple[object, ...]]) -> Registration:
        return Registration(
            id=row.id,
            registrar_id=row.registrar_id,
            name=DomainName(row.name),
            registrant_id=row.registrant_id,
            registrant=await self._registrant(row.registrant_id, row.sealed),
            registrant_verified=row.registrant_verified,
            nameservers=tuple(row.nameservers),
            statuses=tuple(row.statuses),
            registered_at=row.registered_at,
            expires_at=row.expires_at,
            updated_at=row.updated_at,
            version=row.version,
            registry_id=row.registry_id,
            delegation_signed=row.delegation is not None,
            ds=tuple([DelegationSigner(*ds) for ds in row.delegation or ()]),
            hosts=tuple([Host(name, tuple(addresses)) for name, addresses in row.hosts]),
        )

    async def _registrant(self, registrant_id: str, sealed: bytes) -> Registrant:
        return stored_registrant(await self._sealing.open_json(registrant_id, _PURPOSE, sealed))


def stored_registrant(values: dict[str, object]) -> Registrant:
    """Return a registrant from the values that are sealed for him."""
    values["street"] = tuple(_strings(values["street"]))
    return Registrant(**values)  # type: ignore[arg-type]


def _plain(registration: Registration) -> dict[str, object]:
    return {
        "registrant_verified": registration.registrant_verified,
        "nameservers": list(registration.nameservers),
        "statuses": list(registration.statuses),
        "registered_at": registration.registered_at,
        "expires_at": registration.expires_at,
        "updated_at": registration.updated_at,
        "version": registration.version,
        **_facts(registration),
    }


def _facts(registration: Registration) -> dict[str, object]:
    signed = registration.delegation_signed
    return {
        "registry_id": registration.registry_id,
        "delegation": [list(astuple(ds)) for ds in registration.ds] if signed else None,
        "hosts": [[host.name, list(host.addresses)] for host in registration.hosts],
    }


def _strings(value: object) -> Sequence[str]:
    return value if isinstance(value, list) else []
