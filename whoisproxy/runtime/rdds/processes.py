"""Several processes that answer RDAP and WHOIS, so that more than one core does."""

from whoisproxy.config import Settings
from whoisproxy.runtime.child_processes import ChildProcesses
from whoisproxy.runtime.rdds.role import listeners


def rdds_processes(settings: Settings) -> ChildProcesses:
    """Return the processes, not started."""
    return ChildProcesses(
        "rdds", "whoisproxy.runtime.rdds.process", settings, settings.rdds.processes, listeners(settings)
    )
