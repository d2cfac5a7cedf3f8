"""Do what the author's domain asks for mail that is not its own (RFC 9989)."""

from mailrelay.authentication.results import DmarcPolicy, Result
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import LOOKUP_FAILED, NOT_ACCEPTED, Action, Reply, Verdict

_RULES: dict[tuple[Result, DmarcPolicy], tuple[Action, str, Reply | None]] = {
    (Result.FAIL, DmarcPolicy.REJECT): (Action.REJECT, "dmarc-reject", NOT_ACCEPTED),
    (Result.FAIL, DmarcPolicy.QUARANTINE): (Action.QUARANTINE, "dmarc-quarantine", None),
    # p=none asks for nothing; lawyers and abuse desks break DMARC honestly. It is only recorded.
    (Result.FAIL, DmarcPolicy.NONE): (Action.ACCEPT, "dmarc-fail", None),
    # The policy was found, SPF or DKIM could not be finished. Only where something hangs on it do we wait.
    (Result.TEMPERROR, DmarcPolicy.REJECT): (Action.DEFER, "dmarc-temperror", LOOKUP_FAILED),
    (Result.TEMPERROR, DmarcPolicy.QUARANTINE): (Action.DEFER, "dmarc-temperror", LOOKUP_FAILED),
    # No author domain, or several: DMARC says nothing, and a forger would like that.
    (Result.PERMERROR, DmarcPolicy.NONE): (Action.QUARANTINE, "no-single-author-domain", None),
    # Without a policy, NONE with a temporary error means that the policy itself could not be had.
    (Result.TEMPERROR, DmarcPolicy.NONE): (Action.DEFER, "dmarc-temperror", LOOKUP_FAILED),
}


class DmarcPolicyCheck:
    """Refuse, quarantine or tag as the domain publishes."""

    name = "dmarc-policy"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Look up the result in the table."""
        dmarc = context.authentication.dmarc
        if (rule := _RULES.get((dmarc.result, dmarc.policy))) is None:
            return None
        action, reason, reply = rule
        return Verdict(self.name, action, reason, reply)
