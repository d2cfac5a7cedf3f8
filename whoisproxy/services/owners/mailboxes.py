"""Mailboxes of owners: named by them, confirmed by a link in a letter, chosen for domains, taken away again.

Nothing but that one letter goes to a mailbox before somebody who reads it has confirmed it. The letter names
neither the owner nor a domain: who gets it by mistake learns nothing. A mailbox that is taken away leaves the
domains whose mail went there to the registrant's own.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailrelay.checks.rates import LeakyBucket
from whoisproxy.domain.errors import InvalidInput, NotFound, RateLimited
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.mailbox_health import SuspectMailbox
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.domain.owner_mailbox import MOST_MAILBOXES, OwnerMailbox, deliverable
from whoisproxy.services import domain_mail
from whoisproxy.services.owners import tokens
from whoisproxy.services.owners.letters import CONFIRM_MAILBOX, MAIL_CHANGED, ask_for_letter
from whoisproxy.services.owners.sessions import FoundSession, OwnerSessions
from whoisproxy.services.owners.tokens import TokenPurpose
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_LETTERS, _WITHIN_S = 10, 3600.0
_AT_ONCE = 200  # domains
_PURPOSES = frozenset({TokenPurpose.MAILBOX})


class MailboxState(StrEnum):
    """How a mailbox stands."""

    WAITING = "waiting"  # nobody has confirmed it yet
    GOOD = "good"
    FAILING = "failing"  # it refused mail of one of the owner's domains, and has taken none since


@dataclass(frozen=True, slots=True)
class ShownMailbox:
    """A mailbox as its owner sees it.

    Attributes:
        suspect: What is known against it; None where it works.
        domains: How many domains' mail goes there.
    """

    known: OwnerMailbox
    suspect: SuspectMailbox | None
    domains: int

    @property
    def state(self) -> MailboxState:
        """See there."""
        if self.known.verified_at is None:
            return MailboxState.WAITING
        return MailboxState.FAILING if self.suspect else MailboxState.GOOD


@dataclass(frozen=True, slots=True)
class Confirming:
    """What the link in a letter to a mailbox is about: the mailbox, and at which registrar its owner is."""

    mailbox: OwnerMailbox
    registrar_id: str
    registrar: str
    language: str


class Mailboxes:
    """The use cases; the caller has seen to it that the session is fresh.

    Args:
        storage: The database.
        sessions: Know whether a session was ended meanwhile.
        relay_domain: No mailbox may be below it.
        clock: Gives aware UTC.
    """

    def __init__(self, storage: Storage, sessions: OwnerSessions, relay_domain: str, clock: Clock) -> None:
        self._storage = storage
        self._sessions = sessions
        self._relay_domain = relay_domain
        self._clock = clock
        self._letters = LeakyBucket(_LETTERS, _WITHIN_S, clock)

    async def of_account(self, account: OwnerAccount) -> list[ShownMailbox]:
        """Return an owner's mailboxes, the oldest first."""
        async with self._storage.reading() as uow:
            return await shown_mailboxes(uow, account)

    async def add(self, found: FoundSession, text: str) -> OwnerMailbox:
        """Name a mailbox, and have a letter sent to it; the same again sends another letter.

        Raises:
            InvalidInput: It is no mailbox, the relay's own, confirmed already, or there are too many.
            RateLimited: Enough letters were sent for now.
            NotFound: The session was ended meanwhile.
        """
        named, now = deliverable(text, "mailbox", self._relay_domain), self._clock()
        async with self._storage.unit_of_work() as uow:
            account = await self._account(uow, found)
            index = await uow.owner_mailboxes.index(named)
            known = await uow.owner_mailboxes.of_account(account.id)
            same = next((one for one in known if one.mailbox_index == index), None)
            if await uow.owner_accounts.index(named) == account.owner_index or (same and same.verified_at):
                raise InvalidInput("mailbox", "is among those that mail can go to already")
            if same is None and len(known) >= MOST_MAILBOXES:
                raise InvalidInput("mailbox", f"there are {MOST_MAILBOXES} already")
            mailbox = same or OwnerMailbox(new_id("mbx", now), account.id, named, index, now)
            if same is None:
                await uow.owner_mailboxes.add(mailbox)
            await self._ask(uow, account, mailbox, now)
        return mailbox

    async def send_again(self, found: FoundSession, mailbox_id: str) -> None:
        """Have another letter sent to a mailbox that is not confirmed.

        Raises:
            NotFound: The owner has no such mailbox.
            RateLimited: Enough letters were sent for now.
        """
        async with self._storage.unit_of_work() as uow:
            account = await self._account(uow, found)
            mailbox = await mailbox_of(uow, account, mailbox_id)
            if mailbox.verified_at is None:
                await self._ask(uow, account, mailbox, self._clock())

    async def remove(self, found: FoundSession, mailbox_id: str) -> None:
        """Forget a mailbox; the mail that went there goes to the registrant's own from now on.

        Of many domains some are led back at a time, so that others may write in between.

        Raises:
            NotFound: The owner has no such mailbox.
        """
        told = False
        while True:
            async with self._storage.unit_of_work() as uow:
                account = await self._account(uow, found)
                mailbox = await mailbox_of(uow, account, mailbox_id)
                led = await uow.privacy.going_to(mailbox.id, _AT_ONCE)
                if led and not told:
                    await self._tell(uow, account, mailbox, led[0])
                    told = True
                held = await uow.registrations.by_ids(led)
                await domain_mail.lead_to(uow, list(held.values()), None, self._clock())
                if len(led) < _AT_ONCE:
                    await uow.owner_mailboxes.remove(mailbox.id)
                    return

    async def look_at(self, token: str) -> Confirming | None:
        """Return what a link is about; None where it is forged, over, used, or the mailbox is gone."""
        async with self._storage.reading() as uow:
            claim = await tokens.read(uow, token, _PURPOSES, self._clock())
            return await self._confirming(uow, claim.subject) if claim else None

    async def confirm(self, token: str) -> Confirming | None:
        """Use a link up: the mailbox may get mail from now on. None as for `look_at`."""
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            claim = await tokens.used(uow, token, _PURPOSES, now)
            confirming = await self._confirming(uow, claim.subject) if claim else None
            if confirming is not None:
                await uow.owner_mailboxes.verify(confirming.mailbox.id, now)
        return confirming

    async def _confirming(self, uow: UnitOfWork, mailbox_id: str) -> Confirming | None:
        mailbox = await uow.owner_mailboxes.by_id(mailbox_id)
        account = await uow.owner_accounts.by_id(mailbox.account_id) if mailbox else None
        registrar = await uow.registrars.get(account.registrar_id) if account else None
        if mailbox is None or account is None or registrar is None:
            return None
        return Confirming(mailbox, registrar.id, registrar.name, account.profile.language)

    async def _account(self, uow: UnitOfWork, found: FoundSession) -> OwnerAccount:
        account = await self._sessions.still_in(uow, found)
        if account is None:
            raise NotFound("the session was ended")
        return account

    async def _tell(
        self, uow: UnitOfWork, account: OwnerAccount, mailbox: OwnerMailbox, domain_id: str
    ) -> None:
        count = (await uow.privacy.count_going_to([mailbox.id]))[mailbox.id]
        facts = {"account": account.id, "domain": domain_id, "count": count}
        await ask_for_letter(uow, MAIL_CHANGED, facts, self._clock())

    async def _ask(
        self, uow: UnitOfWork, account: OwnerAccount, mailbox: OwnerMailbox, now: datetime
    ) -> None:
        if self._letters.add(account.id):
            raise RateLimited(int(_WITHIN_S / _LETTERS))
        await uow.owner_mailboxes.renew(mailbox.id, now)
        await ask_for_letter(uow, CONFIRM_MAILBOX, {"mailbox": mailbox.id}, now)


async def mailbox_of(uow: UnitOfWork, account: OwnerAccount, mailbox_id: str) -> OwnerMailbox:
    """Return a mailbox of an owner, or raise NotFound."""
    mailbox = await uow.owner_mailboxes.by_id(mailbox_id)
    if mailbox is None or mailbox.account_id != account.id:
        raise NotFound("you have no such mailbox")
    return mailbox


async def shown_mailboxes(uow: UnitOfWork, account: OwnerAccount) -> list[ShownMailbox]:
    """Return an owner's mailboxes, the oldest first, each with how it fares."""
    known = await uow.owner_mailboxes.of_account(account.id)
    suspects = await uow.suspect_mailboxes.of_owner(
        account.registrar_id, account.owner_index, [one.mailbox_index for one in known]
    )
    domains = await uow.privacy.count_going_to(one.id for one in known)
    return [ShownMailbox(one, suspects.get(one.mailbox_index), domains[one.id]) for one in known]
