"""Registrars that keep the registry connection to themselves: whose domains go to which backend."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from registries.callback.connector import CallbackConnector
from registries.callback.task import Terms
from registries.connector import Change, Connector, Observation
from registries.errors import NoAccount
from registries.lookup.public import Directory, PublicView
from registries.lookup.rdap import RdapDirectory
from registries.lookup.whois import WhoisDirectory
from whoisproxy.config import CallbackAccount, ConfigurationError
from whoisproxy.services.registry_sync import Connectors
from whoisproxy.services.registry_tasks import RegistryTasks


class ByRegistrar:
    """One ending that registrars serve in different ways; implements `registries.connector.Connector`.

    A change goes to the backend of the domain's own registrar and to no other: it may carry the registrant.
    """

    def __init__(
        self, tasks: RegistryTasks, backends: Mapping[str, CallbackConnector], others: Connector | None
    ) -> None:
        self._tasks = tasks
        self._backends = dict(backends)
        self._others = others

    async def apply(self, change: Change) -> Observation:
        """Ask the way that serves the domain's registrar; raise NoAccount where none does."""
        return await (await self._way(change.domain)).apply(change)

    async def read(self, domain: str) -> Observation:
        """Read by the way that serves the domain's registrar; raise NoAccount where none does."""
        return await (await self._way(domain)).read(domain)

    async def close(self) -> None:
        """Close what is the backends'; the other way is closed by whoever opened it."""
        for backend in self._backends.values():
            await backend.close()

    async def _way(self, domain: str) -> Connector:
        way = self._backends.get(await self._tasks.registrar_of(domain)) or self._others
        if way is None:
            raise NoAccount("no account serves this registrar's domains of this ending")
        return way


class CallbackConnectors:
    """The connector of each public suffix, backends before the accounts of our own."""

    def __init__(self, by_suffix: Mapping[str, ByRegistrar], others: Connectors) -> None:
        self._by_suffix = dict(by_suffix)
        self._others = others

    def for_suffix(self, suffix: str) -> Connector | None:
        """Return the connector for `org` or `co.uk`, None where nothing serves it."""
        return self._by_suffix.get(suffix) or self._others.for_suffix(suffix)

    async def close(self) -> None:
        """Close what is the backends'; the others are closed by whoever opened them."""
        for connector in self._by_suffix.values():
            await connector.close()


def with_callbacks(
    others: Connectors, accounts: Iterable[CallbackAccount], tasks: RegistryTasks
) -> CallbackConnectors:
    """Return the connectors with those of the registrars' backends.

    Raises:
        ConfigurationError: Two accounts serve the same ending of the same registrar.
    """
    backends: dict[str, dict[str, CallbackConnector]] = {}
    for account in accounts:
        connector = CallbackConnector(tasks, _public_view(account), _terms(account))
        for suffix in account.suffixes:
            of_suffix = backends.setdefault(suffix, {})
            if account.registrar in of_suffix:
                raise ConfigurationError(
                    f"callback.{account.name}: another serves .{suffix} of this registrar"
                )
            of_suffix[account.registrar] = connector
    by_suffix = {
        suffix: ByRegistrar(tasks, of_suffix, others.for_suffix(suffix))
        for suffix, of_suffix in backends.items()
    }
    return CallbackConnectors(by_suffix, others)


def _terms(account: CallbackAccount) -> Terms:
    return Terms(timedelta(hours=account.deadline_hours), timedelta(minutes=account.settle_minutes))


def _public_view(account: CallbackAccount) -> PublicView:
    directories: list[Directory] = []
    allow_private = account.allow_private_addresses
    if account.rdap_base_url:
        directories.append(RdapDirectory(account.rdap_base_url, allow_private=allow_private))
    if account.whois_server:
        host, _, port = account.whois_server.rpartition(":")
        directories.append(WhoisDirectory(host, int(port), allow_private=allow_private))
    return PublicView(directories)
