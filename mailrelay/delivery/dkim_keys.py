"""Several DKIM keys of one domain with overlap: made, published, used, retired (RFC 6376 3.1, RFC 8463).

A key is first only published, because the DNS takes time to tell; then it signs; when another one takes over,
its record stays for as long as somebody may still verify what it signed. All is in one folder: a PEM file for
each key that may sign, and one file with their states, replaced as a whole. Every process looks once a minute
whether that file has changed.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mailrelay.delivery.signing import RSA_BITS, PrivateKey, Signer, SigningKey, read_key, write_key

VERIFIED_FOR = timedelta(days=7)
"""How long a record is needed after its key has last signed: mail waits in queues for five days."""

_log = structlog.get_logger()

_INDEX = "keys.json"
_LOOKED_AT_EVERY_S = 60.0


class Algorithm(StrEnum):
    """What a key is made for."""

    RSA = "rsa"
    ED25519 = "ed25519"


class KeyState(StrEnum):
    """Where a key stands in its life."""

    PUBLISHED = "published"  # its record belongs in the DNS; it signs nothing yet
    ACTIVE = "active"  # signs; one of each algorithm
    RETIRING = "retiring"  # signs no more; its record stays until `record_until`


@dataclass(frozen=True, slots=True)
class DkimKey:
    """One key as the index has it; the private part is in a file of its own.

    Attributes:
        record: Text of its TXT record.
        changed_at: When it came into its state.
    """

    selector: str
    algorithm: Algorithm
    state: KeyState
    record: str
    changed_at: datetime

    @property
    def record_until(self) -> datetime | None:
        """From when on its record may be taken out of the DNS; None while it signs or will."""
        return self.changed_at + VERIFIED_FOR if self.state is KeyState.RETIRING else None


class DkimKeysError(Exception):
    """What was asked of the keys cannot be done; the message says why. Asking again does not help."""


class DkimKeys:
    """The keys of one domain in a folder.

    Args:
        folder: Made when it does not exist, for its owner only.
        domain: `d=`, the relay domain.
        clock: Gives aware UTC.
    """

    def __init__(self, folder: Path, domain: str, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._domain = domain
        self._clock = clock

    @property
    def index(self) -> Path:
        """The file that changes with every change of a key."""
        return self._folder / _INDEX

    def all(self) -> list[DkimKey]:
        """Return the keys in the order in which they were made.

        Raises:
            DkimKeysError: The index is damaged.
        """
        try:
            raw = orjson.loads(self.index.read_bytes())
            return [_key(one) for one in raw]
        except FileNotFoundError:
            return []
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise DkimKeysError(f"{self.index}: is damaged; restore it from a backup") from None

    def ensure(self, selector: str, earlier: Path) -> None:
        """Make the first key, which is active at once, or take over the one that an earlier version had."""
        with self._alone() as keys:
            if any(one.state is KeyState.ACTIVE for one in keys):
                return
            private = read_key(earlier) if earlier.exists() else _made(Algorithm.RSA)
            self._write([*keys, self._add(selector, private, KeyState.ACTIVE)])
            earlier.unlink(missing_ok=True)

    def generate(self, selector: str, algorithm: Algorithm = Algorithm.RSA) -> DkimKey:
        """Make a key that signs nothing yet; its record is to be published now.

        Raises:
            DkimKeysError: The selector is in use.
        """
        with self._alone() as keys:
            if any(one.selector == selector for one in keys):
                raise DkimKeysError(f"selector {selector} is in use")
            made = self._add(selector, _made(algorithm), KeyState.PUBLISHED)
            self._write([*keys, made])
            return made

    def activate(self, selector: str) -> None:
        """Let a published key sign from now on, in place of the active one of its algorithm.

        Raises:
            DkimKeysError: There is no such key, or it is retiring.
        """
        with self._alone() as keys:
            chosen = _named(keys, selector)
            if chosen.state is KeyState.RETIRING:
                raise DkimKeysError(f"selector {selector} is retiring; generate a new key")
            rivals = {one.selector for one in keys if one.algorithm is chosen.algorithm} - {selector}
            self._write([self._moved(one, selector, rivals) for one in keys])
        for each in self.all():
            if each.state is KeyState.RETIRING:
                self._pem(each.selector).unlink(missing_ok=True)

    def retire(self, selector: str) -> None:
        """Let a key sign no more; its private part is destroyed, its record is still needed.

        Raises:
            DkimKeysError: There is no such key, or no RSA key would be left that signs.
        """
        with self._alone() as keys:
            chosen = _named(keys, selector)
            if chosen.state is KeyState.ACTIVE and chosen.algorithm is Algorithm.RSA:
                raise DkimKeysError("activate another RSA key first: something must sign")
            self._write([self._retired(one) if one is chosen else one for one in keys])
        self._pem(selector).unlink(missing_ok=True)

    def forget(self, selector: str) -> None:
        """Take a retired key off the list once its record may go.

        Raises:
            DkimKeysError: There is no such key, or its record is still needed.
        """
        with self._alone() as keys:
            chosen = _named(keys, selector)
            if chosen.record_until is None or chosen.record_until > self._clock():
                raise DkimKeysError(f"the record of selector {selector} is still needed")
            self._write([one for one in keys if one is not chosen])

    def signing(self) -> tuple[SigningKey, ...]:
        """Return the keys that sign now, RSA first.

        Raises:
            DkimKeysError: The index or a key is damaged or missing.
        """
        active = [one for one in self.all() if one.state is KeyState.ACTIVE]
        active.sort(key=lambda one: one.algorithm is not Algorithm.RSA)
        try:
            return tuple(SigningKey(one.selector, read_key(self._pem(one.selector))) for one in active)
        except (ValueError, TypeError, OSError):
            raise DkimKeysError(f"{self._folder}: a key is damaged; restore it from a backup") from None

    def _moved(self, one: DkimKey, selector: str, rivals: set[str]) -> DkimKey:
        if one.selector == selector:
            return replace(one, state=KeyState.ACTIVE, changed_at=self._clock())
        return self._retired(one) if one.selector in rivals and one.state is KeyState.ACTIVE else one

    def _retired(self, one: DkimKey) -> DkimKey:
        return replace(one, state=KeyState.RETIRING, changed_at=self._clock())

    def _add(self, selector: str, private: PrivateKey, state: KeyState) -> DkimKey:
        write_key(self._pem(selector), private)
        signing = SigningKey(selector, private)
        algorithm = Algorithm(signing.algorithm.partition("-")[0])
        return DkimKey(selector, algorithm, state, signing.dns_record(self._domain)[1], self._clock())

    def _pem(self, selector: str) -> Path:
        return self._folder / f"{selector}.pem"

    @contextmanager
    def _alone(self) -> Iterator[list[DkimKey]]:
        """Give the keys while no other process changes them."""
        for folder in (self._folder.parent, self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.all()

    def _write(self, keys: Sequence[DkimKey]) -> None:
        new = self._folder / ".keys.json"
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps([asdict(one) for one in keys], option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.index)


class RotatingSigner(Signer):
    """Signs with the active keys of a folder, and notices within a minute when they change."""

    def __init__(
        self,
        domain: str,
        keys: DkimKeys,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._domain = domain
        self._clock = clock
        self._source = keys
        self._monotonic = monotonic
        self._looked_s = monotonic()
        self.reload()

    def keys(self) -> Sequence[SigningKey]:
        """Return the keys that sign now."""
        if self._monotonic() - self._looked_s >= _LOOKED_AT_EVERY_S:
            self._looked_s = self._monotonic()
            try:
                if self._version != self._source.index.stat().st_mtime_ns:
                    self.reload()
            except (DkimKeysError, OSError) as error:
                # Mail must go on; whoever changed the keys is told by the command, and by `doctor`.
                _log.error("dkim-keys-unreadable", error=type(error).__name__)
        return self._keys

    def reload(self) -> None:
        """Read the keys again; where that fails, those from before go on signing.

        Raises:
            DkimKeysError: They cannot be read.
            OSError: They are not there.
        """
        version = self._source.index.stat().st_mtime_ns
        self._keys = self._source.signing()
        self._version, self._looked_s = version, self._monotonic()


def _made(algorithm: Algorithm) -> PrivateKey:
    if algorithm is Algorithm.RSA:
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    return ed25519.Ed25519PrivateKey.generate()


def _named(keys: Sequence[DkimKey], selector: str) -> DkimKey:
    for one in keys:
        if one.selector == selector:
            return one
    raise DkimKeysError(f"there is no selector {selector}")


def _key(raw: dict[str, str]) -> DkimKey:
    return DkimKey(
        raw["selector"],
        Algorithm(raw["algorithm"]),
        KeyState(raw["state"]),
        raw["record"],
        datetime.fromisoformat(raw["changed_at"]),
    )
