"""A registrar's backend sets the contacts; we believe what the public sees."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes import Accounts
from tests.whoisproxy.api.client import Client
from tests.whoisproxy.services.callback_world import DEADLINE_HOURS, NAME, CallbackWorld, callback_world
from tests.whoisproxy.services.world import FLAGGED, REGISTRANT, RELAY_EMAIL, SPEC, SUBSTITUTED
from whoisproxy.config import CallbackAccount, ConfigurationError
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import OperationState
from whoisproxy.runtime.callback_connectors import with_callbacks
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.storage.unit_of_work import Storage

PENDING, DONE, FAILED = OperationState.PENDING, OperationState.DONE, OperationState.FAILED


@pytest.fixture
async def world(sqlite_storage: Storage) -> AsyncIterator[CallbackWorld]:
    async with callback_world(sqlite_storage) as made:
        yield made


def secrets_in(text: object) -> list[str]:
    return [secret for secret in REGISTRANT.identity().values() if secret in str(text)]


async def test_privacy_goes_on_and_off_by_the_backend(storage: Storage) -> None:
    """The whole way, on both engines."""
    async with callback_world(storage) as world:
        await world.register(SUBSTITUTED)
        enabling = await world.enable(SUBSTITUTED)
        [asked] = world.backend.asked
        assert (asked["occasion"], asked["hide"], asked["operation_id"]) == ("new", True, enabling.id)
        assert asked["contacts"]["registrant"]["email"].endswith("@relay.example")
        assert asked["deadline"] == "2026-11-26T12:00:00Z"
        assert (await world.now(enabling)).state is PENDING

        await world.backend.set_contacts()
        assert (await world.backend.say(result="applied")).status == 200
        await world.work()
        assert (await world.now(enabling)).state is DONE
        assert (await world.privacy.status(world.registrar, SUBSTITUTED)).privacy.status.state == "enabled"

        disabling = await world.disable(SUBSTITUTED)
        await world.backend.set_contacts()
        assert secrets_in(world.public.shown[SUBSTITUTED.a_label])
        await world.backend.say(result="applied")
        await world.work()
        assert (await world.now(disabling)).state is DONE
        assert (await world.privacy.status(world.registrar, SUBSTITUTED)).privacy.status.hidden is False


async def test_no_event_names_a_person_and_only_the_key_opens_his_contacts(world: CallbackWorld) -> None:
    """Events stand in clear, and a webhook may lead anywhere: the registrant is fetched, never sent."""
    await world.hidden(SUBSTITUTED)
    await world.disable(SUBSTITUTED)
    for domain in (RELAY_EMAIL, FLAGGED):
        await world.register(domain)
        await world.enable(domain)
    assert len(world.backend.asked) == 4
    assert [("contacts" in asked, asked["hide"]) for asked in world.backend.asked] == [
        (True, True),
        (False, False),
        (False, True),
        (False, True),
    ]
    assert secrets_in(await world.events()) == []
    assert secrets_in(world.backend.taken) == []
    listed = await world.backend.api.get("/v1/registry-tasks?state=open")
    assert len(listed.json["tasks"]) == 3
    assert secrets_in(listed.json) == []
    fetched = (await world.backend.api.get(world.backend.asked[1]["fetch"])).json
    assert fetched["contacts"]["registrant"]["email"] == REGISTRANT.email


async def test_only_what_the_public_shows_ends_an_operation(world: CallbackWorld) -> None:
    """The backend says that it is done and nothing answers: we look again, ever more seldom."""
    await world.register(SUBSTITUTED)
    operation = await world.enable(SUBSTITUTED)
    world.public.away = True
    await world.backend.say(result="applied")
    await world.work()
    looks = []
    for _ in range(4):
        task = (await world.backend.api.get(world.backend.asked[0]["fetch"])).json
        looks.append((task["state"], task["look"]["verdict"], task["look"]["doubt"]))
        await world.later(minutes=10)
    assert set(looks) == {("applied", "unknown", "no-answer")}
    assert (await world.now(operation)).state is PENDING

    world.public.away = False
    await world.backend.set_contacts()
    await world.later(hours=1)
    assert (await world.now(operation)).state is DONE


async def test_what_the_registry_has_not_published_yet_is_no_alarm(world: CallbackWorld) -> None:
    await world.register(SUBSTITUTED)
    operation = await world.enable(SUBSTITUTED)
    await world.backend.say(result="applied")
    await world.work()
    assert "privacy.leak_risk" not in [event.type for event in await world.events()]
    await world.backend.set_contacts()
    await world.later(minutes=1)
    assert (await world.now(operation)).state is DONE


async def test_a_leak_is_told_and_the_task_is_open_again(world: CallbackWorld) -> None:
    await world.register(SUBSTITUTED)
    operation = await world.enable(SUBSTITUTED)
    await world.backend.say(result="applied")
    await world.work()
    await world.later(minutes=16)
    [leak] = [event for event in await world.events() if event.type == "privacy.leak_risk"]
    fields = ["city", "email", "name", "organization", "phone", "postal_code", "region", "street"]
    assert leak.data["fields"] == fields
    assert leak.data["sources"] == ["rdap", "whois"]
    assert secrets_in(leak.data) == []
    assert world.backend.asked[-1]["occasion"] == "leak"
    task = (await world.backend.api.get(world.backend.asked[0]["fetch"])).json
    assert (task["state"], task["look"]["verdict"]) == ("open", "leak")
    assert (await world.now(operation)).state is PENDING

    assert (await world.now(operation)).leak_risk

    await world.backend.set_contacts()
    await world.backend.say(result="applied")
    await world.work()
    assert (await world.now(operation)).state is DONE
    assert "privacy.leak_resolved" in [event.type for event in await world.events()]


async def test_a_leak_in_one_directory_is_a_leak(world: CallbackWorld) -> None:
    """The proxy shows, and so does one line of the registrant's."""
    await world.register(SUBSTITUTED)
    operation = await world.enable(SUBSTITUTED)
    await world.backend.set_contacts()
    shown = world.public.shown[SUBSTITUTED.a_label]
    world.public.shown[SUBSTITUTED.a_label] = {
        **shown,
        "billing": {**shown["registrant"], "phone": "0049 (0)151 234-567-89"},
    }
    await world.backend.say(result="applied")
    await world.work()
    await world.later(minutes=16)
    [leak] = [event for event in await world.events() if event.type == "privacy.leak_risk"]
    assert leak.data["fields"] == ["phone"]
    assert (await world.now(operation)).state is PENDING


