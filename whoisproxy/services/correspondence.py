"""An owner's correspondence: his wishes for a domain's mail, the addresses he answers at, whom he stops."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mailrelay.directory import MailPolicy, Opening
from mailrelay.rewriting.encryption import UnusableKey, read_key
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.mail_settings import MailSettings
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import ReplyAddress
from whoisproxy.domain.sender_rules import RuleAction, sender_that_came
from whoisproxy.services import domain_mail
from whoisproxy.services.holding import hold
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.sender_rules import RuleBook
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a reply address stands for, as its owner is shown it.

    Attributes:
        domain: The owner's.
        language: BCP 47 tag of the owner's.
    """

    domain: str
    language: str
    opening: Opening


class CorrespondenceService:
    """A registrar's view of what its domains' owners wish for their mail.

    Args:
        storage: The database.
        clock: Gives aware UTC.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def settings(self, registrar: Registrar, name: DomainName) -> MailSettings:
        """Return how the owner wants the domain's mail.

        Raises:
            NotFound: The registrar has no such domain.
        """
        async with self._storage.reading() as uow:
            held = await hold(uow, registrar, name)
            return await uow.correspondence.settings(held.id, held.registrant_id)

    async def policy(self, registrar: Registrar, name: DomainName) -> MailPolicy:
        """Return what is done with the domain's mail.

        Raises:
            NotFound: The registrar has no such domain.
        """
        async with self._storage.reading() as uow:
            held = await hold(uow, registrar, name)
            return (await uow.privacy.get(held.id)).mail_policy

    async def change(
        self,
        registrar: Registrar,
        name: DomainName,
        wishes: dict[str, Any],
        policy: MailPolicy | None = None,
    ) -> MailSettings:
        """Store wishes by the names of their fields, and a policy; what is not named stays as it is.

        Raises:
            NotFound: The registrar has no such domain.
            InvalidInput: A wish cannot be granted.
        """
        changed = MailSettings.parse(wishes)
        named = {field: getattr(changed, field) for field in wishes}
        async with self._storage.unit_of_work() as uow:
            held = await hold(uow, registrar, name)
            before = await uow.correspondence.settings(held.id, held.registrant_id)
            settings = MailSettings.parse(replace(before, **named).as_dict())
            _demand_usable(settings.encryption_key, self._clock())
            await uow.correspondence.put_settings(held.id, held.registrant_id, settings, self._clock())
            if policy is not None:
                await domain_mail.set_policy(uow, held, policy, self._clock())
        return settings

    async def reply_addresses(
        self, registrar: Registrar, name: DomainName, after: str, limit: int
    ) -> list[ReplyAddress]:
        """Return up to `limit` reply addresses of a domain, newest first; `after` is the last id seen.

        Raises:
            NotFound: The registrar has no such domain.
        """
        async with self._storage.reading() as uow:
            held = await hold(uow, registrar, name)
            return await uow.replies.of_domain(held.id, after, limit)

    async def revoke(self, registrar: Registrar, name: DomainName, reply_id: str) -> None:
        """End a reply address: what is sent to it is refused from now on.

        Raises:
            NotFound: The registrar has no such domain, or it no such address in use.
        """
        async with self._storage.unit_of_work() as uow:
            held = await hold(uow, registrar, name)
            if not await uow.replies.revoke(held.id, reply_id, self._clock()):
                raise NotFound("the domain has no reply address of that id in use")

    async def addressee(self, local_part: str, relay_domain: str) -> Addressee | None:
        """Return whom a reply address stands for, in use or not; None where nobody knows any more."""
        async with self._storage.reading() as uow:
            found = await self._at(uow, local_part, relay_domain)
        return found and found[0]

    async def stop(self, local_part: str, relay_domain: str) -> Addressee | None:
        """Block the correspondent whom a reply address stands for, by the owner's own word.

        Returns:
            Who it is, blocked now or before; None where nobody knows any more.
        """
        async with self._storage.unit_of_work() as uow:
            if (found := await self._at(uow, local_part, relay_domain)) is None:
                return None
            addressee, held = found
            if sender := sender_that_came(addressee.opening.correspondent):
                await uow.sender_rules.put(RuleBook.of_domain(held), sender, RuleAction.BLOCK, self._clock())
        return addressee

    async def _at(
        self, uow: UnitOfWork, local_part: str, relay_domain: str
    ) -> tuple[Addressee, Registration] | None:
        reply = await uow.replies.by_local_part(local_part, relay_domain)
        held = await uow.registrations.by_id(reply.domain_id) if reply else None
        if reply is None or held is None:
            return None
        return Addressee(str(held.name), held.registrant.language, reply.opening), held


def _demand_usable(encryption_key: str, now: datetime) -> None:
    try:
        if encryption_key:
            read_key(encryption_key.encode(), now)
    except UnusableKey as error:
        raise InvalidInput("encryption_key", f"cannot be encrypted for: {error.reason}") from None
