"""How the pages of each registrar look: kept for its backend, found for a page."""

import asyncio
import hashlib
from dataclasses import replace
from urllib.parse import urlsplit

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.appearance import Appearance, Logo, check, host_name
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.services.logos import checked_logo
from whoisproxy.storage.unit_of_work import Storage


class Appearances:
    """One appearance a registrar, or none.

    Args:
        storage: The database.
        base_url: Of the pages, as the outside sees them.
    """

    def __init__(self, storage: Storage, base_url: str) -> None:
        self._storage = storage
        self._base = urlsplit(base_url)

    def base_url(self, appearance: Appearance | None) -> str:
        """Return where pages of this look are reached: by the registrar's own host name where it has one."""
        own = self._base._replace(netloc=appearance.host) if appearance and appearance.host else self._base
        return own.geturl().rstrip("/")

    async def put(self, appearance: Appearance, logo: bytes | None) -> Appearance:
        """Store a registrar's, in place of what it had.

        Args:
            appearance: `logo_type` and `version` are worked out.
            logo: A PNG or SVG as it was uploaded; None for none.

        Raises:
            InvalidInput: Something of it cannot be shown, or another registrar has the host name.
        """
        check(appearance)
        if appearance.host and appearance.host == host_name(self._base.netloc):
            raise InvalidInput("host", "is that of the pages themselves")
        picture = await asyncio.to_thread(checked_logo, logo) if logo is not None else None
        kept = replace(appearance, logo_type=picture.media_type if picture else "", version="")
        kept = replace(kept, version=_version(kept, picture))
        async with self._storage.unit_of_work() as uow:
            holder = await uow.appearances.of_host(kept.host) if kept.host else None
            if holder is not None and holder.registrar_id != kept.registrar_id:
                raise InvalidInput("host", "is taken by another registrar")
            await uow.appearances.put(kept, picture)
        return kept

    async def remove(self, registrar: Registrar) -> None:
        """Let a registrar's pages look as the pages of their own do."""
        async with self._storage.unit_of_work() as uow:
            await uow.appearances.remove(registrar.id)

    async def get(self, registrar: Registrar) -> tuple[Appearance, Logo | None]:
        """Return a registrar's, with its logo, or raise NotFound."""
        async with self._storage.reading() as uow:
            found = await uow.appearances.of_registrar(registrar.id)
            logo = await uow.appearances.logo(registrar.id)
        if found is None:
            raise NotFound("the registrar has no appearance of its own")
        return found, logo

    async def logo(self, registrar_id: str) -> Logo | None:
        """Return the logo of a registrar."""
        async with self._storage.reading() as uow:
            return await uow.appearances.logo(registrar_id)

    async def of_registrar(self, registrar_id: str) -> Appearance | None:
        """Return how a registrar's pages look; None for as the pages of their own do."""
        async with self._storage.glance() as uow:
            return await uow.appearances.of_registrar(registrar_id)

    async def of_domain(self, name: str) -> Appearance | None:
        """Return the same for the registrar of a domain, which is given in A-labels."""
        async with self._storage.glance() as uow:
            return await uow.appearances.of_domain(name)

    async def of_host(self, host: str) -> Appearance | None:
        """Return the same for the registrar whose own host name it is, as a `Host` field gives it."""
        name = host_name(host)
        if not name:
            return None
        async with self._storage.glance() as uow:
            return await uow.appearances.of_host(name)


def _version(appearance: Appearance, logo: Logo | None) -> str:
    content = repr(appearance).encode() + (logo.content if logo else b"")
    return hashlib.sha256(content).hexdigest()[:12]