async def test_a_refusal_fails_the_operation_with_its_reason(world: CallbackWorld) -> None:
    await world.register(SUBSTITUTED)
    operation = await world.enable(SUBSTITUTED)
    await world.backend.say(result="refused", reason="TRANSFER_PENDING")
    await world.work()
    ended = await world.now(operation)
    assert (ended.state, ended.problem_code) == (FAILED, "REGISTRY_REFUSED")
    assert "TRANSFER_PENDING" in ended.problem
    assert (await world.privacy.status(world.registrar, SUBSTITUTED)).privacy.status.hidden


async def test_later_waits_until_then_and_asks_again(world: CallbackWorld) -> None:
    await world.register(SUBSTITUTED)
    operation = await world.enable(SUBSTITUTED)
    at = world.clock() + timedelta(hours=5)
    said = await world.backend.say(result="later", reason="MAINTENANCE", retry_at=at.isoformat())
    assert (said.json["state"], said.json["reason"]) == ("postponed", "MAINTENANCE")
    await world.later(hours=4)
    assert [asked["occasion"] for asked in world.backend.asked] == ["new"]
    await world.later(hours=1)
    assert [asked["occasion"] for asked in world.backend.asked] == ["new", "again"]
    assert (await world.now(operation)).state is PENDING


@pytest.mark.parametrize("hours", [-1, DEADLINE_HOURS, 1000])
async def test_later_is_before_the_deadline(world: CallbackWorld, hours: int) -> None:
    await world.register(SUBSTITUTED)
    await world.enable(SUBSTITUTED)
    at = world.clock() + timedelta(hours=hours)
    said = await world.backend.say(result="later", retry_at=at.isoformat())
    assert (said.status, said.code, said.json["field"]) == (422, "INVALID_INPUT", "retry_at")


