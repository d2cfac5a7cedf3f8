"""What the API tells of a TLD is the rule, its facts and the same in words."""

from registries.explanation import explain
from tests.whoisproxy.api.service import Service


async def test_a_tld_is_told_in_facts_and_in_words(service: Service) -> None:
    found = (await service.client.get("/v1/tlds/no")).json
    assert (found["mechanism"], found["reason"]) == ("none", "TLD_LOCAL_PRESENCE")
    assert found["sessions"]["most"] == 9
    assert found["sessions"]["names_per_check"] is None
    assert found["extension"] == "no-ext-contact-1.0"
    assert found["in_words"]["reason"] == explain(service.deps.catalogue.policy("no")).reason


async def test_a_tld_may_be_asked_for_in_any_script_and_case(service: Service) -> None:
    for asked in ("%D1%80%D1%84", "XN--P1AI", "xn--p1ai."):
        found = (await service.client.get(f"/v1/tlds/{asked}")).json
        assert (found["tld"], found["tld_unicode"]) == ("xn--p1ai", "рф")


async def test_every_rule_can_be_shown(service: Service) -> None:
    shown, path = [], "/v1/tlds?limit=500"
    while path:
        page = (await service.client.get(path)).json
        shown += page["tlds"]
        path = f"/v1/tlds?limit=500&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert len(shown) == len(service.deps.catalogue.rules)
    assert all(each["in_words"]["natural_person"] for each in shown)
    assert {each["contact_model"] for each in shown} == {"maximum", "minimum"}
