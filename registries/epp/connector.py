"""Reach the wanted contacts of a domain over EPP, whatever the mechanism, and prove it by reading back.

Every change begins with reading: what is right already is left alone, and that is what makes a repeat after a
lost answer safe. Every change ends with reading: an answer of success alone proves nothing.

With `relay_email` and `registry_flag` the holder's contact objects stay and only their e-mail or disclosure
changes; his name and address are the registrar's to write. A contact object that serves several domains
changes for all of them, so a registrar should give each such domain its own.
"""

import secrets
from collections.abc import Callable

from registries.connector import Change, Observation
from registries.epp.holder import hide_by_flag, relay_email
from registries.epp.pool import SessionPool
from registries.epp.substitution import Substitution
from registries.epp.work import Work
from registries.errors import ContactsNotHeld, RegistryRefused
from registries.policy import Mechanism

_AUTH_INFO_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_auth_info() -> str:
    """Return a random object password that the rules of registries seen accept: 16 characters, all kinds."""
    return "a7-" + "".join(secrets.choice(_AUTH_INFO_ALPHABET) for _ in range(13))


class EppConnector:
    """The way to one registry account; implements `registries.connector.Connector`."""

    def __init__(self, pool: SessionPool, *, auth_info: Callable[[], str] = new_auth_info) -> None:
        self._pool = pool
        self._auth_info = auth_info

    async def apply(self, change: Change) -> Observation:
        """Reach the wanted state and prove it by reading it back; idempotent.

        Raises:
            RegistryUnavailable: Not reachable now, or the domain is in the middle of something else; retry.
            OutcomeUnknown: Sent, no answer; calling again reads first.
            RegistryRefused: The registry will not.
            VerificationFailed: It said yes and did something else; the text names fields, not values.
            ContactsNotHeld: There is nothing to change at this registry.
        """
        if change.mechanism is Mechanism.NONE:
            raise RegistryRefused(2306, "privacy cannot be switched for this domain ending")
        async with self._pool.borrow() as session:
            work = Work(session, change.domain)
            if change.mechanism is Mechanism.RDDS_ONLY:
                return await work.observe(change.domain)
            if not session.holds_contacts:
                raise ContactsNotHeld("the registry offers no contact objects")
            match change.mechanism:
                case Mechanism.SUBSTITUTE:
                    return await Substitution(work, change, self._auth_info).run()
                case Mechanism.RELAY_EMAIL:
                    return await relay_email(work, change)
                case Mechanism.REGISTRY_FLAG:
                    return await hide_by_flag(work, change)

    async def read(self, domain: str) -> Observation:
        """Read what the registry holds; no contacts where it keeps none."""
        async with self._pool.borrow() as session:
            return await Work(session, domain).observe(domain)

    async def close(self) -> None:
        """Log out and close every connection."""
        await self._pool.close()
