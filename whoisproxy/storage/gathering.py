"""Units of work that many askers share; `mailrelay.gathering` says how."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager

from mailrelay import gathering
from mailrelay.gathering import AnswerT, AskT
from whoisproxy.storage.engine import PASSING
from whoisproxy.storage.repositories.mail_routes import MailRoutes
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork


class Gathering(gathering.Gathering[UnitOfWork, AskT, AnswerT]):
    """Carries out asks in units of work; the whole batch fails where the database is away."""

    def __init__(
        self,
        begin: Callable[[], AbstractAsyncContextManager[UnitOfWork]],
        perform: Callable[[UnitOfWork, Sequence[AskT]], Awaitable[Sequence[AnswerT | Exception]]],
        key: Callable[[AskT], object] = id,
    ) -> None:
        super().__init__(begin, perform, key, PASSING)


def mail_route_question(
    storage: Storage, perform: Callable[[MailRoutes, Sequence[AskT]], Awaitable[Sequence[AnswerT]]]
) -> Callable[[AskT], Awaitable[AnswerT]]:
    """Return a function that asks about mail routes in the cheapest way that the database has.

    Args:
        storage: Where to ask.
        perform: Gives one answer for each ask.

    On SQLite each ask is read at once; on PostgreSQL those of a moment share a transaction.
    """
    routes = storage.direct_routes
    if routes is None:

        async def together(uow: UnitOfWork, asks: Sequence[AskT]) -> Sequence[AnswerT]:
            return await perform(uow.mail_routes, asks)

        return Gathering(storage.reading, together).ask

    async def alone(ask: AskT) -> AnswerT:
        [answer] = await perform(routes, [ask])
        return answer

    return alone
