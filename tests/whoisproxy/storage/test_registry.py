"""Contacts and messages of registries, and who looks after an account, on both engines."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from registries.contact import Role
from tests.whoisproxy.storage.values import HOUR, NOW, REGISTRAR, hold_domain
from whoisproxy.domain.registry import ContactState, HeldContact, MessageKind, RegistryMessage
from whoisproxy.storage.repositories.registry import Shown
from whoisproxy.storage.unit_of_work import Storage

PLANNED, LINKED, LOOSE = ContactState.PLANNED, ContactState.LINKED, ContactState.LOOSE


def contact(handle: str, state: ContactState = PLANNED, domain_id: str = "dom_1") -> HeldContact:
    return HeldContact(
        account="registry",
        handle=handle,
        domain_id=domain_id,
        domain="name1.com",
        role=Role.ADMIN,
        made=state is PLANNED,
        operation_id="op_1",
        state=state,
        tries=0,
        look_at=None,
        created_at=NOW,
    )


def message(number: int = 1) -> RegistryMessage:
    return RegistryMessage(
        id=f"rmsg_{number}",
        account="registry",
        message_id=f"M-{number}",
        registrar_id=REGISTRAR.id,
        kind=MessageKind.CHANGE,
        domain="name1.com",
        # Longer than the schema admits: real registries overrun their own limits.
        transaction=f"SV-{number}-{'x' * 100}",
        succeeded=True,
        transfer="",
        text="Zoë has it now",
        about="name1.com",
        received_at=NOW,
    )


async def states(storage: Storage, domain_id: str = "dom_1") -> dict[str, ContactState]:
    async with storage.reading() as unit:
        return {each.handle: each.state for each in await unit.registry_contacts.of_domain(domain_id)}


async def test_a_proof_decides_what_is_linked_loose_or_forgotten(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.note([contact("OURS-1"), contact("OURS-2"), contact("ZOE-1", LINKED)])
        new = [contact("ZOE-2", LINKED), contact("ZOE-3", LINKED)]
        assert await unit.registry_contacts.note(new) == {"OURS-1", "OURS-2", "ZOE-1"}
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.settle(
            {"dom_1": Shown({"OURS-1": "C1-TEST", "ZOE-3": ""}, {"ZOE-1"})}, NOW
        )
    assert await states(storage) == {"OURS-1": LINKED, "OURS-2": LOOSE, "ZOE-2": LOOSE}
    async with storage.reading() as unit:
        due = await unit.registry_contacts.due("registry", NOW, 10)
        assert [each.handle for each in due] == ["OURS-2", "ZOE-2"]
        assert await unit.registry_contacts.due("elsewhere", NOW, 10) == []


async def test_a_loose_contact_that_a_change_needs_again_is_kept(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.note([contact("OURS-1")])
        await unit.registry_contacts.loosen("dom_1", NOW, "op_1")
    [loose] = await _due(storage)
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.note([contact("OURS-1")])
        await unit.registry_contacts.forget(loose)
    assert await states(storage) == {"OURS-1": PLANNED}


async def _due(storage: Storage) -> list[HeldContact]:
    async with storage.reading() as unit:
        return await unit.registry_contacts.due("registry", NOW, 10)


async def test_one_that_cannot_go_yet_is_looked_at_later(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.note([contact("OURS-1")])
        await unit.registry_contacts.loosen("dom_1", NOW)
    [loose] = await _due(storage)
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.postpone(loose, NOW + HOUR)
    assert await _due(storage) == []
    async with storage.reading() as unit:
        [again] = await unit.registry_contacts.due("registry", NOW + HOUR, 10)
    assert again.tries == 1


async def test_a_shared_contact_is_needed_while_any_domain_needs_it(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.note([contact("SHARED-1")])
        await unit.registry_contacts.note([contact("SHARED-1", domain_id="dom_2")])
        await unit.registry_contacts.loosen("dom_1", NOW)
        assert await unit.registry_contacts.needed("registry", "SHARED-1")
        await unit.registry_contacts.loosen("dom_2", NOW)
        assert not await unit.registry_contacts.needed("registry", "SHARED-1")


async def test_only_what_an_operation_planned_is_let_go_with_it(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.registry_contacts.note([contact("ZOE-1", LINKED), contact("OURS-1")])
        await unit.registry_contacts.loosen("dom_1", NOW, "op_1")
        await unit.registry_contacts.loosen("dom_1", NOW, "op_2")
    assert await states(storage) == {"ZOE-1": LINKED, "OURS-1": LOOSE}


async def test_a_message_is_kept_once_and_read_as_it_came(storage: Storage) -> None:
    await hold_domain(storage)
    async with storage.unit_of_work() as unit:
        assert not await unit.registry_messages.known("registry", "M-1")
        await unit.registry_messages.add(message())
    async with storage.reading() as unit:
        assert await unit.registry_messages.known("registry", "M-1")
        assert not await unit.registry_messages.known("elsewhere", "M-1")
        assert await unit.registry_messages.page(REGISTRAR.id, "", 10) == [message()]
    with pytest.raises(IntegrityError):
        async with storage.unit_of_work() as unit:
            await unit.registry_messages.add(replace(message(), id="rmsg_2"))


async def test_a_message_that_turns_out_to_end_a_change_of_ours_is_offered_no_longer(
    storage: Storage,
) -> None:
    await hold_domain(storage)
    async with storage.unit_of_work() as unit:
        await unit.registry_messages.add(message())
        assert await unit.registry_messages.end_of("elsewhere", message().transaction) is None
        found = await unit.registry_messages.end_of("registry", message().transaction)
        assert found is not None
        assert found.succeeded is True
        assert await unit.registry_messages.page(REGISTRAR.id, "", 10) == []


async def test_of_workers_that_ask_at_once_one_gets_the_account(storage: Storage) -> None:
    async def ask(worker: str) -> bool:
        async with storage.unit_of_work() as unit:
            return await unit.registry_accounts.lease("registry", worker, NOW, NOW + HOUR)

    won = await asyncio.gather(*(ask(f"worker-{number}") for number in range(4)))
    assert won.count(True) == 1
    again = await asyncio.gather(*(ask(f"worker-{number}") for number in range(4)))
    assert again == won
    async with storage.unit_of_work() as unit:
        later = NOW + HOUR + timedelta(seconds=1)
        assert await unit.registry_accounts.lease("registry", "heir", later, later + HOUR)


async def test_what_is_remembered_of_an_account_is_forgotten_by_any_of_its_domains(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        for _ in range(2):
            await unit.registry_accounts.remember_no_contacts("registry", "", NOW)
        asked = {"name1.com": "registry", "name3.com": "elsewhere"}
        assert await unit.registry_accounts.without_contacts(asked) == {"name1.com"}
        await unit.registry_accounts.remember_contacts({"name2.com": "registry"})
        assert await unit.registry_accounts.without_contacts(asked) == frozenset()
