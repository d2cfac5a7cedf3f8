"""Disclosure over a socket and a database: who has a good token, and what everybody else can tell."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from aiohttp import ClientResponse, ClientSession
from structlog.testing import capture_logs

from registries.catalogue import Catalogue
from tests.whoisproxy.publication import samples
from whoisproxy.domain.disclosure import DisclosedField, GrantSpec, Purpose, Requester
from whoisproxy.domain.privacy import initial
from whoisproxy.rdds_servers.rdap_answering import RdapSettings
from whoisproxy.rdds_servers.rdap_server import RdapServer
from whoisproxy.runtime.listening import listening_sockets
from whoisproxy.services.disclosed_answers import BearerTokens, DisclosedAnswers
from whoisproxy.services.disclosure import Disclosures
from whoisproxy.services.lookup import Lookup
from whoisproxy.services.published_answers import PublishedAnswers
from whoisproxy.storage.unit_of_work import Storage

GRANTED, BARE, ABSENT = "cheese.com", "butter.com", "nobody.com"
BASE_URL = "https://rdap.example"
WRONG = f"wpd_{'0' * 52}"


@dataclass
class World:
    """A domain with grants, one without, one that is not held here; both held ones are hidden."""

    storage: Storage
    grants: Disclosures
    client: ClientSession
    seconds: list[float]

    async def grant(self, *fields: DisclosedField) -> tuple[str, str]:
        """Return id and token of a grant."""
        until = samples.NOW + timedelta(days=1)
        spec = GrantSpec(Requester("Lea Recht"), Purpose.LEGAL_ACTIONS, fields, "order", until)
        made, token = await self.grants.grant(samples.REGISTRAR, samples.REGISTRATION.name, spec)
        return made.id, token

    async def ask(
        self, name: str, authorization: str = "", method: str = "GET", **headers: str
    ) -> ClientResponse:
        sent = {"Authorization": authorization} if authorization else {}
        return await self.client.request(method, f"/domain/{name}", headers={**sent, **headers})

    async def ended(self, grant_id: str) -> None:
        await self.grants.revoke(samples.REGISTRAR, samples.REGISTRATION.name, grant_id)

    async def looks(self) -> int:
        return len(await self.grants.looks(samples.REGISTRAR, samples.REGISTRATION.name, "", 100))


async def fill(storage: Storage) -> None:
    held = (samples.REGISTRATION, replace(samples.named(BARE), id="dom_2", registrant_id="own_2"))
    async with storage.unit_of_work() as uow:
        await uow.registrars.add(samples.REGISTRAR)
        await uow.registrations.add(*held)
        for registration in held:
            await uow.privacy.put(registration.id, replace(initial(samples.NOW), status=samples.ON))


@pytest.fixture
async def world(sqlite_storage: Storage) -> AsyncIterator[World]:
    await fill(sqlite_storage)
    seconds = [0.0]
    lookup = Lookup(sqlite_storage, Catalogue.load(), samples.BRAND, lambda: samples.NOW)
    tokens = BearerTokens(sqlite_storage)
    server = RdapServer(
        PublishedAnswers(lookup, BASE_URL),
        RdapSettings(BASE_URL, "https://t.example", 10_000),
        discloser=DisclosedAnswers(sqlite_storage, lookup, tokens, BASE_URL, lambda: samples.NOW),
        elsewhere=lambda question: f"https://registry.example/domain/{question.name}",
        clock=lambda: seconds[0],
    )
    server.listen(listening_sockets("rdap", ["127.0.0.1"], 0))
    async with ClientSession(f"http://127.0.0.1:{server.port}") as client:
        yield World(sqlite_storage, Disclosures(sqlite_storage, lambda: samples.NOW), client, seconds)
    await server.close()


async def test_who_has_a_good_token_sees_what_was_granted_and_no_cache_keeps_it(world: World) -> None:
    _, token = await world.grant(DisclosedField.NAME)
    answer = await world.ask(GRANTED.upper(), f"Bearer {token}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/rdap+json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" not in answer.headers
    sent = await answer.text()
    assert samples.REGISTRANT.name in sent
    assert samples.REGISTRANT.email not in sent
    assert json.loads(sent)["links"][0]["value"] == f"{BASE_URL}/domain/{GRANTED}"


async def test_contacts_are_written_as_the_requester_wants_them(world: World) -> None:
    _, token = await world.grant(DisclosedField.NAME, DisclosedField.COUNTRY_CODE)
    accept = 'application/rdap+json;exts_list="rdap_level_0 jscard"'
    document = await (await world.ask(GRANTED, f"Bearer {token}", Accept=accept)).json(content_type=None)
    [holder] = [each for each in document["entities"] if each["roles"] == ["registrant"]]
    assert holder["jscard"]["name"] == {"full": samples.REGISTRANT.name}
    assert holder["jscard"]["addresses"] == {"addr": {"countryCode": samples.REGISTRANT.country_code}}


async def test_credentials_count_for_domains_alone(world: World) -> None:
    headers = {"Authorization": f"Bearer {WRONG}"}
    assert (await world.client.get("/help", headers=headers)).status == 200


async def test_the_public_answer_is_the_same_octets_as_without_grants(world: World) -> None:
    before = await (await world.ask(GRANTED)).read()
    _, token = await world.grant(*DisclosedField)
    await world.ask(GRANTED, f"Bearer {token}")
    after = await world.ask(GRANTED)
    assert await after.read() == before
    assert "Authorization" in after.headers["Vary"]
    etag = after.headers["ETag"]
    assert (await world.ask(GRANTED, **{"If-None-Match": etag})).status == 304
    # A validator of the public answer does not stand for the other one.
    assert (await world.ask(GRANTED, f"Bearer {token}", **{"If-None-Match": etag})).status == 200


async def test_credentials_that_are_not_good_get_one_answer_whatever_is_held_here(world: World) -> None:
    """Revoked, of another domain, made up, of another scheme: the same headers and body but for the URL."""
    revoked_id, revoked = await world.grant(DisclosedField.NAME)
    _, good = await world.grant(DisclosedField.NAME)
    await world.ended(revoked_id)
    asked = [
        (GRANTED, f"Bearer {revoked}"),
        (BARE, f"Bearer {good}"),
        (ABSENT, f"Bearer {good}"),
        ("com", f"Bearer {good}"),
        *((name, f"Bearer {WRONG}") for name in (GRANTED, BARE, ABSENT)),
        (GRANTED, "Basic bGVhOnNlY3JldA=="),
        (GRANTED, "Bearer"),
    ]
    seen = set()
    for name, authorization in asked:
        world.seconds[0] += 60
        answer = await world.ask(name, authorization)
        body = (await answer.text()).replace(f"/domain/{name}", "/domain/NAME")
        told = {key: value for key, value in answer.headers.items() if key not in {"Date", "Content-Length"}}
        seen.add((answer.status, tuple(sorted(told.items())), body))
    [(status, headers, body)] = seen
    assert status == 401
    assert dict(headers)["WWW-Authenticate"] == 'Bearer realm="rdap", error="invalid_token"'
    assert dict(headers)["Cache-Control"] == "no-cache"
    assert json.loads(body)["errorCode"] == 401
    assert await world.looks() == 0


async def test_nobody_with_credentials_is_sent_on_to_another_service(world: World) -> None:
    without = await world.client.get(f"/domain/{ABSENT}", allow_redirects=False)
    assert (without.status, without.headers["Location"]) == (302, f"https://registry.example/domain/{ABSENT}")
    headers = {"Authorization": f"Bearer {WRONG}"}
    answer = await world.client.get(f"/domain/{ABSENT}", headers=headers, allow_redirects=False)
    assert (answer.status, answer.headers.get("Location")) == (401, None)


async def test_head_is_a_look_too_and_sends_no_body(world: World) -> None:
    _, token = await world.grant(DisclosedField.NAME)
    answer = await world.ask(GRANTED, f"Bearer {token}", "HEAD")
    assert (answer.status, await answer.read()) == (200, b"")
    assert await world.looks() == 1


async def test_a_network_that_tries_tokens_has_to_wait_and_others_do_not(world: World) -> None:
    _, token = await world.grant(DisclosedField.NAME)
    here, there = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "198.51.100.1"}
    tried = [(await world.ask(ABSENT, f"Bearer {WRONG}", **here)).status for _ in range(12)]
    assert tried == [401] * 10 + [429] * 2
    refused = await world.ask(GRANTED, f"Bearer {token}", **here)
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert (await world.ask(GRANTED, **here)).status == 200
    assert (await world.ask(GRANTED, f"Bearer {token}", **there)).status == 200
    world.seconds[0] += int(refused.headers["Retry-After"])
    assert (await world.ask(GRANTED, f"Bearer {token}", **here)).status == 200
    looks = await world.grants.looks(samples.REGISTRAR, samples.REGISTRATION.name, "", 100)
    assert sorted(look.network for look in looks) == ["192.0.2.0/24", "198.51.100.0/24"]


async def test_good_tokens_are_not_counted_as_tries(world: World) -> None:
    _, token = await world.grant(DisclosedField.NAME)
    assert {(await world.ask(GRANTED, f"Bearer {token}")).status for _ in range(15)} == {200}


async def test_a_look_that_cannot_be_committed_sends_nothing_of_the_registrant(world: World) -> None:
    _, token = await world.grant(*DisclosedField)
    async with world.storage.engine.begin() as connection:
        await connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON disclosure_looks BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with capture_logs() as logs:
        answer = await world.ask(GRANTED, f"Bearer {token}")
        sent = await answer.text()
    assert answer.status == 500
    secrets = (*samples.REGISTRANT.identity().values(), token)
    assert not [secret for secret in secrets if secret in sent + str(logs)]


async def test_an_address_that_is_none_is_written_down_as_unknown(world: World) -> None:
    _, token = await world.grant(DisclosedField.NAME)
    assert (await world.ask(GRANTED, f"Bearer {token}", **{"X-Forwarded-For": "unknown"})).status == 200
    [look] = await world.grants.looks(samples.REGISTRAR, samples.REGISTRATION.name, "", 100)
    assert look.network == ""
