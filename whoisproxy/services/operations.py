"""Operations: how far the work for a registry has come, and waiting for its end."""

import asyncio
import contextlib

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.operation import Operation, OperationState
from whoisproxy.storage.unit_of_work import Storage

# Operations that end in another process are seen by looking.
_LOOK_EVERY_S = 0.5


class Operations:
    """Reads operations and waits for them."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._finished = asyncio.Event()

    def notify(self) -> None:
        """Say that an operation has ended; workers of this process call it after their commit."""
        self._finished.set()
        self._finished = asyncio.Event()

    def next_end(self) -> asyncio.Event:
        """Return what is set as soon as an operation ends in this process."""
        return self._finished

    async def get(self, registrar: Registrar, operation_id: str) -> Operation:
        """Return the registrar's operation.

        Raises:
            NotFound: It has none of that id.
        """
        async with self._storage.reading() as uow:
            operation = await uow.operations.get(operation_id)
        if operation is None or operation.registrar_id != registrar.id:
            raise NotFound("you have no operation of that id")
        return operation

    async def wait(self, registrar: Registrar, operation_id: str, seconds: float) -> Operation:
        """Return the operation once it is no longer pending, or as it is when the time is over.

        Raises:
            NotFound: The registrar has none of that id.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            # Taken before looking: what ends after the look is not missed.
            finished = self._finished
            operation = await self.get(registrar, operation_id)
            remaining_s = deadline - loop.time()
            if operation.state is not OperationState.PENDING or remaining_s <= 0:
                return operation
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(_LOOK_EVERY_S, remaining_s)):
                    await finished.wait()
