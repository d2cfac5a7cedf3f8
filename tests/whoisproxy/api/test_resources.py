"""What a registrar may rely on: domains, privacy, operations, TLDs, events, webhooks."""

import asyncio

import pytest
from pysequoia import Tsk

from mailrelay.directory import Opening
from tests.whoisproxy.api.client import ANN, CONSENT, OFF, ON, domain_body
from tests.whoisproxy.api.service import Service, now
from whoisproxy.domain.names import DomainName
from whoisproxy.storage.repositories.replies import Wish

RDDS_ONLY = "/v1/domains/ann-angstroem.com"
SUBSTITUTE = "/v1/domains/ann-angstroem.org"
PROHIBITED = "/v1/domains/ann-angstroem.us"


DS = {"key_tag": 12345, "algorithm": 13, "digest_type": 2, "digest": "AB" * 32}
GLUE = {"name": "ns1.ann-angstroem.com", "addresses": ["192.0.2.1", "2001:db8::1"]}


async def test_what_rdap_shall_tell_of_the_delegation_is_taken_and_kept(service: Service) -> None:
    api = service.client
    told = await api.put(RDDS_ONLY, domain_body(registry_id="D1-TEST", ds=[DS], hosts=[GLUE]))
    assert (told.status, told.json["registry_id"], told.json["ds"]) == (201, "D1-TEST", [DS])
    assert (told.json["delegation_signed"], told.json["hosts"]) == (True, [GLUE])
    quiet = await api.put(RDDS_ONLY, domain_body())
    assert quiet.json == told.json
    unsigned = await api.put(RDDS_ONLY, domain_body(ds=[], hosts=[]))
    assert (unsigned.json["delegation_signed"], unsigned.json["hosts"]) == (False, [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"registry_id": "no id"},
        {"ds": [{**DS, "digest": "AB"}]},
        {"ds": [{**DS, "key_tag": 65536}]},
        {"ds": [DS], "delegation_signed": False},
        {"hosts": [{**GLUE, "name": "ns1.example.net"}]},
        {"hosts": [{**GLUE, "addresses": ["home"]}]},
        {"hosts": [GLUE, GLUE]},
    ],
)
async def test_a_delegation_that_cannot_be_is_refused(service: Service, wrong: dict[str, object]) -> None:
    refused = await service.client.put(RDDS_ONLY, domain_body(**wrong))
    assert refused.status == 422


async def test_a_domain_is_created_read_changed_and_deleted(service: Service) -> None:
    api = service.client
    created = await api.put(RDDS_ONLY, domain_body())
    assert (created.status, created.headers["Location"]) == (201, RDDS_ONLY)
    assert created.json["registrant"] == ANN

    changed = await api.put(RDDS_ONLY, domain_body(nameservers=["NS1.Example.net"]))
    assert (changed.status, changed.json["nameservers"]) == (200, ["ns1.example.net"])

    read = await api.get(RDDS_ONLY)
    assert read.json == changed.json
    assert (await api.delete(RDDS_ONLY)).status == 204
    assert (await api.get(RDDS_ONLY)).code == "NOT_FOUND"


async def test_a_name_is_the_same_in_any_spelling(service: Service) -> None:
    await service.client.put("/v1/domains/BÜCHER-Ann.com", domain_body())
    read = await service.client.get("/v1/domains/xn--bcher-ann-q9a.com")
    assert (read.status, read.json["unicode_name"]) == (200, "bücher-ann.com")


async def test_pages_lead_through_all_domains_once(service: Service) -> None:
    for number in range(5):
        await service.client.put(f"/v1/domains/ann-{number}.com", domain_body())
    names, path = [], "/v1/domains?limit=2"
    while path:
        page = (await service.client.get(path)).json
        names += [each["name"] for each in page["domains"]]
        path = f"/v1/domains?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert names == [f"ann-{number}.com" for number in range(5)]


