"""What an owner may say of held mail, and what he is told then."""

from mailrelay.queue.entry import State
from whoisproxy.domain.quarantine import Decided, Decision, Outcome
from whoisproxy.i18n import N_
from whoisproxy.portal.messages import Said
from whoisproxy.services.quarantine import OpenedMessage

DECISIONS = {
    one.value: one
    for one in (
        Decision.RELEASE, Decision.ALLOW_SENDER, Decision.BLOCK_SENDER, Decision.BLOCK_DOMAIN,
        Decision.REPORT, Decision.DISCARD,
    )
}  # fmt: skip
"""By the values of the buttons."""

_BLOCKED = Said(
    N_("Blocked"),
    N_(
        "The message is thrown away. What this sender writes to %(domain)s does not reach you any more, "
        "without his being told."
    ),
)
_DONE = {
    Decision.RELEASE: Said(N_("It is on its way"), N_("The message is being sent to you.")),
    Decision.ALLOW_SENDER: Said(
        N_("It is on its way"),
        N_("The message is being sent to you, and this sender's mail to %(domain)s is not held any more."),
    ),
    Decision.BLOCK_SENDER: _BLOCKED,
    Decision.BLOCK_DOMAIN: _BLOCKED,
    Decision.REPORT: Said(N_("Reported"), N_("The message is thrown away, and the filter is told.")),
    Decision.DISCARD: Said(N_("Thrown away"), N_("The message is thrown away.")),
}
_UNPROVEN = Said(
    N_("It is on its way"),
    N_(
        "The message is being sent to you. Nothing proved that its sender is who he says: only mail to "
        "%(domain)s that is proven to be his will not be held any more."
    ),
)
OVER = Said(
    N_("This message is not held any more"),
    N_("It was released or thrown away before. Nothing was changed now."),
)


def said_of(decision: Decision, decided: Decided, now: OpenedMessage | None) -> Said:
    """Return what the page says; a second click says the same as the first.

    Args:
        decision: What was decided.
        decided: What came of it.
        now: The message as it stands after that.
    """
    if decided.outcome is Outcome.DONE:
        return _DONE[decision] if decided.counts else _UNPROVEN
    discarded = now is not None and now.held.record.state is State.DISCARDED
    return _DONE[decision] if discarded is not decision.releases else OVER
