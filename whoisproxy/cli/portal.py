"""`whoisproxy portal-link`: an owner's way to his pages, for a registrar whose backend makes none yet."""

from typing import Annotated

import typer

from whoisproxy.cli.context import ConfigOption, opened, registrar_of
from whoisproxy.cli.output import command, console, print_json
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.names import DomainName


@command
async def portal_link(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="One of the owner's, such as example.org.")],
    config: ConfigOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON for scripts.")] = False,
) -> None:
    """Make a link by which a domain's owner comes to his pages; it is good once, for five minutes."""
    name = DomainName.parse(domain)
    async with opened(config) as core:
        registrar = await registrar_of(core, name)
        async with core.storage.reading() as uow:
            registration = await uow.registrations.get(registrar.id, name)
        if registration is None:
            raise NotFound(f"{name} is not held here")
        made = await core.entry.sign_in.registrar_link(registrar, registration.registrant_id)
        base_url = core.appearances.base_url(await core.appearances.of_registrar(registrar.id))
        url = f"{base_url}/enter/{made.token}"
    if as_json:
        print_json({"url": url, "expires_at": made.expires_at})
        return
    console.print(url, soft_wrap=True, markup=False)
    console.print(f"good once, until {made.expires_at:%H:%M} UTC; whoever opens it is taken for the owner")
