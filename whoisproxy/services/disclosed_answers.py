"""Answer a requester who has a grant: what was granted, after the look is on disk.

Who has which grant is the business of an authenticator. Here tokens are known; one that believes a federation
of identity providers (RFC 9560) would stand beside it and lead to grants as well.
"""

from datetime import datetime
from typing import Protocol

from whoisproxy.domain.disclosure import Grant, Look, network_of
from whoisproxy.domain.errors import Unavailable
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registration import Registration
from whoisproxy.publication import rdap
from whoisproxy.publication.answer import Answer, ObjectKind, Question, View
from whoisproxy.publication.disclosed import disclosed_record
from whoisproxy.publication.record import RddsRecord
from whoisproxy.services.disclosure import token_hash
from whoisproxy.services.events import emit
from whoisproxy.services.lookup import Lookup
from whoisproxy.services.settings import Clock
from whoisproxy.storage.engine import PASSING
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

USED = "disclosure.used"

# WHOIS knows no requester.
_VIEWS = frozenset({View.RDAP, View.JSCONTACT})


class Authenticator(Protocol):
    """Says what a requester was granted, by the credentials of its request (RFC 7481 section 3.2)."""

    async def grant(self, authorization: str, name: DomainName) -> Grant | None:
        """Return the grant that the credentials lead to, in force or not; None where they lead to none.

        Args:
            authorization: Value of the field of that name (RFC 9110 section 11.6.2).
            name: What is asked for.
        """
        ...


class BearerTokens:
    """Tokens that registrars were shown when they made a grant (RFC 6750 section 2.1)."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def grant(self, authorization: str, name: DomainName) -> Grant | None:  # noqa: ARG002 - a token has one
        """Return the grant of a token; what cannot be one is not looked up."""
        scheme, _, token = authorization.partition(" ")
        found = token_hash(token.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            return None
        async with self._storage.reading() as uow:
            return await uow.disclosures.by_token(found)


class DisclosedAnswers:
    """Finished answers for requesters with grants; none is kept.

    Args:
        storage: The database.
        lookup: Tells what all see.
        authenticator: Tells who asks.
        base_url: RDAP as the outside sees it.
        clock: Gives aware UTC.
    """

    def __init__(
        self,
        storage: Storage,
        lookup: Lookup,
        authenticator: Authenticator,
        base_url: str,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._lookup = lookup
        self._authenticator = authenticator
        self._base_url = base_url.rstrip("/")
        self._clock = clock

    async def disclosed(self, question: Question, authorization: str, address: str) -> Answer | None:
        """Return the answer, once the look is committed; None where the credentials are not good for it.

        Args:
            question: About a domain.
            authorization: The request's field of that name.
            address: Of the requester.

        Raises:
            Unavailable: The database does not answer now.
        """
        if question.view not in _VIEWS or question.kind is not ObjectKind.DOMAIN:
            return None
        try:
            return await self._answer(question, authorization, address)
        except PASSING as error:
            raise Unavailable("the database does not answer now") from error

    async def _answer(self, question: Question, authorization: str, address: str) -> Answer | None:
        name = DomainName(question.name)
        grant = await self._authenticator.grant(authorization, name)
        if grant is None or grant.domain != name.a_label:
            return None
        async with self._storage.unit_of_work() as uow:
            record = await self._look(uow, grant, address)
            if record is None:
                return None
            return Answer(rdap.domain_json(record, self._base_url, question.view))

    async def _look(self, uow: UnitOfWork, found: Grant, address: str) -> RddsRecord | None:
        """Return what the requester sees, and write down that it does; None where the grant is over."""
        # The domain first: whatever ends grants with a domain has locked it before.
        registration = await uow.registrations.by_id(found.domain_id)
        grant = await uow.disclosures.by_id(found.id)
        now = self._clock()
        if registration is None or grant is None or not _good(grant, registration, now):
            return None
        public = await self._lookup.record(uow, registration)
        if public is None:
            return None
        hidden = (await uow.privacy.get(registration.id)).status.hidden
        look = Look(new_id("look", now), grant.id, now, grant.fields, network_of(address))
        await uow.disclosures.add_look(look)
        data = {"disclosure_id": grant.id, "look_id": look.id, "fields": list(look.fields)}
        await emit(uow, grant.registrar_id, USED, grant.domain, data, self._clock)
        return disclosed_record(public, registration.registrant, grant, hidden=hidden)


def _good(grant: Grant, registration: Registration, now: datetime) -> bool:
    """Whether a grant is in force and about the registrant whom the domain has now."""
    return grant.in_force(now) and grant.registrant_id == registration.registrant_id
