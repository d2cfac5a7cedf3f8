"""What strangers have written on the public form, on both engines."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.whoisproxy.storage.values import HOUR, NOW, submission
from whoisproxy.domain.contact_form import CONFIRM_WITHIN, Counted
from whoisproxy.storage.tables import data_keys
from whoisproxy.storage.unit_of_work import Storage
from whoisproxy.storage.vault import Unreadable

NETWORK = "192.0.2.0/24"


async def test_a_submission_comes_back_the_same_and_goes_its_way(storage: Storage) -> None:
    kept = submission()
    async with storage.unit_of_work() as unit:
        await unit.contact_submissions.add(kept, NETWORK, b"From: ada")
    confirmed = replace(kept, confirmed_at=NOW + HOUR, expires_at=NOW + 90 * 24 * HOUR)
    async with storage.unit_of_work() as unit:
        assert await unit.contact_submissions.by_id(kept.id, locked=True) == kept
        assert await unit.contact_submissions.message(kept.id) == b"From: ada"
        assert not await unit.contact_submissions.was_asked(kept.id)
        await unit.contact_submissions.asked(kept.id, NOW)
        assert await unit.contact_submissions.was_asked(kept.id)
        await unit.contact_submissions.confirmed(confirmed)
        await unit.contact_submissions.begin(kept.id, "msg_1")
        await unit.contact_submissions.passed_on(replace(confirmed, mailbox="", address=""))
        await unit.contact_submissions.answered("msg_1", NOW + HOUR)
        await unit.contact_submissions.answered("msg_1", NOW + 2 * HOUR)
    async with storage.reading() as unit:
        assert await unit.contact_submissions.message(kept.id) is None
        assert await unit.contact_submissions.by_id(kept.id) == replace(
            confirmed, mailbox="", address="", message_id="msg_1", answered_at=NOW + HOUR
        )
        assert await unit.contact_submissions.by_id("frm_other") is None


async def test_submissions_are_counted_by_network_domain_and_mailbox(storage: Storage) -> None:
    mailboxes = ("ada@offers.example", "Ada+1@Offers.example", "bob@offers.example")
    async with storage.unit_of_work() as unit:
        for number, mailbox in enumerate(mailboxes):
            kept = submission(f"name{number % 2}.com", mailbox)
            await unit.contact_submissions.add(kept, NETWORK, b"")
            await unit.contact_submissions.asked(kept.id, NOW)
        count = unit.contact_submissions.count
        before = NOW - timedelta(seconds=1)
        assert [await count(Counted.NETWORK, one, before) for one in (NETWORK, "192.0.3.0/24")] == [3, 0]
        assert [await count(Counted.DOMAIN, one, before) for one in ("name0.com", "name1.com", "x.com")] == [
            2,
            1,
            0,
        ]
        assert await count(Counted.NETWORK, NETWORK, NOW) == 0
        assert await unit.contact_submissions.letters_to("ada@offers.example", before) == 2
        assert await unit.contact_submissions.letters_to("ada@offers.example", NOW) == 0


async def test_what_has_expired_is_forgotten_with_its_keys(storage: Storage) -> None:
    old, young = submission(), replace(submission(), expires_at=NOW + 2 * CONFIRM_WITHIN)
    async with storage.unit_of_work() as unit:
        for one in (old, young):
            await unit.contact_submissions.add(one, NETWORK, b"x")
    async with storage.unit_of_work() as unit:
        assert not await unit.contact_submissions.purge(NOW + CONFIRM_WITHIN)
    async with storage.reading() as unit:
        assert await unit.contact_submissions.by_id(old.id) is None
        assert await unit.contact_submissions.by_id(young.id) == young
        keys = select(func.count()).select_from(data_keys).where(data_keys.c.owner_id == old.id)
        assert (await unit.connection.execute(keys)).scalar_one() == 0
        with pytest.raises(Unreadable):
            await unit.sealing.open(old.id, "contact-message", b"")
