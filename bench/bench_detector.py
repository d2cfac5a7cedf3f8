"""How much of a planted registrant is found in real answers, what is found by chance, and what a look costs.

    python -m bench.bench_detector [--people 60] [--every 1] [--json]

Each answer of ../shared/data/rdds gets a made-up registrant of some country, in each of thirty forms (see
tests/registries/lookup/planting.py) at a place by chance. Then each is searched for registrants of whom it
holds nothing. The last table is of answers of 64 KiB that somebody made to keep us busy. Times are CPU of the
process.
"""

import argparse
import random
import re
import time
from collections.abc import Callable, Sequence
from statistics import median

from bench.report import report
from registries.contact import Contact
from registries.lookup.document import Document
from registries.lookup.evidence import Evidence
from registries.lookup.fetching import MOST_OCTETS
from registries.lookup.readings import Readings, read
from registries.lookup.verdict import Expectation, judge
from tests.registries.lookup.planting import FORMS, HOSTILE, can_be_planted, places, planted
from tests.registries.lookup.samples import documents, registrants

_STRANGER = "stranger.example"
_PROTECTED = re.compile(r"privacy|proxy|redacted|whoisguard|protect", re.IGNORECASE)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--people", type=int, default=60, help="Registrants that are sought everywhere.")
    arguments.add_argument("--json", action="store_true", help="Print JSON only.")
    arguments.add_argument("--every", type=int, default=1, help="Plant in one answer of so many.")
    chosen = arguments.parse_args()
    people = list(registrants(every=4280 // chosen.people))
    answers = [document for _, document in documents()]
    report(
        "found, by form",
        list(_recall(answers[:: chosen.every], [who for who in people if can_be_planted(who)])),
    )
    report("found by chance", list(_by_chance(answers, people)))
    report("made to keep us busy", list(_hostile(people[0])))


def _recall(answers: Sequence[Document], people: Sequence[Contact]) -> list[dict[str, object]]:
    chance = random.Random(1)  # noqa: S311 - the same places in every run
    fields = [answer for answer in answers if places(answer)]
    evidence = {who: Evidence(who) for who in people}
    rows: list[dict[str, object]] = []
    for form, plant in FORMS.items():
        found = lines = 0
        for answer in fields:
            who = chance.choice(people)
            changed, line = planted(answer, plant(who), chance)
            hits = evidence[who].hits(read(changed, _STRANGER))
            found += bool(hits)
            lines += line in {hit.line for hit in hits}
        rows.append({"form": form, "answers": len(fields), "found": found, "at their line": lines})
    return [*rows, _sum(rows)]


def _sum(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    counts = [[value for value in row.values() if isinstance(value, int)] for row in rows]
    names = [name for name, value in rows[0].items() if isinstance(value, int)]
    return {"form": "all"} | dict(zip(names, map(sum, zip(*counts, strict=True)), strict=True))


def _by_chance(answers: Sequence[Document], people: Sequence[Contact]) -> list[dict[str, object]]:
    strangers = [Evidence(who) for who in people]
    kinds: dict[str, Callable[[Document], bool]] = {
        "whois": lambda answer: answer.source == "whois",
        "rdap": lambda answer: answer.source == "rdap",
        "privacy-protected": lambda answer: bool(_PROTECTED.search(answer.raw)),
    }
    seen = [(answer, *_searched(answer, strangers)) for answer in answers]
    return [_row(kind, [one for one in seen if holds(one[0])], len(people)) for kind, holds in kinds.items()]


def _row(kind: str, seen: Sequence[tuple[Document, int, float]], people: int) -> dict[str, object]:
    return {
        "answers": kind,
        "number": len(seen),
        "registrants": people,
        "pairs": len(seen) * people,
        "found by chance": sum(hits for _, hits, _ in seen),
        "ms an answer, median": 1e3 * median(cpu_s for *_, cpu_s in seen),
        "ms an answer, most": 1e3 * max(cpu_s for *_, cpu_s in seen),
        "octets, most": max(len(answer.raw.encode()) for answer, *_ in seen),
    }


def _searched(answer: Document, strangers: Sequence[Evidence]) -> tuple[int, float]:
    """Return how many strangers were found, and the CPU of reading an answer and seeking the first."""
    begin = time.process_time()
    readings: Readings = read(answer, _STRANGER)
    hits = int(bool(strangers[0].hits(readings)))
    cpu_s = time.process_time() - begin
    return hits + sum(bool(stranger.hits(readings)) for stranger in strangers[1:]), cpu_s


def _hostile(who: Contact) -> list[dict[str, object]]:
    expected = Expectation(_STRANGER, Evidence(who))
    rows: list[tuple[float, str]] = []
    for unit in (*HOSTILE, f"{who.name} ", f"{who.phone} ", f"{who.email}+"):
        text = (unit * (1 + MOST_OCTETS // len(unit))).encode()[:MOST_OCTETS].decode(errors="ignore")
        for source in ("whois", "rdap"):
            begin = time.process_time()
            judge(Document(source, text), expected)
            rows.append((time.process_time() - begin, unit[:20]))
    rows.sort(reverse=True)
    return [{"repeated": repr(unit), "ms": 1e3 * cpu_s} for cpu_s, unit in rows[:8]]


if __name__ == "__main__":
    main()
