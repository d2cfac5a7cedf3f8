"""Sign-in of owners: by a link of their registrar, a link in a letter, a password, and a second step.

Who asks for a letter gets the same answer, after the same work, whether anybody has that mailbox: looking
that up is left to the worker that writes the letter. Passkeys are in `services.passkeys`.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.owner_account import OwnerAccount, Proof, read_recovery_code
from whoisproxy.domain.owner_session import MOST_TRIES
from whoisproxy.domain.registrant import mailbox as normal_mailbox
from whoisproxy.domain.sign_in import Lane, Visit, lane_of_code
from whoisproxy.domain.totp import matching_step
from whoisproxy.services.owners import tokens
from whoisproxy.services.owners.letters import SIGN_IN, ask_for_letter
from whoisproxy.services.owners.passwords import Passwords
from whoisproxy.services.owners.sessions import Entered, FoundSession, OwnerSessions
from whoisproxy.services.owners.sign_in_attempts import (
    Counted,
    count,
    count_unknown,
    lane_of_password,
    note_success,
)
from whoisproxy.services.owners.tokens import TokenPurpose
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()

_LINKS = frozenset({TokenPurpose.REGISTRAR, TokenPurpose.EMAIL})
_PROOFS = {TokenPurpose.REGISTRAR: Proof.REGISTRAR_LINK, TokenPurpose.EMAIL: Proof.EMAIL_LINK}
_LONGEST_MAILBOX = 320  # RFC 5321 section 4.5.3.1: 64 octets, @, 255


@dataclass(frozen=True, slots=True)
class MadeLink:
    """The end of a link's path, and when it is over."""

    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class EntryLink:
    """Where a link leads.

    Attributes:
        domains: How many its owner has.
    """

    registrar: Registrar
    domains: int


