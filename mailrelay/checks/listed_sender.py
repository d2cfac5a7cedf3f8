"""Say what the owner, his registrar or the operator has ruled about the sender.

Only an author who is authenticated is allowed: anybody can write a name into From. Blocked is whoever says
that he is the one. `spam-decision` makes of it that an allowed sender's mail is not stopped for what it says
or for how many got it; that of a blocked one is held, and he is not told.
"""

from mailrelay.authentication.authenticate import authenticated_as
from mailrelay.authentication.authors import normal_mailbox
from mailrelay.authentication.results import AuthenticationResults
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.sender_rules import Level, deciding_rule, names_of

_WHO = {
    Level.DOMAIN: "owner",
    Level.OWNER: "owner",
    Level.REGISTRAR: "registrar",
    Level.OPERATOR: "operator",
}


def claimed_names(authors: tuple[str, ...], *others: str) -> tuple[str, ...]:
    """Return what rules may call those whom a message says it is from, each once.

    Args:
        authors: As `authentication` gives them.
        others: Reverse-path and who gets the answer; what is no mailbox names nobody.
    """
    further = (normal_mailbox(other) for other in others if other not in authors)
    mailboxes = dict.fromkeys((*authors, *further))
    return tuple(dict.fromkeys(name for mailbox in mailboxes for name in names_of(mailbox)))


class ListedSender:
    """Find the rule that decides about a message to a relay address."""

    name = "listed-sender"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Look at the rules first: hardly any sender has one."""
        if not context.rules or not context.relay_routes:
            return None
        proven = _proven_names(context.authentication)
        rule = deciding_rule(context.rules, proven, context.claimed)
        if rule is None:
            return None
        if rule.allows:
            return Verdict(self.name, Action.ACCEPT, f"allowed-by-{_WHO[rule.level]}")
        return Verdict(self.name, Action.QUARANTINE, f"blocked-by-{_WHO[rule.level]}")


def _proven_names(found: AuthenticationResults) -> tuple[str, ...]:
    if found.confirmed:
        return names_of(found.confirmed)
    if len(found.authors) != 1 or not authenticated_as(found, found.authors[0]):
        return ()
    return names_of(found.authors[0])
