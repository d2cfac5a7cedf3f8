"""Registry tasks: what your backend shall set at its registry, and what became of it."""

from registries.callback.task import Answer as TaskAnswer
from registries.callback.task import Result, Task, TaskState
from registries.lookup.verdict import Finding
from whoisproxy.api.models.common import Links, NoQuery, Nothing
from whoisproxy.api.models.contacts import contacts_view
from whoisproxy.api.models.registry_tasks import (
    AnswerBody,
    LookView,
    TaskPage,
    TaskQuery,
    TaskSummary,
    TaskView,
)
from whoisproxy.api.paging import cursor, place_of
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.services.registry_tasks import task_link

_PATH = "/v1/registry-tasks"
_LIST = "registry-tasks"


def look_view(finding: Finding) -> LookView:
    """Return what a look at the public has shown."""
    return LookView(
        verdict=finding.verdict,
        fields=list(finding.fields),
        sources=list(finding.sources),
        doubt=finding.doubt,
    )


def task_summary(task: Task) -> TaskSummary:
    """Return a task as lists show it: without persons."""
    return TaskSummary(
        id=task.id,
        domain=task.domain,
        operation_id=task.operation_id,
        state=task.state,
        mechanism=task.mechanism,
        hide=task.hide,
        deadline=task.deadline,
        retry_at=task.due_at if task.state is TaskState.POSTPONED else None,
        reason=task.reason,
        look=look_view(task.finding) if task.finding else None,
        created_at=task.created_at,
        updated_at=task.updated_at,
        links=Links(self=task_link(task.id)),
    )


def task_view(task: Task) -> TaskView:
    """Return a task with its contacts."""
    return TaskView(**dict(task_summary(task)), contacts=contacts_view(task.contacts))


async def list_registry_tasks(call: Call[TaskQuery, Nothing]) -> Answer:
    """Answer with one page of tasks."""
    query = call.query
    after = place_of(_LIST, query.cursor)
    state = TaskState(query.state) if query.state else None
    found = await call.deps.registry_tasks.page(call.registrar, state, after, query.limit + 1)
    shown = found[: query.limit]
    more = cursor(_LIST, shown[-1].id) if len(found) > len(shown) else None
    return Answer(200, TaskPage(tasks=[task_summary(each) for each in shown], next_cursor=more))


async def get_registry_task(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with a task and its contacts."""
    return Answer(200, task_view(await call.deps.registry_tasks.get(call.registrar, call.path["id"])))


async def answer_registry_task(call: Call[NoQuery, AnswerBody]) -> Answer:
    """Take what the backend says, and answer with the task as it then stands."""
    body = call.body
    answer = TaskAnswer(Result(body.result), body.reason or "", body.retry_at)
    return Answer(
        200, task_view(await call.deps.registry_tasks.answer(call.registrar, call.path["id"], answer))
    )


ROUTES = (
    Route(
        method="GET",
        path=_PATH,
        tag=Tag.REGISTRY_TASKS,
        scope=Scope.DOMAINS_READ,
        summary="List registry tasks",
        description="Oldest first, without contacts. `state=open` gives those that wait for you.",
        handler=list_registry_tasks,
        query=TaskQuery,
        replies={200: Reply("One page", TaskPage)},
        problems=("BAD_CURSOR",),
    ),
    Route(
        method="GET",
        path=f"{_PATH}/{{id}}",
        tag=Tag.REGISTRY_TASKS,
        scope=Scope.DOMAINS_READ,
        summary="Read a registry task with the exact contacts to set",
        handler=get_registry_task,
        replies={200: Reply("The task", TaskView)},
    ),
    Route(
        method="POST",
        path=f"{_PATH}/{{id}}/answer",
        tag=Tag.REGISTRY_TASKS,
        scope=Scope.DOMAINS_WRITE,
        summary="Say what became of a registry task",
        description=(
            "`applied`: the contacts are set; we look at the public directories, and the operation is done "
            "once they show it. `refused`: it fails with your reason. `later`: you are asked again then."
        ),
        handler=answer_registry_task,
        body=AnswerBody,
        replies={200: Reply("Taken; the task as it now stands", TaskView)},
        problems=("TASK_SUPERSEDED", "TASK_ENDED"),
    ),
)
