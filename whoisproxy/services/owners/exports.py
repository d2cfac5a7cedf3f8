"""Exports of all that is held about an owner: asked for by him, made by a worker, fetched for some days.

The file lies in the database, sealed under the key of his account, so that any machine of the service can
make it and any other can give it out. It expires, and goes with the account.
"""

import asyncio
from datetime import timedelta
from enum import StrEnum

import structlog

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.export import KEPT, MOST_A_DAY, Export, ExportState
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.i18n import N_, translations
from whoisproxy.services.owners.export_files import zipped
from whoisproxy.services.owners.export_sections import SECTIONS, Row, Whole
from whoisproxy.services.owners.letters import EXPORT_READY, ask_for_letter
from whoisproxy.services.owners.mail_log import OwnerMailLog
from whoisproxy.services.owners.sessions import FoundSession, OwnerSessions
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.unit_of_work import Storage

_log = structlog.get_logger()

EXPORT = "owner-export"
"""Outbox kind of an export that is to be made."""

_A_DAY = timedelta(days=1)
_ABOUT = (
    N_("These are the data that the privacy service of %(registrar)s holds about you, as of %(at)s."),
    N_(
        "Each file is there twice: as JSON for programs, with all values as they are, and as CSV for "
        "spreadsheets. In CSV, a text that could be taken for a formula has an apostrophe before it."
    ),
    N_("Passwords, keys and codes by which you sign in are left out: whoever gets this file could use them."),
)


class Asking(StrEnum):
    """What came of asking for an export."""

    BEGUN = "begun"
    PENDING = "pending"  # one is being made already
    TOO_MANY = "too-many"


class Exports:
    """Takes orders, and gives files out.

    Args:
        storage: The database.
        sessions: Says whether an owner is still signed in.
        clock: Gives aware UTC.
    """

    def __init__(self, storage: Storage, sessions: OwnerSessions, clock: Clock) -> None:
        self._storage = storage
        self._sessions = sessions
        self._clock = clock

    async def ask(self, found: FoundSession) -> Asking:
        """Let an export of the owner's data be made; he is told by letter when it is ready."""
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            known = await uow.owner_exports.of_account(account.id) if account else []
            if account is None or any(one.state is ExportState.PENDING for one in known):
                return Asking.PENDING
            if sum(one.created_at > now - _A_DAY for one in known) >= MOST_A_DAY:
                return Asking.TOO_MANY
            new = Export(new_id("exp", now), account.id, ExportState.PENDING, now, now + KEPT)
            await uow.owner_exports.add(new)
            await uow.outbox.add(EXPORT, f"{EXPORT}:{new.id}", {"id": new.id}, now)
        return Asking.BEGUN

    async def of_account(self, account: OwnerAccount) -> list[Export]:
        """Return the exports of an owner that have not expired, the newest first."""
        async with self._storage.reading() as uow:
            found = await uow.owner_exports.of_account(account.id)
        return [one for one in found if one.expires_at > self._clock()]

    async def content(self, account: OwnerAccount, export_id: str) -> bytes | None:
        """Return the ZIP of an owner's export; None where he has none of that id that can be fetched."""
        async with self._storage.reading() as uow:
            return await uow.owner_exports.content(account.id, export_id, self._clock())


class ExportMaker:
    """Implements `Handler`: makes the file of an export.

    Args:
        storage: The database.
        log: Of the owner's mail.
        clock: Gives aware UTC.
    """

    def __init__(self, storage: Storage, log: OwnerMailLog, clock: Clock) -> None:
        self._storage = storage
        self._mail = log
        self._clock = clock

    async def handle(self, item: OutboxItem) -> None:
        """Make it, unless it was made, or nobody is there any more who could fetch it."""
        export_id = str(item.payload["id"])
        async with self._storage.reading() as uow:
            export = await uow.owner_exports.get(export_id)
            account = await uow.owner_accounts.by_id(export.account_id) if export else None
            registrar = await uow.registrars.get(account.registrar_id) if account else None
            if export is None or account is None or registrar is None:
                return
            domains = await uow.registrations.of_owner(account.registrar_id, account.owner_index)
            whole = Whole(uow, self._mail, account, domains, self._clock())
            sections = {name: await section(whole) for name, section in SECTIONS.items()}
        language = account.profile.language or (domains[0].registrant.language if domains else "")
        content = await asyncio.to_thread(
            zipped, sections, self._about(language, registrar, sections), whole.now
        )
        async with self._storage.unit_of_work() as uow:
            if await uow.owner_exports.fill(export, content):
                facts = {"account": account.id, "export": export.id}
                await ask_for_letter(uow, EXPORT_READY, facts, self._clock())
        _log.info("owner-export-made", export=export.id, octets=len(content))

    async def give_up(self, item: OutboxItem, code: str) -> None:
        """Say so to the owner: something keeps it from being made."""
        _log.error("owner-export-given-up", code=code)
        async with self._storage.unit_of_work() as uow:
            await uow.owner_exports.fail(str(item.payload["id"]))

    def _about(self, language: str, registrar: Registrar, sections: dict[str, list[Row]]) -> str:
        gettext = translations(language).gettext
        facts = {"registrar": registrar.name, "at": f"{self._clock():%Y-%m-%d %H:%M} UTC"}
        lines = [gettext(one) % facts for one in _ABOUT]
        counts = [f"{name}: {len(rows)}" for name, rows in sections.items()]
        return "\n\n".join([*lines, "\n".join(counts)]) + "\n"
