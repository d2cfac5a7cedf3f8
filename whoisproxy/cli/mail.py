"""`whoisproxy mail`: what the relay would make of messages in files."""

import typer

from whoisproxy.cli.mail_bounce import bounce
from whoisproxy.cli.mail_forward import forward
from whoisproxy.cli.mail_judge import judge
from whoisproxy.cli.mail_reply import reply

app = typer.Typer(no_args_is_help=True, help="What the relay would make of messages in files.")
app.command("judge")(judge)
app.command("bounce")(bounce)
app.command("reply")(reply)
app.command("forward")(forward)
