"""Attempts to sign in: counted before they are looked at, so that many at once are no way around a budget."""

from dataclasses import dataclass, replace
from datetime import datetime

from whoisproxy.domain.ids import new_id
from whoisproxy.domain.owner_account import OwnerAccount, Proof
from whoisproxy.domain.owner_session import Stage
from whoisproxy.domain.sign_in import BUDGET_OF_NETWORK, BUDGETS, Attempt, Lane, Visit
from whoisproxy.services.owners.letters import NEW_DEVICE, ask_for_letter
from whoisproxy.services.owners.sessions import Entered, new_secret
from whoisproxy.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Counted:
    """An attempt that stands as failed until `note_success`."""

    attempt: Attempt
    visit: Visit


async def count(  # noqa: PLR0913, PLR0917 - what an attempt is made of
    uow: UnitOfWork, account: OwnerAccount, proof: Proof, lane: Lane, visit: Visit, now: datetime
) -> Counted | None:
    """Count an attempt as failed; None where too many have, and this one is not to be looked at.

    The unit of work has locked the account, so that what is counted is what there is.
    """
    if lane is not Lane.FREE and not await _is_within(uow, account, lane, visit, now):
        return None
    attempt = Attempt(new_id("try", now), account.id, now, proof, visit.network, visit.device)
    await uow.sign_in_attempts.add(attempt, lane, "")
    return Counted(attempt, visit)


async def count_unknown(uow: UnitOfWork, proof: Proof, lane: Lane, visit: Visit, now: datetime) -> None:
    """Count an attempt at an account that is not there, or not to be tried now."""
    attempt = Attempt(new_id("try", now), "", now, proof, visit.network, "")
    await uow.sign_in_attempts.add_unknown(attempt, lane)


async def note_success(uow: UnitOfWork, counted: Counted, entered: Entered | None) -> Entered | None:
    """Write down that an attempt has succeeded; a device that was never seen before is told of by letter.

    A device is known when its owner is in, not when half of a sign-in is done. Where no session has begun,
    the attempt has failed.
    """
    if entered is None:
        return None
    attempt, token = counted.attempt, counted.visit.device_token
    if entered.session.stage is Stage.SECOND_STEP:
        await uow.sign_in_attempts.succeeded(attempt, "")
        return entered
    new = not await uow.sign_in_attempts.knows_device(attempt.account_id, token)
    given = "" if token else new_secret()
    await uow.sign_in_attempts.succeeded(replace(attempt, new_device=new), token or given)
    if new:
        await ask_for_letter(uow, NEW_DEVICE, {"attempt": attempt.id}, attempt.at)
    return replace(entered, device_token=given)


async def lane_of_password(uow: UnitOfWork, account: OwnerAccount, visit: Visit) -> Lane:
    """Return where a password is counted: guesses of strangers do not use up those of a known device."""
    known = await uow.sign_in_attempts.knows_device(account.id, visit.device_token)
    return Lane.PASSWORD_KNOWN if known else Lane.PASSWORD


async def _is_within(uow: UnitOfWork, account: OwnerAccount, lane: Lane, visit: Visit, now: datetime) -> bool:
    budget = BUDGETS[lane]
    failed = await uow.sign_in_attempts.failures(account.id, [lane], now - budget.within)
    from_there = await uow.sign_in_attempts.failures_from(visit.network, now - BUDGET_OF_NETWORK.within)
    return failed < budget.most and from_there < BUDGET_OF_NETWORK.most
