"""One of several processes that answer RDAP and WHOIS on sockets that the service opened for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from whoisproxy.runtime.child_process import Assignment, run_role
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.rdds.role import rdds_role


@asynccontextmanager
async def rdds_process(assignment: Assignment) -> AsyncIterator[None]:
    """Answer queries."""
    async with (
        open_core(assignment.settings, migrating=False) as core,
        rdds_role(core, assignment.opened()),
    ):
        yield


if __name__ == "__main__":
    run_role(rdds_process)
