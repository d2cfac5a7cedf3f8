"""Owners' sessions, and who tried to sign in; network and device are sealed under the account's key."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, func, insert, or_, select, update

from whoisproxy.domain.owner_account import Proof
from whoisproxy.domain.owner_session import OwnerSession, Stage
from whoisproxy.domain.sign_in import Attempt, Lane
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import owner_sessions as sessions
from whoisproxy.storage.tables import sign_in_attempts as attempts

# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_BY_TOKEN = select(sessions).where(sessions.c.token_hash == bindparam("token_hash"))
_THERE = select(sessions.c.id).where(sessions.c.id.in_(bindparam("ids", expanding=True)))
_BY_TOKEN_LOCKED = _BY_TOKEN.with_for_update()


class OwnerSessions:
    """One row for each session, found by the hash of what its browser has."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def add(self, session: OwnerSession, token_hash: bytes) -> None:
        """Store a new session."""
        value = {"network": session.network, "device": session.device}
        await self._connection.execute(
            insert(sessions).values(
                id=session.id,
                account_id=session.account_id,
                token_hash=token_hash,
                stage=session.stage,
                proofs=list(session.proofs),
                created_at=session.created_at,
                seen_at=session.seen_at,
                proven_at=session.proven_at,
                tries=session.tries,
                sealed=await self._sealing.seal_json(session.account_id, _session_purpose(session.id), value),
            )
        )

    async def by_token(self, token_hash: bytes) -> OwnerSession | None:
        """Return the session of a token, whether it is live or not; it is locked where one may write."""
        query = _BY_TOKEN if self._sealing.read_only else _BY_TOKEN_LOCKED
        row = (await self._connection.execute(query, {"token_hash": token_hash})).first()
        return None if row is None else await self._session(row)

    async def is_there(self, session_id: str) -> bool:
        """Whether a session was not ended."""
        query = select(sessions.c.id).where(sessions.c.id == session_id)
        return (await self._connection.execute(query)).first() is not None

    async def there(self, session_ids: Collection[str]) -> frozenset[str]:
        """Return those of some sessions that were not ended."""
        rows = (await self._connection.execute(_THERE, {"ids": list(session_ids)})).all()
        return frozenset(row.id for row in rows)

    async def of_account(self, account_id: str) -> list[OwnerSession]:
        """Return an owner's sessions, the one that was used last first."""
        query = select(sessions).where(sessions.c.account_id == account_id)
        rows = await self._connection.execute(query.order_by(sessions.c.seen_at.desc(), sessions.c.id))
        return [await self._session(row) for row in rows.all()]

    async def seen(self, session_id: str, now: datetime) -> None:
        """Write down that a session was used."""
        await self._connection.execute(
            update(sessions).where(sessions.c.id == session_id).values(seen_at=now)
        )

    async def tried(self, session_id: str) -> int:
        """Count one more try before it is looked at; return how many there are now."""
        more = update(sessions).where(sessions.c.id == session_id).values(tries=sessions.c.tries + 1)
        found = await self._connection.execute(more.returning(sessions.c.tries))
        return found.scalar_one_or_none() or 0

    async def remove(self, account_id: str, session_id: str) -> bool:
        """End a session of an owner; False where he has none of that id."""
        same = (sessions.c.account_id == account_id, sessions.c.id == session_id)
        return (await self._connection.execute(delete(sessions).where(*same))).rowcount > 0

    async def remove_others(self, account_id: str, session_id: str) -> int:
        """End all of an owner's sessions but one; return how many."""
        others = (sessions.c.account_id == account_id, sessions.c.id != session_id)
        return (await self._connection.execute(delete(sessions).where(*others))).rowcount

    async def remove_all(self, account_id: str) -> None:
        """End all of an owner's sessions."""
        await self._connection.execute(delete(sessions).where(sessions.c.account_id == account_id))

    async def purge(self, before: datetime) -> None:
        """Forget sessions that were not used since a time."""
        await self._connection.execute(delete(sessions).where(sessions.c.seen_at < before))

    async def _session(self, row: Row[Any]) -> OwnerSession:
        value: Any = await self._sealing.open_json(row.account_id, _session_purpose(row.id), row.sealed)
        return OwnerSession(
            row.id,
            row.account_id,
            Stage(row.stage),
            tuple(map(Proof, row.proofs)),
            row.created_at,
            row.seen_at,
            row.proven_at,
            row.tries,
            **value,
        )


