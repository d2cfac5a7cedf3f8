"""Who a look at the public is about, and what must be seen of him, which is nothing.

Our own servers show the proxy's contacts, whatever the mechanism. What a registry's show depends on it.
"""

from dataclasses import dataclass
from typing import Protocol

from registries.catalogue import Catalogue
from registries.lookup.expected import hidden
from registries.lookup.public import PublicView
from registries.lookup.verdict import Expectation
from registries.policy import Mechanism, TldPolicy
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.privacy import Privacy
from whoisproxy.domain.publication_watch import Place
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress, RelayState
from whoisproxy.services.effective_policy import effective_policies
from whoisproxy.services.identities import (
    contacts_for,
    identities_of,
    published_contacts,
    registrant_contact,
)
from whoisproxy.services.settings import AccountFacts, PrivacySettings
from whoisproxy.storage.unit_of_work import UnitOfWork

_NO_ACCOUNT = AccountFacts("")


@dataclass(frozen=True, slots=True)
class Post:
    """From where a domain is looked at.

    Attributes:
        lane: Names the servers that are asked; whoever asks the same ones shares their pace.
    """

    lane: str
    view: PublicView


class Posts(Protocol):
    """The public directories that are known.

    Attributes:
        digest: Another one where other directories are known.
    """

    digest: str

    def post(self, place: Place, suffix: str) -> Post | None:
        """Return from where domains of a public suffix are looked at; None where no directory is known."""
        ...

    def looks_per_minute(self, lane: str) -> float:
        """Return the pace of a lane, for all machines together."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Subject:
    """A domain as it was when a look began; equal to what it is later where nothing has changed."""

    registration: Registration
    privacy: Privacy
    policy: TldPolicy
    registrar: Registrar
    relays: tuple[RelayAddress, ...]


class Subjects:
    """Reads subjects, and says what must be seen of them."""

    def __init__(self, catalogue: Catalogue, settings: PrivacySettings) -> None:
        self._catalogue = catalogue
        self._settings = settings

    async def read(self, uow: UnitOfWork, domain_id: str) -> Subject | None:
        """Return the domain, which is locked where the unit of work writes; None where it is gone."""
        registration = await uow.registrations.by_id(domain_id)
        if registration is None:
            return None
        registrar = await uow.registrars.get(registration.registrar_id)
        if registrar is None:
            return None
        name = registration.name
        rules = await effective_policies(uow, self._catalogue, self._settings.accounts, [name])
        return Subject(
            registration=registration,
            privacy=await uow.privacy.get(domain_id),
            policy=rules[name].policy,
            registrar=registrar,
            relays=tuple(await uow.relays.of_domain(domain_id)),
        )

    def expectation(self, subject: Subject, place: Place) -> Expectation:
        """Return what a place must show of a subject that is hidden."""
        policy, registrant = subject.policy, subject.registration.registrant
        identities = identities_of(subject.registrar, subject.relays, self._settings.brand)
        account = self._settings.accounts.get(subject.registration.name.suffix, _NO_ACCOUNT)
        if place is Place.OWN or policy.mechanism in {Mechanism.RDDS_ONLY, Mechanism.NONE}:
            wanted = published_contacts(policy, registrant, identities, hide=True)
        else:
            wanted = contacts_for(
                policy, registrant, identities, hide=True, shared_email=account.shared_email
            )
        return hidden(
            subject.registration.name.a_label,
            Mechanism.SUBSTITUTE if place is Place.OWN else policy.mechanism,
            registrant_contact(registrant),
            tuple(wanted.values()),
            tuple(each.address for each in subject.relays if each.state is not RelayState.ACTIVE),
        )
