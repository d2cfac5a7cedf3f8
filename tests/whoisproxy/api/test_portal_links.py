"""What a registrar's backend may rely on when it sends an owner to his pages."""

from tests.whoisproxy.api.client import domain_body
from tests.whoisproxy.api.service import Service
from whoisproxy.domain.account import Scope
from whoisproxy.domain.owner_session import Stage
from whoisproxy.domain.sign_in import Visit

DOMAIN = "/v1/domains/ann-angstroem.com"
VISIT = Visit("192.0.2.0/24", "")


async def test_a_link_leads_the_owner_in(service: Service) -> None:
    domain = (await service.client.put(DOMAIN, domain_body())).json
    made = await service.client.post(f"/v1/registrants/{domain['registrant_id']}/portal-links")
    assert made.status == 201
    start, _, token = made.json["url"].rpartition("/")
    assert start == "https://privacy.example/enter"
    assert await service.deps.entry.sign_in.by_link(token, VISIT) is not None


async def test_another_registrar_and_another_scope_get_none(service: Service) -> None:
    domain = (await service.client.put(DOMAIN, domain_body())).json
    path = f"/v1/registrants/{domain['registrant_id']}/portal-links"
    other = await service.another_registrar()
    assert (await other.post(path)).status == 404
    backend = await service.client_with(set(Scope) - {Scope.PORTAL_WRITE})
    assert (await backend.post(path)).status == 403
    assert (await service.client.post("/v1/registrants/own_nobody/portal-links")).status == 404


async def test_a_registrar_requires_a_second_step(service: Service) -> None:
    domain = (await service.client.put(DOMAIN, domain_body())).json
    path = "/v1/sign-in-policy"
    assert (await service.client.get(path)).json == {"two_step_required": False}
    for _ in range(2):
        changed = await service.client.put(path, {"two_step_required": True})
        assert (changed.status, changed.json) == (200, {"two_step_required": True})
    made = await service.client.post(f"/v1/registrants/{domain['registrant_id']}/portal-links")
    entered = await service.deps.entry.sign_in.by_link(made.json["url"].rpartition("/")[2], VISIT)
    assert entered is not None
    assert entered.session.stage is Stage.ENROLMENT
    other = await service.another_registrar()
    assert (await other.get(path)).json == {"two_step_required": False}
    await service.client.put(path, {"two_step_required": False})
    assert (await service.client.get(path)).json == {"two_step_required": False}


async def test_what_an_owner_signs_in_with_is_forgotten_on_his_registrars_word(service: Service) -> None:
    domain = (await service.client.put(DOMAIN, domain_body())).json
    path = f"/v1/registrants/{domain['registrant_id']}/sign-in-methods"
    assert (await service.client.delete(path)).status == 204
    assert (await (await service.another_registrar()).delete(path)).status == 404
