"""What owners have agreed to, one row for each consent; who it was is sealed for the registrant."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select

from whoisproxy.domain.ids import new_id
from whoisproxy.domain.operation import Actor
from whoisproxy.domain.privacy import Consent, ConsentTo, KeptConsent
from whoisproxy.domain.registration import Registration
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import consents, domains

Given = tuple[Registration, Actor, Consent]
"""A consent with the domain that it is about, and who tells us of it."""

# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_ADD = insert(consents)
_OF_DOMAINS = (
    select(consents, domains.c.registrant_id)
    .join(domains, domains.c.id == consents.c.domain_id)
    .where(consents.c.domain_id.in_(bindparam("domain_ids", expanding=True)))
    .order_by(consents.c.id)
)


class Consents:
    """Appended to by switches, and never changed; erased with the holder."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def add_all(self, given: Sequence[Given], now: datetime) -> None:
        """Record consents."""
        if given:
            await self._connection.execute(_ADD, [await self._row(*each, now) for each in given])

    async def of_domains(self, domain_ids: Iterable[str]) -> dict[str, list[KeptConsent]]:
        """Return the consents of domains by domain, in the order in which they were recorded."""
        rows = (await self._connection.execute(_OF_DOMAINS, {"domain_ids": list(domain_ids)})).all()
        await self._sealing.fetch_keys({row.registrant_id for row in rows})
        found: dict[str, list[KeptConsent]] = {}
        for row in rows:
            found.setdefault(row.domain_id, []).append(await self._kept(row))
        return found

    async def _row(
        self, registration: Registration, actor: Actor, consent: Consent, now: datetime
    ) -> dict[str, object]:
        consent_id = new_id("con", now)
        who = {"by": consent.by, "proofs": list(consent.proofs)}
        return {
            "id": consent_id,
            "domain_id": registration.id,
            "actor": actor,
            "given_to": consent.to,
            "text_version": consent.text_version,
            "language": consent.language,
            "at": consent.at,
            "sealed": await self._sealing.seal_json(registration.registrant_id, _purpose(consent_id), who),
        }

    async def _kept(self, row: Row[Any]) -> KeptConsent:
        who: Any = await self._sealing.open_json(row.registrant_id, _purpose(row.id), row.sealed)
        consent = Consent(
            by=who["by"],
            at=row.at,
            text_version=row.text_version,
            to=ConsentTo(row.given_to),
            language=row.language,
            proofs=tuple(who["proofs"]),
        )
        return KeptConsent(row.id, row.domain_id, Actor(row.actor), consent)


def _purpose(consent_id: str) -> str:
    return f"consent:{consent_id}"
