"""What every route promises: keys, scopes, tenancy, limits, problems, conditions, repetition."""

import json
import uuid

import pytest
from structlog.testing import capture_logs

from tests.whoisproxy.api.client import OFF, ON, Client, domain_body
from tests.whoisproxy.api.service import Service
from whoisproxy.api.limits import ApiLimits
from whoisproxy.api.problems import KINDS
from whoisproxy.api.routing import problem_codes
from whoisproxy.api.table import ROUTES
from whoisproxy.domain.account import Scope

NAME = "/v1/domains/ann-angstroem.com"


def _sample(path: str) -> str:
    return path.format(name="ann-angstroem.com", id="op_00000000000000000000000000", tld="com")


GUARDED = [each for each in ROUTES if each.scope]


async def test_without_a_good_key_every_route_is_closed(service: Service) -> None:
    for secret in ("", "wp_key_wrong", "x" * 500, service.client.secret[:-1]):
        stranger = Client(service.client.session, service.client.base_url, secret)
        for route in GUARDED:
            answer = await stranger.send(route.method, _sample(route.path))
            assert (route.path, answer.status, answer.code) == (route.path, 401, "UNAUTHORIZED")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_without_its_scope_every_route_is_forbidden(service: Service) -> None:
    for scope in Scope:
        other = await service.client_with(set(Scope) - {scope})
        for route in [each for each in GUARDED if each.scope is scope]:
            answer = await other.send(route.method, _sample(route.path))
            assert (route.path, answer.status, answer.code) == (route.path, 403, "FORBIDDEN")


async def test_a_key_bound_to_networks_is_refused_from_elsewhere(service: Service) -> None:
    elsewhere = await service.client_with(set(Scope), networks=("192.0.2.0/24",))
    here = await service.client_with(set(Scope), networks=("127.0.0.0/8",))
    assert (await elsewhere.get("/v1/domains")).code == "UNAUTHORIZED"
    assert (await here.get("/v1/domains")).status == 200


async def test_one_registrar_never_sees_anything_of_another(service: Service) -> None:
    owner, other = service.client, await service.another_registrar()
    await owner.put(NAME, domain_body())
    operation = (await owner.put(f"{NAME}/privacy", ON)).headers["Location"]
    hook = (await owner.post("/v1/webhooks", {"url": "https://registrar.example/hook"})).headers["Location"]

    assert (await other.put(NAME, domain_body())).code == "DOMAIN_TAKEN"
    for method, path, body in (
        ("GET", NAME, None),
        ("DELETE", NAME, None),
        ("GET", f"{NAME}/privacy", None),
        ("PUT", f"{NAME}/privacy", OFF),
        ("DELETE", f"{NAME}/privacy", None),
        ("POST", f"{NAME}/privacy/preview", OFF),
        ("POST", f"{NAME}/privacy/addresses/rotate", None),
        ("POST", f"{NAME}/privacy/suspend", None),
        ("POST", f"{NAME}/privacy/resume", None),
        ("GET", f"{NAME}/messages", None),
        ("GET", operation, None),
        ("DELETE", hook, None),
        ("POST", f"{hook}/replay", {"sequence": 1}),
    ):
        answer = await other.send(method, path, body)
        assert (method, path, answer.status, answer.code) == (method, path, 404, "NOT_FOUND")
        assert b"ngstr" not in answer.raw
    assert (await other.get("/v1/domains")).json["domains"] == []
    assert (await other.get("/v1/events")).json["events"] == []
    assert (await other.get("/v1/webhooks")).json["webhooks"] == []
    [result] = await service.bulk(other, [{"domain": "ann-angstroem.com", **OFF}])
    assert result["problem"]["code"] == "NOT_FOUND"
    assert (await owner.get(NAME)).status == 200


async def test_the_same_key_sent_twice_is_carried_out_once(service: Service) -> None:
    key = str(uuid.uuid4())
    first = await service.client.put(NAME, domain_body(), Idempotency_Key=key)
    again = await service.client.put(NAME, domain_body(), Idempotency_Key=key)
    assert (first.status, first.headers.get("Idempotency-Replayed")) == (201, None)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert (again.raw, again.headers["ETag"]) == (first.raw, first.headers["ETag"])
    assert (await service.client.get(NAME)).json["version"] == first.json["version"]


async def test_a_refusal_is_kept_under_its_key_too(service: Service) -> None:
    refused = await service.client.put(f"{NAME}/privacy", ON, Idempotency_Key="k")
    await service.client.put(NAME, domain_body())
    again = await service.client.put(f"{NAME}/privacy", ON, Idempotency_Key="k")
    assert (again.raw, again.status) == (refused.raw, 404)


