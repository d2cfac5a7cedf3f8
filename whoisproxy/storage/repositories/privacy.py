"""The privacy of domains; the mailbox it forwards to and who consented are sealed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from mailrelay.directory import MailPolicy
from whoisproxy.domain.privacy import Consent, Privacy, PrivacyState, PrivacyStatus
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import domains, privacy


def _upsert(insert: Callable[..., Any]) -> Any:
    """Return the statement that stores a row, new or changed, made by the dialect's own `insert`."""
    statement = insert(privacy)
    changed = {column.name: statement.excluded[column.name] for column in privacy.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=[privacy.c.domain_id], set_=changed)


# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_OF_DOMAINS = (
    select(privacy, domains.c.registrant_id)
    .join(domains, domains.c.id == privacy.c.domain_id)
    .where(privacy.c.domain_id.in_(bindparam("domain_ids", expanding=True)))
)
_OWNERS = select(domains.c.id, domains.c.registrant_id).where(
    domains.c.id.in_(bindparam("domain_ids", expanding=True))
)
_PUT = {"sqlite": _upsert(sqlite.insert), "postgresql": _upsert(postgresql.insert)}


class PrivacySettings:
    """One row a domain."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def get(self, domain_id: str) -> Privacy:
        """Return a domain's privacy.

        Raises:
            LookupError: There is no such domain.
        """
        return (await self.of_domains([domain_id]))[domain_id]

    async def of_domains(self, domain_ids: Iterable[str]) -> dict[str, Privacy]:
        """Return the privacy of those domains that there are."""
        rows = (await self._connection.execute(_OF_DOMAINS, {"domain_ids": list(domain_ids)})).all()
        return {row.domain_id: await self._privacy(row) for row in rows}

    async def going_to(self, mailbox_id: str, limit: int) -> list[str]:
        """Return the ids of up to `limit` domains whose mail goes to a mailbox that their owner has named."""
        query = select(privacy.c.domain_id).where(privacy.c.mailbox_id == mailbox_id)
        rows = await self._connection.execute(query.order_by(privacy.c.domain_id).limit(limit))
        return list(rows.scalars())

    async def count_going_to(self, mailbox_ids: Iterable[str]) -> dict[str, int]:
        """Return how many domains' mail goes to each of an owner's mailboxes."""
        ids = list(mailbox_ids)
        query = select(privacy.c.mailbox_id, func.count()).where(privacy.c.mailbox_id.in_(ids))
        rows = (await self._connection.execute(query.group_by(privacy.c.mailbox_id))).all()
        counted = {row[0]: row[1] for row in rows}
        return {each: counted.get(each, 0) for each in ids}

    async def put(self, domain_id: str, value: Privacy) -> None:
        """Store a domain's privacy, new or changed."""
        await self.put_all({domain_id: value})

    async def put_all(self, values: Mapping[str, Privacy]) -> None:
        """Store the privacy of domains, new or changed.

        Raises:
            LookupError: There is no such domain.
        """
        if not values:
            return
        found = (await self._connection.execute(_OWNERS, {"domain_ids": list(values)})).all()
        owners = {row.id: row.registrant_id for row in found}
        rows = [await self._row(each, owners[each], value) for each, value in values.items()]
        await self._connection.execute(_PUT[self._connection.dialect.name], rows)

    async def _privacy(self, row: Row[tuple[object, ...]]) -> Privacy:
        return Privacy(
            status=PrivacyStatus(PrivacyState(row.state), wanted=row.wanted, published=row.published),
            mail_policy=MailPolicy(row.mail_policy),
            forward_to=await self._forward_to(row.registrant_id, row.forward_to),
            mailbox_id=row.mailbox_id,
            consent=await self._consent(row.registrant_id, row.consent),
            operation_id=row.operation_id,
            reason=row.reason,
            updated_at=row.updated_at,
        )

    async def _row(self, domain_id: str, registrant_id: str, value: Privacy) -> dict[str, object]:
        return {
            "domain_id": domain_id,
            "state": value.status.state,
            "wanted": value.status.wanted,
            "published": value.status.published,
            "mail_policy": value.mail_policy,
            "forward_to": await self._seal_forward_to(registrant_id, value.forward_to),
            "mailbox_id": value.mailbox_id,
            "consent": await self._seal_consent(registrant_id, value.consent),
            "operation_id": value.operation_id,
            "reason": value.reason,
            "updated_at": value.updated_at,
        }

    async def _seal_forward_to(self, registrant_id: str, mailbox: str) -> bytes | None:
        return await self._sealing.seal(registrant_id, "forward-to", mailbox.encode()) if mailbox else None

    async def _forward_to(self, registrant_id: str, sealed: bytes | None) -> str:
        return (await self._sealing.open(registrant_id, "forward-to", sealed)).decode() if sealed else ""

    async def _seal_consent(self, registrant_id: str, consent: Consent | None) -> bytes | None:
        if consent is None:
            return None
        values = {**asdict(consent), "at": consent.at.isoformat()}
        return await self._sealing.seal_json(registrant_id, "consent", values)

    async def _consent(self, registrant_id: str, sealed: bytes | None) -> Consent | None:
        if sealed is None:
            return None
        values = await self._sealing.open_json(registrant_id, "consent", sealed)
        return Consent(
            by=str(values["by"]),
            at=datetime.fromisoformat(str(values["at"])),
            text_version=str(values["text_version"]),
            # Older ones were all the registrars', who do not tell these.
            language=str(values.get("language", "")),
            proofs=tuple(map(str, cast("list[str]", values.get("proofs", [])))),
        )
