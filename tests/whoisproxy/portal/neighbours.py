"""Three owners on the same pages, each with one of everything: two of one registrar, and one of another.

The third has the mailbox of the first. `PARAMETERS` says of every name in a path how an owner comes to have
such a thing.
"""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from aiohttp import ClientSession, CookieJar, web
from sqlalchemy import select

from mailrelay.directory import Opening
from mailrelay.queue.entry import Direction, NewMessage, State
from registries.lookup.verdict import Verdict
from tests.fakes import Clock
from tests.support import samples
from tests.support.authenticator import Authenticator
from tests.whoisproxy.portal.site import Browser
from whoisproxy.config import load
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import Consent
from whoisproxy.domain.publication_watch import Place
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.sender_rules import RuleAction
from whoisproxy.domain.sign_in import Visit
from whoisproxy.portal.app import make_portal_app
from whoisproxy.runtime.core import Core, open_core
from whoisproxy.runtime.pages import portal_dependencies
from whoisproxy.services.mailbox_health import MailboxHealth
from whoisproxy.services.outbox_worker import OutboxWorker
from whoisproxy.services.owners import passkeys
from whoisproxy.services.owners.exports import EXPORT, ExportMaker
from whoisproxy.services.owners.sessions import FoundSession
from whoisproxy.services.privacy import PrivacyView
from whoisproxy.services.registration import RegistrationSpec
from whoisproxy.services.relay_directory import RelayDirectory
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.storage.repositories.publication_history import Exhibit
from whoisproxy.storage.tables import metadata

_CONFIGURATION = '[portal]\nbase_url = "http://127.0.0.1"\nrequests_per_minute = 100000\n'
_LAPTOP = Visit("198.51.100.0/24", "Firefox, Linux")
# What looking at a page may change: when a session was last used.
_SEEN = {"seen_at"}


@dataclass(repr=False)
class Neighbour:
    """An owner, his browser, and the ids of what is his.

    Attributes:
        browser: Signed in.
        session: On another device of his.
        made: What rows of `PARAMETERS` have made, by name.
    """

    core: Core
    registrar: Registrar
    registration: Registration
    browser: Browser
    session: FoundSession
    privacy: PrivacyView
    made: dict[str, str] = field(default_factory=dict)

    async def has(self, parameter: str) -> str:
        """Return the id of something of his."""
        if parameter not in self.made:
            self.made[parameter] = await PARAMETERS[parameter](self)
        return self.made[parameter]

    @property
    def name(self) -> str:
        """His domain."""
        return str(self.registration.name)

    @property
    def traces(self) -> tuple[str, ...]:
        """What nobody else may see."""
        return (self.name, self.session.session.id)


@dataclass(repr=False)
class Neighbours:
    """All of them."""

    core: Core
    clock: Clock
    base_url: str
    mine: Neighbour
    theirs: Neighbour
    elsewhere: Neighbour

    async def everything(self) -> dict[str, list[str]]:
        """Return every row of the database, by table, but for what looking changes."""
        async with self.core.storage.engine.connect() as connection:
            return {
                table.name: sorted(
                    [
                        repr(tuple(row))
                        for row in await connection.execute(
                            select(*[one for one in table.c if one.name not in _SEEN])
                        )
                    ]
                )
                for table in metadata.sorted_tables
            }


