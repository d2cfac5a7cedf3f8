"""Do what the author's domain asks for mail that is not its own (RFC 9989).

Local policy may override it (section 5.4): a mailing list breaks SPF and DKIM of honest mail. Where a sealer
that we are told to trust saw the mail authenticated before, and its ARC chain holds, the mail is taken.
"""

from mailrelay.authentication.arc import may_be_vouched_for, vouched_for
from mailrelay.authentication.results import AuthenticationResults, DmarcPolicy, Result
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import LOOKUP_FAILED, NOT_ACCEPTED, Action, Reply, Verdict

_Rule = tuple[Action, str, Reply | None]

_DEFER: _Rule = (Action.DEFER, "dmarc-temperror", LOOKUP_FAILED)
_RULES: dict[tuple[Result, DmarcPolicy], _Rule] = {
    (Result.FAIL, DmarcPolicy.REJECT): (Action.REJECT, "dmarc-reject", NOT_ACCEPTED),
    (Result.FAIL, DmarcPolicy.QUARANTINE): (Action.QUARANTINE, "dmarc-quarantine", None),
    # p=none asks for nothing; lawyers and abuse desks break DMARC honestly. It is only recorded.
    (Result.FAIL, DmarcPolicy.NONE): (Action.ACCEPT, "dmarc-fail", None),
    # The policy was found, SPF or DKIM could not be finished. Only where something hangs on it do we wait.
    (Result.TEMPERROR, DmarcPolicy.REJECT): _DEFER,
    (Result.TEMPERROR, DmarcPolicy.QUARANTINE): _DEFER,
    # No author domain, or several: DMARC says nothing, and a forger would like that.
    (Result.PERMERROR, DmarcPolicy.NONE): (Action.QUARANTINE, "no-single-author-domain", None),
    # Without a policy, NONE with a temporary error means that the policy itself could not be had.
    (Result.TEMPERROR, DmarcPolicy.NONE): _DEFER,
}
ARC_TRUSTED = "dmarc-fail-arc-trusted"
"""The reason where a sealer that is trusted has seen the author authenticated."""

_OVERRIDDEN: _Rule = (Action.ACCEPT, ARC_TRUSTED, None)


class DmarcPolicyCheck:
    """Refuse, quarantine or tag as the domain publishes.

    Args:
        trusted_sealers: Domains whose ARC seals override a failed DMARC check, lower case.
    """

    name = "dmarc-policy"

    def __init__(self, trusted_sealers: frozenset[str] = frozenset()) -> None:
        self._trusted_sealers = trusted_sealers

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Look up the result in the table."""
        found = context.authentication
        rule = _RULES.get((found.dmarc.result, found.dmarc.policy))
        if rule is None:
            return None
        if found.dmarc.result is Result.FAIL:
            rule = self._local_policy(found) or rule
        action, reason, reply = rule
        return Verdict(self.name, action, reason, reply)

    def _local_policy(self, found: AuthenticationResults) -> _Rule | None:
        if found.arc is None or not self._trusted_sealers:
            return None
        domain = found.dmarc.from_domain
        organization = dict(found.organizational_domains).get(domain, domain)
        # Several author domains failed as one; a sealer who saw one of them says nothing of the others.
        if len(found.authors) == 1 and vouched_for(found.arc, domain, organization, self._trusted_sealers):
            return _OVERRIDDEN
        return _DEFER if may_be_vouched_for(found.arc, self._trusted_sealers) else None
