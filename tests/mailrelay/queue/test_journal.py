"""The journal: a line survives its writer, and a living writer is not mistaken for a dead one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailrelay.queue.ids import SLOTS, first_id, new_message_id, slot_of
from mailrelay.queue.journal import Journal, WorkerExists, dead_workers

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def _dead(stem: Path) -> dict[str, frozenset[str]]:
    found = {}
    for dead in dead_workers(stem):
        found[dead.worker_id] = dead.sent
        dead.forget()
    return found


def test_what_was_sent_and_not_recorded_is_found_after_its_worker(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "mail", "host-1")
    ids = [new_message_id(NOW) for _ in range(3)]
    for one in ids:
        journal.sent(one)
    assert _dead(tmp_path / "mail") == {}
    journal.recorded(ids[0])
    journal.close()

    assert _dead(tmp_path / "mail")["host-1"] >= set(ids[1:])
    assert _dead(tmp_path / "mail") == {}


def test_a_line_cut_short_is_no_line(tmp_path: Path) -> None:
    whole, cut = new_message_id(NOW), new_message_id(NOW)
    (tmp_path / "mail.host-1.journal").write_text(f"{whole}\n{cut[:20]}")
    assert _dead(tmp_path / "mail") == {"host-1": frozenset({whole})}


def test_a_journal_does_not_grow_for_ever_and_loses_nothing_meanwhile(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "mail", "host-1")
    kept = new_message_id(NOW)
    journal.sent(kept)
    for _ in range(50_000):
        one = new_message_id(NOW)
        journal.sent(one)
        journal.recorded(one)
    assert (tmp_path / "mail.host-1.journal").stat().st_size < 2 << 20
    with pytest.raises(WorkerExists):
        Journal.open(tmp_path / "mail", "host-1")
    journal.close()
    assert kept in _dead(tmp_path / "mail")["host-1"]
    assert list(tmp_path.iterdir()) == []


def test_a_journal_in_which_nothing_is_open_goes_with_its_worker(tmp_path: Path) -> None:
    Journal.open(tmp_path / "mail", "host-1").close()
    assert list(tmp_path.iterdir()) == []


def test_ids_sort_by_time_and_tell_their_slot() -> None:
    ids = [new_message_id(NOW, slot) for slot in range(SLOTS)]
    assert [slot_of(one) for one in ids] == list(range(SLOTS))
    assert len(set(ids)) == SLOTS
    later = datetime(2026, 6, 1, 0, 0, 1, tzinfo=UTC)
    assert max(ids) < first_id(later) < new_message_id(later)
    assert min(ids) > first_id(NOW)
    assert slot_of("msg_1") is None
    assert slot_of(ids[0][:-1] + "u") is None
