"""Say what the envelope and authentication have against the author; small evidence, and never more.

Honest mail has all of this at times: lawyers without SPF, alumni forwarding, ticket systems of others. So the
points are few, count beside those of the client, and matter only where the content is doubtful already.
Whether the author's domain asks for more (DMARC) is done before.
"""

from collections.abc import Callable

from mailrelay.authentication.authenticate import authenticated_as
from mailrelay.authentication.results import AuthenticationResults, Result
from mailrelay.checks.dmarc_policy import ARC_TRUSTED
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict


def author_domain(found: AuthenticationResults) -> str:
    """Return the organizational domain of the only author, as far as it was looked up; empty for several."""
    if len(found.authors) != 1:
        return ""
    return _organization(found, found.authors[0].rpartition("@")[2])


def _organization(found: AuthenticationResults, domain: str) -> str:
    return dict(found.organizational_domains).get(domain, domain)


def _is_unproven(context: MessageContext) -> bool:
    found = context.authentication
    # Without the DNS nothing is known; where it failed, not enough.
    if not (found.spf.domain or found.dkim) or found.spf.result is Result.TEMPERROR:
        return False
    return not (len(found.authors) == 1 and authenticated_as(found, found.authors[0]))


def _returns_elsewhere(context: MessageContext) -> bool:
    """The return address is of another domain than the author, and nothing connects them."""
    domain = context.sender.reverse_path.rpartition("@")[2].lower()
    found = context.authentication
    return bool(domain) and _is_unproven(context) and _organization(found, domain) != author_domain(found)


def _fails_spf(context: MessageContext) -> bool:
    return context.authentication.spf.result is Result.FAIL


# (reason, points, whether it holds)
FACTS: tuple[tuple[str, float, Callable[[MessageContext], bool]], ...] = (
    ("author-not-proven", 0.3, _is_unproven),
    ("return-path-elsewhere", 0.2, _returns_elsewhere),
    ("spf-fail", 0.3, _fails_spf),
)


class SenderFacts:
    """Add up what the table says."""

    name = "sender-facts"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Looks at mail to all addresses alike; says nothing where a trusted list vouches for the author."""
        if any(one.reason == ARC_TRUSTED for one in context.found):
            return None
        held = [(reason, points) for reason, points, holds in FACTS if holds(context)]
        if not held:
            return None
        reasons = " ".join(reason for reason, _ in held)
        return Verdict(self.name, Action.ACCEPT, reasons, score=round(sum(points for _, points in held), 2))
