"""What a switch of privacy would change. Pure functions: nothing is asked and nothing is changed.

For a mechanism at the registry a preview shows what the registry would hold, else what we would publish.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from registries.contact import Contact, Role
from registries.policy import Mechanism, TldPolicy
from whoisproxy.domain.proxy_identity import Brand, ProxyIdentity
from whoisproxy.domain.registrant import Registrant
from whoisproxy.services.identities import (
    Difference,
    contacts_for,
    differences,
    published_contacts,
    roles_of,
)

UNKNOWN = "(random)"
"""Local part of an address that is made when privacy is switched on."""

_CONTACTS_AT_REGISTRY = frozenset({Mechanism.SUBSTITUTE, Mechanism.RELAY_EMAIL})


@dataclass(frozen=True, slots=True)
class Preview:
    """What the world sees before and after a switch, per role, and every field that differs.

    Attributes:
        because: Why the rule is not the TLD's own; "" where it is.
    """

    policy: TldPolicy
    before: Mapping[Role, Contact]
    after: Mapping[Role, Contact]
    differences: tuple[Difference, ...]
    because: str = ""


def future_identities(
    policy: TldPolicy, known: Mapping[Role, ProxyIdentity], brand: Brand, relay_domain: str
) -> dict[Role, ProxyIdentity]:
    """Return an identity for every role of the policy.

    An address is made when privacy is switched on; before that only its domain is known.
    """
    unknown = ProxyIdentity(brand, f"{UNKNOWN}@{relay_domain}")
    return {role: known.get(role, unknown) for role in roles_of(policy)}


def preview_of(  # noqa: PLR0913 - a preview is made of these
    policy: TldPolicy,
    registrant: Registrant,
    identities: Mapping[Role, ProxyIdentity],
    *,
    hidden: bool,
    enabled: bool,
    shared_email: str = "",
) -> Preview:
    """Return what switching to `enabled` would change where the registrant is `hidden` now, or not."""

    def show(*, hide: bool) -> dict[Role, Contact]:
        if policy.mechanism in _CONTACTS_AT_REGISTRY:
            return contacts_for(policy, registrant, identities, hide=hide, shared_email=shared_email)
        return published_contacts(policy, registrant, identities, hide=hide)

    before = show(hide=hidden)
    after = show(hide=enabled if policy.allowed else hidden)
    return Preview(policy, before, after, differences(before, after))