async def test_silence_is_reminded_once_and_ends_at_the_deadline_hidden(world: CallbackWorld) -> None:
    await world.register(SUBSTITUTED)
    operation = await world.enable(SUBSTITUTED)
    for _ in range(DEADLINE_HOURS // 4 - 1):
        await world.later(hours=4)
    assert [asked["occasion"] for asked in world.backend.asked] == ["new", "reminder"]
    assert (await world.now(operation)).state is PENDING
    await world.later(hours=4)
    ended = await world.now(operation)
    assert (ended.state, ended.problem_code) == (FAILED, "REGISTRY_CALLBACK_EXPIRED")
    assert (await world.privacy.status(world.registrar, SUBSTITUTED)).privacy.status.hidden
    late = await world.backend.say(result="applied")
    assert (late.status, late.code) == (409, "TASK_ENDED")


async def test_the_deadline_of_a_disable_leaves_the_registrant_hidden(world: CallbackWorld) -> None:
    await world.hidden(SUBSTITUTED)
    operation = await world.disable(SUBSTITUTED)
    await world.backend.say(result="applied")
    await world.later(hours=DEADLINE_HOURS)
    assert (await world.now(operation)).problem_code == "REGISTRY_CALLBACK_EXPIRED"
    assert (await world.privacy.status(world.registrar, SUBSTITUTED)).privacy.status.hidden


async def test_a_newer_switch_takes_the_tasks_place(world: CallbackWorld) -> None:
    await world.hidden(SUBSTITUTED)
    await world.disable(SUBSTITUTED)
    overtaken = world.backend.asked[-1]["fetch"]
    await world.enable(SUBSTITUTED)
    late = await world.backend.api.post(f"{overtaken}/answer", {"result": "applied"})
    assert (late.status, late.code) == (409, "TASK_SUPERSEDED")
    old = (await world.backend.api.get(overtaken)).json
    assert (old["state"], old["contacts"]) == ("superseded", {})
    # What the newer one asks for shows already.
    await world.backend.say(result="applied")
    await world.work()
    assert (await world.privacy.status(world.registrar, SUBSTITUTED)).privacy.status.state == "enabled"


async def test_after_a_rotation_the_address_of_before_must_be_gone(world: CallbackWorld) -> None:
    """The proxy shows before and after; only its new address proves the change."""
    await world.hidden(SUBSTITUTED)
    view = await world.privacy.rotate(world.registrar, SUBSTITUTED)
    assert view.operation is not None
    await world.work()
    await world.backend.say(result="applied")
    await world.work()
    task = (await world.backend.api.get(world.backend.asked[-1]["fetch"])).json
    assert (task["state"], task["look"]["doubt"]) == ("applied", "earlier-state")
    await world.backend.set_contacts()
    await world.later(minutes=1)
    assert (await world.now(view.operation)).state is DONE


async def test_contacts_that_change_meanwhile_are_asked_for_anew(world: CallbackWorld) -> None:
    """With a relay address alone, the holder's own data are part of what the backend sets."""
    await world.register(RELAY_EMAIL)
    await world.enable(RELAY_EMAIL)
    await world.registrations.put(
        world.registrar, RELAY_EMAIL, replace(SPEC, registrant=replace(REGISTRANT, city="Bonn"))
    )
    await world.later(hours=DEADLINE_HOURS * 3 / 4)
    fetched = (await world.backend.api.get(world.backend.asked[-1]["fetch"])).json
    assert fetched["contacts"]["registrant"]["city"] == "Bonn"
    assert fetched["state"] == "open"


async def test_the_same_answer_twice_is_one_answer(world: CallbackWorld) -> None:
    await world.register(SUBSTITUTED)
    operation = await world.enable(SUBSTITUTED)
    await world.backend.set_contacts()
    first = await world.backend.say(result="applied")
    assert (await world.backend.say(result="applied")).json == first.json
    await world.work()
    assert (await world.backend.say(result="applied")).json["state"] == "done"
    assert (await world.backend.say(result="refused", reason="NO")).code == "TASK_ENDED"
    assert (await world.now(operation)).state is DONE


async def test_an_idempotency_key_gives_the_same_answer_again(world: CallbackWorld) -> None:
    await world.register(SUBSTITUTED)
    await world.enable(SUBSTITUTED)
    place = f"{world.backend.asked[0]['fetch']}/answer"
    body = {"result": "refused", "reason": "LOCKED"}
    first = await world.backend.api.post(place, body, Idempotency_Key="one")
    again = await world.backend.api.post(place, body, Idempotency_Key="one")
    assert (again.raw, again.headers["Idempotency-Replayed"]) == (first.raw, "true")


async def test_a_holder_under_a_flag_must_not_show_though_his_domain_does(world: CallbackWorld) -> None:
    await world.register(FLAGGED)
    operation = await world.enable(FLAGGED)
    await world.backend.say(result="applied")
    await world.work()
    assert (await world.now(operation)).state is PENDING
    withheld = {"organization": REGISTRANT.organization, "region": REGISTRANT.region}
    blank = dict.fromkeys(("name", "street", "city", "postal_code", "country_code", "phone", "email"), "")
    world.public.shown[FLAGGED.a_label] = {"registrant": {**blank, **withheld}}
    await world.later(minutes=1)
    assert (await world.now(operation)).state is DONE


async def test_another_registrar_neither_sees_nor_answers_a_task_nor_gets_one(world: CallbackWorld) -> None:
    await world.register(SUBSTITUTED)
    await world.enable(SUBSTITUTED)
    other = await world.accounts.add_registrar("Other", "https://other.example")
    _, secret = await world.accounts.add_key(other)
    stranger = Client(world.backend.api.session, world.backend.api.base_url, secret)
    place = world.backend.asked[0]["fetch"]
    assert (await stranger.get(place)).code == "NOT_FOUND"
    assert (await stranger.post(f"{place}/answer", {"result": "applied"})).code == "NOT_FOUND"
    assert (await stranger.get("/v1/registry-tasks")).json["tasks"] == []

    # Its own domains of the same ending do not go to this backend.
    name = DomainName("other-bakery.org")
    await world.registrations.put(other, name, SPEC)
    await world.privacy.switch(world.registrar, SUBSTITUTED, SwitchRequest(enabled=False))
    consent = (await world.privacy.status(world.registrar, SUBSTITUTED)).privacy.consent
    view = await world.privacy.switch(other, name, SwitchRequest(enabled=True, consent=consent))
    await world.work()
    assert view.operation is not None
    ended = await world.operations.get(other, view.operation.id)
    assert (ended.state, ended.problem_code) == (FAILED, "REGISTRY_NOT_CONFIGURED")


async def test_pages_lead_through_all_tasks_once(world: CallbackWorld) -> None:
    for number in range(5):
        name = DomainName(f"zoe-{number}.org")
        await world.register(name)
        await world.enable(name)
        world.clock.pass_by(seconds=1)
    found, path = [], "/v1/registry-tasks?state=open&limit=2"
    while path:
        page = (await world.backend.api.get(path)).json
        found += [each["domain"] for each in page["tasks"]]
        more = page["next_cursor"]
        path = f"/v1/registry-tasks?state=open&limit=2&cursor={more}" if more else ""
    assert found == [f"zoe-{number}.org" for number in range(5)]
    assert (await world.backend.api.get("/v1/registry-tasks?state=done")).json["tasks"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"result": "later"},
        {"result": "refused"},
        {"result": "applied", "retry_at": "2026-12-01T06:00:00Z"},
        {"result": "refused", "reason": "Zoë asked for it"},
        {"result": "perhaps"},
    ],
)
async def test_an_answer_that_says_too_little_or_too_much_is_refused(
    world: CallbackWorld, body: dict[str, str]
) -> None:
    await world.register(SUBSTITUTED)
    await world.enable(SUBSTITUTED)
    assert (await world.backend.say(**body)).code == "INVALID_INPUT"


