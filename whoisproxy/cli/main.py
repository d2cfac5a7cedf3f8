"""The `whoisproxy` command."""

import typer

from whoisproxy.cli import demo, doctor, imports, keys, privacy, registrar, serve, tld

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
for group, name in ((registrar, "registrar"), (tld, "tld"), (privacy, "privacy"), (keys, "keys")):
    app.add_typer(group.app, name=name)


def main() -> None:
    """Entry point of the installed command."""
    app()
