"""What a registrar learns of registries: messages, what an operation waits for, why there is no privacy."""

from dataclasses import replace

import pytest

from registries.connector import Message
from registries.policy import Reason
from tests.whoisproxy.api.client import ON, domain_body
from tests.whoisproxy.api.service import ACCOUNT, SETTINGS, Service, now
from whoisproxy.domain.account import Scope
from whoisproxy.services.registry_messages import MessageIntake

DOMAIN = "/v1/domains/ann-angstroem.org"
MESSAGES = "/v1/registry-messages"


async def _take(service: Service, *messages: Message) -> None:
    intake = MessageIntake(service.storage, SETTINGS, now)
    for message in messages:
        await intake.take(ACCOUNT, message)


async def test_a_message_is_shown_until_it_is_acknowledged(service: Service) -> None:
    api = service.client
    await api.put(DOMAIN, domain_body())
    about = "ann-angstroem.org"
    await _take(service, Message("M-1", "Asked for by registrar-9", about, transfer="pending"))
    [shown] = (await api.get(MESSAGES)).json["messages"]
    assert (shown["registry_id"], shown["kind"], shown["domain"]) == ("M-1", "transfer", about)
    assert (shown["text"], shown["transfer"]) == ("Asked for by registrar-9", "pending")
    for _ in range(2):
        assert (await api.post(shown["links"]["acknowledge"])).status == 204
    assert (await api.get(MESSAGES)).json == {"messages": [], "next_cursor": None}
    assert (await api.post(f"{MESSAGES}/rmsg_none/acknowledge")).code == "NOT_FOUND"


async def test_pages_lead_through_all_messages_of_ones_own(service: Service) -> None:
    api = service.client
    await api.put(DOMAIN, domain_body())
    await _take(service, *(Message(f"M-{number}", "Renewed", "ann-angstroem.org") for number in range(5)))
    seen, path = [], f"{MESSAGES}?limit=2"
    while path:
        page = (await api.get(path)).json
        seen += [each["registry_id"] for each in page["messages"]]
        path = f"{MESSAGES}?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert sorted(seen) == [f"M-{number}" for number in range(5)]
    other = await service.another_registrar()
    assert (await other.get(MESSAGES)).json["messages"] == []
    first = (await api.get(MESSAGES)).json["messages"][0]
    assert (await other.post(first["links"]["acknowledge"])).code == "NOT_FOUND"


async def test_reading_messages_does_not_allow_to_take_them(service: Service) -> None:
    reader = await service.client_with([Scope.EVENTS_READ])
    assert (await reader.get(MESSAGES)).status == 200
    assert (await reader.post(f"{MESSAGES}/rmsg_none/acknowledge")).code == "FORBIDDEN"


async def test_an_operation_says_what_it_waits_for_and_until_when(service: Service) -> None:
    await service.client.put(DOMAIN, domain_body())
    operation = (await service.client.put(f"{DOMAIN}/privacy", ON)).json["operation"]
    assert (operation["problem_code"], operation["look_again_at"]) == ("", None)
    async with service.storage.unit_of_work() as uow:
        stored = await uow.operations.get(operation["id"])
        assert stored is not None
        waiting = replace(stored, problem_code="DOMAIN_TRANSFER_PENDING", look_again_at=now())
        await uow.operations.update(waiting)
    shown = (await service.client.get(operation["links"]["self"])).json
    assert (shown["state"], shown["problem_code"]) == ("pending", "DOMAIN_TRANSFER_PENDING")
    assert shown["look_again_at"] is not None


async def test_where_the_registry_holds_no_contacts_the_mechanism_says_so(service: Service) -> None:
    api = service.client
    await api.put(DOMAIN, domain_body())
    before = (await api.get(f"{DOMAIN}/privacy")).json
    assert (before["mechanism"], before["reason"]) == ("substitute", None)
    async with service.storage.unit_of_work() as uow:
        await uow.registry_accounts.remember_no_contacts(ACCOUNT.name, "", now())
    preview = (await api.post(f"{DOMAIN}/privacy/preview", {"enabled": True})).json
    for shown in ((await api.get(f"{DOMAIN}/privacy")).json, preview):
        assert (shown["mechanism"], shown["reason"]) == ("rdds_only", "REGISTRY_HOLDS_NO_CONTACTS")
        assert "holds no contacts" in shown["explanation"]


@pytest.mark.parametrize("reason", list(Reason))
async def test_why_there_is_no_privacy_is_said_everywhere_with_its_source(
    service: Service, reason: Reason
) -> None:
    api = service.client
    rules = [rule for rule in service.deps.catalogue.all() if rule.reason is reason and "." not in rule.tld]
    tld = rules[0].tld if rules else "nosuchtld"
    domain = f"/v1/domains/ann-angstroem.{tld}"
    await api.put(domain, domain_body())
    refused = await api.put(f"{domain}/privacy", ON)
    assert (refused.status, refused.code) == (422, reason)
    rule = (await api.get(f"/v1/tlds/{tld}")).json
    assert refused.json["detail"] == rule["explanation"] != ""
    assert refused.json.get("source", "") == rule["source"]
    preview = (await api.post(f"{domain}/privacy/preview", {"enabled": True})).json
    for shown in (rule, preview, (await api.get(f"{domain}/privacy")).json):
        assert (shown["mechanism"], shown["reason"]) == ("none", reason)
        assert (shown["explanation"], shown["source"]) == (rule["explanation"], rule["source"])
        assert shown["allowed"] is False
