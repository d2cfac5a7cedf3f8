"""Nobody who gets the database alone learns who holds a domain or who wrote to him."""

from dataclasses import replace
from pathlib import Path

import pytest

from mailrelay.directory import MailPolicy
from tests.support.postgres import PostgresServer
from tests.whoisproxy.storage.values import (
    CANARY,
    KEY,
    NOW,
    PERSON,
    REGISTRAR,
    SECRETS,
    STRANGER,
    made_reply,
    operation,
    registration,
    relay,
    submission,
    task,
)
from whoisproxy.domain.correction import Correction, CorrectionState
from whoisproxy.domain.disclosure import DisclosedField, Grant, Look, Purpose, Requester
from whoisproxy.domain.export import Export, ExportState
from whoisproxy.domain.mail_settings import MailSettings
from whoisproxy.domain.operation import Actor
from whoisproxy.domain.owner_account import Methods, Passkey, Profile, Proof, TwoStep
from whoisproxy.domain.owner_mailbox import OwnerMailbox
from whoisproxy.domain.owner_session import begun
from whoisproxy.domain.privacy import Consent, Privacy, PrivacyState, PrivacyStatus
from whoisproxy.domain.registry import MessageKind, RegistryMessage
from whoisproxy.domain.sender_rules import RuleAction, RuleScope
from whoisproxy.domain.sign_in import Attempt, Lane
from whoisproxy.domain.webhook import Webhook
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.repositories.operations import NewEvent
from whoisproxy.storage.repositories.sender_rules import ALL_MAIL, RuleBook
from whoisproxy.storage.repositories.webhooks import StoredAnswer
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

OPERATORS = RuleBook(RuleScope.OPERATOR, ALL_MAIL)
_SHOWN = PrivacyStatus(PrivacyState.ENABLED, wanted=True, published=True)
_CONSENT = Consent(f"{CANARY} himself", NOW, "1")
_MESSAGE = RegistryMessage(
    "rmsg_1",
    "registry",
    "M-1",
    REGISTRAR.id,
    MessageKind.OTHER,
    "name1.com",
    "",
    None,
    "",
    f"{CANARY} asks for it",
    CANARY,
    NOW,
)
_GRANT = Grant(
    "dis_1",
    REGISTRAR.id,
    "dom_1",
    "name1.com",
    "own_1",
    Purpose.LEGAL_ACTIONS,
    (DisclosedField.NAME,),
    Requester(f"{CANARY} the Lawyer", f"{CANARY} and Partners", f"{CANARY}@law.example"),
    f"Order against {CANARY}",
    NOW,
    NOW,
)
_PRIVACY = Privacy(_SHOWN, MailPolicy.FILTER, f"{CANARY}@forward.example", _CONSENT, "", "", NOW)


def octets_of(sqlite_url: str) -> bytes:
    """Return the file of a closed database as it lies on the disk."""
    return Path(sqlite_url.removeprefix("sqlite:///")).read_bytes()


async def use_everything(storage: Storage) -> None:
    """Write through every repository, twice where there is an update."""
    async with storage.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
        await unit.api_keys.add(KEY, b"h" * 32)
        await unit.registrations.add(registration())
        await unit.privacy.put("dom_1", _PRIVACY)
        await unit.consents.add_all([(registration(), Actor.OWNER, _CONSENT)], NOW)
        await unit.relays.add(relay())
        await made_reply(unit)
        wishes = MailSettings(identifiers=(f"{CANARY} the Gardener",), released=(CANARY,))
        await unit.correspondence.put_settings("dom_1", "own_1", wishes, NOW)
        for book in (RuleBook.of_domain(registration()), RuleBook.of_owner(registration()), OPERATORS):
            await unit.sender_rules.put(book, STRANGER, RuleAction.BLOCK, NOW)
        quarantine = await unit.quarantines.ensure(
            REGISTRAR.id, PERSON.email, f"{CANARY}@forward.example", NOW
        )
        await unit.quarantines.begin(quarantine.id, "msg_2", ["msg_1"], NOW)
        await unit.operations.add(operation())
        await unit.registry_tasks.add(task(), "own_1")
        await unit.outbox.add("work", "dom_1", {"operation_id": "opn_1"}, NOW)
        await unit.events.append_all([NewEvent(REGISTRAR.id, "type", "name1.com", {})], NOW)
        await unit.webhooks.add(Webhook("whk_1", REGISTRAR.id, f"https://{CANARY}.example", CANARY, NOW))
        answer = StoredAnswer(b"f" * 32, 200, {"ETag": "1"}, f'{{"name": "{CANARY}"}}'.encode())
        await unit.idempotency.put(REGISTRAR.id, "key", answer, NOW)
        await unit.registry_messages.add(_MESSAGE)
        await unit.disclosures.add(_GRANT, b"h" * 32)
        await use_entry(unit)
        await unit.contact_submissions.add(
            submission(f"{CANARY}.org", f"{CANARY}@offers.example"),
            f"{CANARY}/24",
            f"From: {CANARY}".encode(),
        )
        await unit.disclosures.add_look(Look("look_1", "dis_1", NOW, _GRANT.fields, CANARY))
    async with storage.unit_of_work() as unit:
        moved = replace(PERSON, street=(f"{CANARY} New Street",))
        await unit.registrations.update(registration(registrant=moved))
    key = await MailCipher(storage).key("own_1")
    assert key.open(key.seal(b"body")) == b"body"


