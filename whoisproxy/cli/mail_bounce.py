"""`whoisproxy mail bounce`: what returned mail says, one JSON line for each recipient."""

import json
import re
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from mailrelay.reports.reading.finding import NOTHING, Finding
from mailrelay.reports.reading.report import read_report
from whoisproxy.cli.failures import Exit
from whoisproxy.cli.mail_files import content_of
from whoisproxy.cli.output import errors

# RFC 4155: where a message of an mbox begins. The field after it tells it from a quoted line.
_MBOX = re.compile(rb"^From \S{1,320} .{0,80}\r?\n(?=[!-9;-~]{1,76}:)", re.MULTILINE)


def bounce(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Messages or mboxes; - is standard input.")
    ],
) -> None:
    """Say what returned mail means: hard, soft, auto-reply, feedback or none, by recipient.

    Writes JSON lines {file, kind, recipient, status, reason}. A file that cannot be read is named on
    standard error and the rest goes on; the exit code is then 1.
    """
    unreadable = 0
    for name in files:
        try:
            raw = content_of(name)
        except OSError as error:
            errors.print(f"whoisproxy: {name}: {error.strerror}", markup=False, soft_wrap=True)
            unreadable += 1
            continue
        sys.stdout.write("".join(_line(name, finding) for finding in findings_of(raw)))
    sys.stdout.flush()
    if unreadable:
        raise typer.Exit(Exit.FAILED)


def findings_of(raw: bytes) -> list[Finding]:
    """Return what a file says, a message or an mbox; of messages that say nothing there is one finding."""
    findings = [finding for message in _messages(raw) for finding in read_report(message)]
    return [finding for finding in findings if finding != NOTHING] or [NOTHING]


def _messages(raw: bytes) -> Iterator[bytes]:
    starts = [found.start() for found in _MBOX.finditer(raw)]
    for start, end in zip([0, *starts], [*starts, len(raw)], strict=True):
        if raw[start:end].strip() or not starts:
            yield raw[start:end]


def _line(name: str, finding: Finding) -> str:
    row = {
        "file": name,
        "kind": finding.kind.value,
        "recipient": finding.recipient,
        "status": finding.status,
        "reason": finding.reason,
    }
    # ASCII only: a file's name, and what strangers write, may hold what UTF-8 cannot.
    return json.dumps(row) + "\n"
