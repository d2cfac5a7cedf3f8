"""Operations: how far the work for a registry has come."""

import asyncio

from whoisproxy.api.models.common import Links, Nothing
from whoisproxy.api.models.operations import OperationQuery, OperationView
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.operation import Operation, OperationState


def operation_link(operation_id: str) -> str:
    """Return where an operation is found."""
    return f"/v1/operations/{operation_id}"


def operation_view(operation: Operation) -> OperationView:
    """Return an operation as it is shown."""
    return OperationView(
        id=operation.id,
        domain=operation.domain,
        kind=operation.kind,
        state=operation.state,
        attempts=operation.attempts,
        commands=list(operation.commands),
        problem_code=operation.problem_code,
        problem=operation.problem,
        look_again_at=operation.look_again_at,
        created_at=operation.created_at,
        updated_at=operation.updated_at,
        links=Links(self=operation_link(operation.id)),
    )


async def _ended(call: Call[OperationQuery, Nothing], operation: Operation) -> Operation:
    """Wait for the end of the operation, of the time, or of the service."""
    seconds = min(call.query.wait, call.deps.limits.wait_s)
    waiting = asyncio.create_task(call.deps.operations.wait(call.registrar, operation.id, seconds))
    stopping = asyncio.create_task(call.stopping.wait())
    try:
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else operation
    finally:
        waiting.cancel()
        stopping.cancel()
        await asyncio.gather(waiting, stopping, return_exceptions=True)


async def get_operation(call: Call[OperationQuery, Nothing]) -> Answer:
    """Answer with the operation, waiting for its end when asked to."""
    operation_id = call.path["id"]
    operation = await call.deps.operations.get(call.registrar, operation_id)
    if call.query.wait and operation.state is OperationState.PENDING:
        operation = await _ended(call, operation)
    return Answer(200, operation_view(operation))


ROUTES = (
    Route(
        method="GET",
        path="/v1/operations/{id}",
        tag=Tag.OPERATIONS,
        scope=Scope.DOMAINS_READ,
        summary="How far an operation has come",
        description="With `wait` the answer comes when the operation ends, or after so many seconds.",
        handler=get_operation,
        query=OperationQuery,
        replies={200: Reply("The operation", OperationView)},
    ),
)
