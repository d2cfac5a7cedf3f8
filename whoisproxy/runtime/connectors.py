"""Registry accounts from the settings: which connector serves which TLD."""

from collections.abc import Iterable, Mapping

from registries.connector import Connector, Desk
from registries.epp.connector import EppConnector
from registries.epp.pool import PoolLimits, SessionPool
from registries.epp.session import Account
from registries.epp.transport import Endpoint, client_tls
from whoisproxy.config import ConfigurationError, RegistryAccount
from whoisproxy.services.registry_contacts import ContactJournal
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage


class Connectors:
    """The connector of each public suffix.

    Attributes:
        desks: Accounts with a message queue, by name.
    """

    def __init__(self, by_suffix: Mapping[str, Connector], desks: Mapping[str, Desk]) -> None:
        self._by_suffix = by_suffix
        self.desks = desks

    def for_suffix(self, suffix: str) -> Connector | None:
        """Return the connector for `org` or `co.uk`, None where no account serves it."""
        return self._by_suffix.get(suffix)

    async def close(self) -> None:
        """Log out everywhere."""
        for connector in {id(connector): connector for connector in self._by_suffix.values()}.values():
            await connector.close()


def open_connectors(accounts: Iterable[RegistryAccount], storage: Storage, clock: Clock) -> Connectors:
    """Prepare a session pool per account; it connects when first used.

    Raises:
        ConfigurationError: A suffix has two accounts, or a file cannot be read.
    """
    by_suffix: dict[str, Connector] = {}
    desks: dict[str, Desk] = {}
    for account in accounts:
        limits = PoolLimits(max_sessions=account.sessions)
        journal = ContactJournal(storage, account.name, clock)
        connector = EppConnector(SessionPool(_account(account), limits), journal=journal)
        desks[account.name] = connector
        for suffix in account.suffixes:
            if suffix in by_suffix:
                raise ConfigurationError(f"registries: two accounts serve .{suffix}")
            by_suffix[suffix] = connector
    return Connectors(by_suffix, desks)


def _account(account: RegistryAccount) -> Account:
    try:
        tls = client_tls(account.ca_file, account.client_certificate, account.client_key)
        password = account.password_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"registries.{account.name}: {error.filename}: {error.strerror}") from None
    return Account(account.name, Endpoint(account.host, account.port, tls), account.client_id, password)
