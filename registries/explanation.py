"""Say in plain words what switching privacy does under a TLD, and what it costs.

Every sentence follows from the values of the rule, so it is right for the rules of an operator's own too.
What is special to one registry stands in the rule's own `explanation`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from registries.policy import (
    FIELDS_SHOWN,
    HOLDER_CHANGES,
    Confidence,
    Mechanism,
    Reason,
    SessionLimits,
    Shown,
    TldPolicy,
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule in whole sentences.

    Attributes:
        mechanism: What is done.
        reason: Why nothing is done; "" where something is.
        registry: What changes at the registry.
        natural_person: What the public then sees of a natural person.
        organisation: What the public then sees of an organisation.
        holder_change: Whether it counts as a change of holder, and what that costs.
        presence: Whom the registry accepts as a holder.
        sessions: What the registry grants to an account; "" where we do not know.
        confidence: How sure this is.
    """

    mechanism: str
    reason: str
    registry: str
    natural_person: str
    organisation: str
    holder_change: str
    presence: str
    sessions: str
    confidence: str


def explain(policy: TldPolicy) -> Explanation:
    """Return the rule in whole sentences."""
    return Explanation(
        mechanism=_MECHANISMS[policy.mechanism],
        reason=_REASONS[policy.reason] if policy.reason else "",
        registry=_at_registry(policy),
        natural_person=_seen(policy, policy.natural_persons),
        organisation=_seen(policy, policy.organisations),
        holder_change=_holder_change(policy),
        presence=_presence(policy),
        sessions=_sessions(policy.sessions),
        confidence=_confidence(policy),
    )


_MECHANISMS: Mapping[Mechanism, str] = MappingProxyType(
    {
        Mechanism.SUBSTITUTE: "The privacy service's contacts take the registrant's place at the registry.",
        Mechanism.RDDS_ONLY: (
            "The registrar's RDAP and WHOIS publish the privacy service in the registrant's place."
        ),
        Mechanism.RELAY_EMAIL: "The holder stays, and his e-mail address becomes a relay address.",
        Mechanism.REGISTRY_FLAG: "The registry's own privacy switch is set, and the holder stays.",
        Mechanism.NONE: "Privacy is refused, and nothing changes.",
    }
)

_REASONS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.PROHIBITED: "The registry's rules forbid privacy and proxy services.",
        Reason.ALREADY_REDACTED: (
            "The registry already withholds holders from the public, so there is nothing left to hide."
        ),
        Reason.LOCAL_PRESENCE: (
            "The registry accepts only holders on the spot, whose place a privacy service cannot take."
        ),
        Reason.UNSUPPORTED: (
            "No reliable rule is known that allows privacy here, and a wrong guess could cost the "
            "registrant his domain."
        ),
    }
)

_AT_REGISTRY: Mapping[Mechanism, str] = MappingProxyType(
    {
        Mechanism.SUBSTITUTE: "The domain gets contacts of the privacy service as {roles}.",
        Mechanism.RDDS_ONLY: "Nothing: the registry is not asked.",
        Mechanism.RELAY_EMAIL: "Only the e-mail address of {roles} changes.",
        Mechanism.REGISTRY_FLAG: "The contacts ({roles}) are marked as not to be shown, and keep their data.",
        Mechanism.NONE: "Nothing.",
    }
)

_PROXY = "the privacy service's name, address and telephone number, with a relay address for e-mail"

_WORDS: Mapping[Shown, str] = MappingProxyType(
    {
        Shown.NAME: "the name",
        Shown.ADDRESS: "the postal address",
        Shown.PHONE: "the telephone number",
        Shown.EMAIL: "the e-mail address",
        Shown.ID_NUMBER: "the identity number",
        Shown.NOTHING: "nothing",
        Shown.EVERYTHING: "all data of the holder",
        Shown.REGISTRAR_DECIDES: "what the registrar publishes",
        Shown.REGISTRY_SWITCH: "what the registry's switch leaves open",
    }
)

