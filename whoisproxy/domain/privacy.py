"""The privacy state machine of a domain.

What the owner wants and what the registry publishes are kept apart: a switch takes time, may fail,
and may fail half way. The registrant is hidden while either is on, so every doubt hides him.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mailrelay.directory import MailPolicy
from whoisproxy.domain.errors import DomainLocked
from whoisproxy.domain.operation import Actor

TRANSFERRED_AWAY = "REGISTRY_TRANSFERRED_AWAY"
"""Reason of a privacy that ended because the domain went to another registrar."""


class PrivacyState(StrEnum):
    """Where a domain stands between what is wanted and what is published."""

    DISABLED = "disabled"
    ENABLING = "enabling"
    ENABLED = "enabled"
    DISABLING = "disabling"
    FAILED = "failed"
    SUSPENDED = "suspended"


class PrivacyEvent(StrEnum):
    """What can happen to a domain's privacy."""

    ENABLE = "enable"  # the owner wants to be hidden
    DISABLE = "disable"  # the owner wants to be shown
    CONFIRM_HIDDEN = "confirm_hidden"  # read back: the registry shows the proxy
    CONFIRM_SHOWN = "confirm_shown"  # read back: the registry shows the registrant
    FAIL = "fail"  # the registry refused; what it shows now is in doubt
    DEPART = "depart"  # the domain went to another registrar: nothing there is ours to change any more
    SUSPEND = "suspend"  # the registrar freezes switching, as in a dispute
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class PrivacyStatus:
    """The three facts that the machine moves.

    Attributes:
        wanted: The owner's wish.
        published: Whether the registry may still, or already, show the proxy. Turns False only by
            a confirmation that the registrant is shown because he wishes so.
    """

    state: PrivacyState
    wanted: bool
    published: bool

    @property
    def hidden(self) -> bool:
        """Whether our own publication hides the registrant: every doubt hides him."""
        return self.wanted or self.published


OFF = PrivacyStatus(PrivacyState.DISABLED, wanted=False, published=False)

_S, _E = PrivacyState, PrivacyEvent

# (state, event) -> (next state, wanted, published); None keeps the value.
# A pair that is not listed is refused as DOMAIN_LOCKED.
TRANSITIONS: dict[tuple[PrivacyState, PrivacyEvent], tuple[PrivacyState, bool | None, bool | None]] = {
    (_S.DISABLED, _E.ENABLE): (_S.ENABLING, True, None),
    (_S.DISABLED, _E.DISABLE): (_S.DISABLED, False, None),
    (_S.ENABLING, _E.ENABLE): (_S.ENABLING, True, None),
    # The change may have reached the registry already: it counts as published.
    (_S.ENABLING, _E.DISABLE): (_S.DISABLING, False, True),
    (_S.ENABLING, _E.CONFIRM_HIDDEN): (_S.ENABLED, None, True),
    (_S.ENABLING, _E.FAIL): (_S.FAILED, None, None),
    (_S.ENABLED, _E.ENABLE): (_S.ENABLED, True, None),
    (_S.ENABLED, _E.DISABLE): (_S.DISABLING, False, None),
    (_S.DISABLING, _E.DISABLE): (_S.DISABLING, False, None),
    (_S.DISABLING, _E.ENABLE): (_S.ENABLING, True, None),
    (_S.DISABLING, _E.CONFIRM_SHOWN): (_S.DISABLED, None, False),
    (_S.DISABLING, _E.FAIL): (_S.FAILED, None, None),
    (_S.FAILED, _E.ENABLE): (_S.ENABLING, True, None),
    (_S.FAILED, _E.DISABLE): (_S.DISABLING, False, True),
    (_S.DISABLED, _E.DEPART): (_S.DISABLED, None, None),
    # Should it come back, what is wanted must be brought about anew.
    (_S.ENABLING, _E.DEPART): (_S.FAILED, None, None),
    (_S.ENABLED, _E.DEPART): (_S.FAILED, None, None),
    (_S.DISABLING, _E.DEPART): (_S.FAILED, None, None),
    (_S.FAILED, _E.DEPART): (_S.FAILED, None, None),
    (_S.SUSPENDED, _E.DEPART): (_S.SUSPENDED, None, None),
    (_S.DISABLED, _E.SUSPEND): (_S.SUSPENDED, None, None),
    (_S.ENABLING, _E.SUSPEND): (_S.SUSPENDED, None, None),
    (_S.ENABLED, _E.SUSPEND): (_S.SUSPENDED, None, None),
    (_S.DISABLING, _E.SUSPEND): (_S.SUSPENDED, None, None),
    (_S.FAILED, _E.SUSPEND): (_S.SUSPENDED, None, None),
    # A change that was under way may still be confirmed; switching stays frozen.
    (_S.SUSPENDED, _E.CONFIRM_HIDDEN): (_S.SUSPENDED, None, True),
    (_S.SUSPENDED, _E.CONFIRM_SHOWN): (_S.SUSPENDED, None, False),
    (_S.SUSPENDED, _E.FAIL): (_S.SUSPENDED, None, None),
}

