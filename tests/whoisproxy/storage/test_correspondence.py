"""Reply addresses per thread, and an owner's wishes for his mail."""

from datetime import timedelta

import pytest

from mailrelay.directory import Opening
from tests.whoisproxy.storage.values import CANARY, NOW, STRANGER, hold_domain, made_reply, relay
from whoisproxy.domain.mail_settings import MailSettings
from whoisproxy.domain.relay import REPLY_LIFETIME
from whoisproxy.storage.repositories.replies import Wish
from whoisproxy.storage.unit_of_work import Storage

WISHES = MailSettings(banner=True, plain_text_only=True, identifiers=(f"{CANARY} the Gardener",))


@pytest.fixture(autouse=True)
async def relay_of_a_domain(storage: Storage) -> None:
    await hold_domain(storage)
    async with storage.unit_of_work() as unit:
        await unit.relays.add(relay())


async def test_a_thread_keeps_its_address_and_another_has_another(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        first = await made_reply(unit, "Ann@Far.Example")
        assert await made_reply(unit, "Ann@fAR.example") == first
        # RFC 5321 section 2.4: the local part belongs to the receiver; its case counts.
        assert await made_reply(unit, "ann@far.example") != first
        assert await made_reply(unit, "Ann@Far.Example", thread="<2@far.example>") != first
        found = await unit.replies.by_local_part(first, "relay.example")
    assert found is not None
    assert found.opening == Opening(
        "Ann@Far.Example", f"{CANARY} the Stranger", f"{CANARY}?", "<1@far.example>"
    )
    assert (found.relay_id, found.created_at) == ("rel_1", NOW)
    assert found.takes_mail(NOW)


async def test_many_are_made_at_once_each_for_its_own_wish(storage: Storage) -> None:
    wishes = [
        Wish("rel_1", Opening(f"a{number % 7}@far.example", thread=f"<{number % 3}@far.example>"))
        for number in range(40)
    ]
    wishes.append(Wish("rel_unknown", Opening("a@far.example")))
    async with storage.unit_of_work() as unit:
        made = await unit.replies.ensure(wishes, "relay.example", NOW)
        again = await unit.replies.ensure(wishes, "relay.example", NOW)
    assert made == again
    assert made[-1] is None
    assert len(set(made[:-1])) == len(set(wishes[:-1])) == 21


async def test_an_address_ends_and_lives_on_where_its_thread_does(storage: Storage) -> None:
    later = NOW + REPLY_LIFETIME - timedelta(days=1)
    wish = Wish("rel_1", Opening(STRANGER, thread="<1@far.example>"))
    async with storage.unit_of_work() as unit:
        local_part = await made_reply(unit)
        assert await unit.replies.ensure([wish], "relay.example", later) == [local_part]
        found = await unit.replies.by_local_part(local_part, "relay.example")
        assert found is not None
        assert found.takes_mail(NOW + REPLY_LIFETIME)
        assert not found.takes_mail(later + REPLY_LIFETIME)
        await unit.replies.purge(later + REPLY_LIFETIME)
        assert await unit.replies.by_local_part(local_part, "relay.example") is None


async def test_after_a_revocation_the_thread_gets_another_address(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        first = await made_reply(unit)
        [listed] = await unit.replies.of_domain("dom_1", "", 10)
        assert not await unit.replies.revoke("dom_2", listed.id, NOW)
        assert await unit.replies.revoke("dom_1", listed.id, NOW)
        assert not await unit.replies.revoke("dom_1", listed.id, NOW)
        assert await made_reply(unit) != first
        revoked = await unit.replies.by_local_part(first, "relay.example")
    assert revoked is not None
    assert not revoked.takes_mail(NOW)


async def test_wishes_come_back_the_same_and_are_replaced(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        assert await unit.correspondence.settings("dom_1", "own_1") == MailSettings()
        await unit.correspondence.put_settings("dom_1", "own_1", MailSettings(attach_original=True), NOW)
        await unit.correspondence.put_settings("dom_1", "own_1", WISHES, NOW)
        assert await unit.correspondence.settings("dom_1", "own_1") == WISHES
