"""Domains with their registrants; the registrant is sealed under a key of his own."""

from collections.abc import Sequence

from sqlalchemy import Row, delete, insert, select, update

from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import domains, registrants
from whoisproxy.storage.vault import normalised_mailbox

_PURPOSE = "registrant"
_JOINED = select(domains, registrants.c.sealed).join(registrants, registrants.c.id == domains.c.registrant_id)


class Registrations:
    """The domains that registrars told us about."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def add(self, registration: Registration) -> None:
        """Store a new domain with its registrant."""
        await self._connection.execute(
            insert(registrants).values(
                id=registration.registrant_id,
                registrar_id=registration.registrar_id,
                **await self._sealed(registration),
            )
        )
        await self._connection.execute(
            insert(domains).values(
                id=registration.id,
                registrar_id=registration.registrar_id,
                name=registration.name.a_label,
                registrant_id=registration.registrant_id,
                **_plain(registration),
            )
        )

    async def get(self, registrar_id: str, name: DomainName) -> Registration | None:
        """Return a domain of this registrar."""
        return await self._one(domains.c.name == name.a_label, domains.c.registrar_id == registrar_id)

    async def by_name(self, name: DomainName) -> Registration | None:
        """Return a domain whosever it is: for RDDS, never for a registrar."""
        return await self._one(domains.c.name == name.a_label)

    async def by_id(self, domain_id: str) -> Registration | None:
        """Return a domain by its id."""
        return await self._one(domains.c.id == domain_id)

    async def update(self, registration: Registration) -> None:
        """Store a changed domain or registrant; the caller sets the version."""
        await self._connection.execute(
            update(domains).where(domains.c.id == registration.id).values(**_plain(registration))
        )
        await self._connection.execute(
            update(registrants)
            .where(registrants.c.id == registration.registrant_id)
            .values(**await self._sealed(registration))
        )

    async def remove(self, registration: Registration) -> None:
        """Delete a domain, its registrant and the key that reads him."""
        await self._connection.execute(delete(domains).where(domains.c.id == registration.id))
        await self._connection.execute(
            delete(registrants).where(registrants.c.id == registration.registrant_id)
        )
        await self._sealing.destroy(registration.registrant_id)

    async def page(self, registrar_id: str, after: str, limit: int) -> list[Registration]:
        """Return up to `limit` domains of a registrar in order of name, from behind `after`."""
        statement = (
            _JOINED.where(domains.c.registrar_id == registrar_id, domains.c.name > after)
            .order_by(domains.c.name)
            .limit(limit)
        )
        rows = (await self._connection.execute(statement)).all()
        return [await self._registration(row) for row in rows]

    async def _one(self, *conditions: object) -> Registration | None:
        row = (await self._connection.execute(_JOINED.where(*conditions))).first()  # type: ignore[arg-type]
        return None if row is None else await self._registration(row)

    async def _sealed(self, registration: Registration) -> dict[str, bytes]:
        values = registration.registrant.as_dict()
        mailbox = normalised_mailbox(registration.registrant.email)
        return {
            "sealed": await self._sealing.seal_json(registration.registrant_id, _PURPOSE, values),
            "email_index": await self._sealing.index("registrant-email", mailbox),
        }

    async def _registration(self, row: Row[tuple[object, ...]]) -> Registration:
        values = await self._sealing.open_json(row.registrant_id, _PURPOSE, row.sealed)
        values["street"] = tuple(_strings(values["street"]))
        return Registration(
            id=row.id,
            registrar_id=row.registrar_id,
            name=DomainName(row.name),
            registrant_id=row.registrant_id,
            registrant=Registrant(**values),  # type: ignore[arg-type]
            registrant_verified=row.registrant_verified,
            nameservers=tuple(row.nameservers),
            statuses=tuple(row.statuses),
            registered_at=row.registered_at,
            expires_at=row.expires_at,
            updated_at=row.updated_at,
            version=row.version,
        )


def _plain(registration: Registration) -> dict[str, object]:
    return {
        "registrant_verified": registration.registrant_verified,
        "nameservers": list(registration.nameservers),
        "statuses": list(registration.statuses),
        "registered_at": registration.registered_at,
        "expires_at": registration.expires_at,
        "updated_at": registration.updated_at,
        "version": registration.version,
    }


def _strings(value: object) -> Sequence[str]:
    return value if isinstance(value, list) else []
