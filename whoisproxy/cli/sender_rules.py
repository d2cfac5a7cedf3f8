"""`whoisproxy sender-rules`: whose mail is allowed or blocked, for all mail or for that of a registrar."""

from typing import Annotated

import typer

from whoisproxy.cli.context import ConfigOption, JsonOption, opened
from whoisproxy.cli.output import command, console, print_json
from whoisproxy.domain.sender_rules import MOST_RULES, RuleAction, RuleScope, StoredRule
from whoisproxy.runtime.core import Core
from whoisproxy.services.sender_rules import OPERATORS, RulesOf

app = typer.Typer(no_args_is_help=True, help="Senders whose mail is allowed or blocked.")

RegistrarOption = Annotated[
    str,
    typer.Option(
        "--registrar", metavar="NAME", help="The rules of this registrar (default: those for all mail)."
    ),
]


@app.command("list")
@command
async def list_rules(
    config: ConfigOption = None, registrar: RegistrarOption = "", *, as_json: JsonOption = False
) -> None:
    """List the rules, oldest first."""
    async with opened(config) as core:
        whose = await _whose(core, registrar)
        found = await core.sender_rules.page(whose, "", MOST_RULES[whose.scope])
    if as_json:
        print_json([_as_json(each) for each in found])
        return
    for each in found:
        _print(each)


@app.command("add")
@command
async def add(
    action: Annotated[RuleAction, typer.Argument(help="What is done with the sender's mail.")],
    sender: Annotated[
        str, typer.Argument(metavar="SENDER", help="A mailbox, or a domain with all below it.")
    ],
    config: ConfigOption = None,
    registrar: RegistrarOption = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """Allow or block a sender, whatever was ruled about him before."""
    async with opened(config) as core:
        rule, _ = await core.sender_rules.put(await _whose(core, registrar), sender, action)
    if as_json:
        print_json(_as_json(rule))
        return
    _print(rule)


@app.command("remove")
@command
async def remove(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="As `sender-rules list` shows it.")],
    config: ConfigOption = None,
    registrar: RegistrarOption = "",
) -> None:
    """Forget a rule."""
    async with opened(config) as core:
        await core.sender_rules.remove(await _whose(core, registrar), rule_id)


async def _whose(core: Core, registrar: str) -> RulesOf:
    if not registrar:
        return OPERATORS
    return RulesOf(RuleScope.REGISTRAR, await core.accounts.registrar(registrar))


def _as_json(rule: StoredRule) -> dict[str, object]:
    return {"id": rule.id, "action": rule.action, "sender": rule.sender, "created_at": rule.created_at}


def _print(rule: StoredRule) -> None:
    console.print(f"{rule.id}  {rule.action:<5}  {rule.sender}", markup=False, soft_wrap=True)
