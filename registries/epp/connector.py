"""Reach the wanted contacts of a domain over EPP, whatever the mechanism, and prove it by reading back.

Every change begins with reading: what is right already is left alone, and that is what makes a repeat after a
lost answer safe. Every change ends with reading: an answer of success alone proves nothing.

With `relay_email` and `registry_flag` the holder's contact objects stay and only their e-mail or disclosure
changes; his name and address are the registrar's to write. A contact object that serves several domains
changes for all of them, so a registrar should give each such domain its own.
"""

import secrets
from collections.abc import Callable, Collection, Mapping

import structlog

from registries.connector import Change, Disposal, Journal, Message, Observation
from registries.contact import Role
from registries.epp.frames.contact import ContactInfo
from registries.epp.frames.session import PollAck, PollMessage, PollRequest
from registries.epp.holder import hide_by_flag, relay_email
from registries.epp.pool import SessionPool
from registries.epp.session import Session
from registries.epp.substitution import Substitution
from registries.epp.work import NOT_OURS, NOT_THERE, Work
from registries.errors import (
    ConnectionLost,
    ContactsNotHeld,
    OutcomeUnknown,
    RegistryRefused,
    SponsoredElsewhere,
)
from registries.policy import Mechanism

_log = structlog.get_logger()

_AUTH_INFO_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

# How often a change is taken up again at once after a connection broke; then the caller's back-off decides.
_RESUMPTIONS = 2

_LINKED = "linked"  # RFC 5733 section 2.2
_TRANSFERRED = frozenset({"clientApproved", "serverApproved"})  # RFC 5730 section 2.9.3.4


def new_auth_info() -> str:
    """Return a random object password that the rules of registries seen accept: 16 characters, all kinds."""
    return "a7-" + "".join(secrets.choice(_AUTH_INFO_ALPHABET) for _ in range(13))


async def message_of(session: Session, polled: PollMessage, client_id: str) -> Message:
    """Return what a message means to the account `client_id`.

    That a domain has gone is believed where the registry still says so: since the message was written, the
    domain may have come back.
    """
    elsewhere = bool(polled.gaining_client) and polled.gaining_client.casefold() != client_id.casefold()
    told = polled.transfer in _TRANSFERRED and elsewhere
    return Message(
        message_id=polled.message_id,
        text=polled.message,
        about=polled.object_name,
        succeeded=polled.succeeded,
        transaction=polled.server_transaction,
        transfer=polled.transfer,
        gone=told and await _has_gone(session, polled.object_name, client_id),
    )


async def _has_gone(session: Session, domain: str, client_id: str) -> bool:
    try:
        await Work(session, domain, client_id=client_id).domain(domain)
    except SponsoredElsewhere:
        return True
    except RegistryRefused as error:
        # A contact may be transferred too; it is no domain then.
        return error.code == NOT_THERE
    return False


class NoJournal:
    """Writes nothing down: for who changes contacts by hand and clears up after himself."""

    async def note(
        self,
        change: Change,  # noqa: ARG002 - of the protocol
        made: Mapping[str, Role],
        replaced: Mapping[str, Role],  # noqa: ARG002 - same
    ) -> Collection[str]:
        """Forget it: any contact may be there already."""
        return made.keys()


class EppConnector:
    """The way to one registry account; implements `registries.connector.Connector` and `Desk`."""

    def __init__(
        self,
        pool: SessionPool,
        *,
        journal: Journal | None = None,
        auth_info: Callable[[], str] = new_auth_info,
    ) -> None:
        self._pool = pool
        self._journal = journal or NoJournal()
        self._auth_info = auth_info
        self._client_id = pool.account.client_id

    async def apply(self, change: Change) -> Observation:
        """Reach the wanted state and prove it by reading it back; idempotent.

        A broken connection is cleared up at once, as far as the registry can be reached: on another session,
        by reading what has become of the command.

        Raises:
            RegistryUnavailable: Not reachable now, or the domain is in the middle of something else; retry.
            OutcomeUnknown: Sent, no answer; calling again reads first.
            RegistryRefused: The registry will not.
            VerificationFailed: It said yes and did something else; the text names fields, not values.
            ChangePending: It finishes the change later, and says so by a message.
            ContactsNotHeld: There is nothing to change at this registry.
            SponsoredElsewhere: The domain was transferred away.
        """
        for _ in range(_RESUMPTIONS):
            try:
                return await self._attempt(change)
            except (OutcomeUnknown, ConnectionLost):
                _log.info("epp-change-resumed", operation_id=change.operation_id)
        return await self._attempt(change)

    async def _attempt(self, change: Change) -> Observation:
        if change.mechanism is Mechanism.NONE:
            raise RegistryRefused(2306, "privacy cannot be switched for this domain ending")
        async with self._pool.borrow() as session:
            work = Work(session, change.domain, client_id=self._client_id, pending=change.pending)
            if change.mechanism is Mechanism.RDDS_ONLY:
                return await work.observe(change.domain)
            if not session.holds_contacts:
                raise ContactsNotHeld("the registry offers no contact objects", everywhere=True)
            match change.mechanism:
                case Mechanism.SUBSTITUTE:
                    return await Substitution(work, change, self._auth_info, self._journal).run()
                case Mechanism.RELAY_EMAIL:
                    return await relay_email(work, change)
                case Mechanism.REGISTRY_FLAG:
                    return await hide_by_flag(work, change)

    async def read(self, domain: str) -> Observation:
        """Read what the registry holds; no contacts where it keeps none."""
        async with self._pool.borrow() as session:
            return await Work(session, domain, client_id=self._client_id).observe(domain)

    async def next_message(self) -> Message | None:
        """Return the oldest message of the account's queue; it stays until it is acknowledged."""
        async with self._pool.borrow() as session:
            polled = (await session.send(PollRequest())).data
            return None if polled is None else await message_of(session, polled, self._client_id)

    async def acknowledge(self, message_id: str) -> None:
        """Take a message off the queue; one that is gone already does no harm."""
        async with self._pool.borrow() as session:
            try:
                await session.send(PollAck(message_id))
            except RegistryRefused as error:
                if error.code != NOT_THERE:
                    raise

    async def dispose(self, handle: str, domain: str) -> Disposal:
        """Delete a contact, once of `domain`, that no object refers to."""
        async with self._pool.borrow() as session:
            if not session.holds_contacts:
                return Disposal.ABSENT
            work = Work(session, domain, client_id=self._client_id)
            try:
                found = (await work.send(ContactInfo(handle))).data
            except ContactsNotHeld:
                return Disposal.ABSENT
            except RegistryRefused as error:
                if error.code in NOT_OURS | {NOT_THERE}:
                    return Disposal.ABSENT
                raise
            if not work.owns(found):
                return Disposal.ABSENT
            free = _LINKED not in found.statuses and await work.delete(handle)
            return Disposal.DELETED if free else Disposal.KEPT

    async def close(self) -> None:
        """Log out and close every connection."""
        await self._pool.close()
