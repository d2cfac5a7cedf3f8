"""Several mail processes, so that more than one core takes and delivers mail."""

from functools import partial

from whoisproxy.config import Settings
from whoisproxy.runtime.child_processes import ChildProcesses
from whoisproxy.runtime.mail.role import listeners
from whoisproxy.runtime.mail.similar_texts import shared_memory


def mail_processes(settings: Settings) -> ChildProcesses:
    """Return the mail processes, not started."""
    return ChildProcesses(
        "mail",
        "whoisproxy.runtime.mail.process",
        settings,
        settings.smtp.processes,
        {name: ((host,), port) for name, (host, port) in listeners(settings).items()},
        partial(shared_memory, settings),
    )
