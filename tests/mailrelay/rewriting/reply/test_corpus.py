"""Real mail as answers of an owner: nothing raises, little is held, and it reads as it did."""

import re
from collections import Counter
from collections.abc import Iterable
from email import message_from_bytes

import pytest

from mailrelay.message import RawMessage
from mailrelay.rewriting.reply import Answer, AnswerHeld, AutomaticMail, rewrite_reply
from mailrelay.rewriting.reply.charsets import decode_text
from mailrelay.rewriting.reply.signature import without_signature
from tests.mailrelay.rewriting.reply.letters import FACTS, seen
from tests.mailrelay.rewriting.test_forward_corpus import ham, ham_messages, mime, mime_messages
from tests.mailrelay.world import OWNER


def outcomes(messages: Iterable[tuple[str, RawMessage]]) -> tuple[Counter[str], list[str]]:
    """Return what became of messages, and the names of those whose plain text reads differently."""
    counted: Counter[str] = Counter()
    differing: list[str] = []
    for name, message in messages:
        try:
            answer = rewrite_reply(message, OWNER.identity, FACTS)
        except AnswerHeld:
            counted["held"] += 1
        except AutomaticMail:
            counted["automatic"] += 1
        else:
            counted["sent"] += 1
            differing += [name] * (not _reads_alike(message, answer))
    return counted, differing


def _reads_alike(message: RawMessage, answer: Answer) -> bool:
    original = message_from_bytes(message.raw)
    if original.get_content_type() != "text/plain" or original.get_filename():
        return True
    payload = original.get_payload(decode=True)
    assert isinstance(payload, bytes)
    text = decode_text(payload, str(original.get_content_charset() or ""))
    if str(original.get_param("delsp")).lower() == "yes":
        return True  # its lines are joined
    if "-----BEGIN PGP" in text or re.search(r"^begin [0-7]{3} ", text, re.MULTILINE):
        return True  # of those a part is left out, or becomes a file
    return seen(answer).plain.rstrip() == without_signature(text).rstrip()


@pytest.mark.slow
@ham
def test_ham_leaves_as_it_was_written() -> None:
    counted, differing = outcomes(ham_messages())
    assert counted["held"] < 0.02 * counted.total()
    # Somebody has one of the owner's names, and signs with it.
    assert len(differing) <= 0.001 * counted.total()


@mime
def test_messages_of_every_structure_leave_or_are_held() -> None:
    counted, differing = outcomes(mime_messages())
    assert counted["sent"] > 0.9 * counted.total()
    assert differing == []
