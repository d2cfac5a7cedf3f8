"""The protocols by which the service asks a registry for a state, and looks after an account there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from registries.contact import Contact, Role
from registries.delegation import RegistryFacts
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
        pending: Transaction of an earlier try that somebody else is still to finish (`ChangePending`):
            then it is only read whether that has happened. "" where nothing is pending.
        shared: Whether other domains may use the same contact objects.
    """

    operation_id: str
    domain: str
    mechanism: Mechanism
    hide: bool
    contacts: Mapping[Role, Contact]
    pending: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class ObservedContact:
    """A contact as the registry reads it back.

    Attributes:
        public: Whether the registry publishes name, address, phone and e-mail (every `disclose` on).
        hidden: Whether the registry withholds all of them (every `disclose` off).
        registry_id: Repository object id (RFC 5730 section 2.8); "" where it says none.
    """

    handle: str
    contact: Contact
    public: bool
    hidden: bool
    registry_id: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What the registry holds for a domain, read back with info commands.

    Attributes:
        commands: Names of the commands it took, in order, such as `contact:create`.
        deleted: Handles of contacts that are known to be gone.
        facts: What else was read of the domain; None where the registry was not asked.
    """

    domain: str
    statuses: tuple[str, ...]
    contacts: Mapping[Role, ObservedContact]
    commands: tuple[str, ...] = ()
    deleted: frozenset[str] = frozenset()
    facts: RegistryFacts | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message from the registry's queue for the account.

    Attributes:
        message_id: The registry's; an acknowledgement names it.
        text: The registry's words, which may name persons: never log them.
        about: Domain (A-label) or contact handle that it is about; "" where it names none.
        succeeded: How a change ended that was pending; None for other messages.
        transaction: The registry's id of that change, as `ChangePending` gave it.
        transfer: Status of the transfer that it tells of (RFC 5730 section 2.9.3.4), such as
            `serverApproved`; "" for other messages.
        gone: Whether the domain belongs to another account from now on.
    """

    message_id: str
    text: str = field(repr=False)
    about: str = ""
    succeeded: bool | None = None
    transaction: str = ""
    transfer: str = ""
    gone: bool = False


class Disposal(StrEnum):
    """What came of deleting a contact."""

    DELETED = "deleted"
    ABSENT = "absent"  # there was none, or it is another registrar's
    KEPT = "kept"  # something refers to it still


class Journal(Protocol):
    """Where a connector writes down what a change begins, so that it can be taken up or cleared away."""

    async def note(
        self, change: Change, made: Mapping[str, Role], replaced: Mapping[str, Role]
    ) -> Collection[str]:
        """Put contact objects on disk; called before the first command that changes anything.

        Args:
            change: On whose behalf.
            made: Handles of the contacts that it will create, or finds created by an earlier try.
            replaced: Handles that the domain has now and will have no longer.

        Returns:
            Those of `made` that may be there already, from an earlier try or for another domain.
        """
        ...


class Connector(Protocol):
    """A way to one registry account."""

    async def apply(self, change: Change) -> Observation:
        """Reach the wanted state and prove it by reading it back; idempotent.

        Raises:
            RegistryUnavailable: Not reachable now; retry.
            OutcomeUnknown: Sent, no answer; calling again reads first.
            RegistryRefused: The registry will not.
            VerificationFailed: It said yes and did something else.
            ChangePending: Somebody else finishes it; ask again once he is said to have done so.
            ContactsNotHeld: There is nothing to change at this registry.
            SponsoredElsewhere: The domain was transferred away.
        """
        ...

    async def read(self, domain: str) -> Observation:
        """Read what the registry holds; errors as for `apply`."""
        ...

    async def close(self) -> None:
        """Log out and close every connection."""
        ...


class Desk(Protocol):
    """What an account at a registry needs besides changes; where there is no message queue, nobody has one.

    Every method raises RegistryError when the registry does not answer as it should.
    """

    async def next_message(self) -> Message | None:
        """Return the oldest message, which stays until it is acknowledged; None when there is none."""
        ...

    async def acknowledge(self, message_id: str) -> None:
        """Take a message off the queue; one that is gone already does no harm."""
        ...

    async def dispose(self, handle: str, domain: str) -> Disposal:
        """Delete a contact, once of `domain`, that no object refers to."""
        ...
