"""Read a registrar's domain for a change: it stays locked until the unit of work ends."""

from dataclasses import replace
from datetime import datetime

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import NotFound, PreconditionFailed
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registration import Registration
from whoisproxy.storage.unit_of_work import UnitOfWork


async def hold(
    uow: UnitOfWork, registrar: Registrar, name: DomainName, if_match: int | None = None
) -> Registration:
    """Return the registrar's domain; locked where the unit of work writes.

    Raises:
        NotFound: The registrar has no such domain; whether another has it is not told.
        PreconditionFailed: `if_match` names another version.
    """
    registration = await uow.registrations.get(registrar.id, name)
    if registration is None:
        raise NotFound("you have no domain of that name here")
    if if_match is not None and registration.version != if_match:
        raise PreconditionFailed("the domain has changed since you read it")
    return registration


def touched(registration: Registration, now: datetime) -> Registration:
    """Return the domain in its next version: something that is published has changed."""
    return replace(registration, version=registration.version + 1, updated_at=now)
