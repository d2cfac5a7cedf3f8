"""Answers as mail programs write them, and what goes out for each: golden files.

The answers were written in the manner of Gmail, Outlook, Apple Mail and Thunderbird. Set the environment
variable WRITE_GOLDEN to write the files anew, and read the difference.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.rewriting.reply import Answer, LeftOut, ReplyFacts, rewrite_reply
from tests.mailrelay.world import OWNER, RELAY_ADDRESS, RELAY_DOMAIN, STRANGER

FOLDER = Path(__file__).parents[3] / "data" / "answers"
FACTS = ReplyFacts(
    domain="example-bakery.org",
    relay_address=RELAY_ADDRESS,
    relay_domain=RELAY_DOMAIN,
    reply_address=f"r0123456789abcdefghj@{RELAY_DOMAIN}",
    correspondent=STRANGER,
    known_ids={
        "<offer-1@offers.example>": "<offer-1@offers.example>",
        "<mine-1@home.example>": "<0aa1@relay.example>",
    },
    now=datetime(2026, 11, 24, 12, tzinfo=UTC),
    message_id="<0123@relay.example>",
)


def answer_to(name: str) -> Answer:
    raw = (FOLDER / f"{name}.eml").read_bytes()
    return rewrite_reply(RawMessage.parse(canonical_line_ends(raw)), OWNER.identity, FACTS)


@pytest.mark.parametrize("client", ["gmail", "outlook", "apple_mail", "thunderbird"])
def test_an_answer_goes_out_as_written_down(client: str) -> None:
    sent = answer_to(client).message.raw.replace(b"\r\n", b"\n")
    golden = FOLDER / f"{client}.sent.eml"
    if "WRITE_GOLDEN" in os.environ:
        golden.write_bytes(sent)
    assert sent.decode() == golden.read_text("utf-8")


def test_the_owner_learns_that_key_and_signature_stayed_behind() -> None:
    dropped = answer_to("thunderbird").dropped
    assert dropped == (LeftOut("openpgp", "attachment 1"), LeftOut("signature", "text"))
