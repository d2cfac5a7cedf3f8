"""Letters to owners about their accounts: a link to sign in, a new device, what was changed, their data.

A letter is a piece of work in the outbox, committed with what it tells of. The worker looks up whose mailbox
it is and queues the letter like any other mail; the mailbox itself is asked for when it is delivered. It is
that of the registrant, by which his account is known, and no other that his mail goes to, but for what
concerns such a mailbox itself. A process that dies
between queueing and writing that down sends a letter twice, which costs nobody anything.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from mailrelay.message import HeaderField, RawMessage
from mailrelay.queue.entry import Direction, NewMessage
from mailrelay.queue.store import QueueStore
from mailrelay.rewriting.plain_letter import PlainLetter, build_plain_letter
from whoisproxy.domain.export import KEPT
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.owner_account import OwnerAccount, Proof
from whoisproxy.domain.owner_mailbox import CONFIRM_WITHIN, OwnerMailbox
from whoisproxy.domain.sign_in import BUDGETS, LETTER_LIFETIME, Attempt, Lane
from whoisproxy.services.appearances import Appearances
from whoisproxy.services.owners import tokens
from whoisproxy.services.owners.letter_words import (
    ACCOUNT_CLOSED_LETTER,
    CONFIRM_MAILBOX_LETTER,
    CORRECTION_ASKED_LETTER,
    EXPORT_READY_LETTER,
    MAIL_CHANGED_LETTER,
    MAIL_OF_SEVERAL_CHANGED_LETTER,
    METHODS_CHANGED_LETTER,
    NEW_DEVICE_LETTER,
    SIGN_IN_LETTER,
    LetterWords,
)
from whoisproxy.services.owners.tokens import TokenPurpose
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()

SIGN_IN = "owner-letter.sign-in"
NEW_DEVICE = "owner-letter.new-device"
METHODS_CHANGED = "owner-letter.methods-changed"
CONFIRM_MAILBOX = "owner-letter.confirm-mailbox"
MAIL_CHANGED = "owner-letter.mail-changed"
CORRECTION_ASKED = "owner-letter.correction-asked"
EXPORT_READY = "owner-letter.export-ready"
ACCOUNT_CLOSED = "owner-letter.account-closed"
LETTERS = (
    SIGN_IN,
    NEW_DEVICE,
    METHODS_CHANGED,
    CONFIRM_MAILBOX,
    MAIL_CHANGED,
    CORRECTION_ASKED,
    EXPORT_READY,
    ACCOUNT_CLOSED,
)
"""Outbox kinds of letters."""


async def ask_for_letter(uow: UnitOfWork, kind: str, facts: Mapping[str, object], now: datetime) -> None:
    """Put a letter into the outbox; `facts` name nobody."""
    await uow.outbox.add(kind, f"{kind}:{new_id('let', now)}", facts, now)


@dataclass(frozen=True, slots=True)
class _Addressee:
    """Whom a letter goes to.

    Attributes:
        language: BCP 47 tag that he wishes; "" for that of his registrations.
    """

    registrar_id: str
    owner_index: bytes
    language: str


def _addressee(account: OwnerAccount) -> _Addressee:
    return _Addressee(account.registrar_id, account.owner_index, account.profile.language)


class OwnerLetters:
    """Implements `Handler`: makes letters and queues them.

    Args:
        storage: The database.
        queue: Takes the letters.
        relay_domain: Domain of their sender.
        appearances: Knows where the pages of registrars are.
        clock: Gives aware UTC.
    """

    def __init__(
        self, storage: Storage, queue: QueueStore, relay_domain: str, appearances: Appearances, clock: Clock
    ) -> None:
        self._storage = storage
        self._queue = queue
        self._relay_domain = relay_domain
        self._appearances = appearances
        self._clock = clock
        self._kinds: Mapping[str, Callable[[OutboxItem], Awaitable[list[NewMessage]]]] = {
            SIGN_IN: self._sign_in,
            NEW_DEVICE: self._new_device,
            METHODS_CHANGED: self._methods_changed,
            CONFIRM_MAILBOX: self._confirm_mailbox,
            MAIL_CHANGED: self._mail_changed,
            CORRECTION_ASKED: self._correction_asked,
            EXPORT_READY: self._export_ready,
            ACCOUNT_CLOSED: self._account_closed,
        }

    async def handle(self, item: OutboxItem) -> None:
        """Send the letters that an item asks for, if anybody is to get one."""
        letters = await self._kinds[item.kind](item)
        if letters:
            ids = await self._queue.enqueue(letters)
            _log.info("owner-letter-queued", kind=item.kind, ids=ids)

    async def give_up(self, item: OutboxItem, code: str) -> None:
        """Say so: something keeps this letter from being made."""
        _log.error("owner-letter-given-up", kind=item.kind, code=code)

    async def _sign_in(self, item: OutboxItem) -> list[NewMessage]:
        """Return a letter for each registrar that has domains of the owner."""
        wanted, letters = str(item.payload["registrar"]), []
        owners = item.payload["owners"]
        async with self._storage.unit_of_work() as uow:
            for owner in map(bytes.fromhex, owners if isinstance(owners, list) else ()):
                for registrar_id in await uow.owner_accounts.registrars_of(owner):
                    if wanted in {"", registrar_id}:
                        account = await uow.owner_accounts.ensure(registrar_id, owner, self._clock())
                        letters += await self._with_link(uow, account)
        return letters

    async def _with_link(self, uow: UnitOfWork, account: OwnerAccount) -> list[NewMessage]:
        """Return a letter with a link, unless enough of them were sent; the account is locked meanwhile."""
        now, budget = self._clock(), BUDGETS[Lane.LETTER]
        await uow.owner_accounts.by_id(account.id)
        if await uow.sign_in_attempts.failures(account.id, [Lane.LETTER], now - budget.within) >= budget.most:
            return []
        sent = Attempt(new_id("try", now), account.id, now, Proof.EMAIL_LINK, "", "")
        await uow.sign_in_attempts.add(sent, Lane.LETTER, "")
        token = await tokens.made(uow, TokenPurpose.EMAIL, now, account.id)
        minutes = str(LETTER_LIFETIME.seconds // 60)
        return await self._letter(
            uow, _addressee(account), SIGN_IN_LETTER, f"/enter/{token}", minutes=minutes
        )

    async def _new_device(self, item: OutboxItem) -> list[NewMessage]:
        async with self._storage.reading() as uow:
            attempt = await uow.sign_in_attempts.by_id(str(item.payload["attempt"]))
            account = await uow.owner_accounts.by_id(attempt.account_id) if attempt else None
            if attempt is None or account is None:
                return []
            return await self._letter(
                uow,
                _addressee(account),
                NEW_DEVICE_LETTER,
                "/security",
                at=f"{attempt.at:%Y-%m-%d %H:%M} UTC",
                device=attempt.device or "?",
                network=attempt.network or "?",
            )

    async def _methods_changed(self, item: OutboxItem) -> list[NewMessage]:
        return await self._to_account(item, METHODS_CHANGED_LETTER, "/security", at=self._now())

    async def _correction_asked(self, item: OutboxItem) -> list[NewMessage]:
        return await self._to_account(item, CORRECTION_ASKED_LETTER, "/account/corrections", at=self._now())

    async def _export_ready(self, item: OutboxItem) -> list[NewMessage]:
        path = f"/account/exports/{item.payload['export']}"
        return await self._to_account(item, EXPORT_READY_LETTER, path, days=str(KEPT.days))

    async def _account_closed(self, item: OutboxItem) -> list[NewMessage]:
        """Write to an owner whose account is gone, in the language that he had wished for."""
        registrar_id, owner = str(item.payload["registrar"]), bytes.fromhex(str(item.payload["owner"]))
        language = str(item.payload["language"])
        async with self._storage.reading() as uow:
            addressee = _Addressee(registrar_id, owner, language)
            return await self._letter(uow, addressee, ACCOUNT_CLOSED_LETTER, "/sign-in", at=self._now())

    async def _to_account(
        self, item: OutboxItem, words: LetterWords, path: str, **facts: str
    ) -> list[NewMessage]:
        async with self._storage.reading() as uow:
            account = await uow.owner_accounts.by_id(str(item.payload["account"]))
            if account is None:
                return []
            return await self._letter(uow, _addressee(account), words, path, **facts)

    def _now(self) -> str:
        return f"{self._clock():%Y-%m-%d %H:%M} UTC"

    async def _confirm_mailbox(self, item: OutboxItem) -> list[NewMessage]:
        async with self._storage.reading() as uow:
            mailbox = await uow.owner_mailboxes.by_id(str(item.payload["mailbox"]))
            account = await uow.owner_accounts.by_id(mailbox.account_id) if mailbox else None
            if mailbox is None or account is None or mailbox.verified_at is not None:
                return []
            token = await tokens.made(uow, TokenPurpose.MAILBOX, self._clock(), mailbox.id)
            hours = str(int(CONFIRM_WITHIN.total_seconds()) // 3600)
            path = f"/mailboxes/confirm/{token}"
            letters = await self._letter(uow, _addressee(account), CONFIRM_MAILBOX_LETTER, path, hours=hours)
        return [_to(mailbox, letter) for letter in letters]

    async def _mail_changed(self, item: OutboxItem) -> list[NewMessage]:
        """Return letters to the registrant, and to the mailbox that the mail of a domain went to before."""
        async with self._storage.reading() as uow:
            account = await uow.owner_accounts.by_id(str(item.payload["account"]))
            domain = await uow.registrations.by_id(str(item.payload["domain"]))
            if account is None or domain is None:
                return []
            before = await uow.owner_mailboxes.by_id(str(item.payload.get("before", "")))
            several = item.payload["count"] != 1
            letters = await self._letter(
                uow,
                _addressee(account),
                MAIL_OF_SEVERAL_CHANGED_LETTER if several else MAIL_CHANGED_LETTER,
                "/mailboxes" if several else f"/domains/{domain.name.a_label}/mail",
                at=f"{self._clock():%Y-%m-%d %H:%M} UTC",
                domain=domain.name.u_label,
                count=str(item.payload["count"]),
            )
        copies = [_to(before, letter) for letter in letters] if before and before.verified_at else []
        return [*letters, *copies]

    async def _letter(
        self, uow: UnitOfWork, to: _Addressee, words: LetterWords, path: str, **facts: str
    ) -> list[NewMessage]:
        """Return a letter with a link to a page; `path` begins with a slash."""
        domains = await uow.registrations.of_owner(to.registrar_id, to.owner_index)
        registrar = await uow.registrars.get(to.registrar_id)
        if not domains or registrar is None:
            return []
        link = self._appearances.base_url(await uow.appearances.of_registrar(registrar.id)) + path
        language = to.language or domains[0].registrant.language
        subject, paragraphs = words.told(language, {**facts, "registrar": registrar.name, "link": link})
        letter = build_plain_letter(
            PlainLetter(self._relay_domain, language, self._clock(), subject, paragraphs)
        )
        return [
            NewMessage(
                direction=Direction.NOTICE,
                owner_id=domains[0].registrant_id,
                # No relay address: it goes to the registrant, whether or not any domain of his is hidden.
                relay_id="",
                recipient="",
                reverse_path="",
                raw=letter.raw,
                size_octets=len(letter.raw),
                # He waits for it.
                protected=True,
            )
        ]


def _to(mailbox: OwnerMailbox, letter: NewMessage) -> NewMessage:
    """Return a letter that goes to a mailbox, and not to whose domains it is about."""
    raw = RawMessage.parse(letter.raw).with_first(HeaderField.make("To", mailbox.mailbox)).raw
    return replace(letter, direction=Direction.DSN, recipient=mailbox.mailbox, raw=raw, size_octets=len(raw))
