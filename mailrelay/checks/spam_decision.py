"""Decide what happens to a message by all that the checks before have found: stands last in the chain.

Checks whose verdict is evidence (`content-score`, `bulk-similarity`, engines, `listed-sender`) accept and say
how much. What was found is one case of `CASES`, the first that holds; what follows is `TABLE`, by the class
of the message (docs/spam.md has both). An owner who has everything forwarded gets marked what others have
held; from one who wants no mail `owner-takes-no-mail` keeps the rest. Whether mail is refused depends on
nothing that is the owner's: the answer at the door would tell it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailrelay.authentication.authenticate import authenticated_as
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import NOT_ACCEPTED, Action, Verdict
from mailrelay.content.kinds import CHECK, KNOWN_SENDER, MailClass, Note, class_in
from mailrelay.content.score import QUARANTINE_POINTS, TAG_POINTS
from mailrelay.directory import MailPolicy

_VIRUS_SCANNER = "clamav"
# A scanner's signatures know phishing and spam as well.
_ENGINES = frozenset({"rspamd", "spamassassin", _VIRUS_SCANNER})
_OF_SENDER = ("sender-facts", "fresh-domain")
_BLOCKLIST = "dns-blocklist"
_ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class DecisionLimits:
    """From where on evidence speaks.

    Attributes:
        doubtful: Points, of the content or an engine.
        spam: The same.
        several: Other recipients of the same text.
        many: The same.
    """

    doubtful: float = TAG_POINTS
    spam: float = QUARANTINE_POINTS
    several: int = 3
    many: int = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What speaks against a message, and for it.

    Attributes:
        content: Points of what it says and hides.
        client: Points of whoever brings it, and of who it says it is from.
        engine: Points of the engine that gives most.
        copies: Other recipients of the same text.
        on_blocklist: The client is on a list that counts.
        malware: A scanner knows what is in it.
        blocked: Owner or operator want no mail of the sender.
        allowed: They want it, and he is authenticated.
    """

    content: float = 0.0
    client: float = 0.0
    engine: float = 0.0
    copies: int = 0
    on_blocklist: bool = False
    malware: bool = False
    blocked: bool = False
    allowed: bool = False

    @property
    def points(self) -> float:
        """Of the message and of whoever brings it."""
        return self.content + self.client


class Case(StrEnum):
    """What was found, the gravest first; the values are reasons of the verdict."""

    MALWARE = "malware"
    SPAM_OF_BLOCKED = "spam-of-blocked-sender"
    BLOCKED = "blocked-sender"
    ALLOWED = "allowed-sender"
    SPAM_TO_SEVERAL = "spam-to-several"
    SPAM_OF_LISTED_CLIENT = "spam-of-listed-client"
    SPAM_BY_ALL_MEANS = "spam-by-content-and-engine"
    SAME_TEXT_TO_MANY = "same-text-to-many"
    SPAM = "looks-like-spam"
    DOUBTFUL = "doubtful"
    NOTHING = "nothing-found"


def _to_several(found: Found, limits: DecisionLimits) -> bool:
    return found.content >= limits.spam and found.copies >= limits.several


def _of_listed(found: Found, limits: DecisionLimits) -> bool:
    return found.content >= limits.spam and found.on_blocklist


CASES: tuple[tuple[Case, Callable[[Found, DecisionLimits], bool]], ...] = (
    (Case.MALWARE, lambda found, _: found.malware),
    (
        Case.SPAM_OF_BLOCKED,
        lambda found, limits: found.blocked and (_to_several(found, limits) or _of_listed(found, limits)),
    ),
    (Case.BLOCKED, lambda found, _: found.blocked),
    (Case.ALLOWED, lambda found, _: found.allowed),
    (Case.SPAM_TO_SEVERAL, _to_several),
    (Case.SPAM_OF_LISTED_CLIENT, _of_listed),
    (Case.SPAM_BY_ALL_MEANS, lambda found, limits: min(found.points, found.engine) >= limits.spam),
    (Case.SAME_TEXT_TO_MANY, lambda found, limits: found.copies >= limits.many),
    (Case.SPAM, lambda found, limits: max(found.points, found.engine) >= limits.spam),
    (
        Case.DOUBTFUL,
        lambda found, limits: (
            max(found.points, found.engine) >= limits.doubtful or found.copies >= limits.several
        ),
    ),
    (Case.NOTHING, lambda *_: True),
)


class Group(StrEnum):
    """Classes that are treated alike."""

    SERVED = "served"  # has to be answered in time: legal letters, abuse reports, what known registrars write
    NOTICE = "notice"  # what looks like a registrar's notice
    USUAL = "usual"
    SCAM = "scam"


GROUPS: Mapping[MailClass, Group] = {
    MailClass.PROTECTED: Group.SERVED,
    MailClass.LEGAL: Group.SERVED,
    MailClass.ABUSE_REPORT: Group.SERVED,
    MailClass.REGISTRAR: Group.NOTICE,
    MailClass.PURCHASE_INQUIRY: Group.USUAL,
    MailClass.BULK: Group.USUAL,
    MailClass.OTHER: Group.USUAL,
    MailClass.SCAM: Group.SCAM,
}

# What an owner gets who wants no mail: letters with terms to keep, which it would harm him not to see.
REACH_EVERYBODY = frozenset({Group.SERVED})

_PASS, _MARK, _HOLD, _REFUSE = Action.ACCEPT, Action.TAG, Action.QUARANTINE, Action.REJECT
_SERVED, _NOTICE, _USUAL, _SCAM = Group

