"""The services of sign-in over a world, and what an owner's browser and mailbox have of them."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pyotp
from argon2 import PasswordHasher

from mailrelay.queue.entry import Direction, QueuedMessage
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.whoisproxy.services.world import RDDS_ONLY, RELAY, World, renamed
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.sign_in import Visit
from whoisproxy.domain.totp import PERIOD_S
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.appearances import Appearances
from whoisproxy.services.outbox_worker import OutboxWorker
from whoisproxy.services.owners.letters import LETTERS, OwnerLetters
from whoisproxy.services.owners.passkeys import Passkeys
from whoisproxy.services.owners.passwords import Passwords
from whoisproxy.services.owners.sessions import Entered, FoundSession, OwnerSessions
from whoisproxy.services.owners.sign_in import SignIn
from whoisproxy.services.owners.sign_in_methods import SignInMethods

PAGES = "https://pages.example"
PASSWORD = "correct horse battery"
HOME = Visit("192.0.2.0/24", "Firefox, Linux")
ELSEWHERE = Visit("198.51.100.0/24", "Chrome, Windows")


def quick_passwords() -> Passwords:
    """Return passwords that cost nothing to hash."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class Entry:
    """Everything that lets owners in."""

    world: World
    queue: QueueStore
    passwords: Passwords = field(default_factory=quick_passwords)

    def __post_init__(self) -> None:
        storage, clock = self.world.storage, self.world.clock
        self.sessions = OwnerSessions(storage, clock)
        self.sign_in = SignIn(storage, self.sessions, self.passwords, clock)
        self.passkeys = Passkeys(storage, self.sessions, clock)
        self.methods = SignInMethods(storage, self.sessions, self.passwords, clock)
        letters = OwnerLetters(storage, self.queue, RELAY, Appearances(storage, PAGES), clock)
        self.worker = OutboxWorker(storage, dict.fromkeys(LETTERS, letters), "letters", clock)

    async def registrant_id(self) -> str:
        """Return the id of the owner's registrant."""
        async with self.world.storage.reading() as uow:
            registration = await uow.registrations.by_name(RDDS_ONLY)
        assert registration is not None
        return registration.registrant_id

    async def link(self) -> str:
        """Return the token of a link that the registrar makes."""
        made = await self.sign_in.registrar_link(self.world.registrar, await self.registrant_id())
        return made.token

    async def entered(self, visit: Visit = HOME) -> Entered:
        """Come from the registrar's panel."""
        entered = await self.sign_in.by_link(await self.link(), visit)
        assert entered is not None
        return entered

    async def found(self, entered: Entered | None) -> FoundSession:
        """Return the session of a browser, which is live."""
        assert entered is not None
        found = await self.sessions.find(entered.secret)
        assert found is not None
        return found

    async def signed_in(self, visit: Visit = HOME) -> FoundSession:
        """Return the session of an owner who came from his registrar's panel."""
        return await self.found(await self.entered(visit))

    async def found_of_another_owner(self) -> FoundSession:
        """Return the session of somebody else at the same registrar."""
        spec = renamed(email="somebody@else.example")
        registration = await self.world.register(DomainName("else-studio.com"), spec)
        made = await self.sign_in.registrar_link(self.world.registrar, registration.registrant_id)
        return await self.found(await self.sign_in.by_link(made.token, ELSEWHERE))

    async def with_password(self) -> FoundSession:
        """Return a session of an owner who has a password."""
        found = await self.signed_in()
        await self.methods.set_password(found, PASSWORD)
        return found

    async def with_totp(self) -> tuple[str, tuple[str, ...], FoundSession]:
        """Set the second step up; return secret, recovery codes and the session that goes on."""
        found = await self.with_password()
        secret = await self.methods.begin_totp(found)
        confirmed = await self.methods.confirm_totp(found, self.code(secret), HOME)
        assert confirmed is not None
        return secret, confirmed.codes, await self.found(confirmed.entered)

    def code(self, secret: str) -> str:
        """Return the code of now."""
        return pyotp.TOTP(secret, interval=PERIOD_S).at(self.world.clock())

    async def letters(self) -> list[QueuedMessage]:
        """Let the letters be written, and take them."""
        while await self.worker.run_due():
            pass
        found = await self.queue.claim("mail", timedelta(minutes=5), 100)
        for one in found:
            await self.queue.delivered("mail", one.id)
        return sorted([one for one in found if one.direction is Direction.NOTICE], key=lambda one: one.id)

    async def links_in_mail(self) -> list[str]:
        """Return the tokens of links in letters, the oldest first."""
        texts = [text_of(one) for one in await self.letters()]
        return [token for text in texts for token in re.findall(r"/enter/(\S+)", text)]


def text_of(letter: QueuedMessage) -> str:
    """Return what a letter says."""
    return str(message_from_bytes(letter.raw, policy=default).get_content())


@asynccontextmanager
async def opened_entry(world: World, folder: Path) -> AsyncIterator[Entry]:
    """Open it over a world in which an owner has a domain."""
    site = QueueSite(world.storage.engine, folder / "mail")
    async with open_queue(site, MailCipher(world.storage), world.clock) as queue:
        await world.register(RDDS_ONLY)
        entry = Entry(world, queue)
        yield entry
        entry.passwords.close()
