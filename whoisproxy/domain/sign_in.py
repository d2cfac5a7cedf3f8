"""Attempts to sign in, and how many may fail: the policy that slows guessing and locks no owner out.

Only what can be guessed is slowed: passwords and six-digit codes. Links, passkeys and recovery codes have at
least 80 bits of chance and always work, so that nobody who fails on purpose keeps an owner from his domains.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from whoisproxy.domain.owner_account import Proof


class Lane(StrEnum):
    """What is counted together: who fails in one lane slows nobody in another."""

    FREE = "free"  # cannot be guessed, and is not counted
    PASSWORD = "password"  # noqa: S105 - the name of a lane
    PASSWORD_KNOWN = "password-known"  # noqa: S105 - on a device that has signed in before
    CODE_AFTER_PASSWORD = "code-after-password"  # noqa: S105 - the name of a lane
    CODE_AFTER_EMAIL = "code-after-email"  # reached only by who reads the owner's mail
    CODE_AFTER_REGISTRAR = "code-after-registrar"  # reached only by who is in his registrar's panel
    LETTER = "letter"  # a letter with a link was sent


@dataclass(frozen=True, slots=True)
class Budget:
    """How many attempts may fail within a time."""

    most: int
    within: timedelta


_AN_HOUR = timedelta(hours=1)
LETTER_LIFETIME = timedelta(minutes=30)
BUDGETS = {
    Lane.PASSWORD: Budget(10, _AN_HOUR),
    Lane.PASSWORD_KNOWN: Budget(10, _AN_HOUR),
    Lane.CODE_AFTER_PASSWORD: Budget(10, _AN_HOUR),
    Lane.CODE_AFTER_EMAIL: Budget(10, _AN_HOUR),
    Lane.CODE_AFTER_REGISTRAR: Budget(10, _AN_HOUR),
    # Shorter than a letter's link is good: who gets no further letter has a link that works.
    Lane.LETTER: Budget(3, LETTER_LIFETIME / 2),
}
BUDGET_OF_NETWORK = Budget(50, _AN_HOUR)
"""Of all accounts together, and of mailboxes that nobody has."""

HISTORY_KEPT = timedelta(days=180)
"""How long attempts are kept; a device that was not seen for as long is new again."""

_CODE_LANES = {
    Proof.PASSWORD: Lane.CODE_AFTER_PASSWORD,
    Proof.EMAIL_LINK: Lane.CODE_AFTER_EMAIL,
    Proof.REGISTRAR_LINK: Lane.CODE_AFTER_REGISTRAR,
}


def lane_of_code(first: Proof) -> Lane:
    """Return where codes are counted that follow a first proof."""
    return _CODE_LANES.get(first, Lane.CODE_AFTER_PASSWORD)


@dataclass(frozen=True, slots=True)
class Visit:
    """Who tries, as far as his browser shows.

    Attributes:
        network: /24 or /56.
        device: What the browser says of itself, in a few words.
        device_token: What the browser was given when it first signed in; "" for none.
    """

    network: str = field(repr=False)
    device: str = field(repr=False)
    device_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt, as an owner's history shows it.

    Attributes:
        new_device: Whether it was the first of its device that succeeded.
    """

    id: str
    account_id: str
    at: datetime
    proof: Proof
    network: str = field(repr=False)
    device: str = field(repr=False)
    succeeded: bool = False
    new_device: bool = False


# In this order, because browsers also name those whose pages they want.
_BROWSERS = (
    ("Edge", re.compile(r"\b(Edg|EdgA|EdgiOS)/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Firefox", re.compile(r"\b(Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(Chrome|CriOS|HeadlessChrome)/")),
    ("Safari", re.compile(r"\bSafari/")),
)
_SYSTEMS = (
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("macOS", re.compile(r"\bMac OS X\b|\bMacintosh\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)
_MOST_READ = 500


def device_of(user_agent: str) -> str:
    """Return what a User-Agent (RFC 9110 section 10.1.5) tells, as `Firefox, Linux`; "" for nothing."""
    text = user_agent[:_MOST_READ]
    names = (
        next((name for name, known in table if known.search(text)), "") for table in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(filter(None, names))
