"""From where domains are looked at: our own servers, and the directories that are known of each ending.

Known are those of `[[watch.directories]]`, then those of a registrar's backend (`[[callback]]`), then RDAP of
IANA's bootstrap file (RFC 9224) and WHOIS of the rule of the TLD. Files are read once, at the start.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from registries.catalogue import Catalogue
from registries.lookup.public import Directory, PublicView
from registries.lookup.rdap import RdapDirectory
from registries.lookup.second_reading import ParserPool
from registries.lookup.whois import WhoisDirectory
from whoisproxy.config import Settings
from whoisproxy.domain.publication_watch import Place
from whoisproxy.rdds_servers.rdap_bootstrap import Bootstrap
from whoisproxy.services.publication_subjects import Post

_OWN = "own"
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what listens everywhere is reached here


@dataclass(frozen=True, slots=True)
class Address:
    """Where directories are.

    Attributes:
        rdap: Base URL; "" for none.
        whois: `host:port`; "" for none.
        looks_per_minute: None for the usual pace.
    """

    rdap: str = ""
    whois: str = ""
    looks_per_minute: float | None = None
    allow_private: bool = False

    @property
    def known(self) -> bool:
        """Whether there is one."""
        return bool(self.rdap or self.whois)


class KnownPosts:
    """Implements `services.publication_subjects.Posts` on the settings.

    Attributes:
        digest: Another one where other directories are known.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        """Read what is known.

        Raises:
            ConfigurationError: The bootstrap file cannot be used.
        """
        self._watch = settings.watch
        self._catalogue = catalogue
        self._own = own_address(settings)
        self._addresses = dict(_addresses(settings))
        self._parser = ParserPool()
        self._posts: dict[Address, Post] = {}
        self._paces: dict[str, float] = {}
        for address in (self._own, *self._addresses.values()):
            self._post(address)
        file = settings.rdap.bootstrap
        self._rdap = Bootstrap.read(file) if file else None
        servers = [(rule.tld, rule.whois_server) for rule in catalogue.all()]
        services = sorted(self._rdap.services.items()) if self._rdap else []
        known = repr((self._own, sorted(self._addresses.items()), servers, services))
        self.digest = hashlib.sha256(known.encode()).hexdigest()

    def post(self, place: Place, suffix: str) -> Post | None:
        """Return from where domains of a public suffix are looked at; None where no directory is known."""
        return self._post(self._own if place is Place.OWN else self._address(suffix))

    def looks_per_minute(self, lane: str) -> float:
        """Return the pace of a lane, for all machines together."""
        return self._paces.get(lane, self._watch.looks_per_minute)

    async def close(self) -> None:
        """Close connections."""
        for post in self._posts.values():
            await post.view.close()
        await self._parser.close()

    def _post(self, address: Address) -> Post | None:
        if not address.known:
            return None
        if address not in self._posts:
            self._posts[address] = self._made(address)
        return self._posts[address]

    def _address(self, suffix: str) -> Address:
        known = self._addresses.get(suffix)
        if known is not None:
            return known
        server = self._catalogue.policy(suffix).whois_server
        return Address(
            rdap=self._rdap.base_url(suffix) if self._rdap else "",
            whois=f"{server}:43" if server else "",
        )

    def _made(self, address: Address) -> Post:
        directories = _directories(address)
        lane = (
            _OWN if address == self._own else " ".join(f"{each.source}:{each.server}" for each in directories)
        )
        if address.looks_per_minute is not None:
            self._paces[lane] = min(address.looks_per_minute, self._paces.get(lane, address.looks_per_minute))
        return Post(lane, PublicView(directories, self._parser))


def own_address(settings: Settings) -> Address:
    """Return where strangers reach our own servers; nobody can reach a port that the system chooses."""
    watch, rdap, whois = settings.watch, settings.rdap, settings.whois
    host = _ANYWHERE.get(whois.hosts[0], whois.hosts[0])
    return Address(
        rdap=watch.own_rdap_base_url or (rdap.base_url if rdap.port else ""),
        whois=watch.own_whois_server or (f"{_bracketed(host)}:{whois.port}" if whois.port else ""),
        looks_per_minute=watch.own_looks_per_minute,
        allow_private=True,
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _addresses(settings: Settings) -> Iterator[tuple[str, Address]]:
    """Yield suffixes with the directories that the settings name for them; of two, the last counts."""
    for account in settings.callback:
        address = Address(account.rdap_base_url, account.whois_server)
        for suffix in account.suffixes:
            yield suffix, replace(address, allow_private=account.allow_private_addresses)
    for table in settings.watch.directories:
        address = Address(
            table.rdap_base_url, table.whois_server, table.looks_per_minute, table.allow_private_addresses
        )
        for suffix in table.suffixes:
            yield suffix, address


def _directories(address: Address) -> list[Directory]:
    directories: list[Directory] = []
    if address.rdap:
        directories.append(RdapDirectory(address.rdap, allow_private=address.allow_private))
    if address.whois:
        host, _, port = address.whois.rpartition(":")
        directories.append(WhoisDirectory(host.strip("[]"), int(port), allow_private=address.allow_private))
    return directories
