"""`whoisproxy mail`: look at mail offline, the way the relay would."""

import typer

from whoisproxy.cli import mail_bounce

app = typer.Typer(no_args_is_help=True, help="Look at mail offline, the way the relay would.")
app.command("bounce")(mail_bounce.bounce)
