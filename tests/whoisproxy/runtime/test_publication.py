"""The watch put together: which directories are asked, and our own servers as a stranger reaches them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from registries.catalogue import Catalogue
from tests.whoisproxy.runtime.test_service import settings
from tests.whoisproxy.services.world import REGISTRANT, SPEC
from whoisproxy.config import ConfigurationError, Settings, load
from whoisproxy.config.settings import Rdap, Whois
from whoisproxy.config.watch import Watch
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import Consent
from whoisproxy.domain.publication_watch import Place
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.publication import open_watcher
from whoisproxy.runtime.publication_posts import KnownPosts, own_address
from whoisproxy.runtime.service import Role, Service
from whoisproxy.services.switching import SwitchRequest

NAME = DomainName("zoe-studio.com")

TABLES = """
[[callback]]
name = "backend"
registrar = "Example"
suffixes = ["info", "org"]
rdap_base_url = "https://rdap.backend.example"

[[watch.directories]]
suffixes = ["org", "net"]
rdap_base_url = "https://rdap.registry.example/v1"
whois_server = "whois.registry.example:43"
looks_per_minute = 6
"""


def posts(folder: Path, tables: str = TABLES) -> KnownPosts:
    file = folder / "watch.toml"
    file.write_text(tables)
    return KnownPosts(load(file, {}), Catalogue.load())


def lane(known: KnownPosts, suffix: str) -> str | None:
    post = known.post(Place.REGISTRY, suffix)
    return post.lane if post else None


async def test_the_settings_go_before_a_backends_directories_and_endings_share_a_pace(tmp_path: Path) -> None:
    known = posts(tmp_path)
    assert lane(known, "info") == "rdap:rdap.backend.example:443"
    assert lane(known, "org") == "rdap:rdap.registry.example:443 whois:whois.registry.example:43"
    assert lane(known, "net") == lane(known, "org")
    assert known.post(Place.REGISTRY, "unheard-of") is None
    paces = [known.looks_per_minute(str(lane(known, suffix))) for suffix in ("org", "info")]
    assert [*paces, known.looks_per_minute("own")] == [6, 60, 30]


async def test_the_rule_of_a_tld_names_its_whois_server(tmp_path: Path) -> None:
    assert lane(posts(tmp_path), "eu") == "whois:whois.eu:43"
    assert lane(posts(tmp_path), "co.uk") == "whois:whois.nic.uk:43"


async def test_the_bootstrap_file_names_rdap(tmp_path: Path) -> None:
    file = tmp_path / "dns.json"
    file.write_text(
        '{"version": "1.0", "publication": "2026-11-01T00:00:00Z",'
        ' "services": [[["com"], ["https://rdap.verisign.example/com/v1/"]]]}'
    )
    known = posts(tmp_path, f'[rdap]\nbootstrap = "{file}"\n')
    assert lane(known, "com") == "rdap:rdap.verisign.example:443"
    assert lane(known, "org") is None
    assert known.digest != posts(tmp_path, "").digest


async def test_other_directories_have_another_digest(tmp_path: Path) -> None:
    before, same = posts(tmp_path), posts(tmp_path)
    after = posts(tmp_path, TABLES.replace("rdap.backend", "rdap.other"))
    assert before.digest == same.digest != after.digest


_NAMED_TWICE = TABLES + "[[watch" + TABLES.partition("[[watch")[2]


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ('[[watch.directories]]\nsuffixes = ["org"]\n', "rdap_base_url or whois_server is needed"),
        (_NAMED_TWICE, r"\.org stands in two tables"),
    ],
)
def test_tables_that_cannot_be_meant_are_refused(tmp_path: Path, tables: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        posts(tmp_path, tables)


def test_our_own_servers_are_reached_as_the_settings_say() -> None:
    usual = own_address(Settings(whois=Whois(host=("0.0.0.0",), port=43)))  # noqa: S104 - what is tested
    assert (usual.rdap, usual.whois) == ("http://127.0.0.1:8081", "127.0.0.1:43")
    nowhere = own_address(Settings(rdap=Rdap(port=0), whois=Whois(port=0)))
    assert not nowhere.known
    outside = Watch(own_rdap_base_url="https://rdap.example", own_whois_server="whois.example:43")
    told = own_address(Settings(watch=outside))
    assert (told.rdap, told.whois) == ("https://rdap.example", "whois.example:43")


async def test_our_own_servers_show_a_stranger_the_proxy_and_nothing_of_the_registrant(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    """The whole service: what it publishes is fetched over its ports and judged."""
    rdap, whois = unused_tcp_port_factory(), unused_tcp_port_factory()
    base = {"RDAP__BASE_URL": f"http://127.0.0.1:{rdap}"}
    service = Service(
        settings(tmp_path, RDAP__PORT=str(rdap), WHOIS__PORT=str(whois), **base), (Role.RDDS, Role.WORKER)
    )
    await service.start()
    try:
        core = service.core
        registrar = await core.accounts.add_registrar("Acme", "https://acme.example", 9999)
        await core.registrations.put(registrar, NAME, SPEC)
        consent = Consent("the owner", utc_now(), "2026-01")
        view = await core.privacy.switch(registrar, NAME, SwitchRequest(enabled=True, consent=consent))
        assert view.operation is not None
        await core.operations.wait(registrar, view.operation.id, 20)
        async with open_watcher(core) as watcher:
            await watcher.look_now(view.registration.id)
        seen = await core.publications.get(registrar, NAME)
        assert [(each.server, each.finding.verdict) for each in seen.sightings] == [
            (f"127.0.0.1:{rdap}", "clean"),
            (f"127.0.0.1:{whois}", "clean"),
        ]
        assert seen.verdict == "clean"
    finally:
        await service.stop()
    assert REGISTRANT.email not in str(seen)
