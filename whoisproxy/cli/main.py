"""The `whoisproxy` command."""

import sys
from typing import Any

import typer

from whoisproxy.cli import (
    appearance,
    correction,
    demo,
    disclosure,
    dkim,
    doctor,
    imports,
    keys,
    mail,
    portal,
    privacy,
    publication,
    quarantine,
    queue,
    rdds,
    registrar,
    registry,
    sender_rules,
    serve,
    spam,
    tld,
    tls_report,
)
from whoisproxy.cli.failures import Exit

app = typer.Typer(
    name="whoisproxy",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="WHOIS privacy proxy for registrars: hidden stays hidden, honest mail arrives, spam does not.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 refused by a rule, 4 try later.",
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("migrate")(keys.migrate)
app.command("import")(imports.import_file)
app.command("doctor")(doctor.doctor)
app.command("portal-link")(portal.portal_link)
app.command("portal-reset")(portal.portal_reset)
app.command("tls-report")(tls_report.tls_report)
for group, name in (
    (registrar, "registrar"),
    (appearance, "appearance"),
    (registry, "registry"),
    (tld, "tld"),
    (privacy, "privacy"),
    (publication, "publication"),
    (disclosure, "disclosure"),
    (correction, "correction"),
    (queue, "queue"),
    (quarantine, "quarantine"),
    (rdds, "rdds"),
    (keys, "keys"),
    (mail, "mail"),
    (sender_rules, "sender-rules"),
    (dkim, "dkim"),
    (spam, "spam"),
):
    app.add_typer(group.app, name=name)


# The library's class of every wrong command line; it has no public name in all its versions.
_WrongUsage: type[Exception] = typer.BadParameter.__bases__[0]


def main() -> None:
    """Entry point of the installed command."""
    try:
        code = app(prog_name="whoisproxy", standalone_mode=False)
    except typer.Abort:
        code = Exit.FAILED
    except _WrongUsage as error:
        code = _say_usage(error)
    sys.exit(code if isinstance(code, int) else Exit.DONE)


def _say_usage(error: Any) -> Exit:
    """Say in one line what is wrong with a command line."""
    text = " ".join(error.format_message().split()).rstrip(".").replace("Value error, ", "")
    # Without a text, the library has written the help of a group that was called without a command.
    if text:
        hint = f" (see `{error.ctx.command_path} --help`)" if error.ctx else ""
        sys.stderr.write(f"whoisproxy: {text[:1].lower()}{text[1:]}{hint}\n")
    return Exit.USAGE
