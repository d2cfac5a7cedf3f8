"""The header of an answer: the fields of this file and no others (RFC 5322).

Message-IDs of the conversation are mapped: the correspondent's own came to the owner as they were, those of
the owner's messages went out under ours; what the correspondent does not know is left out.
"""

import re
from datetime import UTC
from email.utils import format_datetime

from mailrelay.addresses import encoded, format_mailbox
from mailrelay.message import HeaderField, RawMessage
from mailrelay.rewriting.reply.model import ReplyFacts
from mailrelay.rewriting.threads import answered_ids, referenced_ids

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST_SUBJECT = 900
_LONGEST_PLAIN_LINE = 76
_IMPORTANCE = {"high": "high", "low": "low"}


def header_of(message: RawMessage, subject: str, message_id: str, facts: ReplyFacts) -> list[HeaderField]:
    """Return the fields before those of MIME.

    Args:
        message: The owner's.
        subject: Decoded and without his data.
        message_id: Of the answer, in angle brackets.
        facts: See there.
    """
    references = list(dict.fromkeys(_known(referenced_ids(message), facts)))
    answered = [*_known(answered_ids(message), facts), *references[-1:]]
    fields = [
        ("From", format_mailbox(f"{facts.domain} owner", facts.relay_address)),
        ("To", format_mailbox(facts.correspondent_name, facts.correspondent)),
        ("Subject", _subject(subject)),
        ("Date", format_datetime(facts.now.astimezone(UTC).replace(microsecond=0))),
        ("Message-ID", message_id),
        ("In-Reply-To", answered[0] if answered else ""),
        ("References", "\r\n ".join(references)),
        ("Importance", _IMPORTANCE.get(message.first("Importance").strip().lower(), "")),
    ]
    return [HeaderField.make(name, value) for name, value in fields if value or name == "Subject"]


def _known(ids: tuple[str, ...], facts: ReplyFacts) -> list[str]:
    return [facts.known_ids[one] for one in ids if one in facts.known_ids]


def _subject(subject: str) -> str:
    shown = _CONTROLS.sub(" ", subject).strip()[:_LONGEST_SUBJECT]
    # What looks like an encoded word would be decoded into something else; long lines are folded by encoding.
    if shown.isascii() and "=?" not in shown and len(shown) <= _LONGEST_PLAIN_LINE - len("Subject: "):
        return shown
    return _folded(shown) if shown.isascii() and "=?" not in shown else encoded(shown)


def _folded(text: str) -> str:
    """Return long ASCII text folded at single blanks, or as encoded words where that does not do."""
    lines, line = [], "Subject:"
    for word in text.split(" "):
        if line.rstrip() and len(line) + 1 + len(word) > _LONGEST_PLAIN_LINE and line != "Subject:":
            lines.append(line)
            line = ""
        line = f"{line} {word}"
    folded = "\r\n".join([*lines, line])
    blank = any(not part.strip() for part in folded.split("\r\n"))
    return encoded(text) if blank or "  " in text else folded.removeprefix("Subject:").lstrip(" ")
