"""All that owners see and say of the mail of their domains, put together."""

from dataclasses import dataclass

from whoisproxy.services.owners.mail_log import OwnerMailLog
from whoisproxy.services.owners.quarantine import OwnerQuarantine
from whoisproxy.services.owners.sender_rules import OwnerSenderRules


@dataclass(frozen=True, slots=True)
class OwnerMail:
    """The services behind the pages of an owner's mail."""

    log: OwnerMailLog
    held: OwnerQuarantine
    senders: OwnerSenderRules
