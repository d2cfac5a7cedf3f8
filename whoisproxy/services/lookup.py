"""Answer what the public may see of domains, hosts and registrars; `publication.redaction` decides it."""

from collections.abc import Iterable, Mapping

from registries.catalogue import Catalogue
from registries.contact import Role
from registries.policy import Mechanism
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import PrivacyStatus
from whoisproxy.domain.proxy_identity import Brand
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress
from whoisproxy.publication.record import RddsEntity, RddsHost, RddsRecord
from whoisproxy.publication.redaction import build_entity, build_host, build_record
from whoisproxy.services.identities import identities_of
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork


class Lookup:
    """Reads domains for RDAP and WHOIS.

    Args:
        storage: The database.
        catalogue: Rules of TLDs.
        default_brand: Brand of registrars that have none of their own.
        clock: Gives aware UTC.
        contact_prefix: As in `publication.redaction`.
    """

    def __init__(
        self,
        storage: Storage,
        catalogue: Catalogue,
        default_brand: Brand,
        clock: Clock,
        contact_prefix: str = "",
    ) -> None:
        self._contact_prefix = contact_prefix
        self._storage = storage
        self._catalogue = catalogue
        self._default_brand = default_brand
        self._clock = clock

    async def domain(self, name: DomainName) -> RddsRecord | None:
        """Return a domain's record, or None where it is not held here, or no longer."""
        # One snapshot: what the owner wants and what is shown cannot come from two moments.
        async with self._storage.glance() as uow:
            registration = await uow.registrations.by_name(name)
            return await self.record(uow, registration) if registration else None

    async def record(self, uow: UnitOfWork, registration: Registration) -> RddsRecord | None:
        """Return the record of a domain that was read in the same transaction; None as for `domain`."""
        privacy = await uow.privacy.get(registration.id)
        if privacy.departed:
            return None
        registrar = await uow.registrars.get(registration.registrar_id)
        relays = await uow.relays.of_domain(registration.id) if privacy.status.hidden else []
        ids = await self.contact_ids(uow, [registration])
        if registrar is None:
            return None
        return self.shown(registration, privacy.status, registrar, relays, ids.get(registration.id, {}))

    async def contact_ids(
        self, uow: UnitOfWork, registrations: Iterable[Registration]
    ) -> dict[str, dict[Role, str]]:
        """Return the registry's ids of the contacts that may be shown with domains, by the domains' ids."""
        made = [
            each.id
            for each in registrations
            if self._catalogue.policy(each.name.suffix).mechanism is Mechanism.SUBSTITUTE
        ]
        return await uow.registry_contacts.own_ids_of_domains(made) if made else {}

    def shown(
        self,
        registration: Registration,
        status: PrivacyStatus,
        registrar: Registrar,
        relays: Iterable[RelayAddress],
        ids: Mapping[Role, str],
    ) -> RddsRecord:
        """Return the record that a domain has, or would have: nothing is read.

        Args:
            registration: The domain with its holder.
            status: Of its privacy; decides whether the holder is shown.
            registrar: Whose domain it is.
            relays: The domain's addresses.
            ids: Of this domain, from `contact_ids`.
        """
        return build_record(
            registration,
            status,
            identities_of(registrar, relays, self._default_brand),
            registrar,
            self._catalogue.policy(registration.name.suffix),
            self._clock(),
            self._default_brand,
            ids,
            self._contact_prefix,
        )

    async def nameserver(self, name: str) -> RddsHost | None:
        """Return a host that domains held here use or that is below one, or None.

        Args:
            name: A-labels, lower case, without a final dot.
        """
        async with self._storage.glance() as uow:
            host = await uow.name_servers.get(name)
            registrar = await uow.registrars.get(host.registrar_id) if host else None
        if host is None or registrar is None:
            return None
        return build_host(name, host.addresses, registrar, self._clock(), self._default_brand)

    async def registrar(self, handle: str) -> RddsEntity | None:
        """Return a registrar by its IANA id or its name in any case, or None."""
        async with self._storage.reading() as uow:
            registrar = await uow.registrars.published_as(handle)
        return build_entity(registrar, self._clock(), self._default_brand) if registrar else None