async def test_a_key_used_for_another_request_is_a_conflict(service: Service) -> None:
    await service.client.put(NAME, domain_body(), Idempotency_Key="k")
    other = await service.client.put(NAME, domain_body(statuses=[]), Idempotency_Key="k")
    assert (other.status, other.code) == (422, "IDEMPOTENCY_CONFLICT")


async def test_keys_of_two_registrars_do_not_meet(service: Service) -> None:
    other = await service.another_registrar()
    await service.client.put(NAME, domain_body(), Idempotency_Key="k")
    assert (await other.put("/v1/domains/ann-two.com", domain_body(), Idempotency_Key="k")).status == 201


async def test_a_passing_refusal_is_not_kept(service: Service) -> None:
    await service.client.put(NAME, domain_body())
    await service.client.post(f"{NAME}/privacy/suspend")
    assert (await service.client.put(f"{NAME}/privacy", ON, Idempotency_Key="k")).code == "DOMAIN_LOCKED"
    await service.client.post(f"{NAME}/privacy/resume")
    assert (await service.client.put(f"{NAME}/privacy", ON, Idempotency_Key="k")).status == 202


async def test_if_match_guards_a_change(service: Service) -> None:
    first = await service.client.put(NAME, domain_body())
    await service.client.put(NAME, domain_body(nameservers=["ns1.example.net"]))
    stale = await service.client.put(NAME, domain_body(), If_Match=first.headers["ETag"])
    assert (stale.status, stale.code) == (412, "PRECONDITION_FAILED")
    fresh = (await service.client.get(NAME)).headers["ETag"]
    assert (await service.client.delete(NAME, If_Match=fresh)).status == 204
    assert (await service.client.put(NAME, domain_body(), If_Match="*")).code == "PRECONDITION_FAILED"
    assert (await service.client.put(NAME, domain_body(), If_Match="nonsense")).code == "INVALID_HEADER"


async def test_if_match_guards_privacy_too(service: Service) -> None:
    await service.client.put(NAME, domain_body())
    seen = (await service.client.get(f"{NAME}/privacy")).headers["ETag"]
    assert (await service.client.put(f"{NAME}/privacy", ON, If_Match=seen)).status == 202
    assert (await service.client.put(f"{NAME}/privacy", OFF, If_Match=seen)).code == "PRECONDITION_FAILED"


