"""What commands share: options and arguments, and the services without their servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from whoisproxy.config import Settings, load
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.core import Core, open_core

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="WHOISPROXY_CONFIG", help="TOML file (default: ./whoisproxy.toml)"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON for scripts.")]
NameArgument = Annotated[str, typer.Argument(metavar="DOMAIN", help="Such as example.org.")]


def settings_from(config: Path | None) -> Settings:
    """Read the settings that a command works with."""
    return load(config)


@asynccontextmanager
async def opened(config: Path | None) -> AsyncIterator[Core]:
    """Open the services on the database of the settings; make and migrate it where needed."""
    settings = settings_from(config)
    configure_logging("error", settings.log.format)
    async with open_core(settings) as core:
        yield core


async def registrar_of(core: Core, name: DomainName) -> Registrar:
    """Return whose domain it is, or raise NotFound."""
    async with core.storage.reading() as uow:
        registration = await uow.registrations.by_name(name)
        registrar = await uow.registrars.get(registration.registrar_id) if registration else None
    if registrar is None:
        raise NotFound(f"{name} is not held here")
    return registrar