@pytest.mark.parametrize("query", ["cursor=zzzz", "cursor=%00", "cursor=ZG9tYWlucy8"])
async def test_a_cursor_of_somebodys_own_making_is_refused(service: Service, query: str) -> None:
    answer = await service.client.get(f"/v1/domains?{query}")
    assert answer.status == 400
    assert answer.code in {"BAD_CURSOR", "INVALID_QUERY"}


async def test_a_switch_goes_from_pending_to_done_and_hides_the_registrant(service: Service) -> None:
    api = service.client
    await api.put(RDDS_ONLY, domain_body())
    switched = await api.put(f"{RDDS_ONLY}/privacy", ON)
    assert (switched.status, switched.json["state"]) == (202, "enabling")
    operation = switched.json["operation"]
    assert switched.headers["Location"] == operation["links"]["self"]
    assert operation["state"] == "pending"

    async with service.worker():
        done = await api.get(f"{operation['links']['self']}?wait=20")
    assert done.json["state"] == "done"

    now = (await api.get(f"{RDDS_ONLY}/privacy")).json
    assert (now["state"], now["wanted"], now["published"]) == ("enabled", True, True)
    shown = str(now["published_contacts"])
    assert not [
        secret for secret in ("Ångström", "ann@home.example", "Geheimweg", "446681800") if secret in shown
    ]
    assert now["published_contacts"]["registrant"]["email"].endswith("@relay.example")
    assert now["registrant_change"]["triggered"] is True


async def test_asking_for_what_is_so_already_changes_nothing(service: Service) -> None:
    await service.client.put(RDDS_ONLY, domain_body())
    answer = await service.client.put(f"{RDDS_ONLY}/privacy", OFF)
    assert (answer.status, answer.json["state"], answer.json["operation"]) == (200, "disabled", None)


async def test_a_tld_that_prohibits_privacy_says_why_and_by_which_source(service: Service) -> None:
    await service.client.put(PROHIBITED, domain_body())
    answer = await service.client.put(f"{PROHIBITED}/privacy", ON)
    assert (answer.status, answer.code) == (422, "TLD_PROHIBITED")
    rule = (await service.client.get("/v1/tlds/us")).json
    assert answer.json["source"] == rule["source"] != ""
    assert answer.json["detail"] == rule["explanation"]


async def test_privacy_needs_consent_and_a_verified_registrant(service: Service) -> None:
    await service.client.put(RDDS_ONLY, domain_body())
    assert (await service.client.put(f"{RDDS_ONLY}/privacy", {"enabled": True})).code == "CONSENT_REQUIRED"
    await service.client.put(RDDS_ONLY, domain_body(registrant_verified=False))
    assert (await service.client.put(f"{RDDS_ONLY}/privacy", ON)).code == "REGISTRANT_UNVERIFIED"


async def test_what_was_agreed_to_is_listed_for_its_registrar(service: Service) -> None:
    api = service.client
    await api.put(RDDS_ONLY, domain_body())
    assert (await api.get(f"{RDDS_ONLY}/privacy/consents")).json["consents"] == []
    await api.put(f"{RDDS_ONLY}/privacy", ON)
    [kept] = (await api.get(f"{RDDS_ONLY}/privacy/consents")).json["consents"]
    assert {name: kept[name] for name in ("by", "text_version")} == {
        name: CONSENT[name] for name in ("by", "text_version")
    }
    assert (kept["to"], kept["actor"], kept["language"], kept["proofs"]) == ("hide", "registrar", "", [])
    assert (await api.get("/v1/domains/nobody-has-this.com/privacy/consents")).status == 404


async def test_a_preview_shows_the_difference_and_changes_nothing(service: Service) -> None:
    api = service.client
    await api.put(SUBSTITUTE, domain_body())
    before = await api.get(f"{SUBSTITUTE}/privacy")
    preview = (await api.post(f"{SUBSTITUTE}/privacy/preview", {"enabled": True})).json
    assert {"registrant"} <= {each["role"] for each in preview["differences"]}
    assert preview["before"]["registrant"]["name"] == ANN["name"]
    assert ANN["name"] not in str(preview["after"])
    after = await api.get(f"{SUBSTITUTE}/privacy")
    assert (after.json, after.headers["ETag"]) == (before.json, before.headers["ETag"])


