"""Which domains use a name server, so that a query for one is answered from an index.

Written by the repository of domains, in the unit of work that writes them.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.domain.privacy import TRANSFERRED_AWAY
from whoisproxy.storage.tables import domains, name_servers, privacy


def _add(insert: Callable[..., Any]) -> Any:
    return insert(name_servers).on_conflict_do_nothing()


# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_ADD = {"sqlite": _add(sqlite.insert), "postgresql": _add(postgresql.insert)}
_REMOVE = delete(name_servers).where(
    name_servers.c.host == bindparam("of_host"), name_servers.c.domain_id == bindparam("of_domain")
)
_ABOVE = (
    select(domains.c.name, domains.c.registrar_id, domains.c.hosts)
    .outerjoin(privacy, privacy.c.domain_id == domains.c.id)
    .where(
        domains.c.name.in_(bindparam("names", expanding=True)),
        func.coalesce(privacy.c.reason, "") != TRANSFERRED_AWAY,
    )
)
_FIRST_USER = (
    select(domains.c.registrar_id)
    .join(name_servers, name_servers.c.domain_id == domains.c.id)
    .where(name_servers.c.host == bindparam("of_host"))
    .order_by(name_servers.c.domain_id)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class HeldHost:
    """A host that is a name server here, or has addresses.

    Attributes:
        addresses: Of the parent zone, where the domain above the host is held here.
        registrar_id: Of that domain, or else of the one that has used the host longest.
    """

    addresses: tuple[str, ...]
    registrar_id: str


class NameServers:
    """The hosts that domains are delegated to."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, uses: Iterable[tuple[str, Collection[str]]]) -> None:
        """Store that domains use hosts; what is known already stays.

        Args:
            uses: Domain ids with their name servers.
        """
        rows = [
            {"host": host, "domain_id": domain_id}
            for domain_id, hosts in uses
            for host in sorted(_known(hosts))
        ]
        if rows:
            await self._connection.execute(_ADD[self._connection.dialect.name], rows)

    async def remove(self, domain_id: str, hosts: Collection[str]) -> None:
        """Store that a domain does not use hosts any more."""
        rows = [{"of_host": host, "of_domain": domain_id} for host in sorted(_known(hosts))]
        if rows:
            await self._connection.execute(_REMOVE, rows)

    async def replace(self, domain_id: str, before: Collection[str], after: Collection[str]) -> None:
        """Store that a domain has other name servers now."""
        await self.remove(domain_id, _known(before) - _known(after))
        await self.add([(domain_id, after)])

    async def get(self, host: str) -> HeldHost | None:
        """Return a host, or None where no domain uses it and the one above it says nothing of it.

        Args:
            host: A-labels, lower case, without a final dot.
        """
        above = (await self._connection.execute(_ABOVE, {"names": _parents(host)})).all()
        nearest = max(above, key=lambda row: len(row.name), default=None)
        addresses = dict(nearest.hosts).get(host) if nearest else None
        if nearest and addresses:
            return HeldHost(tuple(addresses), nearest.registrar_id)
        user = (await self._connection.execute(_FIRST_USER, {"of_host": host})).first()
        return None if user is None else HeldHost((), (nearest or user).registrar_id)


def _parents(host: str) -> list[str]:
    """Return the names above a host, without the TLD."""
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels) - 1)]


def _known(hosts: Collection[str]) -> set[str]:
    return {host.rstrip(".").lower() for host in hosts}
