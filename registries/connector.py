"""The protocol by which the service asks a registry for a state, whatever the way there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from registries.contact import Contact, Role
from registries.policy import Mechanism


@dataclass(frozen=True, slots=True)
class Change:
    """The wanted state of one domain's contacts at its registry.

    Attributes:
        operation_id: Ours; the same change asked twice has the same id.
        domain: A-label.
        hide: True to reach the private state, False to restore the registrant.
        contacts: What the registry shall hold per role. With `substitute` and `hide`, the proxy
            identity; with `relay_email` and `hide`, the registrant with the relay address as e-mail;
            otherwise the registrant. Only roles in the TLD's policy are present.
    """

    operation_id: str
    domain: str
    mechanism: Mechanism
    hide: bool
    contacts: Mapping[Role, Contact]


@dataclass(frozen=True, slots=True)
class ObservedContact:
    """A contact as the registry reads it back.

    Attributes:
        public: Whether the registry publishes name, address, phone and e-mail (every `disclose` on).
        hidden: Whether the registry withholds all of them (every `disclose` off).
    """

    handle: str
    contact: Contact
    public: bool
    hidden: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """What the registry holds for a domain, read back with info commands."""

    domain: str
    statuses: tuple[str, ...]
    contacts: Mapping[Role, ObservedContact]
    commands: tuple[str, ...] = field(default=())
    """Names of the commands it took, in order, such as `contact:create`."""


class Connector(Protocol):
    """A way to one registry account."""

    async def apply(self, change: Change) -> Observation:
        """Reach the wanted state and prove it by reading it back; idempotent.

        Raises:
            RegistryUnavailable: Not reachable now; retry.
            OutcomeUnknown: Sent, no answer; calling again reads first.
            RegistryRefused: The registry will not.
            VerificationFailed: It said yes and did something else.
            ContactsNotHeld: There is nothing to change at this registry.
        """
        ...

    async def read(self, domain: str) -> Observation:
        """Read what the registry holds; errors as for `apply`."""
        ...

    async def close(self) -> None:
        """Log out and close every connection."""
        ...
