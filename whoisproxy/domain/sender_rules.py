"""Rules about senders: whose mail is allowed and whose is blocked, for a domain, an owner, a registrar, all.

What decides where several are about one message is told in `mailrelay.sender_rules`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

from mailrelay.authentication.authors import normal_mailbox
from mailrelay.sender_rules import MOST_LABELS, names_of
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.registrant import mailbox

_MAX_OCTETS = 253  # RFC 1035 section 2.3.4, without the root label


class RuleScope(StrEnum):
    """Whose mail a rule is for."""

    DOMAIN = "domain"
    OWNER = "owner"
    REGISTRAR = "registrar"
    OPERATOR = "operator"


MOST_RULES = {
    RuleScope.DOMAIN: 1_000,
    RuleScope.OWNER: 1_000,
    RuleScope.REGISTRAR: 10_000,
    RuleScope.OPERATOR: 10_000,
}
"""Rules that one domain, owner, registrar or the operator may have."""


class RuleAction(StrEnum):
    """What is done with a sender's mail."""

    ALLOW = "allow"  # not stopped for what it says, or for how many got it
    BLOCK = "block"  # held, without a word to the sender


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule as it is kept.

    Attributes:
        sender: Mailbox, or domain with all below it; a person's, so it is stored sealed.
    """

    id: str
    scope: RuleScope
    sender: str = field(repr=False)
    action: RuleAction
    created_at: datetime

    @property
    def is_address(self) -> bool:
        """Whether it names a mailbox, no domain."""
        return "@" in self.sender


def normalised_sender(text: str, action: RuleAction) -> str:
    """Return a mailbox or domain as rules name it: lower case, the domain in A-labels.

    Raises:
        InvalidInput: It is neither, or an allowed domain below which anybody may have a name.
    """
    if "@" in text:
        written = mailbox(text.strip(), "sender")
        local_part, _, domain = written.rpartition("@")
        return f"{local_part.lower()}@{_a_labels(domain)}"
    domain = _a_labels(text)
    if domain.count(".") >= MOST_LABELS:
        raise InvalidInput("sender", f"is a domain of more than {MOST_LABELS} labels")
    if action is RuleAction.ALLOW and _suffixes().publicsuffix(domain) == domain:
        raise InvalidInput("sender", "is a public suffix: anybody may have a name below it")
    return domain


def sender_that_came(mailbox: str) -> str:
    """Return a mailbox as a message names it, however odd, as rules do; "" where it names nobody.

    What is no mailbox by the book may write all the same, and be blocked.
    """
    names = names_of(normal_mailbox(mailbox))
    return names[0] if names else ""


@cache
def _suffixes() -> PublicSuffixList:
    # With those of private operators: whoever rents a name below one is not allowed by its name.
    return PublicSuffixList()


def _a_labels(domain: str) -> str:
    try:
        name = idna.encode(domain.strip().rstrip("."), uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise InvalidInput("sender", "is neither a mailbox (RFC 5321) nor a domain name (RFC 5891)") from None
    if len(name) > _MAX_OCTETS:
        raise InvalidInput("sender", "is longer than 253 octets (RFC 1035)")
    return name
