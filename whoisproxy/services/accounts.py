"""Accounts: registrars and the API keys of their backends.

A secret is `wp_`, the key's id, and 256 random bits in base32. Only its SHA-256 is stored: a random secret of
that length needs no slow hash, and a stolen database opens no door.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from whoisproxy.domain.account import ApiKey, Office, Registrar, Scope
from whoisproxy.domain.errors import InvalidInput, NotFound, Unauthorized
from whoisproxy.domain.ids import base32, new_id
from whoisproxy.domain.proxy_identity import Brand
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage

_SECRET_BITS = 256
_SECRET_LENGTH = 52
_REFUSED = "the API key is missing, unknown, expired or not for this address"


class Accounts:
    """Registrars, keys, and the question who is calling."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def add_registrar(
        self, name: str, url: str, iana_id: int | None = None, brand: Brand | None = None
    ) -> Registrar:
        """Add a registrar.

        Raises:
            InvalidInput: Another has that name.
        """
        now = self._clock()
        registrar = Registrar(new_id("rgr", now), name, url, iana_id, brand, now)
        async with self._storage.unit_of_work() as uow:
            if await uow.registrars.by_name(name) is not None:
                raise InvalidInput("name", "is taken by another registrar")
            await uow.registrars.add(registrar)
        return registrar

    async def set_office(self, registrar: Registrar, office: Office) -> None:
        """Store where a registrar is reached, as RDAP and WHOIS tell of it."""
        async with self._storage.unit_of_work() as uow:
            await uow.registrars.set_office(registrar.id, office)

    async def registrar(self, name: str) -> Registrar:
        """Return a registrar by name, or raise NotFound."""
        async with self._storage.reading() as uow:
            found = await uow.registrars.by_name(name)
        if found is None:
            raise NotFound("no registrar has that name")
        return found

    async def registrars(self) -> list[Registrar]:
        """Return every registrar, by name."""
        async with self._storage.reading() as uow:
            return await uow.registrars.all()

    async def keys(self, registrar: Registrar) -> list[ApiKey]:
        """Return the registrar's keys, oldest first, without secrets."""
        async with self._storage.reading() as uow:
            return await uow.api_keys.of_registrar(registrar.id)

    async def add_key(
        self, registrar: Registrar, scopes: Collection[Scope] = tuple(Scope), networks: Iterable[str] = ()
    ) -> tuple[ApiKey, str]:
        """Add a key; return it with its secret, which is shown this once.

        Raises:
            InvalidInput: A network is not a CIDR block.
        """
        key, secret = _new_key(registrar.id, scopes, _checked(networks), self._clock())
        async with self._storage.unit_of_work() as uow:
            await uow.api_keys.add(key, _hash(secret))
        return key, secret

    async def rotate_key(
        self, registrar: Registrar, key_id: str, overlap: timedelta = timedelta(days=1)
    ) -> tuple[ApiKey, str]:
        """Add a key like an old one, which ends after `overlap` or at its own end, whichever is first.

        Raises:
            NotFound: The registrar has no such key.
        """
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            keys = await uow.api_keys.of_registrar(registrar.id)
            old = next((key for key in keys if key.id == key_id), None)
            if old is None:
                raise NotFound("the registrar has no key of that id")
            key, secret = _new_key(registrar.id, old.scopes, old.networks, now)
            await uow.api_keys.add(key, _hash(secret))
            await uow.api_keys.set_expiry(old.id, min(now + overlap, old.expires_at or now + overlap))
        return key, secret

    async def authenticate(self, secret: str, peer_ip: str) -> tuple[Registrar, ApiKey]:
        """Return who calls, with which key.

        Args:
            secret: As the caller sent it.
            peer_ip: Where the call comes from; compared with the key's networks.

        Raises:
            Unauthorized: For any reason; which is not told.
        """
        async with self._storage.reading() as uow:
            found = await uow.api_keys.by_hash(_hash(secret))
        if found is None:
            raise Unauthorized(_REFUSED)
        key, registrar = found
        expired = key.expires_at is not None and key.expires_at <= self._clock()
        if expired or not _may_come_from(key.networks, peer_ip):
            raise Unauthorized(_REFUSED)
        return registrar, key


def _new_key(
    registrar_id: str, scopes: Collection[Scope], networks: tuple[str, ...], now: datetime
) -> tuple[ApiKey, str]:
    key = ApiKey(new_id("key", now), registrar_id, frozenset(scopes), networks, now, None)
    return key, f"wp_{key.id}_{base32(secrets.randbits(_SECRET_BITS), _SECRET_LENGTH)}"


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _checked(networks: Iterable[str]) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(network)) for network in networks)
    except ValueError:
        raise InvalidInput("networks", "must be CIDR blocks, such as 192.0.2.0/24") from None


def _may_come_from(networks: tuple[str, ...], peer_ip: str) -> bool:
    if not networks:
        return True
    try:
        peer = ip_address(peer_ip)
    except ValueError:
        return False
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return any(peer in ip_network(network) for network in networks)
