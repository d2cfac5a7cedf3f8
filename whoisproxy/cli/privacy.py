"""`whoisproxy privacy`: look at and switch the privacy of a domain, as the operator."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from mailrelay.directory import MailPolicy
from registries.catalogue import Catalogue
from registries.policy import TldPolicy
from whoisproxy.cli.context import ConfigOption, JsonOption, NameArgument, opened, registrar_of, settings_from
from whoisproxy.cli.output import Exit, command, console, print_json, stop
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Operation, OperationState
from whoisproxy.domain.privacy import Consent
from whoisproxy.domain.registrant import Registrant
from whoisproxy.runtime.core import brand_of
from whoisproxy.services.previews import Preview, future_identities, preview_of
from whoisproxy.services.privacy import PrivacyView
from whoisproxy.services.switching import SwitchRequest

app = typer.Typer(no_args_is_help=True, help="Look at and switch the privacy of a domain.")


@app.command("status")
@command
async def status(domain: NameArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Show what is wanted, what is published, and by which mechanism."""
    name = DomainName.parse(domain)
    async with opened(config) as core:
        view = await core.privacy.status(await registrar_of(core, name), name)
    _show(view, as_json=as_json)


@app.command("on")
@command
async def switch_on(
    domain: NameArgument,
    consent_by: Annotated[str, typer.Option(help="Who of the owner's side agreed.")],
    consent_text: Annotated[str, typer.Option(help="Version of the text agreed to.")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Switch privacy on; a running service carries it out."""
    consent = Consent(consent_by, datetime.now(UTC), consent_text)
    await _switch(config, domain, SwitchRequest(enabled=True, consent=consent), as_json=as_json)


@app.command("off")
@command
async def switch_off(
    domain: NameArgument, config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """Switch privacy off; a running service carries it out."""
    await _switch(config, domain, SwitchRequest(enabled=False), as_json=as_json)


@app.command("mail")
@command
async def mail(
    domain: NameArgument,
    policy: Annotated[MailPolicy, typer.Argument(help="What is done with mail to its owner from now on.")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Have a domain's mail forwarded, filtered, or held but for what has to reach every owner."""
    name = DomainName.parse(domain)
    async with opened(config) as core:
        registrar = await registrar_of(core, name)
        await core.correspondence.change(registrar, name, {}, policy)
        view = await core.privacy.status(registrar, name)
    _show(view, as_json=as_json)


@app.command("preview")
@command
async def preview(
    domain: NameArgument,
    config: ConfigOption = None,
    registrant: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="JSON file of a registrant, for a domain that is not held here."
        ),
    ] = None,
    *,
    off: Annotated[bool, typer.Option("--off", help="Preview switching off.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show exactly what a switch would change; nothing is changed."""
    name = DomainName.parse(domain)
    if registrant is None:
        async with opened(config) as core:
            found = await core.privacy.preview(await registrar_of(core, name), name, enabled=not off)
    else:
        found = _preview_without_database(config, name, _registrant_from(registrant), enabled=not off)
    _show_preview(name, found, as_json=as_json)


def _preview_without_database(
    config: Path | None, name: DomainName, holder: Registrant, *, enabled: bool
) -> Preview:
    """Preview a domain that is not held here: only the rules and the default brand are needed."""
    settings = settings_from(config)
    policy = Catalogue.load(*settings.catalogue.overrides).policy(name.suffix)
    identities = future_identities(policy, {}, brand_of(settings.brand), settings.relay.domain)
    return preview_of(policy, holder, identities, hidden=not enabled, enabled=enabled)


async def _switch(config: Path | None, domain: str, wish: SwitchRequest, *, as_json: bool) -> None:
    name = DomainName.parse(domain)
    async with opened(config) as core:
        view = await core.privacy.switch(await registrar_of(core, name), name, wish)
    _show(view, as_json=as_json)


def _registrant_from(file: Path) -> Registrant:
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise InvalidInput(str(file), "is not JSON in UTF-8") from None
    if not isinstance(raw, dict):
        raise InvalidInput(str(file), "must hold one JSON object")
    return Registrant.parse(raw)


def _show(view: PrivacyView, *, as_json: bool) -> None:
    status, policy, operation = view.privacy.status, view.policy, view.operation
    if as_json:
        print_json(
            {
                "domain": view.registration.name.a_label,
                "state": status.state,
                "wanted": status.wanted,
                "published": status.published,
                **_rule(policy, view.because),
                "mail_policy": view.privacy.mail_policy,
                "operation": _operation(operation),
            }
        )
        return
    console.print(f"[bold]{view.registration.name.u_label}[/]  {status.state}")
    console.print(f"  wanted     {'on' if status.wanted else 'off'}")
    console.print(f"  published  {'on' if status.published else 'off'}")
    console.print(f"  mechanism  {policy.mechanism}: {policy.explanation}", soft_wrap=True)
    if view.because:
        console.print(f"  because    {view.because}")
    console.print(f"  mail       {view.privacy.mail_policy}")
    if view.identity:
        console.print(f"  address    {view.identity.relay_address}")
    if operation:
        console.print(f"  operation  {operation.id} {operation.state} {operation.problem_code}")
    if view.privacy.reason:
        console.print(f"  reason     {view.privacy.reason}", markup=False)


def _show_preview(name: DomainName, found: Preview, *, as_json: bool) -> None:
    changes = [
        {"role": each.role, "field": each.field, "before": each.before, "after": each.after}
        for each in found.differences
    ]
    if as_json:
        print_json({"domain": name.a_label, **_rule(found.policy, found.because), "differences": changes})
        return
    console.print(
        f"[bold]{name.u_label}[/]  {found.policy.mechanism}: {found.policy.explanation}", soft_wrap=True
    )
    if found.because:
        console.print(f"  because    {found.because}")
    if not found.policy.allowed:
        stop(f"{found.policy.reason}; source: {found.policy.source}", Exit.REFUSED)
    table = Table("role", "field", "before", "after", header_style="bold")
    for each in changes:
        table.add_row(*(str(value) for value in each.values()))
    console.print(table if changes else "Nothing would change.")


def _rule(policy: TldPolicy, because: str) -> dict[str, object]:
    return {
        "allowed": policy.allowed,
        "mechanism": policy.mechanism,
        "reason": policy.reason or because or None,
        "explanation": policy.explanation,
        "source": policy.source,
    }


def _operation(operation: Operation | None) -> dict[str, object] | None:
    if operation is None:
        return None
    pending = operation.state is OperationState.PENDING
    return {
        "id": operation.id,
        "state": operation.state,
        "pending": pending,
        "problem_code": operation.problem_code,
    }
