"""How an owner wants the mail of one of his domains: seen and changed by himself.

What changes where mail goes, or who can read it, is told to him by letter, to the mailbox of his registration
and to that where the mail went before; the caller has seen to it that the session is fresh. That a domain is
his is looked up in the transaction that changes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mailrelay.directory import MailPolicy
from mailrelay.rewriting.encryption import EncryptionKey, UnusableKey, read_key
from registries.contact import Role
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.mail_settings import MailSettings
from whoisproxy.domain.mailbox_health import SuspectMailbox
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.domain.privacy import Privacy, PrivacyState
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress, RelayState, ReplyAddress
from whoisproxy.services import domain_mail
from whoisproxy.services.owners.letters import MAIL_CHANGED, ask_for_letter
from whoisproxy.services.owners.mailboxes import ShownMailbox, mailbox_of, shown_mailboxes
from whoisproxy.services.owners.sessions import FoundSession, OwnerSessions
from whoisproxy.services.privacy import PrivacyService, PrivacyView
from whoisproxy.services.settings import Clock, PrivacySettings
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_ROLES = tuple(Role)
_ROTATABLE = frozenset({PrivacyState.ENABLED, PrivacyState.ENABLING})


@dataclass(frozen=True, slots=True)
class DomainMail:
    """The mail of a domain, as its owner sees it.

    Attributes:
        key: By which mail to him is encrypted; None for none, or where it cannot be used any more.
        key_trouble: Why it cannot, kebab-case; "" where it can, or there is none.
        relays: Addresses that take mail now, the published ones first.
        own_suspect: What is known against the registrant's own mailbox; None where it works.
        mailboxes: All that the owner has named.
    """

    registration: Registration
    privacy: Privacy
    settings: MailSettings
    key: EncryptionKey | None = field(repr=False)
    key_trouble: str
    relays: tuple[RelayAddress, ...]
    own_suspect: SuspectMailbox | None
    mailboxes: tuple[ShownMailbox, ...]

    @property
    def may_rotate(self) -> bool:
        """Whether there are published addresses that others can take the place of."""
        return self.privacy.status.state in _ROTATABLE


class OwnerMailSettings:
    """The use cases of the page of a domain's mail; each raises NotFound where the domain is not his.

    Args:
        storage: The database.
        sessions: Know whether a session was ended meanwhile.
        privacy: Rotates.
        settings: They say how long addresses work after that.
        clock: Gives aware UTC.
    """

    def __init__(
        self,
        storage: Storage,
        sessions: OwnerSessions,
        privacy: PrivacyService,
        settings: PrivacySettings,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._sessions = sessions
        self._privacy = privacy
        self._settings = settings
        self._clock = clock

    async def of_domain(self, account: OwnerAccount, name: DomainName) -> DomainMail:
        """Return how a domain's mail stands."""
        now = self._clock()
        async with self._storage.reading() as uow:
            held = await _held(uow, account, name)
            settings = await uow.correspondence.settings(held.id, held.registrant_id)
            key, trouble = _read(settings.encryption_key, now)
            relays = [one for one in await uow.relays.of_domain(held.id) if one.takes_mail(now)]
            own_index = await uow.suspect_mailboxes.index(held.registrant.email)
            return DomainMail(
                held,
                await uow.privacy.get(held.id),
                settings,
                key,
                trouble,
                tuple(
                    sorted(
                        relays, key=lambda one: (one.state is not RelayState.ACTIVE, _ROLES.index(one.role))
                    )
                ),
                await uow.suspect_mailboxes.get(held.registrant_id, own_index),
                tuple(await shown_mailboxes(uow, account)),
            )

    async def set_policy(self, found: FoundSession, name: DomainName, policy: MailPolicy) -> None:
        """Have a domain's mail forwarded, filtered or kept back."""
        async with self._storage.unit_of_work() as uow:
            held = await self._changing(uow, found, name)
            await domain_mail.set_policy(uow, held, policy, self._clock())

    async def lead_to(self, found: FoundSession, name: DomainName, mailbox_id: str) -> None:
        """Lead a domain's mail to one of the owner's mailboxes; "" leads it to the registrant's own.

        Raises:
            NotFound: He has no such mailbox, or it is not confirmed.
        """
        async with self._storage.unit_of_work() as uow:
            held = await self._changing(uow, found, name)
            mailbox = await mailbox_of(uow, found.account, mailbox_id) if mailbox_id else None
            if mailbox is not None and mailbox.verified_at is None:
                raise NotFound("the mailbox is not confirmed")
            before = (await uow.privacy.get(held.id)).mailbox_id
            if await domain_mail.lead_to(uow, [held], mailbox, self._clock()):
                await self._tell(uow, found.account, held, before)

    async def wish(self, found: FoundSession, name: DomainName, wishes: Mapping[str, object]) -> None:
        """Store wishes by the names of their fields in `MailSettings`; what is not named stays.

        Raises:
            InvalidInput: A wish cannot be granted.
        """
        async with self._storage.unit_of_work() as uow:
            held = await self._changing(uow, found, name)
            before = await uow.correspondence.settings(held.id, held.registrant_id)
            after = MailSettings.parse({**before.as_dict(), **wishes})
            await uow.correspondence.put_settings(held.id, held.registrant_id, after, self._clock())

    async def set_key(self, found: FoundSession, name: DomainName, octets: bytes) -> None:
        """Encrypt mail of a domain to its owner from now on; no octets end that.

        Args:
            found: His session.
            name: The domain.
            octets: OpenPGP certificate or X.509 one, as text or binary.

        Raises:
            UnusableKey: Mail cannot be encrypted with it.
            InvalidInput: It is too long.
        """
        now = self._clock()
        text = read_key(octets, now).facts().text if octets else ""
        async with self._storage.unit_of_work() as uow:
            held = await self._changing(uow, found, name)
            before = await uow.correspondence.settings(held.id, held.registrant_id)
            after = MailSettings.parse({**before.as_dict(), "encryption_key": text})
            if after.encryption_key != before.encryption_key:
                await uow.correspondence.put_settings(held.id, held.registrant_id, after, now)
                await self._tell(uow, found.account, held, (await uow.privacy.get(held.id)).mailbox_id)

    def works_until(self) -> datetime:
        """Return until when addresses work that are rotated now."""
        return self._clock() + self._settings.grace

    async def rotate(self, found: FoundSession, name: DomainName) -> PrivacyView:
        """Publish new relay addresses in the place of those that are.

        Raises:
            PrivacyNotAllowed, DomainLocked: As `PrivacyService.rotate`.
        """
        async with self._storage.unit_of_work() as uow:
            await self._changing(uow, found, name)
        return await self._privacy.rotate(found.registrar, name)

    async def replies(
        self, account: OwnerAccount, name: DomainName, after: str, limit: int
    ) -> Sequence[ReplyAddress]:
        """Return up to `limit` of a domain's reply addresses, newest first; `after` is the last id seen."""
        async with self._storage.reading() as uow:
            held = await _held(uow, account, name)
            return await uow.replies.of_domain(held.id, after, limit)

    async def revoke(self, found: FoundSession, name: DomainName, reply_id: str) -> None:
        """End a reply address.

        Raises:
            NotFound: The domain has none of that id in use.
        """
        async with self._storage.unit_of_work() as uow:
            held = await self._changing(uow, found, name)
            if not await uow.replies.revoke(held.id, reply_id, self._clock()):
                raise NotFound("the domain has no reply address of that id in use")

    async def _changing(self, uow: UnitOfWork, found: FoundSession, name: DomainName) -> Registration:
        account = await self._sessions.still_in(uow, found)
        if account is None:
            raise NotFound("the session was ended")
        return await _held(uow, account, name)

    async def _tell(self, uow: UnitOfWork, account: OwnerAccount, held: Registration, before: str) -> None:
        facts = {"account": account.id, "domain": held.id, "before": before, "count": 1}
        await ask_for_letter(uow, MAIL_CHANGED, facts, self._clock())


async def _held(uow: UnitOfWork, account: OwnerAccount, name: DomainName) -> Registration:
    held = await uow.registrations.of_owner_by_name(account.registrar_id, account.owner_index, name)
    if held is None:
        raise NotFound("you have no domain of that name here")
    return held


def _read(text: str, now: datetime) -> tuple[EncryptionKey | None, str]:
    try:
        return (read_key(text.encode(), now) if text else None), ""
    except UnusableKey as error:
        return None, error.reason
