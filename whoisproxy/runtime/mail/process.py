"""One of several mail processes: takes and delivers mail on sockets that the service opened for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from whoisproxy.runtime.child_process import Assignment, run_role
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.mail.role import mail_role


@asynccontextmanager
async def mail_process(assignment: Assignment) -> AsyncIterator[asyncio.Task[None]]:
    """Take and deliver mail."""
    settings, number = assignment.settings, assignment.number
    sockets = {name: one for name, [one] in assignment.opened().items()}
    async with (
        open_core(settings, slot=number, processes=settings.smtp.processes, migrating=False) as core,
        mail_role(core, sockets, assignment.memory, first=number == 0) as mail,
    ):
        yield mail.worker


if __name__ == "__main__":
    run_role(mail_process)
