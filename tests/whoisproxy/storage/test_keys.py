"""Master keys, sealed values, and rotation while the service runs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.queue.cipher import KeyDestroyed
from tests.whoisproxy.storage.values import hold_domain, registration
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.storage.keyring import Keyring
from whoisproxy.storage.keys import KeysUnreadable, MasterKeys
from whoisproxy.storage.unit_of_work import Storage
from whoisproxy.storage.vault import Unreadable, Vault, blind_index, normalised_mailbox

FILE = "master.keys"
KEYS = MasterKeys(Path("/nowhere"), "m1", {"m1": b"k" * 32})


def test_keys_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = MasterKeys.load_or_create(folder)
    assert MasterKeys.load_or_create(folder) == made
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600


def test_keys_that_others_may_read_are_refused(tmp_path: Path) -> None:
    MasterKeys.load_or_create(tmp_path)
    (tmp_path / FILE).chmod(0o640)
    with pytest.raises(KeysUnreadable, match="chmod 600"):
        MasterKeys.load_or_create(tmp_path)


@pytest.mark.parametrize("text", ["", "m1\n", "m1 !!!\n", "m1 YWJj\n", "m1 two words\n"])
def test_a_damaged_key_file_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / FILE
    file.touch(mode=0o600)
    file.write_text(text)
    with pytest.raises(KeysUnreadable, match="damaged"):
        MasterKeys.load_or_create(tmp_path)
    assert file.read_text() == text


def test_keys_do_not_show_themselves() -> None:
    assert "kkk" not in repr(KEYS)


def test_a_lost_key_file_is_not_replaced_while_running(tmp_path: Path) -> None:
    """A new file would make a running service seal under keys that the backup does not have."""
    vault = Vault(MasterKeys.load_or_create(tmp_path))
    (tmp_path / FILE).unlink()
    with pytest.raises(KeysUnreadable, match="gone"):
        vault.new_data_key("own_1")
    assert not (tmp_path / FILE).exists()


@given(plaintext=st.binary(max_size=200), purpose=st.text(max_size=20))
def test_what_was_sealed_opens_to_the_same(plaintext: bytes, purpose: str) -> None:
    vault = Vault(KEYS)
    assert vault.open(b"d" * 32, vault.seal(b"d" * 32, plaintext, purpose), purpose) == plaintext


@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_changed_bit_is_noticed(place: int, bit: int) -> None:
    vault = Vault(KEYS)
    sealed = bytearray(vault.seal(b"d" * 32, b"plaintext", "purpose"))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(Unreadable):
        vault.open(b"d" * 32, bytes(sealed), "purpose")


@given(st.binary(max_size=40))
def test_garbage_does_not_open(garbage: bytes) -> None:
    with pytest.raises(Unreadable):
        Vault(KEYS).open(b"d" * 32, garbage, "purpose")


def test_a_value_does_not_open_in_another_place_or_under_another_key() -> None:
    vault = Vault(KEYS)
    sealed = vault.seal(b"d" * 32, b"plaintext", "column:own_1")
    for key, purpose in ((b"d" * 32, "column:own_2"), (b"e" * 32, "column:own_1")):
        with pytest.raises(Unreadable):
            vault.open(key, sealed, purpose)


def test_a_blind_index_depends_on_key_purpose_and_text() -> None:
    parts = [(key, purpose, text) for key in (b"1", b"2") for purpose in ("a", "b") for text in ("x", "y")]
    assert len({blind_index(*part) for part in parts}) == len(parts)
    assert blind_index(b"1", "a", "x") == blind_index(b"1", "a", "x")


def test_mailboxes_are_compared_without_the_case_of_their_domain() -> None:
    assert normalised_mailbox("Ann@Home.EXAMPLE") == "Ann@home.example"


async def test_one_registrants_body_does_not_open_as_anothers(storage: Storage) -> None:
    await hold_domain(storage, 1)
    await hold_domain(storage, 2)
    sealed = (await MailCipher(storage).key("own_1")).seal(b"body")
    with pytest.raises(KeyDestroyed):
        (await MailCipher(storage).key("own_2")).open(sealed)
    with pytest.raises(KeyDestroyed):
        (await MailCipher(storage).key("own_3")).seal(b"body")


async def test_keys_are_rotated_while_the_service_runs(
    storage: Storage, database_url: str, master_keys: MasterKeys
) -> None:
    """The command runs in a process of its own; the service neither stops nor restarts."""
    await hold_domain(storage, 1)
    rotated = MasterKeys.rotate(master_keys.folder)
    command = await Storage.open(database_url, rotated)
    assert await command.rotate_keys() == 2
    assert await command.rotate_keys() == 0
    await hold_domain(storage, 2)
    async with storage.reading() as unit:
        assert await unit.registrations.by_id("dom_1") == registration(1)
        rows = await unit.connection.exec_driver_sql("SELECT DISTINCT master_key_id FROM data_keys")
        assert rows.scalars().all() == [rotated.current_id]
    async with command.reading() as unit:
        assert await unit.registrations.by_id("dom_2") == registration(2)
    await command.close()


async def test_between_adding_a_key_and_rewrapping_everything_stays_readable(
    storage: Storage, database_url: str, master_keys: MasterKeys
) -> None:
    await hold_domain(storage, 1)
    later = await Storage.open(database_url, MasterKeys.rotate(master_keys.folder))
    await hold_domain(later, 2)
    for opened in (storage, later):
        async with opened.reading() as unit:
            assert await unit.registrations.by_id("dom_1") == registration(1)
            assert await unit.registrations.by_id("dom_2") == registration(2)
    await later.close()


async def test_an_owner_erased_by_another_process_is_forgotten_within_a_minute(storage: Storage) -> None:
    now_s = [0.0]
    keyring = Keyring(storage.vault, lambda: now_s[0])
    async with storage.unit_of_work() as uow:
        await uow.sealing.ensure_key("own_1")
    async with storage.reading() as uow:
        assert "own_1" in await keyring.keys(uow.connection, ["own_1"])
    async with storage.unit_of_work() as uow:
        await uow.sealing.destroy("own_1")
    assert keyring.known("own_1") is not None
    now_s[0] += 60
    assert keyring.known("own_1") is None
    async with storage.reading() as uow:
        assert await keyring.keys(uow.connection, ["own_1"]) == {}
    now_s[0] -= 30
    assert keyring.known("own_1") is None
