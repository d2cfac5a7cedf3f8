"""`whoisproxy tld`: what privacy means for a TLD, and why."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from registries.catalogue import Catalogue
from registries.explanation import explain
from registries.policy import TldPolicy
from whoisproxy.api.resources.tlds import tld_view
from whoisproxy.cli.context import ConfigOption, JsonOption, settings_from
from whoisproxy.cli.output import command, console, print_json
from whoisproxy.domain.names import in_public_suffix_list, suffix_from, unicode_of

app = typer.Typer(no_args_is_help=True, help="What privacy means for a TLD, and why.")


@app.command("list")
@command
async def list_tlds(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """List every TLD of the catalogue with its mechanism."""
    policies = Catalogue.load(*settings_from(config).catalogue.overrides).all()
    if as_json:
        print_json([tld_view(policy).model_dump(mode="json") for policy in policies])
        return
    table = Table(header_style="bold")
    for column in ("TLD", "mechanism", "reason", "confidence"):
        table.add_column(column, no_wrap=True)
    table.add_column("operator", overflow="fold")
    for policy in policies:
        operator = escape(policy.operator)
        table.add_row(f".{policy.tld}", policy.mechanism, policy.reason or "", policy.confidence, operator)
    console.print(table)


@app.command("show")
@command
async def show_tld(
    tld: Annotated[str, typer.Argument(help="Such as ch, org or co.uk; or a domain.")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Explain in plain words what would happen and why, with the source."""
    catalogue = Catalogue.load(*settings_from(config).catalogue.overrides)
    asked = suffix_from(tld)
    policy = catalogue.policy(asked)
    if as_json:
        print_json(tld_view(policy).model_dump(mode="json"))
        return
    for line in (_title(policy, asked), *_explained(policy), *_advice(catalogue, policy)):
        console.print(line, markup=False, soft_wrap=True)


def _title(policy: TldPolicy, asked: str) -> str:
    name = unicode_of(policy.tld)
    known_as = "" if name == policy.tld else f" ({policy.tld})"
    below = "" if asked == policy.tld else f"  (the rule for {unicode_of(asked)})"
    return f".{name}{known_as}  {policy.operator}{below}".rstrip()


def _explained(policy: TldPolicy) -> list[str]:
    words = explain(policy)
    mechanism = f"{policy.mechanism} ({policy.reason})" if policy.reason else policy.mechanism
    rows = (
        ("mechanism", f"{mechanism}: {words.reason or words.mechanism}"),
        ("why", policy.explanation),
        ("registry", words.registry),
        ("person", words.natural_person),
        ("firm", words.organisation),
        ("new holder?", words.holder_change),
        ("presence", words.presence),
        ("native", policy.native_mechanism),
        ("extension", policy.extension),
        ("sessions", words.sessions),
        ("note", policy.note),
        ("source", policy.source),
        ("confidence", words.confidence),
        ("rule in", policy.file),
    )
    return [f"  {label:<13}{text}" for label, text in rows if text]


def _advice(catalogue: Catalogue, policy: TldPolicy) -> list[str]:
    """Help on with a TLD without a rule: it may be mistyped, or a rule may be missing."""
    if policy.file:
        return []
    meant = " or ".join(f".{unicode_of(each)}" for each in catalogue.similar(policy.tld))
    missing = "If it is right, add a rule: docs/howto/add-a-tld.md"
    if not in_public_suffix_list(policy.tld):
        missing = f"No such TLD is in the Public Suffix List. {missing}"
    return [f"  Did you mean {meant}?"] * bool(meant) + [f"  {missing}"]
