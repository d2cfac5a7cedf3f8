"""What strangers have written on the public form, sealed under a key of its own for each submission."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from whoisproxy.domain.contact_form import Counted, Kind, Submission, Way
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import contact_submissions as submissions

_FACTS, _MESSAGE = "contact-facts", "contact-message"
_INDEXES = {Counted.NETWORK: submissions.c.network_index, Counted.DOMAIN: submissions.c.domain_index}
_BATCH = 500


class ContactSubmissions:
    """One row for each submission; whatever is forgotten goes with its key."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def add(self, submission: Submission, network: str, message: bytes) -> None:
        """Store a new submission, with its message."""
        await self._connection.execute(
            insert(submissions).values(
                id=submission.id,
                way=submission.way,
                network_index=await self._index(Counted.NETWORK, network),
                domain_index=await self._index(Counted.DOMAIN, submission.domain),
                mailbox_index=await self.mailbox_index(submission.mailbox),
                facts=await self._facts(submission),
                message=await self._sealing.seal(submission.id, _MESSAGE, message),
                created_at=submission.created_at,
                expires_at=submission.expires_at,
                message_id="",
            )
        )

    async def count(self, counted: Counted, text: str, since: datetime) -> int:
        """Return how many submissions came from a network, or about a domain, since a time."""
        index = await self._index(counted, text)
        query = select(func.count()).select_from(submissions)
        found = await self._connection.execute(
            query.where(_INDEXES[counted] == index, submissions.c.created_at > since)
        )
        return found.scalar_one()

    async def letters_to(self, mailbox: str, since: datetime) -> int:
        """Return how many letters went to a mailbox since a time."""
        index = await self.mailbox_index(mailbox)
        query = select(func.count()).select_from(submissions)
        found = await self._connection.execute(
            query.where(submissions.c.mailbox_index == index, submissions.c.asked_at > since)
        )
        return found.scalar_one()

    async def mailbox_index(self, mailbox: str) -> bytes:
        """Return the blind index of a sender's mailbox."""
        # Many providers deliver `name+anything` to `name`; case says nothing to most. Neither is a way round.
        local_part, _, domain = mailbox.lower().rpartition("@")
        return await self._sealing.index("contact-mailbox", f"{local_part.partition('+')[0]}@{domain}")

    async def by_id(self, submission_id: str, *, locked: bool = False) -> Submission | None:
        """Return a submission, whether it has expired or not."""
        query = select(submissions).where(submissions.c.id == submission_id)
        row = (await self._connection.execute(query.with_for_update() if locked else query)).first()
        return None if row is None else await self._submission(row)

    async def message(self, submission_id: str) -> bytes | None:
        """Return the message of a submission; None where it is on its way or forgotten."""
        query = select(submissions.c.message).where(submissions.c.id == submission_id)
        sealed = (await self._connection.execute(query)).scalar_one_or_none()
        return None if sealed is None else await self._sealing.open(submission_id, _MESSAGE, sealed)

    async def was_asked(self, submission_id: str) -> bool:
        """Whether the letter of a submission was written down as sent."""
        query = select(submissions.c.asked_at).where(submissions.c.id == submission_id)
        return (await self._connection.execute(query)).scalar_one_or_none() is not None

    async def asked(self, submission_id: str, now: datetime) -> None:
        """Write down that the letter of a submission is sent."""
        await self._update(submission_id, asked_at=now)

    async def confirmed(self, submission: Submission) -> None:
        """Store when a submission was confirmed, and until when it is kept."""
        await self._update(
            submission.id, confirmed_at=submission.confirmed_at, expires_at=submission.expires_at
        )

    async def begin(self, submission_id: str, message_id: str) -> None:
        """Store under which id a message is about to be queued."""
        await self._update(submission_id, message_id=message_id)

    async def passed_on(self, submission: Submission) -> None:
        """Forget the message, and what of its sender nobody needs any more."""
        await self._update(submission.id, message=None, facts=await self._facts(submission))

    async def answered(self, message_id: str, now: datetime) -> None:
        """Write down that the owner has answered a message for the first time."""
        first = (submissions.c.message_id == message_id, submissions.c.answered_at.is_(None))
        await self._connection.execute(update(submissions).where(*first).values(answered_at=now))

    async def purge(self, now: datetime) -> bool:
        """Forget some of what has expired, with its keys; return whether there may be more."""
        expired = select(submissions.c.id).where(submissions.c.expires_at <= now).limit(_BATCH)
        ids = (await self._connection.execute(expired)).scalars().all()
        if ids:
            await self._connection.execute(delete(submissions).where(submissions.c.id.in_(ids)))
        for one in ids:
            await self._sealing.destroy(one)
        return len(ids) == _BATCH

    async def _update(self, submission_id: str, **values: object) -> None:
        await self._connection.execute(
            update(submissions).where(submissions.c.id == submission_id).values(**values)
        )

    async def _index(self, counted: Counted, text: str) -> bytes:
        return await self._sealing.index(f"contact-{counted}", text)

    async def _facts(self, submission: Submission) -> bytes:
        value = {
            "domain": submission.domain,
            "kind": submission.kind,
            "language": submission.language,
            "mailbox": submission.mailbox,
            "address": submission.address,
        }
        return await self._sealing.seal_json(submission.id, _FACTS, value)

    async def _submission(self, row: Row[Any]) -> Submission:
        facts: Any = await self._sealing.open_json(row.id, _FACTS, row.facts)
        return Submission(
            id=row.id,
            way=Way(row.way),
            domain=facts["domain"],
            kind=Kind(facts["kind"]),
            language=facts["language"],
            created_at=row.created_at,
            expires_at=row.expires_at,
            mailbox=facts["mailbox"],
            address=facts["address"],
            confirmed_at=row.confirmed_at,
            message_id=row.message_id,
            answered_at=row.answered_at,
        )
