"""What a registrar's legal desk may rely on: grants, their token once, revocation, looks."""

from datetime import timedelta
from typing import Any

import pytest

from tests.whoisproxy.api.client import domain_body
from tests.whoisproxy.api.service import Service, now
from whoisproxy.domain.account import Scope

DOMAIN = "/v1/domains/ann-angstroem.com"
GRANTS = f"{DOMAIN}/disclosures"


def body(**changes: object) -> dict[str, Any]:
    return {
        "requester": {"name": "Lea Recht", "organization": "Kanzlei Recht", "email": "lea@law.example"},
        "purpose": "legalActions",
        "fields": ["email", "name"],
        "reason": "order 12/345",
        "expires_at": (now() + timedelta(days=7)).isoformat(),
        **changes,
    }


async def test_a_grant_is_made_shown_listed_and_revoked_and_its_token_is_shown_once(service: Service) -> None:
    api = service.client
    await api.put(DOMAIN, domain_body())
    made = await api.post(GRANTS, body())
    assert made.status == 201
    location, token = made.headers["Location"], made.json["token"]
    assert location == f"{GRANTS}/{made.json['id']}"
    assert made.json["fields"] == ["name", "email"]

    shown = await api.get(location)
    assert shown.json == {key: value for key, value in made.json.items() if key != "token"}
    listed = (await api.get(GRANTS)).json
    assert listed == {"disclosures": [shown.json], "next_cursor": None}
    assert token not in str(listed)

    assert (await api.delete(location)).status == 204
    assert (await api.delete(location)).status == 204
    ended = (await api.get(location)).json
    assert (ended["ending"], ended["looks"]) == ("revoked", 0)
    assert (await api.get(f"{DOMAIN}/disclosure-looks")).json == {"looks": [], "next_cursor": None}
    kinds = [event["type"] for event in (await api.get("/v1/events")).json["events"]]
    assert [kind for kind in kinds if "disclosure" in kind] == ["disclosure.granted", "disclosure.revoked"]


async def test_pages_lead_through_all_grants_once(service: Service) -> None:
    await service.client.put(DOMAIN, domain_body())
    made = [(await service.client.post(GRANTS, body())).json["id"] for _ in range(5)]
    seen, path = [], f"{GRANTS}?limit=2"
    while path:
        page = (await service.client.get(path)).json
        seen += [each["id"] for each in page["disclosures"]]
        path = f"{GRANTS}?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert sorted(seen) == sorted(made)


async def test_a_request_sent_twice_makes_one_grant(service: Service) -> None:
    await service.client.put(DOMAIN, domain_body())
    first, again = [
        await service.client.post(GRANTS, body(expires_at=_NEXT_WEEK), Idempotency_Key="1") for _ in "12"
    ]
    assert first.raw == again.raw
    assert len((await service.client.get(GRANTS)).json["disclosures"]) == 1


_NEXT_WEEK = (now() + timedelta(days=7)).isoformat()


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": []},
        {"fields": ["name", "shoe_size"]},
        {"purpose": "curiosity"},
        {"requester": {"name": ""}},
        {"requester": {"name": "Lea", "email": "nobody"}},
        {"reason": ""},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2099-01-01T00:00:00Z"},
        {"token": "of my own"},
    ],
    ids=str,
)
async def test_a_grant_that_breaks_a_rule_is_refused(service: Service, changes: dict[str, object]) -> None:
    await service.client.put(DOMAIN, domain_body())
    refused = await service.client.post(GRANTS, body(**changes))
    assert (refused.status, refused.code) == (422, "INVALID_INPUT")


async def test_another_registrar_finds_nothing(service: Service) -> None:
    await service.client.put(DOMAIN, domain_body())
    made = (await service.client.post(GRANTS, body())).headers["Location"]
    other = await service.another_registrar()
    answers = [
        await other.post(GRANTS, body()),
        await other.get(GRANTS),
        await other.get(made),
        await other.delete(made),
        await other.get(f"{DOMAIN}/disclosure-looks"),
    ]
    assert [answer.code for answer in answers] == ["NOT_FOUND"] * 5


async def test_a_key_that_manages_domains_does_not_disclose(service: Service) -> None:
    await service.client.put(DOMAIN, domain_body())
    backend = await service.client_with(set(Scope) - {Scope.DISCLOSURES_READ, Scope.DISCLOSURES_WRITE})
    assert (await backend.get(GRANTS)).code == "FORBIDDEN"
    assert (await backend.post(GRANTS, body())).code == "FORBIDDEN"