_CONFIDENCE: Mapping[Confidence, str] = MappingProxyType(
    {
        Confidence.HIGH: "High: the registry says so, or good sources agree",
        Confidence.MEDIUM: "Medium: registrars say so, the registry was not asked",
        Confidence.LOW: "Low: hearsay, which is not acted on",
    }
)

_LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "granted": "{} granted",
        "most": "{} at most",
        "idle_s": "ended after {} seconds of silence",
        "commands": "ended after {} commands",
        "requests_per_minute": "{} requests a minute",
        "names_per_check": "{} names in a check",
    }
)


def _at_registry(policy: TldPolicy) -> str:
    text = _AT_REGISTRY[policy.mechanism].format(roles=_and(list(policy.roles)))
    if policy.allowed and policy.protocol != "EPP":
        text += f" Registrars reach it by {policy.protocol}."
    return text


def _seen(policy: TldPolicy, shown: tuple[Shown, ...]) -> str:
    if policy.switch_changes_registrant:
        return f"The public sees {_PROXY}."
    words = dict(_WORDS)
    if policy.mechanism is Mechanism.RELAY_EMAIL:
        words[Shown.EMAIL] = "a relay address for e-mail"
    if Shown.UNKNOWN in shown:
        text = "What the public sees is not known to us."
    else:
        unsure = "as far as is known, " if policy.confidence is Confidence.LOW else ""
        text = _sentence(f"{unsure}the public sees {_and([words[each] for each in shown])}")
    return f"{text}{_seen_besides(policy.mechanism, shown)}"


def _seen_besides(mechanism: Mechanism, shown: tuple[Shown, ...]) -> str:
    if mechanism is Mechanism.RELAY_EMAIL and Shown.EMAIL not in shown:
        return " Where an e-mail address is shown, it is a relay address."
    if mechanism is Mechanism.REGISTRY_FLAG and FIELDS_SHOWN.issuperset(shown):
        return " The switch hides of it what the registry lets be hidden."
    if mechanism is Mechanism.REGISTRY_FLAG and Shown.EVERYTHING in shown:
        return " The switch does not hide it."
    return ""


def _holder_change(policy: TldPolicy) -> str:
    sentences = [_counts_as_change(policy)]
    if policy.switch_changes_registrant:
        days = policy.holder_change.lock_days
        lock = f"Transfers may then be locked for {days} days" if days else "No lock of transfers is known"
        sentences.append(f"{lock}.")
    if policy.operator:
        sentences.append(f"Here a change of holder is {HOLDER_CHANGES[policy.holder_change.kind]}.")
    if policy.holder_change.note:
        sentences.append(_sentence(policy.holder_change.note))
    return " ".join(sentences)


def _counts_as_change(policy: TldPolicy) -> str:
    if policy.mechanism is Mechanism.RDDS_ONLY:
        return "Yes, by what the registrar publishes; the registry sees none."
    if policy.mechanism is Mechanism.SUBSTITUTE:
        return "Yes: the privacy service becomes the holder."
    return "No: the holder stays." if policy.allowed else "No: nothing is switched."


def _presence(policy: TldPolicy) -> str:
    if not policy.operator:
        return "What is demanded of a holder is not known to us."
    return _sentence(f"demanded of a holder: {policy.presence or 'nothing that we know of'}")


def _confidence(policy: TldPolicy) -> str:
    if not policy.operator:
        return "High: what is not known is always refused."
    dated = f"newest source of {policy.source_date}" if policy.source_date else "sources without a date"
    return f"{_CONFIDENCE[policy.confidence]}; {dated}."


def _sessions(limits: SessionLimits) -> str:
    known = {name: value for name, value in asdict(limits).items() if value is not None}
    text = ", ".join(_LIMITS[name].format(value) for name, value in known.items())
    return _sentence(text) if text else ""


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].removesuffix('.')}."