class SignIn:
    """Lets owners in.

    Args:
        storage: The database.
        sessions: Begins sessions.
        passwords: Verifies.
        clock: Gives aware UTC.
    """

    def __init__(self, storage: Storage, sessions: OwnerSessions, passwords: Passwords, clock: Clock) -> None:
        self._storage = storage
        self._sessions = sessions
        self._passwords = passwords
        self._clock = clock

    async def registrar_link(self, registrar: Registrar, registrant_id: str) -> MadeLink:
        """Return a link for the owner of a registrar's registrant; it is good once.

        Raises:
            NotFound: The registrar has no registrant of that id.
        """
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            owner = await uow.owner_accounts.owner_of(registrar.id, registrant_id)
            if owner is None:
                raise NotFound("you have no registrant of that id")
            account = await uow.owner_accounts.ensure(registrar.id, owner, now)
            token = await tokens.made(uow, TokenPurpose.REGISTRAR, now, account.id)
        _log.info("portal-link-made", registrar=registrar.id, account=account.id)
        return MadeLink(token, now + tokens.LIFETIMES[TokenPurpose.REGISTRAR])

    async def ask_link(self, mailbox: str, registrar_id: str = "") -> None:
        """Ask for a letter with a link to whoever owns domains with that mailbox, if anybody does.

        Args:
            mailbox: As it was typed.
            registrar_id: Whose pages it was typed into; "" for those of all.
        """
        async with self._storage.unit_of_work() as uow:
            owners = [one.hex() for one in await _owners(uow, mailbox)]
            facts = {"owners": owners, "registrar": registrar_id}
            await ask_for_letter(uow, SIGN_IN, facts, self._clock())

    async def look_at(self, token: str) -> EntryLink | None:
        """Return where a link leads, and leave it unused; None for one that leads nowhere."""
        async with self._storage.reading() as uow:
            claim = await tokens.read(uow, token, _LINKS, self._clock())
            account = await uow.owner_accounts.by_id(claim.subject) if claim else None
            registrar = await uow.registrars.get(account.registrar_id) if account else None
            if account is None or registrar is None:
                return None
            domains = await uow.registrations.of_owner(account.registrar_id, account.owner_index)
        return EntryLink(registrar, len(domains)) if domains else None

    async def by_link(self, token: str, visit: Visit) -> Entered | None:
        """Use a link up and begin a session; None for one that leads nowhere."""
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            claim = await tokens.used(uow, token, _LINKS, now)
            account = await uow.owner_accounts.by_id(claim.subject) if claim else None
            if claim is None or account is None or not await _has_domains(uow, account):
                return None
            proof = _PROOFS[claim.purpose]
            counted = await count(uow, account, proof, Lane.FREE, visit, now)
            return await self._begun(uow, account, proof, counted)

    async def by_password(
        self, mailbox: str, password: str, visit: Visit, registrar_id: str = ""
    ) -> Entered | None:
        """Begin a session with a password; None for a wrong one, or where it is not to be tried now."""
        attempts = await self._counted(mailbox, visit, registrar_id)
        if not attempts:
            await self._passwords.verify("", password)
        for account, counted in attempts:
            if not await self._passwords.verify(account.methods.password_hash, password):
                continue
            async with self._storage.unit_of_work() as uow:
                if unchanged := await _unchanged(uow, account):
                    return await self._begun(uow, unchanged, Proof.PASSWORD, counted)
        return None

    async def by_code(self, found: FoundSession, code: str, visit: Visit) -> Entered | None:
        """Go on with a code of TOTP, or a recovery code; None for a wrong one."""
        async with self._storage.unit_of_work() as uow:
            account = await uow.owner_accounts.by_id(found.account.id)
            tries = await uow.owner_sessions.tried(found.session.id)
            if account is None or not 0 < tries <= MOST_TRIES:
                return None
            checked = await self._checked(uow, account, found.session.proofs[0], code, visit)
            if checked is None:
                return None
            entered = await self._sessions.follow(uow, account, found.session, checked.attempt.proof)
            return await note_success(uow, checked, entered)

    async def prove_by_password(self, found: FoundSession, password: str, visit: Visit) -> Entered | None:
        """Prove oneself once more with a password; None for a wrong one."""
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            account = await uow.owner_accounts.by_id(found.account.id)
            tries = await uow.owner_sessions.tried(found.session.id)
            if account is None or not 0 < tries <= MOST_TRIES:
                return None
            lane = await lane_of_password(uow, account, visit)
            counted = await count(uow, account, Proof.PASSWORD, lane, visit, now)
        stored = account.methods.password_hash if counted else ""
        if not await self._passwords.verify(stored, password) or counted is None:
            return None
        async with self._storage.unit_of_work() as uow:
            if await _unchanged(uow, account) is None:
                return None
            entered = await self._sessions.follow(uow, account, found.session, Proof.PASSWORD)
            return await note_success(uow, counted, entered)

    async def _counted(
        self, mailbox: str, visit: Visit, registrar_id: str
    ) -> Sequence[tuple[OwnerAccount, Counted]]:
        """Count an attempt at each account that has a password, or at none."""
        now, found = self._clock(), []
        async with self._storage.unit_of_work() as uow:
            for account in await _with_password(uow, mailbox, registrar_id):
                lane = await lane_of_password(uow, account, visit)
                if counted := await count(uow, account, Proof.PASSWORD, lane, visit, now):
                    found.append((account, counted))
            if not found:
                await count_unknown(uow, Proof.PASSWORD, Lane.PASSWORD, visit, now)
        return found

    async def _checked(
        self, uow: UnitOfWork, account: OwnerAccount, first: Proof, code: str, visit: Visit
    ) -> Counted | None:
        """Return the attempt of a code that is right and was not used before."""
        now = self._clock()
        if recovery := read_recovery_code(code):
            if not await uow.owner_accounts.use_recovery_code(account.id, recovery):
                return None
            return await count(uow, account, Proof.RECOVERY_CODE, Lane.FREE, visit, now)
        counted = await count(uow, account, Proof.TOTP, lane_of_code(first), visit, now)
        if counted is None or not account.methods.totp_secret:
            return None
        step = matching_step(account.methods.totp_secret, code, now, account.totp_step)
        if step is None or not await uow.owner_accounts.use_step(account.id, step):
            return None
        return counted

    async def _begun(
        self, uow: UnitOfWork, account: OwnerAccount, proof: Proof, counted: Counted | None
    ) -> Entered | None:
        if counted is None:
            return None
        entered = await self._sessions.begin(uow, account, (proof,), counted.visit)
        return await note_success(uow, counted, entered)


async def _owners(uow: UnitOfWork, mailbox: str) -> list[bytes]:
    """Return the indexes under which a mailbox that was typed may be known: many write theirs in capitals."""
    typed = mailbox.strip()[:_LONGEST_MAILBOX]
    with contextlib.suppress(InvalidInput):
        typed = normal_mailbox(typed, "mailbox")
    return [await uow.owner_accounts.index(one) for one in dict.fromkeys((typed, typed.lower()))]


async def _with_password(uow: UnitOfWork, mailbox: str, registrar_id: str) -> list[OwnerAccount]:
    """Return the accounts that a mailbox and a password may lead to, locked."""
    ids = [
        account.id
        for owner in await _owners(uow, mailbox)
        for account in await uow.owner_accounts.of_owner(owner)
        if registrar_id in {"", account.registrar_id} and account.methods.password_hash
    ]
    # In one order, so that nobody waits for one who waits for him.
    locked = [await uow.owner_accounts.by_id(one) for one in sorted(ids)]
    return [one for one in locked if one is not None and await _has_domains(uow, one)]


async def _unchanged(uow: UnitOfWork, account: OwnerAccount) -> OwnerAccount | None:
    """Return an account as it is now, if its password is still the one that was verified."""
    present = await uow.owner_accounts.by_id(account.id)
    same = present is not None and present.methods.password_hash == account.methods.password_hash
    return present if same else None


async def _has_domains(uow: UnitOfWork, account: OwnerAccount) -> bool:
    return account.registrar_id in await uow.owner_accounts.registrars_of(account.owner_index)
