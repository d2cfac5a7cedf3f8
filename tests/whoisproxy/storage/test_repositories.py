"""What is kept comes back the same, on both engines."""

import hashlib
from dataclasses import replace

import pytest

from mailrelay.directory import MailPolicy
from mailrelay.queue.cipher import KeyDestroyed
from tests.whoisproxy.storage.values import (
    HOUR,
    KEY,
    NOW,
    PERSON,
    REGISTRAR,
    STRANGER,
    hold_domain,
    made_reply,
    operation,
    registration,
    relay,
)
from whoisproxy.domain.errors import DomainTaken
from whoisproxy.domain.mail_settings import MailSettings
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import OperationState
from whoisproxy.domain.privacy import Consent, Privacy, PrivacyState, PrivacyStatus, initial
from whoisproxy.domain.relay import RelayState
from whoisproxy.domain.sender_rules import RuleAction
from whoisproxy.domain.webhook import Webhook
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.storage.repositories.operations import NewEvent
from whoisproxy.storage.repositories.sender_rules import RuleBook
from whoisproxy.storage.repositories.webhooks import StoredAnswer
from whoisproxy.storage.unit_of_work import Storage

SETTINGS = Privacy(
    PrivacyStatus(PrivacyState.ENABLED, wanted=True, published=True),
    MailPolicy.FORWARD,
    "other@home.example",
    Consent("Ann", NOW, "2026-01"),
    "opn_1",
    "",
    NOW,
)


async def test_a_registrar_and_its_keys_come_back_the_same(storage: Storage) -> None:
    digest = hashlib.sha256(b"secret").digest()
    async with storage.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
        await unit.registrars.add(replace(REGISTRAR, id="rar_2", name="Brandless", brand=None, iana_id=None))
        await unit.api_keys.add(KEY, digest)
        await unit.api_keys.set_expiry(KEY.id, NOW + HOUR)
    async with storage.reading() as unit:
        assert await unit.registrars.by_name("Acme") == REGISTRAR
        assert [found.id for found in await unit.registrars.all()] == ["rar_1", "rar_2"]
        assert await unit.api_keys.by_hash(digest) == (replace(KEY, expires_at=NOW + HOUR), REGISTRAR)
        assert await unit.api_keys.by_hash(b"?" * 32) is None
        assert [key.id for key in await unit.api_keys.of_registrar("rar_2")] == []


async def test_a_registration_comes_back_the_same(storage: Storage) -> None:
    await hold_domain(storage)
    async with storage.reading() as unit:
        assert await unit.registrations.get(REGISTRAR.id, DomainName("name1.com")) == registration()
        assert await unit.registrations.by_name(DomainName("name1.com")) == registration()
        assert await unit.registrations.by_id("dom_1") == registration()


async def test_another_registrar_does_not_find_it(storage: Storage) -> None:
    await hold_domain(storage)
    async with storage.reading() as unit:
        assert await unit.registrations.get("rar_2", DomainName("name1.com")) is None


async def test_a_name_is_held_once(storage: Storage) -> None:
    await hold_domain(storage)
    with pytest.raises(DomainTaken):
        async with storage.unit_of_work() as unit:
            await unit.registrations.add(replace(registration(2), name=DomainName("name1.com")))


async def test_pages_follow_the_order_of_names_and_end(storage: Storage) -> None:
    for number in (3, 1, 2):
        await hold_domain(storage, number)
    async with storage.reading() as unit:
        first = await unit.registrations.page(REGISTRAR.id, "", 2)
        rest = await unit.registrations.page(REGISTRAR.id, first[-1].name.a_label, 2)
    assert [found.name.a_label for found in first + rest] == ["name1.com", "name2.com", "name3.com"]


async def test_names_are_ordered_by_code_point_whatever_the_locale(storage: Storage) -> None:
    """A cursor must not skip what another collation would sort elsewhere."""
    names = ["a-b.com", "a.com", "aa.com", "xn--4ca.com"]
    async with storage.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
        for number, name in enumerate(reversed(names)):
            await unit.registrations.add(replace(registration(number), name=DomainName(name)))
    async with storage.reading() as unit:
        found = await unit.registrations.page(REGISTRAR.id, "", 10)
    assert [one.name.a_label for one in found] == names


async def test_a_changed_registrant_replaces_the_one_before(storage: Storage) -> None:
    await hold_domain(storage)
    changed = replace(registration(), registrant=replace(PERSON, city="Elsewhere"), version=2)
    async with storage.unit_of_work() as unit:
        await unit.registrations.update(changed)
    async with storage.reading() as unit:
        assert await unit.registrations.by_id("dom_1") == changed


async def test_privacy_comes_back_the_same_and_is_replaced(storage: Storage) -> None:
    await hold_domain(storage)
    async with storage.unit_of_work() as unit:
        await unit.privacy.put("dom_1", initial(NOW))
        await unit.privacy.put("dom_1", SETTINGS)
    async with storage.reading() as unit:
        assert await unit.privacy.get("dom_1") == SETTINGS


