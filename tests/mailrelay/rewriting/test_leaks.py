"""An owner's answer with his data in every place that is known to leak, and what of it leaves.

Each probe is a file in `leaks/` and a line of its table: in what place and how encoded the data are, and what
must not arrive, as it reads. The answer may be held, or leave without it.
"""

import csv
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from mailrelay.message import RawMessage
from mailrelay.rewriting.reply import AnswerHeld, AutomaticMail, ReplyFacts, rewrite_reply
from tests.mailrelay.rewriting.curious_reader import bare, everything_in
from tests.mailrelay.world import OWNER, RELAY_ADDRESS, RELAY_DOMAIN, STRANGER

FOLDER = Path(__file__).parent / "leaks"
REPLY_ADDRESS = f"r0123456789abcdefghj@{RELAY_DOMAIN}"
FACTS = ReplyFacts(
    domain="example-bakery.org",
    relay_address=RELAY_ADDRESS,
    relay_domain=RELAY_DOMAIN,
    reply_address=REPLY_ADDRESS,
    correspondent=STRANGER,
    known_ids={},
    now=datetime(2026, 11, 24, 12, tzinfo=UTC),
)
IDENTITY = replace(
    OWNER.identity,
    mailboxes=(*OWNER.identity.mailboxes, "zlefevre1980@office.example", "zoelefevre80@gmail.com"),
    names=(*OWNER.identity.names, "Зоя Лефёврова", "Ζωή Λεφέβρ", "佐藤和子"),
    organisations=("Lefèvre Fromages SA",),
    streets=(*OWNER.identity.streets, "Bahnhofstrasse 12"),
    others=("Blue Heron of Auvernier",),
)
# The sender's own header names him in every probe.
OF_EVERY_PROBE = frozenset({"from", "date", "message-id"})
# Nobody can read them without a key or a map of letters.
ONLY_HELD = frozenset({"pdf-encrypted.eml", "pdf-own-letters.eml"})
# Mail that is not relayed at all: what software answers, and half a message.
MOST_HELD = 0.15


class Probe(NamedTuple):
    file: str
    place: str
    encoding: str
    marks: tuple[str, ...]

    @property
    def raw(self) -> bytes:
        return (FOLDER / self.file).read_bytes()


def _table() -> list[Probe]:
    with (FOLDER / "table.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Probe(name, place, encoding, tuple(marks.split(" | "))) for name, place, encoding, marks in rows[1:]
    ]


PROBES = _table()
ALL_MARKS = frozenset(bare(mark) for probe in PROBES for mark in probe.marks)


def sent(raw: bytes) -> bytes | None:
    """Return what the correspondent gets of an owner's answer; None where it is held."""
    try:
        return rewrite_reply(RawMessage.parse(raw), IDENTITY, FACTS).message.raw
    except (AnswerHeld, AutomaticMail):
        return None


def test_every_file_has_its_line_and_no_place_and_encoding_are_tried_twice() -> None:
    assert {probe.file for probe in PROBES} == {file.name for file in FOLDER.glob("*.eml")}
    assert len(PROBES) >= 120
    again = Counter((probe.place, probe.encoding, probe.marks) for probe in PROBES)
    assert [one for one, times in again.items() if times > 1] == []


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.file)
def test_what_leaves_does_not_show_the_owner(probe: Probe) -> None:
    raw = sent(probe.raw)
    if raw is not None:
        seen = everything_in(raw)
        assert sorted(mark for mark in ALL_MARKS if mark in seen) == []


@pytest.mark.parametrize(
    "probe", [one for one in PROBES if one.file not in ONLY_HELD], ids=lambda probe: probe.file
)
def test_the_reader_of_this_test_sees_what_a_probe_hides(probe: Probe) -> None:
    """Else its silence about what leaves would prove nothing."""
    own = OF_EVERY_PROBE - set(re.split(r"[ ,]+", probe.place.lower()))
    seen = everything_in(probe.raw, besides=own)
    assert [mark for mark in probe.marks if bare(mark) not in seen] == []


def test_most_answers_arrive_without_the_owners_data() -> None:
    """Holding everything would be safe too, and no mail."""
    held = [probe.file for probe in PROBES if sent(probe.raw) is None]
    assert len(held) <= MOST_HELD * len(PROBES), held
