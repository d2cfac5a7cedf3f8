"""Passkeys (WebAuthn Level 3): made by an owner who is signed in, and then enough to sign in with.

They are discoverable, so that nobody types a mailbox, and each use demands user verification, so that one is
two steps at once. A challenge is a signed token: nothing is stored for somebody who only looks at the page,
and each is good once. Attestation is not asked for: which make an authenticator is, is its owner's affair.
"""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from whoisproxy.domain.ids import new_id
from whoisproxy.domain.owner_account import OwnerAccount, Passkey, Proof, passkey_name
from whoisproxy.domain.sign_in import Lane, Visit
from whoisproxy.services.owners import tokens
from whoisproxy.services.owners.letters import METHODS_CHANGED, ask_for_letter
from whoisproxy.services.owners.sessions import Entered, FoundSession, OwnerSessions
from whoisproxy.services.owners.sign_in_attempts import count, note_success
from whoisproxy.services.owners.tokens import TokenPurpose
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()
_SIGNING_IN = frozenset({TokenPurpose.PASSKEY})
_MAKING = frozenset({TokenPurpose.NEW_PASSKEY})
MOST_PASSKEYS = 20


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are used.

    Attributes:
        origin: As browsers write it.
        rp_id: Its host.
    """

    origin: str
    rp_id: str

    @classmethod
    def of(cls, base_url: str) -> "Site":
        """Return the site of an address of pages."""
        parts = urlsplit(base_url)
        return cls(f"{parts.scheme}://{parts.netloc}".lower(), parts.hostname or "")


class Passkeys:
    """Makes options, takes answers of authenticators."""

    def __init__(self, storage: Storage, sessions: OwnerSessions, clock: Clock) -> None:
        self._storage = storage
        self._sessions = sessions
        self._clock = clock

    async def of_account(self, account: OwnerAccount) -> list[Passkey]:
        """Return an owner's passkeys, oldest first."""
        async with self._storage.reading() as uow:
            return await uow.passkeys.of_account(account.id)

    async def sign_in_options(self, site: Site) -> str:
        """Return the JSON that a browser asks its authenticators with."""
        async with self._storage.reading() as uow:
            token = await tokens.made(uow, TokenPurpose.PASSKEY, self._clock())
        options = generate_authentication_options(
            rp_id=site.rp_id,
            challenge=token.encode(),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    async def creation_options(self, found: FoundSession, site: Site) -> str:
        """Return the JSON that a browser has a passkey made with."""
        account = found.account
        async with self._storage.reading() as uow:
            known = await uow.passkeys.of_account(account.id)
            token = await tokens.made(uow, TokenPurpose.NEW_PASSKEY, self._clock(), found.session.id)
        options = generate_registration_options(
            rp_id=site.rp_id,
            rp_name=found.registrar.name,
            # Shown when a passkey is chosen; it names the registrar, since the account names nobody.
            user_name=found.registrar.name,
            user_display_name=found.registrar.name,
            user_id=account.id.encode(),
            challenge=token.encode(),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in known],
        )
        return options_to_json(options)

    async def add(
        self, found: FoundSession, answer: str, name: str, site: Site, visit: Visit
    ) -> Entered | None:
        """Keep a new passkey, and go on in a session that it has proven; None for an answer that is none."""
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            claim = await tokens.used(uow, _challenge_of(answer), _MAKING, now)
            account = await self._sessions.still_in(uow, found)
            if claim is None or claim.subject != found.session.id or account is None:
                return None
            passkey = self._made(account, answer, name, site)
            known = await uow.passkeys.of_account(account.id)
            if passkey is None or len(known) >= MOST_PASSKEYS or not await uow.passkeys.add(passkey):
                return None
            await ask_for_letter(uow, METHODS_CHANGED, {"account": account.id}, now)
            return await self._followed(uow, account, found, visit)

    async def sign_in(self, answer: str, site: Site, visit: Visit) -> Entered | None:
        """Begin a session with a passkey; None for an answer that proves nothing."""
        async with self._storage.unit_of_work() as uow:
            account = await self._proven(uow, answer, site)
            if account is None:
                return None
            counted = await count(uow, account, Proof.PASSKEY, Lane.FREE, visit, self._clock())
            entered = await self._sessions.begin(uow, account, (Proof.PASSKEY,), visit)
            return await note_success(uow, counted, entered) if counted else None

    async def prove(self, found: FoundSession, answer: str, site: Site, visit: Visit) -> Entered | None:
        """Go on with a passkey of the same owner: as a second step, or to prove oneself once more."""
        async with self._storage.unit_of_work() as uow:
            account = await self._proven(uow, answer, site)
            if account is None or account.id != found.account.id:
                return None
            return await self._followed(uow, account, found, visit)

    async def remove(self, found: FoundSession, passkey_id: str) -> bool:
        """Delete a passkey; False where its owner has none of that id."""
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            if account is None:
                return False
            removed = await uow.passkeys.remove(account.id, passkey_id)
            if removed:
                await uow.owner_sessions.remove_others(account.id, found.session.id)
                await ask_for_letter(uow, METHODS_CHANGED, {"account": account.id}, self._clock())
        return removed

    async def _followed(
        self, uow: UnitOfWork, account: OwnerAccount, found: FoundSession, visit: Visit
    ) -> Entered | None:
        counted = await count(uow, account, Proof.PASSKEY, Lane.FREE, visit, self._clock())
        entered = await self._sessions.follow(uow, account, found.session, Proof.PASSKEY)
        return await note_success(uow, counted, entered) if counted else None

    def _made(self, account: OwnerAccount, answer: str, name: str, site: Site) -> Passkey | None:
        try:
            made = verify_registration_response(
                credential=answer,
                expected_challenge=_challenge_of(answer).encode(),
                expected_rp_id=site.rp_id,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            _log.info("passkey-not-made", reason=type(error).__name__)
            return None
        now = self._clock()
        return Passkey(
            new_id("pky", now),
            account.id,
            made.credential_id,
            made.credential_public_key,
            made.sign_count,
            passkey_name(name),
            now,
        )

    async def _proven(self, uow: UnitOfWork, answer: str, site: Site) -> OwnerAccount | None:
        """Return whose passkey has signed a challenge of ours that was not used before."""
        now = self._clock()
        challenge = _challenge_of(answer)
        if await tokens.used(uow, challenge, _SIGNING_IN, now) is None:
            return None
        passkey = await uow.passkeys.by_credential(_credential_of(answer))
        verified = _verified(answer, challenge, passkey, site) if passkey else None
        account = await uow.owner_accounts.by_id(passkey.account_id) if passkey else None
        if passkey is None or verified is None or account is None:
            return None
        await uow.passkeys.used(passkey.id, verified.new_sign_count, now)
        has_domains = account.registrar_id in await uow.owner_accounts.registrars_of(account.owner_index)
        return account if has_domains else None


def _verified(answer: str, challenge: str, passkey: Passkey, site: Site) -> VerifiedAuthentication | None:
    try:
        return verify_authentication_response(
            credential=answer,
            expected_challenge=challenge.encode(),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        _log.info("passkey-refused", reason=type(error).__name__)
        return None


def _challenge_of(answer: str) -> str:
    """Return the challenge that an answer says it is to; "" where it says none."""
    try:
        client_data = base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"])
        return parse_client_data_json(client_data).challenge.decode("ascii")
    except (WebAuthnException, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _credential_of(answer: str) -> bytes:
    try:
        return base64url_to_bytes(json.loads(answer)["rawId"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return b""
