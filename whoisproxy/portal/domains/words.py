"""How domains stand and why, in plain words: tables of English texts, which templates translate."""

from registries.lookup.verdict import Doubt, Verdict
from registries.policy import Confidence, Mechanism, Reason
from whoisproxy.domain.operation import OperationKind, OperationState
from whoisproxy.domain.owner_domains import Glance, Turn
from whoisproxy.domain.privacy import TRANSFERRED_AWAY
from whoisproxy.domain.publication_watch import Place
from whoisproxy.i18n import N_
from whoisproxy.services.registry_troubles import CALLBACK_EXPIRED, DECLINED, NOT_CONFIGURED, PENDING, REFUSED

GLANCES = {
    Glance.ON: N_("Privacy on"),
    Glance.LIMITED: N_("Privacy on, with limits"),
    Glance.OFF: N_("Privacy off"),
    Glance.CHANGING: N_("Changing"),
    Glance.ATTENTION: N_("Needs attention"),
    Glance.FROZEN: N_("Frozen"),
    Glance.NOT_NEEDED: N_("Not needed"),
    Glance.IMPOSSIBLE: N_("Not possible"),
}
TURNS = {Turn.ON: N_("Switch on"), Turn.OFF: N_("Switch off")}

MECHANISMS = {
    Mechanism.SUBSTITUTE: N_("The registry holds the privacy service's contacts in your place."),
    Mechanism.RDDS_ONLY: N_(
        "Your registrar's public directories show the privacy service in your place. The registry is not "
        "asked, since it publishes no contacts of this domain."
    ),
    Mechanism.RELAY_EMAIL: N_(
        "You stay the holder at the registry, and only your email address becomes a relay address. What else "
        "the registry shows of a holder stays visible."
    ),
    Mechanism.REGISTRY_FLAG: N_(
        "You stay the holder at the registry, and its own privacy switch is set. What this switch does not "
        "cover stays visible."
    ),
}
REASONS = {
    Reason.PROHIBITED: N_("The registry's rules forbid privacy services."),
    Reason.ALREADY_REDACTED: N_(
        "The registry itself withholds holders from the public, so there is nothing left to hide."
    ),
    Reason.LOCAL_PRESENCE: N_(
        "The registry accepts only holders who are there or can prove who they are, and a privacy service "
        "cannot take their place."
    ),
    Reason.UNSUPPORTED: N_(
        "No reliable rule is known that allows privacy here, and a wrong guess could cost you the domain."
    ),
}
CONFIDENCES = {
    Confidence.HIGH: N_("The registry says so, or good sources agree."),
    Confidence.MEDIUM: N_("Registrars say so; the registry was not asked."),
    Confidence.LOW: N_("This is hearsay, and nothing is risked on it."),
}
# Keys of `registries.policy.HOLDER_CHANGES`.
HOLDER_CHANGES = {
    "update": N_("The registry takes it as an ordinary update."),
    "trade": N_("The registry has an operation of its own for it, which both sides may have to confirm."),
    "new_registration": N_("The registry takes it as a new registration."),
    "manual": N_("The registry has a procedure for it that is done by hand."),
}

PLACES = {Place.OWN: N_("Directory of your registrar"), Place.REGISTRY: N_("Directories of the registry")}
VERDICTS = {
    Verdict.CLEAN: N_("Nothing of you shows"),
    Verdict.LEAK: N_("Something of you shows"),
    Verdict.UNKNOWN: N_("Nothing can be said"),
    None: N_("Not looked at yet"),
}
DOUBTS = {
    Doubt.NO_ANSWER: N_("It did not answer."),
    Doubt.CUT_OFF: N_("Its answer was cut off."),
    Doubt.OTHER_DOMAIN: N_("Its answer does not describe this domain."),
    Doubt.EARLIER_STATE: N_("It still shows how it was before."),
    Doubt.NOT_SHOWN: N_("It shows neither you nor the privacy service."),
}
# Names of `registries.contact.Contact`'s fields.
FIELDS = {
    "name": N_("name"),
    "organization": N_("organisation"),
    "street": N_("street"),
    "city": N_("city"),
    "region": N_("region"),
    "postal_code": N_("postal code"),
    "country_code": N_("country"),
    "phone": N_("telephone number"),
    "email": N_("email address"),
}

OPERATIONS = {
    OperationKind.ENABLE: N_("Switching on"),
    OperationKind.DISABLE: N_("Switching off"),
    OperationKind.REFRESH: N_("Bringing new data to the registry"),
}
ENDS = {
    OperationState.PENDING: N_("under way"),
    OperationState.DONE: N_("done"),
    OperationState.FAILED: N_("failed"),
    OperationState.SUPERSEDED: N_("replaced by a later change"),
}

_UNREACHED = N_("The registry cannot be reached, or does not say what it has done. We go on trying.")
_TROUBLES = {
    NOT_CONFIGURED: N_("Your registrar has not set this domain ending up yet."),
    REFUSED: N_("The registry refused the change."),
    DECLINED: N_("The registry took the change on, and then declined it."),
    CALLBACK_EXPIRED: N_("Your registrar did not make the change in time."),
    TRANSFERRED_AWAY: N_("The domain went to another registrar."),
    PENDING: N_("The registry has taken the change on, and will finish it later."),
    "REGISTRY_UNAVAILABLE": _UNREACHED,
    "REGISTRY_OUTCOME_UNKNOWN": _UNREACHED,
    "REGISTRY_VERIFICATION_FAILED": N_("The registry holds something other than what it was asked for."),
    "INTERNAL": N_("The change failed in many attempts."),
}
# Every other code comes from a status.
_STATUS = N_("A status of the domain at the registry stands in the way.")


def trouble(code: str) -> str:
    """Return why a change is not made, or not yet, by its code; "" where nothing is in the way."""
    return _TROUBLES.get(code, _STATUS) if code else ""
