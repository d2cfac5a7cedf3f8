"""What an owner signs in with, changed by himself: password, codes, recovery codes, the second step.

Each change is told to him by letter, and ends all his other sessions: whoever was in by what was changed is
out. A session that was ended meanwhile changes nothing.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import structlog

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.owner_account import (
    RECOVERY_BITS,
    RECOVERY_CODES,
    Methods,
    OwnerAccount,
    Proof,
    TwoStep,
    checked_password,
    read_recovery_code,
    recovery_code,
)
from whoisproxy.domain.sign_in import Attempt, Lane, Visit
from whoisproxy.domain.totp import matching_step, new_secret
from whoisproxy.services.owners.letters import METHODS_CHANGED, ask_for_letter
from whoisproxy.services.owners.passwords import Passwords
from whoisproxy.services.owners.sessions import Entered, FoundSession, OwnerSessions
from whoisproxy.services.owners.sign_in_attempts import count, note_success
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()
_HISTORY = 50


@dataclass(frozen=True, slots=True)
class Security:
    """How an owner's account stands.

    Attributes:
        required_by_registrar: Whether the registrar demands a second step.
        recovery_codes: How many are left.
        history: Latest attempts, the newest first.
    """

    methods: Methods = field(repr=False)
    two_step: TwoStep
    required_by_registrar: bool
    recovery_codes: int
    history: Sequence[Attempt]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A second step that is set up: the session that goes on, and codes that are shown this once."""

    entered: Entered
    codes: tuple[str, ...] = field(repr=False)


class SignInMethods:
    """Changes them; the caller has seen to it that the session is fresh."""

    def __init__(self, storage: Storage, sessions: OwnerSessions, passwords: Passwords, clock: Clock) -> None:
        self._storage = storage
        self._sessions = sessions
        self._passwords = passwords
        self._clock = clock

    async def security(self, account: OwnerAccount) -> Security:
        """Return how an account stands."""
        async with self._storage.reading() as uow:
            return Security(
                account.methods,
                await uow.owner_accounts.two_step(account),
                await uow.owner_accounts.is_two_step_required(account.registrar_id),
                await uow.owner_accounts.recovery_codes_left(account.id),
                await uow.sign_in_attempts.history(account.id, _HISTORY),
            )

    async def is_two_step_required(self, registrar: Registrar) -> bool:
        """Whether a registrar requires a second step of its owners."""
        async with self._storage.reading() as uow:
            return await uow.owner_accounts.is_two_step_required(registrar.id)

    async def require_two_step(self, registrar: Registrar, *, required: bool) -> None:
        """Require it from the next sign-in on, or leave it to each owner."""
        async with self._storage.unit_of_work() as uow:
            await uow.owner_accounts.require_two_step(registrar.id, required=required)

    async def reset(self, registrar: Registrar, registrant_id: str) -> None:
        """Forget what an owner signs in with, who has lost it; links go on leading him in.

        Raises:
            NotFound: The registrar has no registrant of that id.
        """
        async with self._storage.unit_of_work() as uow:
            owner = await uow.owner_accounts.owner_of(registrar.id, registrant_id)
            if owner is None:
                raise NotFound("you have no registrant of that id")
            known = await uow.owner_accounts.find(registrar.id, owner)
            account = await uow.owner_accounts.by_id(known.id) if known else None
            if account is None:
                return
            await uow.owner_accounts.put_methods(account.id, Methods())
            await uow.owner_accounts.put_recovery_codes(account.id, ())
            await uow.passkeys.remove_all(account.id)
            await uow.owner_sessions.remove_all(account.id)
            await ask_for_letter(uow, METHODS_CHANGED, {"account": account.id}, self._clock())
        _log.info("sign-in-reset", registrar=registrar.id, account=account.id)

    async def set_password(self, found: FoundSession, password: str) -> None:
        """Set a password in the place of one that there was.

        Raises:
            InvalidInput: It is too weak.
        """
        await self._set_password_hash(found, await self._passwords.hash(checked_password(password)))

    async def remove_password(self, found: FoundSession) -> None:
        """Take the password away; links and passkeys go on working."""
        await self._set_password_hash(found, "")

    async def begin_totp(self, found: FoundSession) -> str:
        """Return a secret to be shown, which counts when a code of it was typed; "" for no session."""
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            if account is None:
                return ""
            secret = account.methods.totp_pending or new_secret()
            await uow.owner_accounts.put_methods(account.id, replace(account.methods, totp_pending=secret))
        return secret

    async def confirm_totp(self, found: FoundSession, code: str, visit: Visit) -> Confirmed | None:
        """Ask for codes from now on, if this one is right; None for a wrong one."""
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            pending = account.methods.totp_pending if account else ""
            step = matching_step(pending, code, now, 0) if pending else None
            if account is None or step is None:
                return None
            await self._change(uow, account, found, totp_secret=pending, totp_pending="")
            await uow.owner_accounts.use_step(account.id, step)
            codes = await _new_codes(uow, account)
            counted = await count(uow, account, Proof.TOTP, Lane.FREE, visit, now)
            followed = await self._sessions.follow(uow, account, found.session, Proof.TOTP)
            entered = await note_success(uow, counted, followed) if counted else None
            return Confirmed(entered, codes) if entered else None

    async def remove_totp(self, found: FoundSession) -> bool:
        """Ask for codes no more; False where a second step is required and there is no passkey."""
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            if account is None:
                return True
            two_step = await uow.owner_accounts.two_step(account)
            if two_step.required and not two_step.has_passkey:
                return False
            await self._change(uow, account, found, totp_secret="", totp_pending="")
            await uow.owner_accounts.put_recovery_codes(account.id, ())
        return True

    async def new_recovery_codes(self, found: FoundSession) -> tuple[str, ...]:
        """Return new codes, shown this once, in the place of all that were left."""
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            if account is None or not account.methods.totp_secret:
                return ()
            codes = await _new_codes(uow, account)
            await ask_for_letter(uow, METHODS_CHANGED, {"account": account.id}, self._clock())
        return codes

    async def wish_two_step(self, found: FoundSession, *, wanted: bool) -> None:
        """Ask for a second step at each sign-in, or only where the registrar does."""
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            if account is not None and account.profile.two_step is not wanted:
                profile = replace(account.profile, two_step=wanted)
                await uow.owner_accounts.put_profile(account.id, profile)
                await ask_for_letter(uow, METHODS_CHANGED, {"account": account.id}, self._clock())

    async def _set_password_hash(self, found: FoundSession, password_hash: str) -> None:
        async with self._storage.unit_of_work() as uow:
            if account := await self._sessions.still_in(uow, found):
                await self._change(uow, account, found, password_hash=password_hash)

    async def _change(
        self, uow: UnitOfWork, account: OwnerAccount, found: FoundSession, **changes: str
    ) -> None:
        await uow.owner_accounts.put_methods(account.id, replace(account.methods, **changes))
        await uow.owner_sessions.remove_others(account.id, found.session.id)
        await ask_for_letter(uow, METHODS_CHANGED, {"account": account.id}, self._clock())


async def _new_codes(uow: UnitOfWork, account: OwnerAccount) -> tuple[str, ...]:
    codes = tuple([recovery_code(secrets.randbits(RECOVERY_BITS)) for _ in range(RECOVERY_CODES)])
    await uow.owner_accounts.put_recovery_codes(account.id, list(map(read_recovery_code, codes)))
    return codes
