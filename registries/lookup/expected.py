"""What the public must see of a domain whose holder is hidden, and what it must not: by mechanism."""

from collections.abc import Sequence

from registries.contact import Contact
from registries.lookup.evidence import ALL_FIELDS, Evidence
from registries.lookup.verdict import Expectation
from registries.policy import Mechanism

# With a flag the holder stays, and registries go on showing his organisation and his region.
_WITHHELD_BY_FLAG = ALL_FIELDS - {"organization", "region"}

# Under these the registry itself publishes what hides the holder.
_PROVED_BY_ADDRESS = frozenset({Mechanism.SUBSTITUTE, Mechanism.RELAY_EMAIL})


def hidden(
    domain: str, mechanism: Mechanism, holder: Contact, wanted: Sequence[Contact], earlier: tuple[str, ...]
) -> Expectation:
    """Return what directories must show of a domain whose holder is hidden.

    - `substitute`: the relay address or the proxy's organisation, and nothing of the holder's alone;
    - `relay_email`: the relay address in place of the holder's own;
    - `registry_flag`: the domain without the holder;
    - otherwise the directory holds no contacts of ours: the domain, and nothing of the holder.

    Args:
        domain: A-label.
        mechanism: How privacy is reached in the directories that are asked.
        holder: The registrant's own data.
        wanted: The contacts that are published in place of his.
        earlier: Relay addresses of the domain that are published no longer.
    """
    if mechanism is Mechanism.REGISTRY_FLAG:
        return Expectation(domain, Evidence(holder, among=_WITHHELD_BY_FLAG))
    evidence = Evidence(holder, wanted)
    if mechanism not in _PROVED_BY_ADDRESS:
        return Expectation(domain, evidence, gone=earlier)
    # A proxy's name is often its registrar's, which shows anyway; its organisation says that it is a proxy.
    proxies = wanted if mechanism is Mechanism.SUBSTITUTE else ()
    identities = tuple({contact.organization for contact in proxies if contact.organization})
    addresses = tuple({contact.email for contact in wanted})
    return Expectation(domain, evidence, addresses, identities, earlier)
