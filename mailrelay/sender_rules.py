"""Rules about senders: what a rule may call its sender by, and which of several rules decides.

A rule names a mailbox, or a domain with all below it. Who may make rules, and where they are kept, is the
host's business.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from enum import IntEnum

MOST_LABELS = 8
"""Labels of a domain in a rule; a sender's domain may have more."""

_ADDRESS = MOST_LABELS + 1  # an address is more specific than any domain


class Level(IntEnum):
    """Whose rule it is and how far it reaches, the widest first: of several, the narrowest decides."""

    OPERATOR = 0  # for all mail
    REGISTRAR = 1  # for the domains of a registrar
    OWNER = 2  # for the domains of an owner
    DOMAIN = 3  # for one domain


@dataclass(frozen=True, slots=True)
class SenderRule:
    """Whether mail of a sender is wanted.

    Attributes:
        sender: As `names_of` gives it: a mailbox, or a domain, which stands for those below it too.
        allows: Else it blocks.
    """

    level: Level
    sender: str = field(repr=False)
    allows: bool


def names_of(mailbox: str) -> tuple[str, ...]:
    """Return what rules may call a mailbox, whose domain is in lower-case A-labels; nothing for "".

    The mailbox in lower case, since few providers tell mailboxes apart by case and a stranger could; then as
    it is, where that differs: rules from before that was so. Then its domain and those above, without the
    deepest of one with more than MOST_LABELS.
    """
    local_part, _, domain = mailbox.rpartition("@")
    if not local_part:
        return ()
    labels = domain.split(".")
    first = max(0, len(labels) - MOST_LABELS)
    domains = [".".join(labels[start:]) for start in range(first, len(labels))]
    return tuple(dict.fromkeys((mailbox.lower(), mailbox, *domains)))


def deciding_rule(
    rules: Iterable[SenderRule], proven: Container[str], claimed: Container[str]
) -> SenderRule | None:
    """Return the rule that decides about a message, or None where none is about it.

    The narrowest level decides, then the sender named most exactly, then the rule that blocks.

    Args:
        rules: Of the owner's side, in any order.
        proven: Names of the authenticated author: only about him can a rule allow.
        claimed: Names of all that the message says it is from.
    """
    about = [rule for rule in rules if rule.sender in (proven if rule.allows else claimed)]
    return max(about, key=_weight, default=None)


def _weight(rule: SenderRule) -> tuple[Level, int, bool]:
    exactness = _ADDRESS if "@" in rule.sender else rule.sender.count(".")
    return rule.level, exactness, not rule.allows
