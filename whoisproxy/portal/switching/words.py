"""What the pages say of switches: what stands in the way, what it costs, how far it is. Tables of texts."""

from collections.abc import Mapping
from types import MappingProxyType

from registries.policy import Mechanism, Reason, TldPolicy
from whoisproxy.domain.operation import OperationKind, OperationState
from whoisproxy.i18n import N_
from whoisproxy.portal.messages import Said
from whoisproxy.services.owners.switch_previews import Obstacle

_REASONS: Mapping[Reason, Said] = MappingProxyType(
    {
        Reason.PROHIBITED: Said(
            N_("The registry does not allow it"),
            N_("The rules of the registry of .%(tld)s forbid privacy services."),
        ),
        Reason.ALREADY_REDACTED: Said(
            N_("There is nothing left to hide"),
            N_("The registry of .%(tld)s itself withholds the holders' data from the public."),
        ),
        Reason.LOCAL_PRESENCE: Said(
            N_("The registry does not allow it"),
            N_(
                "The registry of .%(tld)s accepts only holders on the spot, whose place a privacy service "
                "cannot take."
            ),
        ),
        Reason.UNSUPPORTED: Said(
            N_("Privacy is not offered here"),
            N_(
                "For .%(tld)s no reliable rule is known that allows privacy, and a wrong guess could cost "
                "you the domain."
            ),
        ),
    }
)

_OBSTACLES: Mapping[Obstacle, Said] = MappingProxyType(
    {
        Obstacle.UNVERIFIED: Said(
            N_("Your mailbox is not confirmed"),
            N_(
                "Mail is passed on to confirmed mailboxes alone, and your registrar has not confirmed yours. "
                "Please ask it to, and try again then."
            ),
        ),
        Obstacle.SUSPENDED: Said(
            N_("Switching is frozen"),
            N_(
                "Your registrar has frozen it for this domain, as is done in a dispute. What is published "
                "stays as it is, and only your registrar can lift that."
            ),
        ),
        Obstacle.LOCKED: Said(
            N_("The registry takes no change now"),
            N_(
                "The domain has the status %(lock)s there. Please try again once that is over; your "
                "registrar knows when."
            ),
        ),
        Obstacle.DEPARTED: Said(
            N_("The domain has gone to another registrar"),
            N_("Nothing of it can be switched here any more. Please turn to the registrar that has it now."),
        ),
    }
)

_DONE: Mapping[bool, Said] = MappingProxyType(
    {
        True: Said(N_("Privacy is on already"), N_("Nothing has to be done.")),
        False: Said(N_("Privacy is off already"), N_("Nothing has to be done.")),
    }
)
_UNDER_WAY = Said(
    N_("This is under way already"), N_("Nothing has to be done; you can follow how far it is.")
)

NOT_THERE = Said(N_("There is no such domain"), N_("You have no domain of that name here."))
BEGUN = Said(N_("Under way"), N_("The change has begun."))
TEXT_CHANGED = Said(
    N_("The text has changed"),
    N_("It is not the one that you were shown before. Nothing was switched; please read it and agree again."),
)


def refusal(
    obstacle: Obstacle, policy: TldPolicy, lock: str, *, enabled: bool, under_way: bool
) -> tuple[Said, dict[str, str]]:
    """Return what to say of a domain that is not switched, and the facts of it."""
    facts = {"tld": policy.tld, "lock": lock}
    if obstacle is Obstacle.DONE:
        return (_UNDER_WAY if under_way else _DONE[enabled]), facts
    if obstacle is Obstacle.NOT_ALLOWED:
        return _REASONS[policy.reason or Reason.UNSUPPORTED], facts
    return _OBSTACLES[obstacle], facts


_BY_REGISTRY: Mapping[str, str] = MappingProxyType(
    {
        "update": N_("The registry takes it as an ordinary change, which nobody has to approve."),
        "trade": N_(
            "The registry takes it as a change of holder, which both sides may have to confirm: look out for "
            "mail about it."
        ),
        "new_registration": N_(
            "The registry demands a new registration for it; your registrar will turn to you."
        ),
        "manual": N_(
            "The registry deals with it by hand: it may take days, and papers or a signature may be needed."
        ),
    }
)
_HOLDER_STAYS = N_("You stay the holder at the registry: nothing is locked, and nobody has to approve it.")
_NOT_ASKED = N_("The registry is not asked, and nobody has to approve it.")
NO_LOCK = N_("No lock on moving the domain to another registrar is known to follow.")


