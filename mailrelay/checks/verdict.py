"""What a check says about a connection, a recipient or a message, and what the chain makes of it.

A verdict that refuses carries its SMTP reply (RFC 5321, enhanced code by RFC 3463). The text of a
reply is public: it names nobody, no check and no threshold. The reason is ours: it goes to logs,
metrics and the owner's list of blocked mail, in kebab-case, without data of a person.
"""

from dataclasses import dataclass, replace
from enum import IntEnum


class Action(IntEnum):
    """What happens to the mail, mildest first; the chain takes the greatest."""

    ACCEPT = 0
    TAG = 1
    QUARANTINE = 2
    DEFER = 3
    REJECT = 4


@dataclass(frozen=True, slots=True)
class Reply:
    """One line to the SMTP client: reply code, enhanced status code, public text."""

    code: int
    enhanced: str
    public: str

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced} {self.public}"

    def naming(self, other_way: str) -> "Reply":
        """Return the reply with another way to the domain's holder, for whoever is refused wrongly."""
        return replace(self, public=f"{self.public}; another way to the domain's holder: {other_way}")


# All replies that a check may give. Few and vague on purpose: whoever probes learns nothing.
TRY_LATER = Reply(451, "4.3.0", "Please try again later")
TOO_FAST = Reply(421, "4.7.0", "Too many connections, please try again later")
TOO_MANY = Reply(450, "4.7.1", "Too many messages, please try again later")
LOOKUP_FAILED = Reply(451, "4.7.0", "Temporary failure while looking up the sender, try again later")
ONE_AT_A_TIME = Reply(452, "4.5.3", "Too many recipients in one transaction, send the rest separately")
UNKNOWN_RECIPIENT = Reply(550, "5.1.1", "No such address here")
BAD_SENDER = Reply(553, "5.1.7", "Sender address is not valid")
NOT_ACCEPTED = Reply(550, "5.7.1", "Message not accepted")
MALFORMED = Reply(554, "5.6.0", "Message is not well-formed")
LOOP = Reply(554, "5.4.6", "Routing loop detected")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a check has against a client without refusing it; it makes the client doubtful.

    Attributes:
        name: Name of the check, kebab-case.
        weight: What it adds to the content score, 0 where it is only a doubt.
    """

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check found.

    Attributes:
        check: Name of the check, kebab-case.
        action: What it asks for.
        reason: Why, in kebab-case, for ourselves and the owner.
        reply: The SMTP reply; set exactly where `action` is DEFER or REJECT.
        score: Weight of evidence, for checks that add up.
        protects: Whether nothing after this check may object: the chain ends and accepts.
    """

    check: str
    action: Action
    reason: str
    reply: Reply | None = None
    score: float = 0.0
    protects: bool = False

    def __post_init__(self) -> None:
        if (self.action >= Action.DEFER) != (self.reply is not None):
            raise ValueError("a verdict has an SMTP reply exactly when it defers or rejects")
        if self.protects and self.action is not Action.ACCEPT:
            raise ValueError("a verdict that protects accepts")

    @property
    def code(self) -> int:
        """SMTP reply code, 250 where the mail is taken."""
        return self.reply.code if self.reply else 250

    @property
    def enhanced(self) -> str:
        """Enhanced status code (RFC 3463)."""
        return self.reply.enhanced if self.reply else "2.0.0"

    @property
    def public(self) -> str:
        """Text for the SMTP client."""
        return self.reply.public if self.reply else "OK"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a chain decided.

    Attributes:
        action: The greatest action of the verdicts.
        verdicts: Every hit that counted, in the order of the chain.
        observed: Hits of checks that only watch; they decided nothing.
    """

    action: Action
    verdicts: tuple[Verdict, ...] = ()
    observed: tuple[Verdict, ...] = ()

    @property
    def reply(self) -> Reply | None:
        """The SMTP reply when the decision is to defer or reject: that of the deciding verdict."""
        for verdict in self.verdicts:
            if verdict.action == self.action:
                return verdict.reply
        return None

    @property
    def protected(self) -> bool:
        """Whether a check has ended the chain in favour of the mail; such mail goes first."""
        return any(verdict.protects for verdict in self.verdicts)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What speaks against the client though it is accepted; nothing where it is protected."""
        if self.action is not Action.ACCEPT or self.protected:
            return ()
        return tuple(Evidence(verdict.check, verdict.score) for verdict in self.verdicts)

    @property
    def reasons(self) -> tuple[str, ...]:
        """`check: reason` of every verdict that counted, in order."""
        return tuple(f"{verdict.check}: {verdict.reason}" for verdict in self.verdicts)
