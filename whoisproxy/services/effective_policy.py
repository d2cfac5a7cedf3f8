"""The rule that holds for a domain: the TLD's, unless the registry was found to hold no contacts for it.

Registries of the minimum data set keep no contacts, or ceased to. What is published of them then is what
we publish ourselves: the mechanism becomes `rdds_only`, and goes back once the registry shows contacts.
"""

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


async def effective_policy(
    uow: UnitOfWork, catalogue: Catalogue, account: AccountFacts | None, name: DomainName
) -> EffectivePolicy:
    """Return the rule that holds for a domain now."""
    policy = catalogue.policy(name.suffix)
    if account is None or policy.mechanism not in _NEED_CONTACTS:
        return EffectivePolicy(policy)
    if not await uow.registry_accounts.holds_no_contacts(account.name, name.a_label):
        return EffectivePolicy(policy)
    here = replace(policy, mechanism=Mechanism.RDDS_ONLY, explanation=_EXPLANATION)
    return EffectivePolicy(here, NO_CONTACTS)