class SignInAttempts:
    """Who tried, counted by account and by network."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def add(self, attempt: Attempt, lane: Lane, device_token: str) -> None:
        """Store an attempt of an owner's account."""
        value = {"network": attempt.network, "device": attempt.device}
        sealed = await self._sealing.seal_json(attempt.account_id, _attempt_purpose(attempt.id), value)
        device = await self._device(attempt.account_id, device_token)
        await self._insert(attempt, lane, account_id=attempt.account_id, device_index=device, sealed=sealed)

    async def add_unknown(self, attempt: Attempt, lane: Lane) -> None:
        """Store an attempt at a mailbox that nobody has: of it, the network is kept as an index."""
        await self._insert(attempt, lane, account_id=None, device_index=b"", sealed=None)

    async def succeeded(self, attempt: Attempt, device_token: str) -> None:
        """Write down that an attempt that was counted as failed has succeeded; its device is known then."""
        device = await self._device(attempt.account_id, device_token)
        await self._connection.execute(
            update(attempts)
            .where(attempts.c.id == attempt.id)
            .values(succeeded=True, new_device=attempt.new_device, device_index=device)
        )

    async def knows_device(self, account_id: str, device_token: str) -> bool:
        """Whether a device has signed in to an account before."""
        if not device_token:
            return False
        index = await self._device(account_id, device_token)
        same = (attempts.c.account_id == account_id, attempts.c.device_index == index)
        query = select(attempts.c.id).where(*same, attempts.c.succeeded).limit(1)
        return (await self._connection.execute(query)).first() is not None

    async def failures(self, account_id: str, lanes: Collection[Lane], since: datetime) -> int:
        """Return how many attempts of an account have failed in some lanes since a time."""
        return await self._count(
            attempts.c.account_id == account_id,
            attempts.c.lane.in_(list(lanes)),
            attempts.c.at > since,
            ~attempts.c.succeeded,
        )

    async def failures_from(self, network: str, since: datetime) -> int:
        """Return how many attempts have failed from a network since a time."""
        return await self._count(
            attempts.c.network_index == await self._network(network),
            attempts.c.lane != Lane.LETTER,
            attempts.c.at > since,
            ~attempts.c.succeeded,
        )

    async def by_id(self, attempt_id: str) -> Attempt | None:
        """Return an attempt of an account."""
        query = select(attempts).where(attempts.c.id == attempt_id, attempts.c.account_id.is_not(None))
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else await self._attempt(row)

    async def history(self, account_id: str, limit: int) -> list[Attempt]:
        """Return the latest attempts of an account, the newest first; letters are none."""
        query = select(attempts).where(attempts.c.account_id == account_id, attempts.c.lane != Lane.LETTER)
        rows = await self._connection.execute(query.order_by(attempts.c.id.desc()).limit(limit))
        return [await self._attempt(row) for row in rows.all()]

    async def purge(self, before: datetime, unknown_before: datetime) -> None:
        """Forget attempts before a time, and those at mailboxes that nobody has before another."""
        unknown = and_(attempts.c.account_id.is_(None), attempts.c.at < unknown_before)
        await self._connection.execute(delete(attempts).where(or_(attempts.c.at < before, unknown)))

    async def _insert(self, attempt: Attempt, lane: Lane, **values: object) -> None:
        await self._connection.execute(
            insert(attempts).values(
                id=attempt.id,
                network_index=await self._network(attempt.network),
                lane=lane,
                proof=attempt.proof,
                succeeded=attempt.succeeded,
                new_device=attempt.new_device,
                at=attempt.at,
                **values,
            )
        )

    async def _count(self, *which: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(attempts).where(*which)
        return (await self._connection.execute(query)).scalar_one()

    async def _network(self, network: str) -> bytes:
        return await self._sealing.index("sign-in-network", network)

    async def _device(self, account_id: str, device_token: str) -> bytes:
        # Of each account another one: nobody can tell that two owners share a device.
        return await self._sealing.index("sign-in-device", f"{account_id}:{device_token}")

    async def _attempt(self, row: Row[Any]) -> Attempt:
        value: Any = await self._sealing.open_json(row.account_id, _attempt_purpose(row.id), row.sealed)
        return Attempt(
            row.id,
            row.account_id,
            row.at,
            Proof(row.proof),
            succeeded=row.succeeded,
            new_device=row.new_device,
            **value,
        )


def _session_purpose(session_id: str) -> str:
    return f"owner-session:{session_id}"


def _attempt_purpose(attempt_id: str) -> str:
    return f"sign-in-attempt:{attempt_id}"