# Of what is served nothing is held for its content alone, whoever judged that; nor is it or what looks like a
# notice ever refused. Where words say that it is a scam, less of other evidence is enough.
TABLE: Mapping[Case, Mapping[Group, Action]] = {
    Case.MALWARE: {_SERVED: _HOLD, _NOTICE: _HOLD, _USUAL: _HOLD, _SCAM: _HOLD},
    # Refused as if he were not blocked: the answer would tell him.
    Case.SPAM_OF_BLOCKED: {_SERVED: _HOLD, _NOTICE: _HOLD, _USUAL: _REFUSE, _SCAM: _REFUSE},
    Case.BLOCKED: {_SERVED: _HOLD, _NOTICE: _HOLD, _USUAL: _HOLD, _SCAM: _HOLD},
    Case.ALLOWED: {_SERVED: _PASS, _NOTICE: _PASS, _USUAL: _PASS, _SCAM: _PASS},
    Case.SPAM_TO_SEVERAL: {_SERVED: _HOLD, _NOTICE: _HOLD, _USUAL: _REFUSE, _SCAM: _REFUSE},
    Case.SPAM_OF_LISTED_CLIENT: {_SERVED: _HOLD, _NOTICE: _HOLD, _USUAL: _REFUSE, _SCAM: _REFUSE},
    Case.SPAM_BY_ALL_MEANS: {_SERVED: _HOLD, _NOTICE: _HOLD, _USUAL: _HOLD, _SCAM: _HOLD},
    Case.SAME_TEXT_TO_MANY: {_SERVED: _MARK, _NOTICE: _HOLD, _USUAL: _HOLD, _SCAM: _HOLD},
    Case.SPAM: {_SERVED: _MARK, _NOTICE: _HOLD, _USUAL: _HOLD, _SCAM: _HOLD},
    Case.DOUBTFUL: {_SERVED: _MARK, _NOTICE: _MARK, _USUAL: _MARK, _SCAM: _HOLD},
    Case.NOTHING: {_SERVED: _PASS, _NOTICE: _PASS, _USUAL: _PASS, _SCAM: _MARK},
}
# What an owner who has everything forwarded must be kept from all the same.
_HELD_FOR_ALL = frozenset({Case.MALWARE, Case.SPAM_OF_BLOCKED, Case.BLOCKED})


def decide(case: Case, group: Group, policy: MailPolicy) -> Action:
    """Return what happens to a message; `owner-takes-no-mail` holds more."""
    action = TABLE[case][group]
    if policy is MailPolicy.FORWARD and action is Action.QUARANTINE and case not in _HELD_FOR_ALL:
        return Action.TAG
    return action


def reaches_everybody(notes: Iterable[Note]) -> bool:
    """Return whether a message goes its way though its owner wants no mail: by what it is, or by his word."""
    found = list(notes)
    return _group_of(found) in REACH_EVERYBODY or _listed(found).startswith(_ALLOWED)


def case_of(found: Found, limits: DecisionLimits) -> Case:
    """Return the gravest case that holds."""
    return next(case for case, holds in CASES if holds(found, limits))


class SpamDecision:
    """The one check that turns evidence into an action."""

    name = "spam-decision"

    def __init__(self, limits: DecisionLimits) -> None:
        self._limits = limits

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Marks and holds at relay addresses; refuses alike at all, but not the owner himself."""
        case = case_of(found_in(context), self._limits)
        action = decide(case, _group_of(context.found), _policy_of(context))
        if action is Action.REJECT:
            if not _is_owners(context):
                return Verdict(self.name, action, case, NOT_ACCEPTED)
            action = Action.QUARANTINE
        if action is Action.ACCEPT or not context.relay_routes:
            return None
        return Verdict(self.name, action, case)


def found_in(context: MessageContext) -> Found:
    """Return what the checks before have found."""
    scores = {one.check: one.score for one in context.found}
    listed = _listed(context.found)
    client = context.sender.evidence
    weight = sum(one.weight for one in client)
    return Found(
        # The content score holds what speaks against the client already.
        content=scores.get("content-score", weight) - weight,
        client=weight + sum([scores.get(name, 0.0) for name in _OF_SENDER]),
        engine=max((scores[name] for name in _ENGINES & scores.keys()), default=0.0),
        copies=int(scores.get("bulk-similarity", 0)),
        on_blocklist=any(one.name == _BLOCKLIST and one.weight > 0 for one in client),
        malware=any(one.check == _VIRUS_SCANNER and one.reason == "malware" for one in context.found),
        blocked=listed.startswith("blocked"),
        allowed=listed.startswith(_ALLOWED),
    )


def _listed(found: Iterable[Note]) -> str:
    return next((one.reason for one in found if one.check == "listed-sender"), "")


def _group_of(found: Iterable[Note]) -> Group:
    found = list(found)
    mail_class = class_in(found)
    if mail_class is MailClass.REGISTRAR:
        reasons = next(one.reason for one in found if one.check == CHECK)
        return Group.SERVED if KNOWN_SENDER in reasons.split() else Group.NOTICE
    return GROUPS[mail_class]


def _policy_of(context: MessageContext) -> MailPolicy:
    """Return the mildest: addresses of one owner may have different ones, and the message is one."""
    policies = {route.policy for route in context.relay_routes}
    return MailPolicy.FORWARD if MailPolicy.FORWARD in policies else MailPolicy.FILTER


def _is_owners(context: MessageContext) -> bool:
    return any(authenticated_as(context.authentication, mailbox) for mailbox in context.mailboxes)
