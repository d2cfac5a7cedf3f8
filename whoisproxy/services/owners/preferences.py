"""What an owner wishes of pages and letters; and the end of his account, which forgets it."""

from dataclasses import replace

import structlog

from whoisproxy.domain.mail_settings import DigestWish
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.services.owners.corrections import Corrections
from whoisproxy.services.owners.letters import ACCOUNT_CLOSED, ask_for_letter
from whoisproxy.services.owners.sessions import FoundSession, OwnerSessions
from whoisproxy.services.quarantine_owners import wish_among
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage

_log = structlog.get_logger()

_AT_ONCE = 200


class OwnerPreferences:
    """Takes wishes, and closes accounts."""

    def __init__(
        self, storage: Storage, sessions: OwnerSessions, corrections: Corrections, clock: Clock
    ) -> None:
        self._storage = storage
        self._sessions = sessions
        self._corrections = corrections
        self._clock = clock

    async def digest(self, account: OwnerAccount) -> DigestWish:
        """Return how often an owner is told of held mail: as often as for any of his domains."""
        async with self._storage.reading() as uow:
            owners = await uow.registrations.owners_of_domains(account.registrar_id, account.owner_index)
            domains, wishes = list(owners), set[DigestWish]()
            for start in range(0, len(domains), _AT_ONCE):
                some = {each: owners[each] for each in domains[start : start + _AT_ONCE]}
                wishes |= {one.digest for one in (await uow.correspondence.settings_of(some)).values()}
                # It does not come more often, so no other need be opened.
                if DigestWish.DAILY in wishes:
                    break
        return wish_among(wishes)

    async def wish_digest(self, found: FoundSession, wish: DigestWish) -> bool:
        """Store how often he wants to be told, for all of his domains; False where his session has ended."""
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            if account is None:
                return False
            owners = await uow.registrations.owners_of_domains(account.registrar_id, account.owner_index)
            await uow.correspondence.wish_digests(owners, wish, self._clock())
        return True

    async def wish_language(self, found: FoundSession, language: str) -> None:
        """Store in which language he wants pages and letters; "" for that of his registrations."""
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            if account is not None:
                await uow.owner_accounts.put_profile(account.id, replace(account.profile, language=language))

    async def close(self, found: FoundSession) -> bool:
        """Close an owner's account: all that hangs on it is deleted, and its key; domains stay as they are.

        He may come back by a link, as one who was never here. False where his session has ended meanwhile.
        """
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            if account is None:
                return False
            await self._corrections.withdraw_all(uow, account)
            await uow.owner_accounts.remove(account.id)
            facts = {
                "registrar": account.registrar_id,
                "owner": account.owner_index.hex(),
                "language": account.profile.language,
            }
            await ask_for_letter(uow, ACCOUNT_CLOSED, facts, self._clock())
        _log.info("account-closed", account=account.id)
        return True
