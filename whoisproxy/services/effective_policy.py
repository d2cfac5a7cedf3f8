"""The rule that holds for a domain: the TLD's, unless the registry was found to hold no contacts for it.

Registries of the minimum data set keep no contacts, or ceased to. What is published of them then is what
we publish ourselves: the mechanism becomes `rdds_only`, and goes back once the registry shows contacts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from registries.catalogue import Catalogue
from registries.policy import Mechanism, TldPolicy
from whoisproxy.domain.names import DomainName
from whoisproxy.services.settings import AccountFacts
from whoisproxy.storage.unit_of_work import UnitOfWork

NO_CONTACTS = "REGISTRY_HOLDS_NO_CONTACTS"

_EXPLANATION = "The registry holds no contacts for the domain, so what is published of them, we publish."
_NEED_CONTACTS = frozenset({Mechanism.SUBSTITUTE, Mechanism.RELAY_EMAIL, Mechanism.REGISTRY_FLAG})


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """A rule and why it is not the TLD's.

    Attributes:
        because: Stable code; "" where it is the TLD's.
    """

    policy: TldPolicy
    because: str = ""


async def effective_policies(
    uow: UnitOfWork, catalogue: Catalogue, accounts: Mapping[str, AccountFacts], names: Iterable[DomainName]
) -> dict[DomainName, EffectivePolicy]:
    """Return the rules that hold for domains now.

    Args:
        uow: What was found of registries is read in it.
        catalogue: Has the rules of the TLDs.
        accounts: Our account at the registry of each public suffix.
        names: Of the domains.
    """
    rules = {name: catalogue.policy(name.suffix) for name in names}
    asked = {
        name.a_label: accounts[name.suffix].name
        for name, rule in rules.items()
        if name.suffix in accounts and rule.mechanism in _NEED_CONTACTS
    }
    without = await uow.registry_accounts.without_contacts(asked) if asked else frozenset()
    return {
        name: without_contacts(rule) if name.a_label in without else EffectivePolicy(rule)
        for name, rule in rules.items()
    }


def without_contacts(rule: TldPolicy) -> EffectivePolicy:
    """Return what holds in place of a rule for domains of which the registry holds no contacts."""
    if rule.mechanism not in _NEED_CONTACTS:
        return EffectivePolicy(rule)
    here = replace(rule, mechanism=Mechanism.RDDS_ONLY, explanation=_EXPLANATION)
    return EffectivePolicy(here, NO_CONTACTS)