async def test_if_none_match_saves_the_body(service: Service) -> None:
    await service.client.put(NAME, domain_body())
    for path in (NAME, f"{NAME}/privacy"):
        tag = (await service.client.get(path)).headers["ETag"]
        answer = await service.client.get(path, If_None_Match=tag)
        assert (answer.status, answer.raw, answer.headers["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize("limits", [ApiLimits(requests_per_minute=60)])
async def test_too_many_requests_are_told_when_to_come_again(service: Service) -> None:
    answers = [await service.client.get("/v1/tlds/com") for _ in range(13)]
    assert [each.status for each in answers[:12]] == [200] * 12
    assert (answers[12].code, answers[12].headers["Retry-After"]) == ("RATE_LIMITED", "1")
    other = await service.another_registrar()
    assert (await other.get("/v1/tlds/com")).status == 200


@pytest.mark.parametrize("limits", [ApiLimits(failures_per_minute=3)])
async def test_failures_are_limited_by_address_and_shut_no_good_key_out(service: Service) -> None:
    stranger = Client(service.client.session, service.client.base_url, "wp_guess")
    assert [(await stranger.get("/v1/domains")).status for _ in range(4)] == [401, 401, 401, 429]
    assert (await service.client.get("/v1/domains")).status == 200


REFUSALS = [
    ("GET", "/nothing", 404, "NOT_FOUND"),
    ("GET", "/v1/domains/a/b/c/d", 404, "NOT_FOUND"),
    ("PATCH", NAME, 405, "METHOD_NOT_ALLOWED"),
    ("POST", NAME, 405, "METHOD_NOT_ALLOWED"),
    ("NONSENSE", NAME, 400, "MALFORMED_REQUEST"),
    ("GET", "/v1/domains?limit=0", 400, "INVALID_QUERY"),
    ("GET", "/v1/domains?limit=1&limit=2", 400, "INVALID_QUERY"),
    ("GET", "/v1/domains?limit=1.0", 400, "INVALID_QUERY"),
    ("GET", "/v1/domains?limit=%D9%A1", 400, "INVALID_QUERY"),
    ("GET", "/v1/domains?ann@home.example=1", 400, "INVALID_QUERY"),
    ("GET", "/v1/events?wait=31", 400, "INVALID_QUERY"),
    ("GET", "/v1/events?after=99999999999999999999", 400, "INVALID_QUERY"),
    ("GET", "/v1/domains/com", 422, "INVALID_INPUT"),
    ("GET", "/v1/domains/%00.com", 422, "INVALID_INPUT"),
    ("GET", "/v1/domains/%FF.com", 422, "INVALID_INPUT"),
    ("GET", "/v1/domains/" + "a" * 300 + ".com", 422, "INVALID_INPUT"),
    ("GET", "/v1/operations/%00", 404, "NOT_FOUND"),
]


BAD_BODIES: list[tuple[bytes, dict[str, str], int, str]] = [
    (b"{", {}, 400, "MALFORMED_JSON"),
    (b"", {}, 400, "MALFORMED_JSON"),
    ("é".encode("latin-1"), {}, 400, "MALFORMED_JSON"),
    (b'{"enabled": true, "enabled": false}', {}, 400, "MALFORMED_JSON"),
    (b"null", {}, 422, "INVALID_INPUT"),
    (b'{"enabled": 1}', {}, 422, "INVALID_INPUT"),
    (b'{"enabled": true, "extra": 1}', {}, 422, "INVALID_INPUT"),
    (b"x" * 70_000, {}, 413, "BODY_TOO_LARGE"),
    (b"{}", {"Content-Type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    (b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    (b"{}", {"Idempotency-Key": "a b"}, 422, "INVALID_INPUT"),
    (b'{"enabled": true}', {"Idempotency-Key": "a b"}, 400, "INVALID_HEADER"),
    (b'{"enabled": true}', {"Idempotency-Key": "x" * 201}, 400, "INVALID_HEADER"),
]


async def test_every_refusal_is_a_problem_document(service: Service) -> None:
    for method, path, status, code in REFUSALS:
        answer = await service.client.send(method, path)
        assert (path, answer.status, answer.code) == (path, status, code)
        assert "ann@home.example" not in answer.raw.decode()
        assert ("Allow" in answer.headers) is (status == 405)


async def test_a_bad_body_is_a_problem_document(service: Service) -> None:
    for raw, headers, status, code in BAD_BODIES:
        answer = await service.client.send("PUT", f"{NAME}/privacy", raw=raw, headers=headers)
        assert (raw[:40], answer.status, answer.code) == (raw[:40], status, code)


async def test_a_failure_of_ours_tells_no_detail(service: Service) -> None:
    await service.storage.close()
    async with service.storage.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE domains RENAME TO gone")
    answer = await service.client.get(NAME)
    assert (answer.status, answer.code) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"]
    assert b"gone" not in answer.raw
    assert b"domains" not in answer.raw


async def test_logs_and_metrics_name_no_domain_and_no_person(service: Service) -> None:
    with capture_logs() as logs:
        await service.client.put(NAME, domain_body())
        await service.client.put(f"{NAME}/privacy", {**ON, "forward_to": "ann@"})
        await service.client.get("/v1/domains?cursor=ann")
    text = json.dumps(logs)
    metrics = (await service.client.get("/metrics")).raw.decode()
    for secret in ("angstroem", "ngstr", "home.example", service.client.secret, "cursor="):
        assert secret not in text
        assert secret not in metrics
    assert {each["route"] for each in logs if each["event"] == "api-request"} >= {"/v1/domains/{name}"}
    assert 'route="/v1/domains/{name}"' in metrics


async def test_every_answer_carries_an_id_and_headers_against_misuse(service: Service) -> None:
    for path in ("/v1/domains", "/nothing", "/docs", "/healthz", "/v1/openapi.json"):
        answer = await service.client.get(path)
        uuid.UUID(answer.headers["X-Request-Id"])
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "whoisproxy"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_health_needs_no_key_and_readiness_tells_which_part_is_missing(service: Service) -> None:
    stranger = Client(service.client.session, service.client.base_url, "")
    assert (await stranger.get("/healthz")).json == {"status": "alive"}
    assert (await stranger.get("/readyz")).json["status"] == "ready"
    service.parts["worker"] = False
    answer = await stranger.get("/readyz")
    assert (answer.status, answer.json) == (
        503,
        {"status": "not-ready", "parts": {"database": True, "worker": False}},
    )


def test_every_problem_code_is_documented_where_it_occurs_and_occurs_where_it_is_documented() -> None:
    documented = {code for route in ROUTES for code in problem_codes(route)}
    # 405 belongs to a resource rather than to one of its methods, so no method lists it.
    assert set(KINDS) - documented == {"METHOD_NOT_ALLOWED"}
