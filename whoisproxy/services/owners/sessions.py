"""Sessions of owners: begun by a proof, found by what a browser has, ended by their owner.

The browser has 256 random bits of which the database knows the SHA-256. They are always made here and always
made anew: at sign-in, at a second step, when somebody proves himself again. A browser that came with somebody
else's has another one afterwards.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.ids import base32, new_id
from whoisproxy.domain.owner_account import OwnerAccount, Proof
from whoisproxy.domain.owner_session import OwnerSession, begun, succeeded_by
from whoisproxy.domain.sign_in import Visit
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_SECRET_BITS = 256
_SECRET_CHARS = 52
_CSRF_CHARS = 26


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A live session, whose it is, and at which registrar."""

    session: OwnerSession
    account: OwnerAccount
    registrar: Registrar


@dataclass(frozen=True, slots=True)
class Entered:
    """A session that has just begun.

    Attributes:
        secret: For the browser.
        device_token: Likewise; "" where it has one already.
    """

    session: OwnerSession
    secret: str = field(repr=False)
    device_token: str = field(default="", repr=False)


def new_secret() -> str:
    """Return 256 random bits in base32."""
    return base32(secrets.randbits(_SECRET_BITS), _SECRET_CHARS)


def csrf_token(secret: str) -> str:
    """Return what every form of a session carries, and a page of somebody else cannot know."""
    digest = hmac.digest(secret.encode(), b"csrf", "sha256")
    return base32(int.from_bytes(digest) >> (_SECRET_BITS - 5 * _CSRF_CHARS), _CSRF_CHARS)


class OwnerSessions:
    """Begins, finds and ends sessions."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def find(self, secret: str) -> FoundSession | None:
        """Return the live session of a browser, and write down now and then that it was used."""
        if len(secret) != _SECRET_CHARS:
            return None
        now = self._clock()
        async with self._storage.glance() as uow:
            session = await uow.owner_sessions.by_token(_hash(secret))
            if session is None or not session.is_live(now):
                return None
            account = await uow.owner_accounts.by_id(session.account_id)
            registrar = await uow.registrars.get(account.registrar_id) if account else None
        if account is None or registrar is None:
            return None
        if session.is_seen_anew(now):
            async with self._storage.unit_of_work() as uow:
                await uow.owner_sessions.seen(session.id, now)
        return FoundSession(session, account, registrar)

    async def of_account(self, account: OwnerAccount) -> list[OwnerSession]:
        """Return where an owner is signed in, the session used last first."""
        now = self._clock()
        async with self._storage.reading() as uow:
            found = await uow.owner_sessions.of_account(account.id)
        return [one for one in found if one.is_full(now)]

    async def end(self, account: OwnerAccount, session_id: str) -> bool:
        """End a session of an owner; False where he has none of that id."""
        async with self._storage.unit_of_work() as uow:
            return await uow.owner_sessions.remove(account.id, session_id)

    async def forget(self, secret: str) -> None:
        """End the session that a browser had, where it had one: it gets another."""
        async with self._storage.unit_of_work() as uow:
            session = await uow.owner_sessions.by_token(_hash(secret))
            if session is not None:
                await uow.owner_sessions.remove(session.account_id, session.id)

    async def end_others(self, account: OwnerAccount, session_id: str) -> int:
        """End all of an owner's sessions but one; return how many."""
        async with self._storage.unit_of_work() as uow:
            return await uow.owner_sessions.remove_others(account.id, session_id)

    async def begin(
        self, uow: UnitOfWork, account: OwnerAccount, proofs: tuple[Proof, ...], visit: Visit
    ) -> Entered:
        """Begin a session in a unit of work."""
        now, two_step = self._clock(), await uow.owner_accounts.two_step(account)
        session = begun(new_id("ses", now), account.id, proofs, two_step, now, visit.network, visit.device)
        return await _kept(uow, session)

    async def still_in(self, uow: UnitOfWork, found: FoundSession) -> OwnerAccount | None:
        """Return the account of a session as it is now, locked; None where that was ended meanwhile."""
        account = await uow.owner_accounts.by_id(found.account.id)
        return account if await uow.owner_sessions.is_there(found.session.id) else None

    async def follow(
        self, uow: UnitOfWork, account: OwnerAccount, session: OwnerSession, proof: Proof
    ) -> Entered | None:
        """Put a session in the place of another after one more proof; None where that has ended meanwhile."""
        if not await uow.owner_sessions.remove(account.id, session.id):
            return None
        now, two_step = self._clock(), await uow.owner_accounts.two_step(account)
        return await _kept(uow, succeeded_by(session, new_id("ses", now), proof, two_step, now))


async def _kept(uow: UnitOfWork, session: OwnerSession) -> Entered:
    secret = new_secret()
    await uow.owner_sessions.add(session, _hash(secret))
    return Entered(session, secret)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
