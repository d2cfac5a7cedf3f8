"""Whatever two registrars, the clock and the registry do, in any order: statuses and what waits agree."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from registries.sandbox.commands import Request
from registries.sandbox.context import Context
from registries.sandbox.parser import parse
from registries.sandbox.protocol import Refusal
from registries.sandbox.service import Service
from registries.sandbox.settings import Rules, Tld
from registries.sandbox.statuses import conflict
from registries.sandbox.store import State, Store
from tests.registries.sandbox.wire import (
    ACCOUNTS,
    command,
    contact_create,
    contact_update,
    domain_create,
    domain_update,
    on_contact,
    on_domain,
    on_host,
    transfer,
)

_REVIEWED = frozenset({"domain:update", "domain:delete", "contact:create", "contact:update", "host:create"})
_OBJECTS = {"contact": "owner-1", "domain": "a.test", "host": "ns1.a.test"}
_LOCKS = [f"client{action}Prohibited" for action in ("Delete", "Transfer", "Update")]
_NAMED = "<domain:ns><domain:hostObj>ns1.a.test</domain:hostObj></domain:ns>"
_DAY_S = 86400.0
_accounts = st.sampled_from(sorted(ACCOUNTS))


def _verbs() -> list[str]:
    """Return every command about the three objects but transfers."""
    email = "<contact:chg><contact:email>a@b.example</contact:email></contact:chg>"
    verbs = [contact_create("owner-1"), domain_create("a.test"), on_host("create", "ns1.a.test")]
    verbs += [on_contact("delete", "owner-1"), on_domain("delete", "a.test"), on_host("delete", "ns1.a.test")]
    verbs += [contact_update("owner-1", email)]
    verbs += [domain_update("a.test", **{part: _NAMED}) for part in ("add", "rem")]
    for lock, part in itertools.product(_LOCKS, ("add", "rem")):
        contact_part = f'<contact:{part}><contact:status s="{lock}"/></contact:{part}>'
        verbs += [domain_update("a.test", **{part: f'<domain:status s="{lock}"/>'})]
        verbs += [contact_update("owner-1", contact_part)]
    return verbs


class Lifecycle(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.numbers = itertools.count(1)
        self.runner = asyncio.Runner()
        self.store = Store(":memory:")
        rules = Rules(transfer_s=_DAY_S, reviewed=_REVIEWED, review_s=_DAY_S)
        self.service = Service(self.store, (Tld("test"),), frozenset(), lambda: self.now, rules)
        self.runner.run(self.store.__aenter__())
        for account, password in ACCOUNTS.items():
            self.runner.run(self.store.transact(partial(_open_account, account, password)))

    def teardown(self) -> None:
        self.runner.run(self.store.__aexit__())
        self.runner.close()

    @initialize()
    def begin(self) -> None:
        self.command("registrar-a", contact_create("owner-1"))
        self.decide(kind="contact", approve=True)
        self.command("registrar-a", domain_create("a.test"))

    @rule(
        account=_accounts,
        operation=st.sampled_from(["request", "approve", "reject", "cancel"]),
        kind=st.sampled_from(["contact", "domain"]),
    )
    def move(self, account: str, operation: str, kind: str) -> None:
        self.command(account, transfer(operation, kind, _OBJECTS[kind], secret=f"{kind}-secret"))

    @rule(account=_accounts, verb=st.sampled_from(_verbs()))
    def command(self, account: str, verb: str) -> None:
        request = parse(command(verb).encode())
        assert isinstance(request, Request)
        outcome = self.runner.run(self.service.execute(request, account, f"SERVER-{next(self.numbers)}"))
        assert outcome.code in {1000, 1001} or isinstance(outcome, Refusal)

    @rule(hours=st.sampled_from([1, 23, 25]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(kind=st.sampled_from(sorted(_OBJECTS)), approve=st.booleans())
    def decide(self, *, kind: str, approve: bool) -> None:
        try:
            self.runner.run(self.service.decide(kind, _OBJECTS[kind], approve=approve))
        except KeyError:
            assert not self.runner.run(self.service.transact(lambda context: _waits(context, kind)))

    @invariant()
    def statuses_and_what_waits_agree(self) -> None:
        self.runner.run(self.service.transact(_demand_agreement))


def _open_account(account: str, password: str, state: State) -> None:
    state.accounts.ensure(account, password)


def _waits(context: Context, kind: str) -> bool:
    move = context.state.transfers.get(kind, _OBJECTS[kind])
    moving = move is not None and move.status == "pending"
    return moving or context.state.pendings.get(kind, _OBJECTS[kind]) is not None


def _demand_agreement(context: Context) -> None:
    for kind, key in _OBJECTS.items():
        head = context.state.objects[kind].head(key)
        statuses = head.statuses if head else frozenset()
        assert conflict(kind, statuses) is None
        move = context.state.transfers.get(kind, key)
        assert ("pendingTransfer" in statuses) == (move is not None and move.status == "pending")
        waits = context.state.pendings.get(kind, key)
        wanted = {f"pending{waits.action.capitalize()}"} if waits else set()
        assert {name for name in statuses if name.startswith("pending")} - {"pendingTransfer"} == wanted


Lifecycle.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestLifecycle = Lifecycle.TestCase
