"""What the operator writes of a registry account is what the client keeps to."""

from pathlib import Path

import pytest

from registries.epp.pool import PoolLimits
from registries.epp.transport import Deadlines
from registries.sandbox.authority import CertificateAuthority
from whoisproxy.config import ConfigurationError, RegistryAccount
from whoisproxy.runtime.connectors import session_pool
from whoisproxy.runtime.service import worker_settings
from whoisproxy.storage.unit_of_work import Storage


@pytest.fixture
def account(tmp_path: Path) -> RegistryAccount:
    """An account with every limit other than usual."""
    (tmp_path / "password").write_text("foo-BAR2\n")
    return RegistryAccount(
        name="example",
        host="192.0.2.1",
        port=3121,
        client_id="registrar-1",
        password_file=tmp_path / "password",
        server_name="epp.registry.example",
        suffixes=("org",),
        sessions=4,
        requests_per_minute=100,
        session_commands=1200,
        session_age_s=3600,
        hello_s=90,
        connect_s=5,
        answer_s=60,
        wait_s=20,
    )


async def test_every_limit_of_the_settings_reaches_the_pool(
    account: RegistryAccount, sqlite_storage: Storage
) -> None:
    pool = session_pool(account, sqlite_storage, new_password="new-PASS3")
    assert pool.limits == PoolLimits(
        max_sessions=4,
        requests_per_minute=100,
        borrow_s=20,
        keepalive_s=90,
        max_age_s=3600,
        max_commands=1200,
    )
    assert pool.account.deadlines == Deadlines(connect_s=5, greeting_s=5, answer_s=60)
    assert (pool.account.endpoint.host, pool.account.endpoint.port) == ("192.0.2.1", 3121)
    assert pool.account.endpoint.server_name == "epp.registry.example"
    assert (pool.account.client_id, pool.account.password) == ("registrar-1", "foo-BAR2")
    assert pool.account.new_password == "new-PASS3"
    assert "foo-BAR2" not in repr(pool.account)
    assert "new-PASS3" not in repr(pool.account)


@pytest.mark.parametrize(("sessions", "places"), [(1, 16), (16, 32)])
def test_the_worker_has_work_for_every_session_while_half_of_its_places_are_filled(
    account: RegistryAccount, sessions: int, places: int
) -> None:
    settings = worker_settings([account, account.model_copy(update={"sessions": sessions})])
    assert settings.concurrency == places


async def test_a_file_that_cannot_be_used_is_named_with_the_account(
    account: RegistryAccount, sqlite_storage: Storage, tmp_path: Path
) -> None:
    missing = account.model_copy(update={"password_file": tmp_path / "none"})
    with pytest.raises(ConfigurationError, match=r"^registries\.example: .*none: No such file"):
        session_pool(missing, sqlite_storage)
    own, other = (CertificateAuthority(tmp_path).issue(name) for name in ("own", "other"))
    files = {"client_certificate": own.cert_file, "client_key": other.key_file}
    with pytest.raises(ConfigurationError, match=r"^registries\.example: ca_file, client_certificate or"):
        session_pool(account.model_copy(update=files), sqlite_storage)
