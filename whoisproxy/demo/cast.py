"""Who plays in the demonstration: the registrant, his domains, and those who write to him."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

REGISTRANT: dict[str, object] = {
    "name": "Zoë Müller-Lefèvre",
    "organization": "",
    "email": "zoe.lefevre@home.example",
    "phone": "+41325550123",
    "street": ["Rue de l'Étang 7"],
    "city": "Neuchâtel",
    "region": "NE",
    "postal_code": "CH-2000",
    "country_code": "CH",
    "language": "fr",
}
OWNER = str(REGISTRANT["email"])
BUYER = "Ada Buyer <ada@offers.example>"

TRACES = (
    "Zoë",
    "Zoe",
    "Müller-Lefèvre",
    "Muller-Lefevre",
    "Mueller-Lefevre",
    "zoe.lefevre",
    "home.example",
    "+41325550123",
    "+41.325550123",
    "325550123",
    "Rue de l'Étang",
    "Rue de l'Etang",
    "CH-2000",
    "Neuchâtel",
    "Neuchatel",
)
"""Every form in which the registrant's data could show: as given, in ASCII, as EPP writes phones."""


_SHORT = 6  # characters; a shorter text stands by chance in signatures, boundaries and tokens


def traces_in(*texts: str | bytes, traces: Iterable[str] = TRACES) -> list[str]:
    """Return the traces that stand in the texts, whatever their case; short ones as words of their own."""
    whole = "\n".join(text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in texts)
    return [trace for trace in traces if _pattern(trace).search(whole)]


def _pattern(trace: str) -> re.Pattern[str]:
    plain = re.escape(trace)
    word = rf"(?<![^\W_]){plain}(?![^\W_])"
    return re.compile(word if len(trace) < _SHORT else plain, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A domain of the story and the mechanism that its TLD stands for.

    Attributes:
        shown: What the registry lets the world see of a person without privacy, as far as we look for it.
    """

    domain: str
    mechanism: str
    shown: tuple[str, ...] = ("name", "email")


DOMAINS = (
    Part("example-bakery.org", "substitute"),
    Part("example-studio.com", "rdds_only"),
    Part("example-maison.eu", "relay_email", shown=("email",)),
    Part("example-orchard.ca", "registry_flag"),
    Part("example-polder.nl", "none", shown=("email",)),
)
ALLOWED = tuple(part for part in DOMAINS if part.mechanism != "none")

NEIGHBOURS = tuple(f"example-neighbour-{number}.net" for number in range(1, 7))
"""Domains of other registrants, to whom a harvester sends the same text."""


def neighbour(number: int) -> dict[str, object]:
    """Return the registrant of the neighbour with this number."""
    return {**REGISTRANT, "name": f"Neighbour {number}", "email": f"n{number}@neighbours.example"}


OFFER = """Dear owner of example-bakery.org,

our bakery opens in Lausanne next spring and your name would suit it well.
Would you sell the domain? We can offer 2'400 francs through an escrow service of your choice.
I am in the office until six if you prefer to talk.

Kind regards,
Ada Buyer
"""

ANSWER = """Dear Ada,

thank you. The domain is not for sale this year, but ask me again in March.

--{space}
Zoë Müller-Lefèvre
Rue de l'Étang 7, CH-2000 Neuchâtel, +41 32 555 01 23
zoe.lefevre@home.example
"""

# The demonstration's own spam, for machines without the public corpus.
OWN_SPAM = b"""From: "Dr. WINNER" <claims@lottery-desk.example>\r
To: undisclosed-recipients:;\r
Subject: CONGRATULATIONS!!! You have WON $1,500,000.00 USD - ACT NOW\r
Date: Tue, 3 Nov 2026 09:12:44 +0000\r
Message-ID: <1@lottery-desk.example>\r
Reply-To: barrister.claims@freemail.example\r
MIME-Version: 1.0\r
Content-Type: text/html; charset=us-ascii\r
\r
<html><body><h1>DEAR LUCKY WINNER!!!</h1>\r
<p>Your e-mail address has WON the sum of <b>$1,500,000.00 USD</b> in our international lottery.\r
This is 100% FREE and RISK FREE. ACT NOW! LIMITED TIME OFFER! Claim your CASH prize URGENTLY by\r
sending your bank account details and a small transfer fee of $250 by Western Union.</p>\r
<p><a href="http://203.0.113.77/claim/?id=99">CLICK HERE</a> to claim! Buy cheap VIAGRA online too,\r
no prescription, lowest prices guaranteed, money back!!!</p>\r
<font color="#ffffff" size="1">to be removed click here</font></body></html>\r
"""
