"""The `whoisproxy` command."""

import typer

from whoisproxy.cli import tld

app = typer.Typer(
    name="whoisproxy",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="WHOIS privacy proxy for registrars: hidden stays hidden, honest mail arrives, spam does not.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 refused by a rule, 4 try later.",
)
app.add_typer(tld.app, name="tld")


def main() -> None:
    """Entry point of the installed command."""
    app()
