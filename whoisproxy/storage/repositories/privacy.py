"""The privacy of domains; the mailbox it forwards to and who consented are sealed."""

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from mailrelay.directory import MailPolicy
from whoisproxy.domain.privacy import Consent, Privacy, PrivacyState, PrivacyStatus
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import domains, privacy

# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_OF_DOMAIN = (
    select(privacy, domains.c.registrant_id)
    .join(domains, domains.c.id == privacy.c.domain_id)
    .where(privacy.c.domain_id == bindparam("domain_id"))
)


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
        row = (await self._connection.execute(_OF_DOMAIN, {"domain_id": domain_id})).first()
        if row is None:
            raise LookupError("no such domain")
        return Privacy(
            status=PrivacyStatus(PrivacyState(row.state), wanted=row.wanted, published=row.published),
            mail_policy=MailPolicy(row.mail_policy),
            forward_to=await self._forward_to(row.registrant_id, row.forward_to),
            consent=await self._consent(row.registrant_id, row.consent),
            operation_id=row.operation_id,
            reason=row.reason,
            updated_at=row.updated_at,
        )

    async def put(self, domain_id: str, value: Privacy) -> None:
        """Store a domain's privacy, new or changed."""
        owner = select(domains.c.registrant_id).where(domains.c.id == domain_id)
        registrant_id: str = (await self._connection.execute(owner)).scalar_one()
        await self._connection.execute(delete(privacy).where(privacy.c.domain_id == domain_id))
        await self._connection.execute(
            insert(privacy).values(
                domain_id=domain_id,
                state=value.status.state,
                wanted=value.status.wanted,
                published=value.status.published,
                mail_policy=value.mail_policy,
                forward_to=await self._seal_forward_to(registrant_id, value.forward_to),
                consent=await self._seal_consent(registrant_id, value.consent),
                operation_id=value.operation_id,
                reason=value.reason,
                updated_at=value.updated_at,
            )
        )

    async def _seal_forward_to(self, registrant_id: str, mailbox: str) -> bytes | None:
        return await self._sealing.seal(registrant_id, "forward-to", mailbox.encode()) if mailbox else None

    async def _forward_to(self, registrant_id: str, sealed: bytes | None) -> str:
        return (await self._sealing.open(registrant_id, "forward-to", sealed)).decode() if sealed else ""

    async def _seal_consent(self, registrant_id: str, consent: Consent | None) -> bytes | None:
        if consent is None:
            return None
        values = {"by": consent.by, "at": consent.at.isoformat(), "text_version": consent.text_version}
        return await self._sealing.seal_json(registrant_id, "consent", values)

    async def _consent(self, registrant_id: str, sealed: bytes | None) -> Consent | None:
        if sealed is None:
            return None
        values = await self._sealing.open_json(registrant_id, "consent", sealed)
        at = datetime.fromisoformat(str(values["at"]))
        return Consent(by=str(values["by"]), at=at, text_version=str(values["text_version"]))
