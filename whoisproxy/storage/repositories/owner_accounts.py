"""Owners' accounts with what they sign in with: methods, passkeys, recovery codes; tokens that were used."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from whoisproxy.domain.ids import new_id
from whoisproxy.domain.owner_account import Methods, OwnerAccount, Passkey, Profile, TwoStep
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import (
    owner_accounts,
    passkeys,
    recovery_codes,
    registrants,
    two_step_registrars,
    used_tokens,
)
from whoisproxy.storage.vault import normalised_mailbox

_PROFILE, _METHODS = "owner-profile", "owner-methods"
# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_BY_ID = select(owner_accounts).where(owner_accounts.c.id == bindparam("account_id"))
_BY_ID_LOCKED = _BY_ID.with_for_update()


class OwnerAccounts:
    """One row for each owner and registrar; it goes with the last of his domains."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def index(self, mailbox: str) -> bytes:
        """Return the blind index of a registrant's mailbox."""
        return await self._sealing.index("registrant-email", normalised_mailbox(mailbox))

    async def owner_of(self, registrar_id: str, registrant_id: str) -> bytes | None:
        """Return the index of a registrar's registrant, or None where it has none of that id."""
        same = (registrants.c.id == registrant_id, registrants.c.registrar_id == registrar_id)
        found = await self._connection.execute(select(registrants.c.email_index).where(*same))
        return found.scalar_one_or_none()

    async def registrars_of(self, owner_index: bytes) -> list[str]:
        """Return the ids of the registrars that have domains of an owner."""
        of_owner = select(registrants.c.registrar_id).where(registrants.c.email_index == owner_index)
        found = await self._connection.execute(of_owner.distinct().order_by(registrants.c.registrar_id))
        return list(found.scalars())

    async def ensure(self, registrar_id: str, owner_index: bytes, now: datetime) -> OwnerAccount:
        """Return the account of an owner, made when needed."""
        known = await self.find(registrar_id, owner_index)
        if known is not None:
            return known
        account_id = new_id("oac", now)
        values = {
            "id": account_id,
            "registrar_id": registrar_id,
            "owner_index": owner_index,
            "sealed": await self._sealing.seal_json(account_id, _PROFILE, asdict(Profile())),
            "methods": await self._sealing.seal_json(account_id, _METHODS, asdict(Methods())),
            "totp_step": 0,
            "created_at": now,
        }
        await self._connection.execute(self._insert(owner_accounts).values(values).on_conflict_do_nothing())
        made = await self.find(registrar_id, owner_index)
        if made is None:
            raise LookupError("an account that was just made is not there")
        if made.id != account_id:
            # Somebody else made it at the same time.
            await self._sealing.destroy(account_id)
        return made

    async def find(self, registrar_id: str, owner_index: bytes) -> OwnerAccount | None:
        """Return the account of an owner where there is one."""
        same = (owner_accounts.c.registrar_id == registrar_id, owner_accounts.c.owner_index == owner_index)
        row = (await self._connection.execute(select(owner_accounts).where(*same))).one_or_none()
        return None if row is None else await self._account(row)

    async def of_owner(self, owner_index: bytes) -> list[OwnerAccount]:
        """Return the accounts of an owner at all registrars."""
        query = select(owner_accounts).where(owner_accounts.c.owner_index == owner_index)
        rows = (await self._connection.execute(query.order_by(owner_accounts.c.id))).all()
        return [await self._account(row) for row in rows]

    async def by_id(self, account_id: str) -> OwnerAccount | None:
        """Return an account; where the unit of work writes, nobody else changes it until it is over."""
        query = _BY_ID if self._sealing.read_only else _BY_ID_LOCKED
        row = (await self._connection.execute(query, {"account_id": account_id})).first()
        return None if row is None else await self._account(row)

    async def put_profile(self, account_id: str, profile: Profile) -> None:
        """Store what an owner wishes."""
        sealed = await self._sealing.seal_json(account_id, _PROFILE, asdict(profile))
        await self._set(account_id, sealed=sealed)

    async def put_methods(self, account_id: str, methods: Methods) -> None:
        """Store what an owner signs in with."""
        sealed = await self._sealing.seal_json(account_id, _METHODS, asdict(methods))
        await self._set(account_id, methods=sealed)

    async def use_step(self, account_id: str, step: int) -> bool:
        """Write down that the code of a step of time was used; False where it, or a later one, was before."""
        later = (owner_accounts.c.id == account_id, owner_accounts.c.totp_step < step)
        done = await self._connection.execute(update(owner_accounts).where(*later).values(totp_step=step))
        return done.rowcount > 0

    async def two_step(self, account: OwnerAccount) -> TwoStep:
        """Return what is asked of an owner, and what he has set up for it."""
        required = await self.is_two_step_required(account.registrar_id) or account.profile.two_step
        keys = await self._connection.execute(
            select(func.count()).select_from(passkeys).where(passkeys.c.account_id == account.id)
        )
        return TwoStep(required, bool(account.methods.totp_secret), keys.scalar_one() > 0)

    async def is_two_step_required(self, registrar_id: str) -> bool:
        """Whether a registrar requires a second step of its owners."""
        query = select(two_step_registrars).where(two_step_registrars.c.registrar_id == registrar_id)
        return (await self._connection.execute(query)).first() is not None

    async def require_two_step(self, registrar_id: str, *, required: bool) -> None:
        """Write down whether it does."""
        if required:
            new = self._insert(two_step_registrars).values(registrar_id=registrar_id)
            await self._connection.execute(new.on_conflict_do_nothing())
            return
        of_registrar = two_step_registrars.c.registrar_id == registrar_id
        await self._connection.execute(delete(two_step_registrars).where(of_registrar))

    async def put_recovery_codes(self, account_id: str, codes: Collection[str]) -> None:
        """Store new codes in the place of all that were left."""
        await self._connection.execute(
            delete(recovery_codes).where(recovery_codes.c.account_id == account_id)
        )
        rows = [{"account_id": account_id, "code_index": await self._code(account_id, one)} for one in codes]
        if rows:
            await self._connection.execute(insert(recovery_codes), rows)

    async def use_recovery_code(self, account_id: str, code: str) -> bool:
        """Take a code away; False where it is none, or was used."""
        same = (
            recovery_codes.c.account_id == account_id,
            recovery_codes.c.code_index == await self._code(account_id, code),
        )
        return (await self._connection.execute(delete(recovery_codes).where(*same))).rowcount > 0

    async def recovery_codes_left(self, account_id: str) -> int:
        """Return how many codes were not used."""
        of_account = recovery_codes.c.account_id == account_id
        query = select(func.count()).select_from(recovery_codes).where(of_account)
        return (await self._connection.execute(query)).scalar_one()

    async def mac(self, purpose: str, text: str) -> bytes:
        """Return 32 octets that only this installation can make: the proof in a signed token."""
        return await self._sealing.index(f"token-{purpose}", text)

    async def use_token(self, token_hash: bytes, expires_at: datetime) -> bool:
        """Write down that a token was used; False where it was before."""
        new = self._insert(used_tokens).values(token_hash=token_hash, expires_at=expires_at)
        return (await self._connection.execute(new.on_conflict_do_nothing())).rowcount > 0

    async def is_used(self, token_hash: bytes) -> bool:
        """Whether a token was used."""
        query = select(used_tokens.c.token_hash).where(used_tokens.c.token_hash == token_hash)
        return (await self._connection.execute(query)).first() is not None

    async def remove(self, account_id: str) -> None:
        """Delete an account with all that hangs on it, and the key that reads it."""
        await self._connection.execute(delete(owner_accounts).where(owner_accounts.c.id == account_id))
        await self._sealing.destroy(account_id)

    async def purge(self, now: datetime) -> None:
        """Forget tokens that have ended, and the accounts of those who have no domain any more."""
        await self._connection.execute(delete(used_tokens).where(used_tokens.c.expires_at <= now))
        anybody = exists().where(
            registrants.c.registrar_id == owner_accounts.c.registrar_id,
            registrants.c.email_index == owner_accounts.c.owner_index,
        )
        gone = await self._connection.execute(select(owner_accounts.c.id).where(~anybody))
        for account_id in gone.scalars().all():
            await self.remove(account_id)

    async def _set(self, account_id: str, **values: object) -> None:
        await self._connection.execute(
            update(owner_accounts).where(owner_accounts.c.id == account_id).values(**values)
        )

    async def _code(self, account_id: str, code: str) -> bytes:
        return await self._sealing.index("recovery-code", f"{account_id}:{code}")

    def _insert(self, table: Any) -> Any:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        return dialect.insert(table)

    async def _account(self, row: Row[Any]) -> OwnerAccount:
        profile: Any = await self._sealing.open_json(row.id, _PROFILE, row.sealed)
        methods: Any = await self._sealing.open_json(row.id, _METHODS, row.methods)
        return OwnerAccount(
            row.id,
            row.registrar_id,
            row.owner_index,
            row.created_at,
            Profile(**profile),
            Methods(**methods),
            row.totp_step,
        )


