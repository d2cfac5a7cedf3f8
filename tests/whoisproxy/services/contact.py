"""The public form over a world, with the letters that it sends and the work that is done about it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from altcha import Challenge, Payload, solve_challenge

from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.queue.entry import Direction, QueuedMessage
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from mailrelay.submission import Submissions
from tests.whoisproxy.services.world import RELAY, World
from whoisproxy.domain.contact_form import Attachment, FormLimits, Kind, Submission, Written
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.contact_form import LETTER, RELAY as RELAYED, ContactForm, ContactTokens
from whoisproxy.services.contact_form_work import ContactLetters, ContactRelay
from whoisproxy.services.contact_pages import ContactPages
from whoisproxy.services.outbox_worker import OutboxWorker
from whoisproxy.services.proof_of_work import ProofOfWork

KEY = bytes(range(32))
KEEP = timedelta(days=90)
PAGES = ContactPages("https://pages.example")
STRANGER = "Ada.Buyer@offers.example"
TEXT = "Good day, is this domain for sale? I would pay a fair price.\n\nAda Buyer"
_TOKEN = re.compile(r"/contact/confirm/(\w+)")


def written(
    domain: str, mailbox: str = STRANGER, address: str = "192.0.2.7", kind: Kind = Kind.BUY
) -> Written:
    """Return what a stranger fills in."""
    return Written(domain, kind, "Ada Buyer", mailbox, TEXT, "en", address)


def solved(challenge: str) -> str:
    """Return the solution of a challenge, as a browser sends it."""
    import json

    found = Challenge.from_dict(json.loads(challenge))
    solution = solve_challenge(found)
    assert solution is not None
    return Payload(found, solution).to_base64()
