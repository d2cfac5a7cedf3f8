"""Registry accounts from the settings: which connector serves which TLD."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from registries.connector import Connector, Desk
from registries.epp.connector import EppConnector
from registries.epp.pool import PoolLimits, SessionPool
from registries.epp.session import Account
from registries.epp.transport import Deadlines, Endpoint, WireLog, client_tls
from whoisproxy.config import ConfigurationError, RegistryAccount
from whoisproxy.services.registry_contacts import ContactJournal
from whoisproxy.services.settings import Clock
from whoisproxy.storage.session_leases import StoredLeases
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
        ConfigurationError: A file cannot be read.
    """
    by_suffix: dict[str, Connector] = {}
    desks: dict[str, Desk] = {}
    for account in accounts:
        journal = ContactJournal(storage, account.name, clock)
        connector = EppConnector(session_pool(account, storage), journal=journal)
        desks[account.name] = connector
        by_suffix |= dict.fromkeys(account.suffixes, connector)
    return Connectors(by_suffix, desks)


def session_pool(
    settings: RegistryAccount, storage: Storage, on_frame: WireLog | None = None, new_password: str = ""
) -> SessionPool:
    """Return the sessions of an account, on leases that all processes on this database share.

    Args:
        settings: As configured.
        storage: Where the leases are.
        on_frame: Called with each frame.
        new_password: What a login makes the password; "" to keep it.

    Raises:
        ConfigurationError: A file cannot be read.
    """
    account = replace(_account(settings), new_password=new_password)
    limits = PoolLimits(
        max_sessions=settings.sessions,
        requests_per_minute=settings.requests_per_minute,
        borrow_s=settings.wait_s,
        keepalive_s=settings.hello_s,
        max_age_s=settings.session_age_s,
        max_commands=settings.session_commands,
    )
    leases = StoredLeases(storage, account.name, f"{account.client_id}\0{account.password}")
    return SessionPool(account, limits, leases=leases, on_frame=on_frame)


def _account(settings: RegistryAccount) -> Account:
    try:
        tls = client_tls(settings.ca_file, settings.client_certificate, settings.client_key)
        password = settings.password_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        # What OpenSSL complains of names no file.
        where = error.filename or "ca_file, client_certificate or client_key"
        raise ConfigurationError(f"registries.{settings.name}: {where}: {error.strerror}") from None
    return Account(
        settings.name,
        Endpoint(settings.host, settings.port, tls, settings.server_name),
        settings.client_id,
        password,
        deadlines=Deadlines(
            connect_s=settings.connect_s, greeting_s=settings.connect_s, answer_s=settings.answer_s
        ),
    )