async def test_a_new_holder_ends_what_was_kept_for_the_one_before(storage: Storage) -> None:
    """He must not get the other's mail, nor stand for his consent; the other's key is destroyed."""
    await hold_domain(storage)
    async with storage.unit_of_work() as unit:
        await unit.privacy.put("dom_1", SETTINGS)
        await unit.relays.add(relay())
        await made_reply(unit)
        await unit.correspondence.put_settings("dom_1", "own_1", MailSettings(banner=True), NOW)
        await unit.sender_rules.put(RuleBook.of_domain(registration()), STRANGER, RuleAction.BLOCK, NOW)
    sealed = (await MailCipher(storage).key("own_1")).seal(b"a message")
    newcomer = replace(registration(), registrant_id="own_9", registrant=replace(PERSON, name="New Holder"))
    async with storage.unit_of_work() as unit:
        await unit.registrations.update(newcomer)
    async with storage.reading() as unit:
        privacy = await unit.privacy.get("dom_1")
        assert await unit.registrations.by_id("dom_1") == newcomer
        assert await unit.replies.of_domain("dom_1", "", 10) == []
        assert await unit.correspondence.settings("dom_1", "own_9") == MailSettings()
        assert await unit.sender_rules.page(RuleBook.of_domain(newcomer), "", 10) == []
    assert privacy == replace(SETTINGS, forward_to="", consent=None)
    with pytest.raises(KeyDestroyed):
        (await MailCipher(storage).key("own_1")).open(sealed)


async def test_removing_a_domain_erases_its_registrant_and_retires_its_addresses(storage: Storage) -> None:
    await hold_domain(storage)
    async with storage.unit_of_work() as unit:
        await unit.privacy.put("dom_1", SETTINGS)
        await unit.relays.add(relay())
        local_part = await made_reply(unit)
    sealed = (await MailCipher(storage).key("own_1")).seal(b"a message")
    async with storage.unit_of_work() as unit:
        await unit.registrations.remove("dom_1")
    async with storage.reading() as unit:
        assert await unit.registrations.by_id("dom_1") is None
        assert await unit.replies.by_local_part(local_part, "relay.example") is None
        kept = await unit.relays.by_local_part("relay1", "relay.example")
    assert kept is not None
    assert kept.state is RelayState.RETIRED
    with pytest.raises(KeyDestroyed):
        (await MailCipher(storage).key("own_1")).open(sealed)


async def test_a_relay_address_comes_back_the_same_and_moves_through_its_life(storage: Storage) -> None:
    withdrawn = relay().withdrawn(NOW, HOUR)
    async with storage.unit_of_work() as unit:
        await unit.relays.add(relay())
        assert await unit.relays.by_id("rel_1") == relay()
        await unit.relays.update(withdrawn)
    async with storage.reading() as unit:
        assert await unit.relays.of_domain("dom_1") == [withdrawn]
        assert await unit.relays.expired(NOW) == []
        assert await unit.relays.expired(NOW + HOUR) == [withdrawn]


async def test_the_open_operation_of_a_domain_is_the_one_that_is_pending(storage: Storage) -> None:
    done = operation(1, OperationState.DONE)
    async with storage.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
        await unit.operations.add(operation(1))
        await unit.operations.update(done)
        assert await unit.operations.open_of_domain("dom_1") is None
        await unit.operations.add(operation(2))
    async with storage.reading() as unit:
        assert await unit.operations.get("opn_1") == done
        assert await unit.operations.open_of_domain("dom_1") == operation(2)


async def test_events_are_read_by_cursor_and_by_their_registrar_only(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
        await unit.registrars.add(replace(REGISTRAR, id="rar_2", name="Other"))
        new = [NewEvent(REGISTRAR.id, f"type.{n}", "name1.com", {"n": n}) for n in range(3)]
        added = await unit.events.append_all(new, NOW)
        await unit.events.append_all([NewEvent("rar_2", "type", "other.com", {})], NOW)
    async with storage.reading() as unit:
        assert await unit.events.after(REGISTRAR.id, 0, 10) == added
        assert await unit.events.after(REGISTRAR.id, added[0].sequence, 1) == [added[1]]
        assert await unit.events.after(REGISTRAR.id, added[2].sequence, 10) == []


async def test_a_webhook_comes_back_the_same_until_it_is_removed(storage: Storage) -> None:
    webhook = Webhook("whk_1", REGISTRAR.id, "https://hook.example/?token=t", "key", NOW)
    async with storage.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
        await unit.webhooks.add(webhook)
    async with storage.unit_of_work() as unit:
        assert await unit.webhooks.get("whk_1") == webhook
        assert await unit.webhooks.of_registrar(REGISTRAR.id) == [webhook]
        await unit.webhooks.remove("whk_1")
        assert await unit.webhooks.get("whk_1") is None


async def test_an_answer_is_kept_until_it_is_purged(storage: Storage) -> None:
    answer = StoredAnswer(b"f" * 32, 201, {"ETag": '"1"'}, b'{"name": "\xc3\xa9"}')
    async with storage.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
        await unit.idempotency.put(REGISTRAR.id, "key", answer, NOW)
    async with storage.unit_of_work() as unit:
        assert await unit.idempotency.get(REGISTRAR.id, "key") == answer
        assert await unit.idempotency.get("rar_2", "key") is None
        assert await unit.idempotency.purge(NOW) == 0
        assert await unit.idempotency.purge(NOW + HOUR) == 1
        assert await unit.idempotency.get(REGISTRAR.id, "key") is None