async def test_addresses_rotate_on_demand_only(service: Service) -> None:
    api = service.client
    await api.put(RDDS_ONLY, domain_body())
    async with service.worker():
        first = await service.settled(await api.put(f"{RDDS_ONLY}/privacy", ON))
        same = await service.settled(await api.put(RDDS_ONLY + "/privacy", ON))
        rotated = await service.settled(await api.post(f"{RDDS_ONLY}/privacy/addresses/rotate"))
    addresses = [each["published_contacts"]["registrant"]["email"] for each in (first, same, rotated)]
    assert addresses[0] == addresses[1] != addresses[2]


async def test_a_frozen_domain_cannot_be_switched_until_it_is_thawed(service: Service) -> None:
    api = service.client
    await api.put(RDDS_ONLY, domain_body())
    assert (await api.post(f"{RDDS_ONLY}/privacy/suspend")).json["state"] == "suspended"
    locked = await api.put(f"{RDDS_ONLY}/privacy", ON)
    assert (locked.code, locked.json["retry"]) == ("DOMAIN_LOCKED", True)
    assert (await api.post(f"{RDDS_ONLY}/privacy/resume")).json["state"] == "disabled"
    assert (await api.put(f"{RDDS_ONLY}/privacy", ON)).status == 202


async def test_the_catalogue_is_paged_and_fails_closed(service: Service) -> None:
    names, path = [], "/v1/tlds?limit=100"
    while path:
        page = (await service.client.get(path)).json
        names += [each["tld"] for each in page["tlds"]]
        path = f"/v1/tlds?limit=100&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert names == [rule.tld for rule in service.deps.catalogue.all()]
    unknown = (await service.client.get("/v1/tlds/.Nosuchtld")).json
    assert (unknown["tld"], unknown["mechanism"], unknown["reason"]) == (
        "nosuchtld",
        "none",
        "TLD_UNSUPPORTED",
    )
    assert (await service.client.get("/v1/tlds/a%20b")).code == "INVALID_INPUT"


async def test_events_are_read_in_order_and_waited_for(service: Service) -> None:
    api = service.client
    start = (await api.get("/v1/events?limit=500")).json["next_after"]
    waiting = asyncio.create_task(api.get(f"/v1/events?after={start}&wait=20"))
    await api.put(RDDS_ONLY, domain_body())
    async with service.worker():
        await service.settled(await api.put(f"{RDDS_ONLY}/privacy", ON))
        first = (await waiting).json["events"]
    assert first
    every = (await api.get(f"/v1/events?after={start}&limit=500")).json["events"]
    sequences = [each["sequence"] for each in every]
    assert sequences == sorted(sequences)
    assert "ann@home.example" not in str(every)


async def test_a_webhook_shows_its_secret_once(service: Service) -> None:
    api = service.client
    created = await api.post("/v1/webhooks", {"url": "https://registrar.example/hook"})
    assert (created.status, len(created.json["secret"]) >= 32) == (201, True)
    listed = (await api.get("/v1/webhooks")).json["webhooks"]
    assert [each["id"] for each in listed] == [created.json["id"]]
    assert created.json["secret"] not in str(listed)
    assert (await api.delete(created.headers["Location"])).status == 204
    assert (await api.delete(created.headers["Location"])).code == "NOT_FOUND"


async def test_an_event_is_replayed_only_if_it_exists(service: Service) -> None:
    api = service.client
    hook = (await api.post("/v1/webhooks", {"url": "https://registrar.example/hook"})).headers["Location"]
    await api.put(RDDS_ONLY, domain_body())
    await api.put(f"{RDDS_ONLY}/privacy", ON)
    last = (await api.get("/v1/events")).json["next_after"]
    assert last > 0
    assert (await api.post(f"{hook}/replay", {"sequence": last})).status == 202
    assert (await api.post(f"{hook}/replay", {"sequence": 2**62})).code == "NOT_FOUND"