@asynccontextmanager
async def neighbourhood(folder: Path, migrated: Path) -> AsyncIterator[Neighbours]:
    """Start the pages over a copy of a migrated database, and bring everybody in."""
    url = f"sqlite:///{shutil.copyfile(migrated, folder / 'neighbours.sqlite3')}"
    file = folder / "whoisproxy.toml"
    file.write_text(_CONFIGURATION, encoding="ascii")
    clock = Clock()
    settings = load(file, {"WHOISPROXY_DATABASE__URL": url, "WHOISPROXY_KEYS__FOLDER": str(folder / "keys")})
    async with open_core(settings, clock, migrating=False) as core:
        runner = web.AppRunner(make_portal_app(portal_dependencies(core), lambda: 0.0), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        first, second = [
            await core.accounts.add_registrar(name, f"https://{name}.example") for name in ("first", "second")
        ]
        owners = [
            await _moved_in(core, clock, base_url, *who)
            for who in (
                (first, "mine.com", "zoe@home.example"),
                (first, "theirs.com", "tom@home.example"),
                (second, "elsewhere.com", "zoe@home.example"),
            )
        ]
        yield Neighbours(core, clock, base_url, *owners)
        for one in owners:
            await one.browser.http.close()
        await runner.cleanup()


async def _moved_in(
    core: Core, clock: Clock, base_url: str, registrar: Registrar, name: str, mailbox: str
) -> Neighbour:
    registrant = replace(samples.REGISTRANT, email=mailbox, language="en")
    spec = RegistrationSpec(registrant, registrant_verified=True, nameservers=("ns1.hoster.example",))
    registration, _ = await core.registrations.put(registrar, DomainName(name), spec)
    consent = Consent("the owner", clock(), "2026-01")
    privacy = await core.privacy.switch(
        registrar, registration.name, SwitchRequest(enabled=True, consent=consent)
    )
    sign_in, browser = core.entry.sign_in, Browser(ClientSession(cookie_jar=CookieJar(unsafe=True)), base_url)
    links = [await sign_in.registrar_link(registrar, registration.registrant_id) for _ in range(2)]
    entered = await sign_in.by_link(links[0].token, _LAPTOP)
    assert entered is not None
    session = await core.entry.sessions.find(entered.secret)
    assert session is not None
    assert (await browser.enters(links[1].token)).status == 303
    await browser.get("/security")
    return Neighbour(core, registrar, registration, browser, session, privacy)


async def _domain(owner: Neighbour) -> str:
    return owner.name


async def _session(owner: Neighbour) -> str:
    return owner.session.session.id


async def _operation(owner: Neighbour) -> str:
    assert owner.privacy.operation is not None
    return owner.privacy.operation.id


async def _message(owner: Neighbour) -> str:
    """Something is held for him."""
    async with owner.core.storage.reading() as uow:
        [relay, *_] = await uow.relays.of_domain(owner.registration.id)
    address = f"{relay.local_part}@{relay.relay_domain}"
    raw = f"From: <ada@offers.example>\r\nSubject: for {owner.name}\r\n\r\nHello\r\n".encode()
    message = NewMessage(
        Direction.FORWARD, owner.registration.registrant_id, relay.id, address, "ada@offers.example", raw,
        len(raw),
    )  # fmt: skip
    [message_id] = await owner.core.queue.enqueue([message], State.QUARANTINED)
    return message_id


async def _passkey(owner: Neighbour) -> str:
    place, keys = passkeys.Site.of("http://localhost"), owner.core.entry.passkeys
    answer = Authenticator("http://localhost").create(await keys.creation_options(owner.session, place))
    entered = await keys.add(owner.session, answer, f"for {owner.name}", place, _LAPTOP)
    assert entered is not None
    [kept] = await keys.of_account(owner.session.account)
    return kept.id


async def _exhibit(owner: Neighbour) -> str:
    """A public directory has shown him."""
    now, answer = owner.core.clock(), f"Registrant: {owner.name}"
    kept = Exhibit(new_id("pev", now), Place.REGISTRY, "whois", "x", Verdict.LEAK, now, now, answer)
    async with owner.core.storage.unit_of_work() as uow:
        whose = owner.registration.id, owner.registration.registrant_id
        await uow.publication_history.keep(*whose, [kept])
    return kept.id


async def _reply(owner: Neighbour) -> str:
    """Somebody has written to him."""
    core, opening = (
        owner.core,
        Opening("ada@offers.example", "Ada", f"for {owner.name}", "<1@offers.example>"),
    )
    async with core.storage.reading() as uow:
        [relay, *_] = await uow.relays.of_domain(owner.registration.id)
    domain = core.settings.relay.domain
    directory = RelayDirectory(core.storage, domain, core.clock, MailboxHealth(core.storage, core.clock))
    await directory.reply_address(relay.id, opening)
    account, name = owner.session.account, owner.registration.name
    [reply] = await core.mail_settings.replies(account, name, "", 10)
    return reply.id


async def _mailbox(owner: Neighbour) -> str:
    """A second mailbox of his, which is confirmed."""
    added = await owner.core.mailboxes.add(owner.session, f"more@{owner.name}")
    async with owner.core.storage.unit_of_work() as uow:
        await uow.owner_mailboxes.verify(added.id, owner.core.clock())
    return added.id


async def _registrant(owner: Neighbour) -> str:
    return owner.registration.registrant_id


async def _correction(owner: Neighbour) -> str:
    wanted = {**owner.registration.registrant.as_dict(), "city": "Bonn"}
    asked = await owner.core.own_data.corrections.ask(owner.session, await owner.has("registrant"), wanted)
    assert asked is not None
    return asked.id


async def _export(owner: Neighbour) -> str:
    """A file with his data, which is ready."""
    core = owner.core
    await core.own_data.exports.ask(owner.session)
    maker = ExportMaker(core.storage, core.owner_mail.log, core.clock)
    await OutboxWorker(core.storage, {EXPORT: maker}, "neighbours", core.clock).run_due()
    [export] = await core.own_data.exports.of_account(owner.session.account)
    return export.id


async def _rule(owner: Neighbour) -> str:
    senders = owner.core.owner_mail.senders
    return (await senders.put(owner.session, f"pest@{owner.name}", RuleAction.BLOCK, owner.name)).id


PARAMETERS: dict[str, Callable[[Neighbour], Awaitable[str]]] = {
    "correction": _correction,
    "domain": _domain,
    "exhibit": _exhibit,
    "export": _export,
    "id": _session,
    "mailbox": _mailbox,
    "message": _message,
    "operation": _operation,
    "passkey": _passkey,
    "registrant": _registrant,
    "reply": _reply,
    "rule": _rule,
    "session": _session,
}


def unlike(parameter: str, value: str) -> str:
    """Return a value of the same form that names nothing."""
    return f"no-{value}" if parameter == "domain" else f"{value[:-6]}000000"