def approval(policy: TldPolicy) -> str:
    """Return who has to approve a switch."""
    if policy.mechanism is Mechanism.RDDS_ONLY:
        return _NOT_ASKED
    return _BY_REGISTRY[policy.holder_change.kind] if policy.switch_changes_registrant else _HOLDER_STAYS


_AT_REGISTRY: Mapping[tuple[Mechanism, bool], str] = MappingProxyType(
    {
        (Mechanism.SUBSTITUTE, True): N_(
            "At the registry, contacts of the privacy service take the place of yours."
        ),
        (Mechanism.SUBSTITUTE, False): N_("At the registry, your own contacts take their place again."),
        (Mechanism.RDDS_ONLY, True): N_("At the registry, nothing changes."),
        (Mechanism.RDDS_ONLY, False): N_("At the registry, nothing changes."),
        (Mechanism.RELAY_EMAIL, True): N_(
            "At the registry, you stay the holder, and the published address takes the place of your email "
            "address."
        ),
        (Mechanism.RELAY_EMAIL, False): N_("At the registry, your own email address comes back."),
        (Mechanism.REGISTRY_FLAG, True): N_(
            "At the registry, you stay the holder, and your data are marked as not to be shown."
        ),
        (Mechanism.REGISTRY_FLAG, False): N_(
            "At the registry, the mark that your data are not to be shown is taken away."
        ),
    }
)


def at_registry(policy: TldPolicy, *, enabled: bool) -> str:
    """Return what a switch does at the registry."""
    return _AT_REGISTRY[policy.mechanism, enabled]


TITLES: Mapping[OperationKind, str] = MappingProxyType(
    {
        OperationKind.ENABLE: N_("Switching privacy on"),
        OperationKind.DISABLE: N_("Switching privacy off"),
        OperationKind.REFRESH: N_("Bringing what is published up to date"),
    }
)

STATES: Mapping[OperationState, str] = MappingProxyType(
    {
        OperationState.PENDING: N_("This is under way."),
        OperationState.DONE: N_("This is done, and what is published was checked."),
        OperationState.FAILED: N_("This has failed."),
        OperationState.SUPERSEDED: N_("A later change of the same domain has taken its place."),
    }
)

_ASK = N_("The registry has refused the change. Please ask your registrar why.")

# Codes of `services.registry_troubles`. Others name a status of an object at the registry.
_PROBLEMS: Mapping[str, str] = MappingProxyType(
    {
        "REGISTRY_NOT_CONFIGURED": N_(
            "Your registrar has not set up the way to this registry. Please tell your registrar."
        ),
        "REGISTRY_REFUSED": _ASK,
        "REGISTRY_DECLINED": N_(
            "The registry has looked at the change and declined it. Please ask your registrar why."
        ),
        "REGISTRY_CALLBACK_EXPIRED": N_(
            "Your registrar has not made the change in time. Please ask your registrar."
        ),
        "REGISTRY_TRANSFERRED_AWAY": N_("The domain has gone to another registrar."),
        "REGISTRY_UNAVAILABLE": N_("The registry cannot be reached at the moment."),
        "REGISTRY_OUTCOME_UNKNOWN": N_("The registry does not say whether it has made the change."),
        "REGISTRY_VERIFICATION_FAILED": N_("The registry shows something else than it was asked for."),
        "REGISTRY_PENDING": N_("The registry has taken the change on and will finish it later."),
        "INTERNAL": N_("It did not work in many tries. Please ask your registrar."),
    }
)
_STATUS = N_("The state of the domain at the registry stands in the way.")


def problem(code: str) -> str:
    """Return what a code means for an owner; "" for none."""
    return _PROBLEMS.get(code, _STATUS) if code else ""