async def test_a_domain_without_mail_has_no_messages(service: Service) -> None:
    await service.client.put(RDDS_ONLY, domain_body())
    assert (await service.client.get(f"{RDDS_ONLY}/messages")).json == {"messages": [], "next_cursor": None}
    assert (await service.client.post("/v1/messages/msg_none/release")).code == "NOT_FOUND"


async def test_the_owners_wishes_about_mail_are_kept(service: Service) -> None:
    api = service.client
    await api.put(RDDS_ONLY, domain_body())
    await api.put(f"{RDDS_ONLY}/privacy", {**ON, "mail_policy": "forward", "forward_to": "ann@work.example"})
    kept = (await api.get(f"{RDDS_ONLY}/privacy")).json
    assert (kept["mail_policy"], kept["forward_to"]) == ("forward", "ann@work.example")
    assert kept["consent"]["text_version"] == CONSENT["text_version"]
    # An address of the relay itself would make mail go round in circles.
    for mailbox in ("nonsense", "abc@relay.example"):
        refused = await api.put(f"{RDDS_ONLY}/privacy", {**ON, "forward_to": mailbox})
        assert (refused.code, refused.json["field"]) == ("INVALID_INPUT", "forward_to")


async def test_wishes_for_mail_are_changed_one_by_one(service: Service) -> None:
    api, path = service.client, f"{RDDS_ONLY}/mail-settings"
    assert (await api.get(path)).code == "NOT_FOUND"
    await api.put(RDDS_ONLY, domain_body())
    assert (await api.get(path)).json["banner"] is False
    await api.patch(path, {"banner": True, "identifiers": ["The Gardener"]})
    changed = await api.patch(path, {"plain_text_only": True})
    assert changed.json == (await api.get(path)).json
    assert (changed.json["banner"], changed.json["plain_text_only"]) == (True, True)
    assert changed.json["identifiers"] == ["The Gardener"]
    for policy in ("drop", "forward"):
        assert (await api.patch(path, {"mail_policy": policy})).json["mail_policy"] == policy
        assert (await api.get(f"{RDDS_ONLY}/privacy")).json["mail_policy"] == policy
    assert (await api.get(path)).json["identifiers"] == ["The Gardener"]
    refused = await api.patch(path, {"identifiers": ["ab"]})
    assert (refused.code, refused.json["field"]) == ("INVALID_INPUT", "identifiers")


async def test_only_a_key_that_can_be_encrypted_for_is_taken(service: Service) -> None:
    api, path = service.client, f"{RDDS_ONLY}/mail-settings"
    await api.put(RDDS_ONLY, domain_body())
    refused = await api.patch(path, {"encryption_key": "nonsense"})
    assert (refused.code, refused.json["field"]) == ("INVALID_INPUT", "encryption_key")
    key = str(Tsk.generate("Ann <ann@home.example>").extract_certificate())
    assert (await api.patch(path, {"encryption_key": key})).json["encryption_key"] == key.strip()
    assert (await api.patch(path, {"encryption_key": ""})).json["encryption_key"] == ""


async def test_a_correspondent_is_blocked_and_unblocked(service: Service) -> None:
    api, path = service.client, f"{RDDS_ONLY}/blocked-correspondents"
    await api.put(RDDS_ONLY, domain_body())
    made = await api.post(path, {"mailbox": "pest@far.example"})
    assert (made.status, made.json["mailbox"]) == (201, "pest@far.example")
    assert (await api.get(path)).json == {"blocked_correspondents": [made.json]}
    refused = await api.post(path, {"mailbox": "nonsense"})
    assert (refused.code, refused.json["field"]) == ("INVALID_INPUT", "mailbox")
    assert (await api.delete(made.headers["Location"])).status == 204
    assert (await api.delete(made.headers["Location"])).code == "NOT_FOUND"


