"""`whoisproxy portal-link` and `portal-reset`: help for an owner whose registrar's backend gives none yet."""

from typing import Annotated

import typer

from whoisproxy.cli.context import ConfigOption, opened, registrar_of
from whoisproxy.cli.output import command, console, print_json
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.names import DomainName
from whoisproxy.runtime.core import Core

DomainArgument = Annotated[str, typer.Argument(metavar="DOMAIN", help="One of the owner's, as example.org.")]


@command
async def portal_link(
    domain: DomainArgument,
    config: ConfigOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON for scripts.")] = False,
) -> None:
    """Make a link by which a domain's owner comes to his pages; it is good once, for five minutes."""
    async with opened(config) as core:
        registrar, registrant_id = await _owner(core, domain)
        made = await core.entry.sign_in.registrar_link(registrar, registrant_id)
        base_url = core.appearances.base_url(await core.appearances.of_registrar(registrar.id))
        url = f"{base_url}/enter/{made.token}"
    if as_json:
        print_json({"url": url, "expires_at": made.expires_at})
        return
    console.print(url, soft_wrap=True, markup=False)
    console.print(f"good once, until {made.expires_at:%H:%M} UTC; whoever opens it is taken for the owner")


@command
async def portal_reset(domain: DomainArgument, config: ConfigOption = None) -> None:
    """Forget what a domain's owner signs in with, who has lost it; links go on leading him in."""
    async with opened(config) as core:
        registrar, registrant_id = await _owner(core, domain)
        await core.entry.methods.reset(registrar, registrant_id)
    console.print("His password, codes, passkeys and sessions are gone.")


async def _owner(core: Core, domain: str) -> tuple[Registrar, str]:
    """Return whose customer the owner of a domain is, and the id of its registrant."""
    name = DomainName.parse(domain)
    registrar = await registrar_of(core, name)
    return registrar, (await core.registrations.get(registrar, name)).registrant_id