_AFTER_RESUME = {
    (False, False): PrivacyState.DISABLED,
    (False, True): PrivacyState.DISABLING,
    (True, False): PrivacyState.ENABLING,
    (True, True): PrivacyState.ENABLED,
}


def transition(status: PrivacyStatus, event: PrivacyEvent) -> PrivacyStatus:
    """Return the status after `event`.

    Raises:
        DomainLocked: The state does not admit the event.
    """
    if event is PrivacyEvent.RESUME and status.state is PrivacyState.SUSPENDED:
        return replace(status, state=_AFTER_RESUME[status.wanted, status.published])
    try:
        state, wanted, published = TRANSITIONS[status.state, event]
    except KeyError:
        raise DomainLocked(f"privacy is {status.state}: {event} is not possible now") from None
    return PrivacyStatus(
        state,
        wanted=status.wanted if wanted is None else wanted,
        published=status.published if published is None else published,
    )


class ConsentTo(StrEnum):
    """What was agreed to."""

    HIDE = "hide"  # that the privacy service is published in his place
    SHOW = "show"  # that he himself is published


@dataclass(frozen=True, slots=True)
class Consent:
    """Who agreed to which text when; recorded, never published.

    Attributes:
        by: Who agreed, in the registrar's words or by the name that the domain has; stored sealed.
        language: In which the text was shown, one of `i18n.LANGUAGES`; "" where the registrar does not tell.
        proofs: How the owner had signed in; nothing where the registrar tells of it.
    """

    by: str
    at: datetime
    text_version: str
    to: ConsentTo = ConsentTo.HIDE
    language: str = ""
    proofs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptConsent:
    """A consent as it was recorded with the switch that it was given for.

    Attributes:
        actor: Who told us of it.
    """

    id: str
    domain_id: str
    actor: Actor
    consent: Consent


@dataclass(frozen=True, slots=True)
class Privacy:
    """A domain's privacy: the machine's status and the owner's settings.

    Attributes:
        forward_to: Mailbox that gets relayed mail instead of the registrant's own; "" for his own.
        consent: The newest to being hidden; all of them are kept besides (`KeptConsent`).
        operation_id: The operation that moves the status now; "" when none does.
        reason: Why the last switch failed; "" otherwise. Names no person.
        mailbox_id: Which of the owner's mailboxes `forward_to` is; "" where his registrar has named it.
    """

    status: PrivacyStatus
    mail_policy: MailPolicy
    forward_to: str
    consent: Consent | None
    operation_id: str
    reason: str
    updated_at: datetime
    mailbox_id: str = ""

    @property
    def departed(self) -> bool:
        """Whether the domain went to another registrar: we serve and publish it no longer."""
        return self.reason == TRANSFERRED_AWAY


def initial(now: datetime) -> Privacy:
    """Return the privacy of a domain that was just registered: off, mail filtered once on."""
    return Privacy(OFF, MailPolicy.FILTER, "", None, "", "", now)
