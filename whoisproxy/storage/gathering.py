"""Units of work that many askers share; `mailrelay.gathering` says how."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager

from mailrelay import gathering
from mailrelay.gathering import AnswerT, AskT
from whoisproxy.storage.engine import PASSING
from whoisproxy.storage.unit_of_work import UnitOfWork


class Gathering(gathering.Gathering[UnitOfWork, AskT, AnswerT]):
    """Carries out asks in units of work; the whole batch fails where the database is away."""

    def __init__(
        self,
        begin: Callable[[], AbstractAsyncContextManager[UnitOfWork]],
        perform: Callable[[UnitOfWork, Sequence[AskT]], Awaitable[Sequence[AnswerT | Exception]]],
        key: Callable[[AskT], object] = id,
    ) -> None:
        super().__init__(begin, perform, key, PASSING)
