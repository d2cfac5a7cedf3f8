"""Switch domains' privacy, and say what it is.

What a switch makes of a domain is decided in `switching`. The wanted state, an operation, its work and an
event are written in one unit of work; `registry_sync` carries it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from registries.catalogue import Catalogue
from registries.contact import Contact, Role
from registries.policy import TldPolicy
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import WhoisproxyError
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Operation
from whoisproxy.domain.privacy import KeptConsent, Privacy
from whoisproxy.domain.proxy_identity import ProxyIdentity
from whoisproxy.domain.registration import Registration
from whoisproxy.services.changes import Change, write
from whoisproxy.services.holding import Holding, demanded, hold, holdings
from whoisproxy.services.identities import identities_of, published_contacts
from whoisproxy.services.previews import Preview, future_identities, preview_of
from whoisproxy.services.settings import Clock, PrivacySettings
from whoisproxy.services.switching import SwitchRequest, resumed, rotated, suspended, switched
from whoisproxy.storage.gathering import Gathering
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True)
class PrivacyView:
    """A domain's privacy as its registrar sees it.

    Attributes:
        because: Why the rule is not the TLD's own, such as REGISTRY_HOLDS_NO_CONTACTS; "" where it is.
        identity: The registrant's proxy identity while hidden, else None.
        operation: The operation that works on it now, else None.
        published: Contacts as RDAP and WHOIS show them.
    """

    registration: Registration
    privacy: Privacy
    policy: TldPolicy
    because: str
    identity: ProxyIdentity | None
    operation: Operation | None
    published: Mapping[Role, Contact]


@dataclass(frozen=True, slots=True)
class _Wish:
    registrar: Registrar
    name: DomainName
    request: SwitchRequest
    if_match: int | None


class PrivacyService:
    """The use cases of privacy, each for one registrar's domain; switches asked at once share a commit."""

    def __init__(
        self, storage: Storage, catalogue: Catalogue, settings: PrivacySettings, clock: Clock
    ) -> None:
        self._storage = storage
        self._catalogue = catalogue
        self._settings = settings
        self._clock = clock
        self._switches = Gathering(storage.unit_of_work, self._switch_all, key=lambda wish: wish.name)

    async def status(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Return the domain's privacy as it stands, or raise NotFound."""
        async with self._storage.reading() as uow:
            return self._view(registrar, await self._held(uow, registrar, name))

    async def switch(
        self, registrar: Registrar, name: DomainName, request: SwitchRequest, if_match: int | None = None
    ) -> PrivacyView:
        """Write what the owner wants and start the work for it; the same again changes nothing.

        A switch while another is under way takes its place.

        Raises:
            NotFound: The registrar has no such domain.
            PreconditionFailed: `if_match` names another version.
            PrivacyNotAllowed: The TLD's rule is `none`.
            RegistrantUnverified: Nobody vouches for the mailbox that mail would go to.
            ConsentRequired: The owner's consent is neither sent nor recorded.
            DomainLocked: The state, or a status at the registry, does not admit a switch now.
            InvalidInput: `forward_to` is no mailbox.
        """
        return await self._switches.ask(_Wish(registrar, name, request, if_match))

    async def consents(self, registrar: Registrar, name: DomainName) -> list[KeptConsent]:
        """Return what the domain's holder has agreed to, the oldest first; or raise NotFound."""
        async with self._storage.reading() as uow:
            registration = await hold(uow, registrar, name)
            found = await uow.consents.of_domains([registration.id])
        return found.get(registration.id, [])

    async def preview(self, registrar: Registrar, name: DomainName, *, enabled: bool) -> Preview:
        """Return what a switch would change; nothing is changed anywhere.

        Raises:
            NotFound: The registrar has no such domain.
        """
        async with self._storage.reading() as uow:
            held = await self._held(uow, registrar, name)
        policy, hidden, default = held.policy, held.privacy.status.hidden, self._settings.brand
        known = identities_of(registrar, held.relays, default)
        identities = future_identities(policy, known, registrar.brand or default, self._settings.relay_domain)
        account = self._settings.accounts.get(name.suffix)
        preview = preview_of(
            policy,
            held.registration.registrant,
            identities,
            hidden=hidden,
            enabled=enabled,
            shared_email=account.shared_email if account else "",
        )
        return replace(preview, because=held.because)

    async def rotate(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Publish new relay addresses; the old ones take mail through their grace period.

        Raises:
            NotFound: The registrar has no such domain.
            PrivacyNotAllowed: The TLD's rule is `none`.
            DomainLocked: Privacy is not on, or the registry does not take changes now.
        """
        async with self._storage.unit_of_work() as uow:
            held = await self._held(uow, registrar, name)
            return await self._write(uow, registrar, rotated(held, self._settings, self._clock()))

    async def suspend(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Freeze switching, as in a dispute; what is published stays as it is.

        Raises:
            NotFound: The registrar has no such domain.
            DomainLocked: It is suspended already.
        """
        async with self._storage.unit_of_work() as uow:
            held = await self._held(uow, registrar, name)
            return await self._write(uow, registrar, suspended(held, self._clock()))

    async def resume(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Thaw switching, and go on towards what the owner wants.

        Raises:
            NotFound: The registrar has no such domain.
            DomainLocked: It is not suspended.
        """
        async with self._storage.unit_of_work() as uow:
            held = await self._held(uow, registrar, name)
            return await self._write(uow, registrar, resumed(held, self._clock()))

    async def _held(self, uow: UnitOfWork, registrar: Registrar, name: DomainName) -> Holding:
        registration = await hold(uow, registrar, name)
        return (await holdings(uow, self._catalogue, self._settings.accounts, [registration]))[name]

    async def _switch_all(
        self, uow: UnitOfWork, wishes: Sequence[_Wish]
    ) -> list[PrivacyView | WhoisproxyError]:
        """Switch many domains, and say of each what it is now or why it was not switched."""
        found = await uow.registrations.by_names(wish.name for wish in wishes)
        known = await holdings(uow, self._catalogue, self._settings.accounts, found.values())
        now = self._clock()
        changes: list[Change] = []
        answers: list[PrivacyView | WhoisproxyError] = []
        for wish in wishes:
            try:
                demanded(found.get(wish.name), wish.registrar, wish.if_match)
                change = switched(known[wish.name], wish.request, self._settings, now)
            except WhoisproxyError as refused:
                answers.append(refused)
                continue
            if change.after != change.before:
                changes.append(change)
            answers.append(self._view(wish.registrar, change.after))
        await write(uow, changes, now)
        return answers

    async def _write(self, uow: UnitOfWork, registrar: Registrar, change: Change) -> PrivacyView:
        await write(uow, [change], change.after.privacy.updated_at)
        return self._view(registrar, change.after)

    def _view(self, registrar: Registrar, held: Holding) -> PrivacyView:
        policy, hidden = held.policy, held.privacy.status.hidden
        identities = identities_of(registrar, held.relays, self._settings.brand)
        return PrivacyView(
            registration=held.registration,
            privacy=held.privacy,
            policy=policy,
            because=held.because,
            identity=identities.get(Role.REGISTRANT) if hidden else None,
            operation=held.operation,
            published=published_contacts(policy, held.registration.registrant, identities, hide=hidden),
        )
