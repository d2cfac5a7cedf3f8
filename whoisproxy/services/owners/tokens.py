"""Signed words that are good once and for a short time: links that lead an owner in, challenges for passkeys.

A token names what it is for, whose it is, when it ends, and a number by chance; 128 bits of HMAC prove all of
it. An account belongs to one registrar and one owner, so a token that names it is bound to both. Nothing is
stored for a token until it is used; then it is, until it would have ended, so that it is good once.
"""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hmac import compare_digest

from whoisproxy.domain.owner_mailbox import CONFIRM_WITHIN
from whoisproxy.domain.sign_in import LETTER_LIFETIME
from whoisproxy.storage.unit_of_work import UnitOfWork

_NONCE_OCTETS = 12
_PROOF_OCTETS = 16
_TOKEN = re.compile(
    r"(?P<signed>(?P<purpose>[a-z]{1,8})\.(?P<subject>\w{1,40})\.(?P<ends>[0-9a-f]{1,12})\.[\w-]{16})"
    r"\.(?P<proof>[\w-]{22})",
    re.ASCII,
)


class TokenPurpose(StrEnum):
    """What a token is for, as it stands in it."""

    REGISTRAR = "r"  # a link that a registrar's panel shows
    EMAIL = "e"  # a link in a letter
    PASSKEY = "k"  # a challenge to sign in
    NEW_PASSKEY = "n"  # a challenge to make a passkey, bound to a session
    MAILBOX = "m"  # a link in a letter to a mailbox that an owner has named


LIFETIMES = {
    TokenPurpose.REGISTRAR: timedelta(minutes=5),
    TokenPurpose.EMAIL: LETTER_LIFETIME,
    TokenPurpose.PASSKEY: timedelta(minutes=5),
    TokenPurpose.NEW_PASSKEY: timedelta(minutes=5),
    TokenPurpose.MAILBOX: CONFIRM_WITHIN,
}
_NOBODY = "any"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token of ours says.

    Attributes:
        subject: Whose it is.
    """

    purpose: TokenPurpose
    subject: str
    expires_at: datetime
    digest: bytes = field(repr=False)


async def made(uow: UnitOfWork, purpose: TokenPurpose, now: datetime, subject: str = _NOBODY) -> str:
    """Return a new token."""
    ends = int((now + LIFETIMES[purpose]).timestamp())
    signed = f"{purpose}.{subject}.{ends:x}.{_text(secrets.token_bytes(_NONCE_OCTETS))}"
    return f"{signed}.{await _proof(uow, signed)}"


async def read(uow: UnitOfWork, token: str, purposes: frozenset[TokenPurpose], now: datetime) -> Claim | None:
    """Return what a token says, or None where it is forged, over, used, or for something else."""
    claim = await _read(uow, token)
    if claim is None or claim.purpose not in purposes or claim.expires_at <= now:
        return None
    return None if await uow.owner_accounts.is_used(claim.digest) else claim


async def used(uow: UnitOfWork, token: str, purposes: frozenset[TokenPurpose], now: datetime) -> Claim | None:
    """Use a token up; return what it says, or None where `read` would, or somebody else was faster."""
    claim = await read(uow, token, purposes, now)
    if claim is None or not await uow.owner_accounts.use_token(claim.digest, claim.expires_at):
        return None
    return claim


async def _read(uow: UnitOfWork, token: str) -> Claim | None:
    found = _TOKEN.fullmatch(token)
    if found is None or found["purpose"] not in set(TokenPurpose):
        return None
    if not compare_digest(found["proof"], await _proof(uow, found["signed"])):
        return None
    ends = datetime.fromtimestamp(int(found["ends"], 16), UTC)
    digest = hashlib.sha256(token.encode()).digest()
    return Claim(TokenPurpose(found["purpose"]), found["subject"], ends, digest)


async def _proof(uow: UnitOfWork, signed: str) -> str:
    return _text((await uow.owner_accounts.mac("owner", signed))[:_PROOF_OCTETS])


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
