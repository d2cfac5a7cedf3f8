"""Mailboxes that an owner has named for his mail: one is used once somebody who reads it has said so."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from email_validator import validate_email

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.registrant import mailbox

MOST_MAILBOXES = 10
"""Of one owner, confirmed or not."""

CONFIRM_WITHIN = timedelta(days=1)
"""How long the link in a letter to a new mailbox is good, and how long one that is not confirmed is kept."""


@dataclass(frozen=True, slots=True)
class OwnerMailbox:
    """A mailbox of an owner, besides that of his registrants.

    Attributes:
        mailbox_index: Blind index, under which its failures are known too.
        verified_at: When it was confirmed by the link in a letter to it; None for not yet.
    """

    id: str
    account_id: str
    mailbox: str = field(repr=False)
    mailbox_index: bytes
    added_at: datetime
    verified_at: datetime | None = None


def deliverable(text: str, field: str, relay_domain: str) -> str:
    """Return a mailbox in its normal form, to which mail of the relay can go.

    Raises:
        InvalidInput: It is none (RFC 5321), or it is the relay's own: mail would go round in circles.
    """
    named = mailbox(text, field)
    # In the form of the DNS, whatever the script.
    parts = validate_email(named, check_deliverability=False, test_environment=True)
    domain, own = parts.ascii_domain.lower(), relay_domain.lower().rstrip(".")
    if domain == own or domain.endswith(f".{own}"):
        raise InvalidInput(field, "is an address of the relay itself")
    return named
