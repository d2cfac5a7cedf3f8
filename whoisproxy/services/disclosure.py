"""Grants of disclosure: a registrar makes, lists and revokes them, and sees who used them when.

A token is `wpd_` and 256 random bits in base32. It is shown once and only its SHA-256 is stored, as with API
keys: a stolen database shows nobody's data to anybody.
"""

import hashlib
import re
import secrets

import structlog

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.disclosure import (
    MOST_IN_FORCE,
    DisclosedField,
    Ending,
    Grant,
    GrantSpec,
    Look,
    checked_end,
)
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.ids import ALPHABET, base32, new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registration import Registration
from whoisproxy.services.disclosure_endings import tell
from whoisproxy.services.events import emit
from whoisproxy.services.holding import hold
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()

GRANTED = "disclosure.granted"

_SECRET_BITS = 256
_SECRET_LENGTH = 52
_TOKEN = re.compile(rf"wpd_[{ALPHABET}]{{{_SECRET_LENGTH}}}")


def token_hash(token: str) -> bytes | None:
    """Return what a token is found by; None for what cannot be one, and so needs no look-up."""
    return hashlib.sha256(token.encode()).digest() if _TOKEN.fullmatch(token) else None


class Disclosures:
    """A registrar's grants.

    Args:
        storage: The database.
        clock: Gives aware UTC.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def grant(self, registrar: Registrar, name: DomainName, spec: GrantSpec) -> tuple[Grant, str]:
        """Let a requester look; return the grant with its token, which is shown this once.

        Raises:
            NotFound: The registrar has no such domain, or it went to another.
            InvalidInput: It would last too long, or the domain has too many.
        """
        now = self._clock()
        checked_end(spec.expires_at, now)
        token = f"wpd_{base32(secrets.randbits(_SECRET_BITS), _SECRET_LENGTH)}"
        async with self._storage.unit_of_work() as uow:
            registration = await _here(uow, registrar, name)
            if await uow.disclosures.count_in_force(registration.id, now) >= MOST_IN_FORCE:
                raise InvalidInput("name", f"has {MOST_IN_FORCE} grants in force already")
            grant = _new(registration, spec, self._clock)
            await uow.disclosures.add(grant, hashlib.sha256(token.encode()).digest())
            data = {
                "disclosure_id": grant.id,
                "purpose": grant.purpose,
                "fields": list(grant.fields),
                "expires_at": grant.expires_at.isoformat(),
            }
            await emit(uow, registrar.id, GRANTED, grant.domain, data, self._clock)
        _log.info("disclosure-granted", grant_id=grant.id, purpose=grant.purpose)
        return grant, token

    async def page(self, registrar: Registrar, name: DomainName, after: str, limit: int) -> list[Grant]:
        """Return up to `limit` grants, oldest first, ended ones too; `after` is the last id seen.

        Raises:
            NotFound: The registrar has no such domain, and never disclosed anything of it.
        """
        async with self._storage.reading() as uow:
            found = await uow.disclosures.page(registrar.id, name.a_label, after, limit)
            if not found and not after:
                await hold(uow, registrar, name)
        return found

    async def get(self, registrar: Registrar, name: DomainName, grant_id: str) -> Grant:
        """Return a grant, ended or not.

        Raises:
            NotFound: The registrar has no such grant for the domain.
        """
        async with self._storage.reading() as uow:
            return await _demanded(uow, registrar, name, grant_id)

    async def revoke(self, registrar: Registrar, name: DomainName, grant_id: str) -> None:
        """End a grant; one that has ended stays as it is.

        Raises:
            NotFound: The registrar has no such grant for the domain.
        """
        async with self._storage.unit_of_work() as uow:
            await _demanded(uow, registrar, name, grant_id)
            ended = await uow.disclosures.end(grant_id, Ending.REVOKED, self._clock())
            await tell(uow, [ended] if ended else [], self._clock)
        _log.info("disclosure-revoked", grant_id=grant_id)

    async def looks(self, registrar: Registrar, name: DomainName, after: str, limit: int) -> list[Look]:
        """Return up to `limit` looks at a domain, oldest first; `after` is the last id seen.

        Raises:
            NotFound: As for `page`.
        """
        async with self._storage.reading() as uow:
            found = await uow.disclosures.looks(registrar.id, name.a_label, after, limit)
            if not found and not await uow.disclosures.page(registrar.id, name.a_label, "", 1):
                await hold(uow, registrar, name)
        return found


async def _demanded(uow: UnitOfWork, registrar: Registrar, name: DomainName, grant_id: str) -> Grant:
    grant = await uow.disclosures.by_id(grant_id)
    if grant is None or (grant.registrar_id, grant.domain) != (registrar.id, name.a_label):
        raise NotFound("there is no grant of that id for the domain")
    return grant


async def _here(uow: UnitOfWork, registrar: Registrar, name: DomainName) -> Registration:
    registration = await hold(uow, registrar, name)
    if (await uow.privacy.get(registration.id)).departed:
        raise NotFound("the domain went to another registrar")
    return registration


def _new(registration: Registration, spec: GrantSpec, clock: Clock) -> Grant:
    now = clock()
    return Grant(
        id=new_id("dis", now),
        registrar_id=registration.registrar_id,
        domain_id=registration.id,
        domain=registration.name.a_label,
        registrant_id=registration.registrant_id,
        purpose=spec.purpose,
        fields=tuple(field for field in DisclosedField if field in spec.fields),
        requester=spec.requester,
        reason=spec.reason,
        created_at=now,
        expires_at=spec.expires_at,
    )
