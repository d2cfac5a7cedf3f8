"""An owner's account over a world: his data, what he asks for, and what workers make of it."""

import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from tests.whoisproxy.services.entry import HOME, Entry, opened_entry
from tests.whoisproxy.services.world import REGISTRANT, World
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.correction import Correction
from whoisproxy.services.outbox_worker import OutboxWorker
from whoisproxy.services.owners.exports import EXPORT, Asking, ExportMaker
from whoisproxy.services.owners.held_data import Kept
from whoisproxy.services.owners.mail_log import OwnerMailLog
from whoisproxy.services.owners.own_data import OwnData
from whoisproxy.services.owners.sessions import FoundSession

KEPT = Kept(*(timedelta(days=days) for days in (90, 30, 90, 730)))


@dataclass
class Owner:
    """An owner who is signed in, and the services of his account."""

    entry: Entry
    own: OwnData
    found: FoundSession
    registrant_id: str

    @property
    def world(self) -> World:
        """The services below."""
        return self.entry.world

    async def asks(self, **changes: object) -> Correction:
        """Ask for a correction of his data."""
        wanted = {**REGISTRANT.as_dict(), **changes}
        asked = await self.own.corrections.ask(self.found, self.registrant_id, wanted)
        assert asked is not None
        return asked

    async def exported(self) -> bytes:
        """Ask for an export, let it be made, and fetch it."""
        assert await self.own.exports.ask(self.found) is Asking.BEGUN
        await self.works()
        newest = (await self.own.exports.of_account(self.found.account))[0]
        content = await self.own.exports.content(self.found.account, newest.id)
        assert content is not None
        return content

    async def works(self) -> None:
        """Let exports be made."""
        handlers = {EXPORT: exports_of(self.entry)}
        worker = OutboxWorker(self.world.storage, handlers, "exports", self.world.clock)
        await worker.run_due()

    async def signed_in_at(self, registrar: Registrar, registrant_id: str) -> FoundSession:
        """Return the session of whoever owns a registrant of a registrar."""
        made = await self.entry.sign_in.registrar_link(registrar, registrant_id)
        return await self.entry.found(await self.entry.sign_in.by_link(made.token, HOME))


def exports_of(entry: Entry) -> ExportMaker:
    """Return what makes exports over a world."""
    storage, clock = entry.world.storage, entry.world.clock
    return ExportMaker(storage, OwnerMailLog(storage, entry.queue, clock), clock)


def own_data(world: World) -> OwnData:
    """Return the services of accounts over a world."""
    return OwnData.on(world.storage, world.registrations, KEPT, world.clock)


@asynccontextmanager
async def opened_owner(world: World, folder: Path) -> AsyncIterator[Owner]:
    """Open it over a world in which an owner has a domain."""
    async with opened_entry(world, folder) as entry:
        found = await entry.signed_in()
        yield Owner(entry, own_data(world), found, await entry.registrant_id())


def files_of(content: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def section_of(content: bytes, name: str) -> list[Any]:
    """Return a section of an export."""
    rows: list[Any] = orjson.loads(files_of(content)[f"json/{name}.json"])
    return rows
