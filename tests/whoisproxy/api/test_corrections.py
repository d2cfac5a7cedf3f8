"""What a registrar's backend may rely on: corrections read, applied once, refused; its reads noted."""

from datetime import UTC, datetime

from tests.whoisproxy.api.client import domain_body
from tests.whoisproxy.api.service import Service
from whoisproxy.domain.account import Scope
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.sign_in import Visit
from whoisproxy.services.owners.sessions import FoundSession

DOMAIN = "/v1/domains/ann-angstroem.com"
LIST = "/v1/corrections"


async def _owner(service: Service) -> FoundSession:
    entry = service.deps.entry
    made = await entry.sign_in.registrar_link(
        service.registrar, (await service.client.get(DOMAIN)).json["registrant_id"]
    )
    entered = await entry.sign_in.by_link(made.token, Visit("192.0.2.0/24", ""))
    assert entered is not None
    found = await entry.sessions.find(entered.secret)
    assert found is not None
    return found


async def _asked(service: Service, owner: FoundSession, **changes: object) -> str:
    shown = (await service.client.get(DOMAIN)).json
    wanted = {**Registrant.parse(shown["registrant"]).as_dict(), **changes}
    asked = await service.deps.corrections.ask(owner, shown["registrant_id"], wanted)
    assert asked is not None
    return f"{LIST}/{asked.id}"


async def test_a_correction_is_listed_read_and_applied_once(service: Service) -> None:
    api = service.client
    await api.put(DOMAIN, domain_body())
    path = await _asked(service, await _owner(service), city="Bonn", street=["Neue Gasse 3"])
    shown = (await api.get(path)).json
    assert (shown["state"], shown["domains"]) == ("open", ["ann-angstroem.com"])
    assert shown["changes"] == {"city": "Bonn", "street": ["Neue Gasse 3"]}
    assert shown["registrant"]["city"] != "Bonn"
    assert (await api.get(f"{LIST}?state=open")).json == {"corrections": [shown], "next_cursor": None}

    done = await api.post(path + "/apply")
    assert (done.status, done.json["state"], done.json["registrant"]["city"]) == (200, "applied", "Bonn")
    assert (await api.post(path + "/apply", {})).json == done.json
    assert (await api.get(DOMAIN)).json["registrant"]["city"] == "Bonn"
    assert (await api.get(f"{LIST}?state=open")).json["corrections"] == []
    late = await api.post(path + "/refuse", {"reason": "Too late."})
    assert (late.status, late.json["code"]) == (409, "CORRECTION_ENDED")
    events = (await api.get("/v1/events")).json["events"]
    assert [one["data"] for one in events if one["type"] == "registrant.correction_requested"] == [
        {"correction_id": shown["id"]}
    ]


async def test_a_refusal_wants_a_reason_and_keeps_it(service: Service) -> None:
    await service.client.put(DOMAIN, domain_body())
    path = await _asked(service, await _owner(service), city="Bonn")
    assert (await service.client.post(path + "/refuse", {"reason": ""})).status == 422
    refused = await service.client.post(path + "/refuse", {"reason": "Send papers."})
    assert (refused.status, refused.json["state"], refused.json["reason"]) == (200, "refused", "Send papers.")


async def test_pages_lead_through_all_of_them_once(service: Service) -> None:
    await service.client.put(DOMAIN, domain_body())
    owner = await _owner(service)
    made = [await _asked(service, owner, city=f"City {number}") for number in range(5)]
    seen, path = [], f"{LIST}?limit=2"
    while path:
        page = (await service.client.get(path)).json
        seen += [one["links"]["self"] for one in page["corrections"]]
        path = f"{LIST}?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert sorted(seen) == sorted(made)
    assert len(seen) == len(made)


async def test_another_registrar_and_a_key_without_the_scope_get_nothing(service: Service) -> None:
    await service.client.put(DOMAIN, domain_body())
    path = await _asked(service, await _owner(service), city="Bonn")
    other, reader = await service.another_registrar(), await service.client_with([Scope.DOMAINS_READ])
    assert (await other.get(path)).status == 404
    assert (await other.post(path + "/apply")).status == 404
    assert (await other.post(path + "/refuse", {"reason": "No."})).status == 404
    assert (await other.get(LIST)).json["corrections"] == []
    assert (await reader.get(path)).status == 200
    assert (await reader.post(path + "/apply")).status == 403


async def test_who_reads_a_registrant_is_written_down_once_a_day(service: Service) -> None:
    api, today = service.client, datetime.now(UTC).date()
    await api.put(DOMAIN, domain_body())
    reader = await service.client_with([Scope.DOMAINS_READ])
    for _ in range(3):
        await reader.get(DOMAIN)
        await reader.get("/v1/domains")
    owner = (await _owner(service)).account
    async with service.storage.reading() as uow:
        found = await uow.registrant_reads.of_owner(owner.registrar_id, owner.owner_index)
    keys = {key.id for key in await service.deps.accounts.keys(service.registrar)}
    assert {one.key_id for one in found} == keys
    assert {(one.registrants, one.days, one.last_on >= today) for one in found} == {(1, 1, True)}