@pytest.mark.parametrize(
    "path", ["/v1/sender-rules", f"{RDDS_ONLY}/sender-rules", f"{RDDS_ONLY}/registrant/sender-rules"]
)
async def test_senders_are_allowed_and_blocked(service: Service, path: str) -> None:
    api = service.client
    await api.put(RDDS_ONLY, domain_body())
    blocked = await api.post(path, {"sender": "Pest@Far.example", "action": "block"})
    assert (blocked.status, blocked.json["sender"]) == (201, "pest@far.example")
    allowed = await api.post(path, {"sender": "BÜCHER.example", "action": "allow"})
    assert (allowed.status, allowed.json["sender"]) == (201, "xn--bcher-kva.example")
    again = await api.post(path, {"sender": "pest@far.example", "action": "allow"})
    assert (again.status, again.json) == (200, blocked.json | {"action": "allow"})
    assert again.headers["Location"] == blocked.headers["Location"]

    page = (await api.get(f"{path}?limit=1")).json
    rest = (await api.get(f"{path}?limit=1&cursor={page['next_cursor']}")).json
    listed = {each["sender"]: each for each in [*page["sender_rules"], *rest["sender_rules"]]}
    assert listed == {each.json["sender"]: each.json for each in (again, allowed)}
    assert (await api.delete(allowed.headers["Location"])).status == 204
    assert (await api.delete(allowed.headers["Location"])).code == "NOT_FOUND"
    for sender, action in (("nonsense@", "block"), ("*.far.example", "block"), ("co.uk", "allow")):
        refused = await api.post(path, {"sender": sender, "action": action})
        assert (refused.code, refused.json["field"]) == ("INVALID_INPUT", "sender")


async def test_a_blocked_correspondent_is_a_rule_of_the_domain(service: Service) -> None:
    api = service.client
    await api.put(RDDS_ONLY, domain_body())
    blocked = await api.post(f"{RDDS_ONLY}/blocked-correspondents", {"mailbox": "pest@far.example"})
    await api.post(f"{RDDS_ONLY}/sender-rules", {"sender": "far.example", "action": "block"})
    await api.post(f"{RDDS_ONLY}/sender-rules", {"sender": "ann@far.example", "action": "allow"})
    listed = (await api.get(f"{RDDS_ONLY}/sender-rules")).json["sender_rules"]
    assert {each["sender"] for each in listed} == {"pest@far.example", "far.example", "ann@far.example"}
    assert (await api.get(f"{RDDS_ONLY}/blocked-correspondents")).json == {
        "blocked_correspondents": [blocked.json]
    }


async def test_a_reply_address_is_listed_and_revoked(service: Service) -> None:
    api, path = service.client, f"{RDDS_ONLY}/reply-addresses"
    await api.put(RDDS_ONLY, domain_body())
    await api.put(f"{RDDS_ONLY}/privacy", ON)
    async with service.storage.unit_of_work() as unit:
        found = await unit.registrations.get(
            service.registrar.id, DomainName.parse(RDDS_ONLY.rpartition("/")[2])
        )
        assert found is not None
        [first, *_] = await unit.relays.of_domain(found.id)
        wishes = [Wish(first.id, Opening(f"a{number}@far.example")) for number in range(3)]
        await unit.replies.ensure(wishes, "relay.example", now())
    page = (await api.get(f"{path}?limit=2")).json
    rest = (await api.get(f"{path}?limit=2&cursor={page['next_cursor']}")).json
    listed = page["reply_addresses"] + rest["reply_addresses"]
    assert {each["correspondent"] for each in listed} == {wish.opening.correspondent for wish in wishes}
    assert (await api.delete(f"{path}/{listed[0]['id']}")).status == 204
    assert (await api.delete(f"{path}/{listed[0]['id']}")).code == "NOT_FOUND"