async def use_entry(unit: UnitOfWork) -> None:
    """Write what an owner signs in with, and who tried."""
    account = await unit.owner_accounts.ensure(
        REGISTRAR.id, await unit.owner_accounts.index(PERSON.email), NOW
    )
    await unit.owner_accounts.put_profile(account.id, Profile("de", two_step=True))
    await unit.owner_accounts.put_methods(account.id, Methods(f"{CANARY}-hash", CANARY, CANARY))
    await unit.owner_accounts.put_recovery_codes(account.id, [CANARY])
    passkey = Passkey("pky_1", account.id, b"credential", CANARY.encode(), 1, f"{CANARY}'s phone", NOW)
    await unit.passkeys.add(passkey)
    proofs = (Proof.PASSKEY,)
    session = begun(
        "ses_1",
        account.id,
        proofs,
        TwoStep(required=False, has_totp=False, has_passkey=True),
        NOW,
        f"{CANARY}/24",
        f"{CANARY} browser",
    )
    await unit.owner_sessions.add(session, b"h" * 32)
    mailbox = f"{CANARY}@second.example"
    index = await unit.owner_mailboxes.index(mailbox)
    await unit.owner_mailboxes.add(OwnerMailbox("mbx_1", account.id, mailbox, index, NOW))
    changes: dict[str, object] = {"name": f"{CANARY} the Second", "street": [f"{CANARY} New Street"]}
    correction = Correction("cor_1", REGISTRAR.id, account.id, ("own_1",), changes, NOW)
    await unit.corrections.add(correction)
    refused = replace(correction, state=CorrectionState.REFUSED, reason=f"{CANARY} must prove it")
    await unit.corrections.update(refused)
    export = Export("exp_1", account.id, ExportState.PENDING, NOW, NOW)
    await unit.owner_exports.add(export)
    await unit.owner_exports.fill(export, f"All of {CANARY}".encode())
    await unit.registrant_reads.note("key_1", ["own_1"], NOW.date())
    attempt = Attempt("try_1", account.id, NOW, Proof.PASSKEY, f"{CANARY}/24", f"{CANARY} browser")
    await unit.sign_in_attempts.add(attempt, Lane.PASSWORD, f"{CANARY}-device")
    await unit.sign_in_attempts.add_unknown(replace(attempt, id="try_2"), Lane.PASSWORD)


def traces(raw: bytes) -> list[str]:
    """Return the secrets found in the octets of a database, in any case, as text or as hexadecimal."""
    folded = raw.lower()
    forms = {secret: (secret.lower().encode(), secret.encode().hex().encode()) for secret in SECRETS}
    return [secret for secret, found in forms.items() if any(form in folded for form in found)]


async def test_the_files_of_sqlite_show_nobody(
    sqlite_storage: Storage, sqlite_url: str, master_keys: MasterKeys
) -> None:
    await use_everything(sqlite_storage)
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    files = sorted(file.parent.glob(f"{file.name}*"))
    assert any(found.name.endswith("-wal") for found in files)
    raw = b"".join(found.read_bytes() for found in files)
    # The search itself works: what is public is found.
    assert b"name1.com" in raw
    assert traces(raw) == []
    assert all(key not in raw for key in master_keys.keys.values())


async def test_a_dump_of_postgresql_shows_nobody(postgres: PostgresServer, master_keys: MasterKeys) -> None:
    name = postgres.new_database()
    storage = await Storage.open(postgres.url(name), master_keys)
    await use_everything(storage)
    await storage.close()
    dump = postgres.run("pg_dump", name)
    postgres.drop(name)
    assert b"name1.com" in dump
    assert traces(dump) == []


@pytest.mark.parametrize("form", [CANARY, CANARY.upper(), CANARY.encode().hex()])
def test_the_search_for_traces_finds_them(form: str) -> None:
    assert traces(f"... {form} ...".encode()) == [CANARY]


async def test_an_erased_key_does_not_stay_in_the_file(sqlite_storage: Storage, sqlite_url: str) -> None:
    await use_everything(sqlite_storage)
    async with sqlite_storage.reading() as unit:
        rows = await unit.connection.exec_driver_sql("SELECT wrapped FROM data_keys WHERE owner_id = 'own_1'")
        wrapped = rows.scalar_one()
    async with sqlite_storage.unit_of_work() as unit:
        await unit.registrations.remove("dom_1")
    await sqlite_storage.close()
    assert wrapped not in octets_of(sqlite_url)


async def test_the_same_registrant_twice_looks_different_twice(sqlite_storage: Storage) -> None:
    async with sqlite_storage.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
        await unit.registrations.add(registration(1))
        await unit.registrations.add(registration(2))
        rows = await unit.connection.exec_driver_sql("SELECT sealed FROM registrants")
        one, two = rows.scalars()
    assert one != two