class Passkeys:
    """One row for each credential; public key and name are sealed."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def add(self, passkey: Passkey) -> bool:
        """Store a new passkey; False where the credential is known already."""
        known = select(passkeys.c.id).where(passkeys.c.credential_id == passkey.credential_id)
        if (await self._connection.execute(known)).first() is not None:
            return False
        value = {"public_key": passkey.public_key.hex(), "name": passkey.name}
        await self._connection.execute(
            insert(passkeys).values(
                id=passkey.id,
                account_id=passkey.account_id,
                credential_id=passkey.credential_id,
                sign_count=passkey.sign_count,
                created_at=passkey.created_at,
                used_at=passkey.used_at,
                sealed=await self._sealing.seal_json(passkey.account_id, _passkey_purpose(passkey.id), value),
            )
        )
        return True

    async def by_credential(self, credential_id: bytes) -> Passkey | None:
        """Return the passkey of a credential; it is locked where the unit of work writes."""
        query = select(passkeys).where(passkeys.c.credential_id == credential_id)
        if not self._sealing.read_only:
            query = query.with_for_update()
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else await self._passkey(row)

    async def of_account(self, account_id: str) -> list[Passkey]:
        """Return an owner's passkeys, oldest first."""
        query = select(passkeys).where(passkeys.c.account_id == account_id).order_by(passkeys.c.id)
        return [await self._passkey(row) for row in (await self._connection.execute(query)).all()]

    async def used(self, passkey_id: str, sign_count: int, now: datetime) -> None:
        """Write down that a passkey was used."""
        same = passkeys.c.id == passkey_id
        await self._connection.execute(
            update(passkeys).where(same).values(sign_count=sign_count, used_at=now)
        )

    async def remove(self, account_id: str, passkey_id: str) -> bool:
        """Delete a passkey of an owner; False where he has none of that id."""
        same = (passkeys.c.account_id == account_id, passkeys.c.id == passkey_id)
        return (await self._connection.execute(delete(passkeys).where(*same))).rowcount > 0

    async def remove_all(self, account_id: str) -> None:
        """Delete all passkeys of an owner."""
        await self._connection.execute(delete(passkeys).where(passkeys.c.account_id == account_id))

    async def _passkey(self, row: Row[Any]) -> Passkey:
        value: Any = await self._sealing.open_json(row.account_id, _passkey_purpose(row.id), row.sealed)
        return Passkey(
            row.id,
            row.account_id,
            row.credential_id,
            bytes.fromhex(value["public_key"]),
            row.sign_count,
            value["name"],
            row.created_at,
            row.used_at,
        )


def _passkey_purpose(passkey_id: str) -> str:
    return f"passkey:{passkey_id}"