async def test_an_operation_that_was_given_up_takes_its_task_along(world: CallbackWorld) -> None:
    await world.register(SUBSTITUTED)
    operation = await world.enable(SUBSTITUTED)
    async with world.storage.unit_of_work() as uow:
        await uow.operations.update(replace(operation, state=FAILED))
    await world.later(hours=DEADLINE_HOURS)
    task = (await world.backend.api.get(world.backend.asked[0]["fetch"])).json
    assert (task["state"], task["contacts"]) == ("superseded", {})


async def test_what_has_ended_is_forgotten_with_time(world: CallbackWorld) -> None:
    await world.hidden(SUBSTITUTED)
    place = world.backend.asked[0]["fetch"]
    assert (await world.backend.api.get(place)).json["contacts"] == {}
    world.clock.pass_by(days=10)
    assert await world.tasks.purge(timedelta(days=11)) == 0
    assert await world.tasks.purge(timedelta(days=9)) == 1
    assert (await world.backend.api.get(place)).code == "NOT_FOUND"


async def test_two_backends_of_one_registrar_for_one_ending_are_refused(world: CallbackWorld) -> None:
    account = CallbackAccount(
        name="twice", registrar=NAME, suffixes=("org",), whois_server="whois.registry.example:43"
    )
    with pytest.raises(ConfigurationError, match=r"callback\.twice: another serves \.org"):
        with_callbacks(Accounts({}), [account, account], world.tasks)
