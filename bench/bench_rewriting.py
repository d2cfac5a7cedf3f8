"""What rewriting a message costs: forward and reply, beside the standard library's parse and serialise.

Letters of 4 and 100 KiB, as text, as text and HTML, and as text with a CSV file: each is rewritten as a
stranger's message for the owner, and as the owner's answer, which is scrubbed and looked through. The
standard library only parses and writes the same octets, under `compat32` and under `policy.SMTP`. CPU is that
of the process, of the quickest of several rounds, in milliseconds for each message; all in one run.

Prints a table and JSON; with `--json` only JSON.
"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from bench.mail_names import SENDER_DOMAIN
from bench.peers import RELAY_DOMAIN
from bench.report import report
from mailrelay.identity import Identity
from mailrelay.message import RawMessage
from mailrelay.rewriting.forward import ForwardFacts, author_of, rewrite_forward
from mailrelay.rewriting.reply import ReplyFacts, rewrite_reply

_ROUNDS = 7
_ROUND_S = 0.15  # at least; a clock of processes does not see less than some milliseconds well
_WORDS = "yes no the domain price offer is for sale we you can take it to of and with about next week".split()  # noqa: SIM905 - words
_SENDER, _REPLY = f"ann@{SENDER_DOMAIN}", f"r0123456789abcdefghj@{RELAY_DOMAIN}"
_NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
_OWNER = Identity(
    mailboxes=("zoe.lefevre@home.example",),
    names=("Zoë Müller-Lefèvre",),
    organisations=("Lefèvre & Fils SA",),
    phones=("+41325550123",),
    streets=("Rue de l'Étang 7",),
    places=("2000, Neuchâtel",),
    country="CH",
)
_FORWARD = ForwardFacts(
    domain="bench-0.net",
    relay_address=f"7h2k9mmq4rtvwxyz0123@{RELAY_DOMAIN}",
    reply_address=_REPLY,
    relay_host="mx.relay.example",
    authentication="",
    verdicts=(),
    queue_id="msg_1",
    received_at=_NOW,
)
_ANSWER = ReplyFacts(
    domain="bench-0.net",
    relay_address=f"7h2k9mmq4rtvwxyz0123@{RELAY_DOMAIN}",
    relay_domain=RELAY_DOMAIN,
    reply_address=_REPLY,
    correspondent=_SENDER,
    known_ids={},
    now=_NOW,
)


def letters(size_octets: int) -> dict[str, bytes]:
    """Return messages of about a size, by what they are made of."""
    text = _text(size_octets - 600)
    plain = _letter(text)
    both = _letter(_text(size_octets // 3))
    paragraphs = "".join([f"<p>{line} <b>{line[:8]}</b></p>\n" for line in both.get_content().splitlines()])
    both.add_alternative(f"<html><body><div>{paragraphs}</div></body></html>", subtype="html")
    file = _letter(_text(size_octets // 8))
    file.add_attachment(_text(size_octets * 3 // 5), subtype="csv", filename="offer.csv")
    made = {"text": plain, "text and HTML": both, "text and a file": file}
    return {name: message.as_bytes(policy=policy.SMTP) for name, message in made.items()}


def _letter(text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"Ann Lee <{_SENDER}>"
    message["To"] = _REPLY
    message["Subject"] = "Re: Your domain"
    message["Date"] = "Tue, 24 Nov 2026 12:00:00 +0000"
    message["Message-ID"] = f"<1@{SENDER_DOMAIN}>"
    message.set_content(text)
    return message


def _text(size_octets: int) -> str:
    chance = random.Random(size_octets)  # noqa: S311 - texts
    lines: list[str] = []
    while sum(map(len, lines)) < size_octets:
        lines.append(" ".join(chance.choices(_WORDS, k=12)))
    return "\n".join(lines) + "\n"


def _forward(raw: bytes) -> RawMessage:
    message = RawMessage.parse(raw)
    return rewrite_forward(message, author_of(message, _SENDER), _FORWARD)


def _reply(raw: bytes) -> RawMessage:
    return rewrite_reply(RawMessage.parse(raw), _OWNER, _ANSWER).message


def _library(raw: bytes) -> bytes:
    return message_from_bytes(raw).as_bytes()


def _library_smtp(raw: bytes) -> bytes:
    return message_from_bytes(raw, policy=policy.SMTP).as_bytes()


_WAYS: dict[str, Callable[[bytes], object]] = {
    "forward_ms": _forward,
    "reply_ms": _reply,
    "library_compat32_ms": _library,
    "library_smtp_ms": _library_smtp,
}


def _cpu_ms(way: Callable[[bytes], object], raw: bytes) -> float:
    """Return the CPU of one call in the quickest of the rounds, each of which is long enough to be seen."""
    times = max(1, int(_ROUND_S / max(_once(way, raw, 1), 1e-6)))
    return round(1000 * min(_once(way, raw, times) for _ in range(_ROUNDS)), 4)


def _once(way: Callable[[bytes], object], raw: bytes, times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        way(raw)
    return (time.process_time() - start) / times


def main() -> None:
    """Measure and report."""
    rows = [
        {"message": name, "octets": len(raw), **{way: _cpu_ms(run, raw) for way, run in _WAYS.items()}}
        for size in (4 * 1024, 100 * 1024)
        for name, raw in letters(size).items()
    ]
    report("CPU of rewriting, ms for each message", rows)


if __name__ == "__main__":
    main()
