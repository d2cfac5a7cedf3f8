"""What the public must show for each mechanism, and what a task's state says to whoever asks."""

from dataclasses import dataclass, field, replace

import pytest

from registries.callback.connector import CallbackConnector, Demand
from registries.callback.task import Answer, Result, Task, TaskState, Terms, answered, looked
from registries.connector import Change
from registries.contact import Role
from registries.errors import CallbackExpired, CallbackRefused, ChangePending, RegistryError
from registries.lookup.document import Document
from registries.lookup.public import PublicView
from registries.lookup.verdict import Finding
from registries.policy import Mechanism
from tests.registries.callback.test_task import NOW, TASK, TERMS
from tests.registries.lookup.test_evidence import HOLDER, PROXY

DOMAIN = "zoe.org"
HEAD = f"Domain: {DOMAIN}\nRegistrar: Some Registrar\n"
RELAYED = replace(HOLDER, email=PROXY.email)


@dataclass
class Book:
    """One task, kept in memory."""

    task: Task
    due: bool = True

    async def demand(self, change: Change, terms: Terms) -> Demand:
        del change, terms
        return Demand(self.task, self.due, HOLDER, ("old@relay.example",))

    async def looked(self, task_id: str, finding: Finding, terms: Terms) -> Task:
        assert task_id == self.task.id
        self.task, _ = looked(self.task, finding, terms, NOW)
        return self.task


@dataclass
class Directory:
    """A public directory that says one thing."""

    text: str
    source: str = "whois"
    server: str = "whois.example:43"
    asked: list[str] = field(default_factory=list)
    closed: bool = False

    async def documents(self, domain: str) -> list[Document]:
        self.asked.append(domain)
        return [Document("whois", self.text)]

    async def close(self) -> None:
        self.closed = True


def change(mechanism: Mechanism = Mechanism.SUBSTITUTE, *, hide: bool = True) -> Change:
    own = {Mechanism.SUBSTITUTE: PROXY, Mechanism.RELAY_EMAIL: RELAYED}.get(mechanism, HOLDER)
    return Change("op_1", DOMAIN, mechanism, hide, {Role.REGISTRANT: own if hide else HOLDER})


def connector(book: Book, text: str = "") -> tuple[CallbackConnector, Directory]:
    directory = Directory(text)
    return CallbackConnector(book, PublicView([directory]), TERMS), directory


SAID = answered(TASK, Answer(Result.APPLIED), NOW)


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (TaskState.OPEN, ChangePending),
        (TaskState.POSTPONED, ChangePending),
        (TaskState.SUPERSEDED, ChangePending),
        (TaskState.REFUSED, CallbackRefused),
        (TaskState.EXPIRED, CallbackExpired),
    ],
)
async def test_nobody_looks_before_the_backend_says_that_it_is_done(
    state: TaskState, error: type[RegistryError]
) -> None:
    asking, directory = connector(Book(replace(TASK, state=state)))
    with pytest.raises(error):
        await asking.apply(change())
    assert directory.asked == []


async def test_nobody_looks_again_before_it_is_due() -> None:
    asking, directory = connector(Book(SAID, due=False))
    with pytest.raises(ChangePending):
        await asking.apply(change())
    assert directory.asked == []


@pytest.mark.parametrize(
    ("wanted", "text", "done"),
    [
        (change(), HEAD + f"Email: {PROXY.email}", True),
        (change(), HEAD + f"Email: {PROXY.email}\nTech: old@relay.example", False),
        (change(), HEAD + f"Email: {PROXY.email}\nOrg: {HOLDER.organization}", False),
        (change(Mechanism.RELAY_EMAIL), HEAD + f"Name: {HOLDER.name}\nEmail: {PROXY.email}", True),
        (change(Mechanism.RELAY_EMAIL), HEAD + f"Name: {HOLDER.name}", False),
        (change(Mechanism.RELAY_EMAIL), HEAD + f"Email: {PROXY.email}\nAdmin: {HOLDER.email}", False),
        (change(Mechanism.REGISTRY_FLAG), HEAD + f"Org: {HOLDER.organization}", True),
        (change(Mechanism.REGISTRY_FLAG), HEAD + f"Name: {HOLDER.name}", False),
        (change(hide=False), HEAD + f"Name: {HOLDER.name}", True),
        (change(hide=False), HEAD + "Email: old@relay.example", False),
        (change(hide=False), "", False),
    ],
)
async def test_each_mechanism_has_its_own_proof(wanted: Change, text: str, *, done: bool) -> None:
    asking, directory = connector(Book(SAID), text)
    if done:
        observation = await asking.apply(wanted)
        assert observation.contacts[Role.REGISTRANT].contact == wanted.contacts[Role.REGISTRANT]
        assert observation.contacts[Role.REGISTRANT].hidden is (wanted.mechanism is Mechanism.REGISTRY_FLAG)
    else:
        with pytest.raises(ChangePending):
            await asking.apply(wanted)
    assert directory.asked == [DOMAIN]


async def test_what_was_seen_once_is_not_looked_for_again() -> None:
    """A worker may die after the look and before it has told."""
    asking, directory = connector(Book(replace(SAID, state=TaskState.DONE)))
    assert (await asking.apply(change())).domain == DOMAIN
    assert (await asking.read(DOMAIN)).contacts == {}
    await asking.close()
    assert (directory.asked, directory.closed) == ([], True)
