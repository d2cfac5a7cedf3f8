"""The master keys: a file of the operator's, apart from the database.

Each line is `key-id base64(32 octets)`; the last one is current, older ones still open what they sealed.
"""

import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_KEY_OCTETS = 32
_FILE = "master.keys"


class KeysUnreadable(Exception):
    """The key file is damaged or open to others; nothing can be read without it. Do not retry."""


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """Keys by id.

    Attributes:
        folder: Where they are kept.
        current_id: The key that seals; any opens.
    """

    folder: Path
    current_id: str
    keys: Mapping[str, bytes] = field(repr=False)

    @property
    def current(self) -> bytes:
        """The key that seals."""
        return self.keys[self.current_id]

    @classmethod
    def load_or_create(cls, folder: Path) -> "MasterKeys":
        """Read the keys in `folder`, or make the first one there (folder 0700, file 0600).

        Raises:
            KeysUnreadable: The file is damaged, or others may read it.
        """
        file = folder / _FILE
        if not file.exists():
            _append(file, {})
        return _read(file)

    def reread(self) -> "MasterKeys":
        """Return the keys as the file has them now; never makes any.

        Raises:
            KeysUnreadable: The file is gone, damaged, or open to others.
        """
        return _read(self.folder / _FILE)

    @classmethod
    def rotate(cls, folder: Path) -> "MasterKeys":
        """Add a new current key; the old ones stay until nothing is sealed under them."""
        keys = cls.load_or_create(folder)
        _append(folder / _FILE, keys.keys)
        return _read(folder / _FILE)


def _read(file: Path) -> MasterKeys:
    if not file.is_file():
        raise KeysUnreadable(f"{file}: is gone; restore it from a backup")
    if file.stat().st_mode & 0o077:
        raise KeysUnreadable(f"{file}: must be readable by its owner only (chmod 600)")
    keys: dict[str, bytes] = {}
    try:
        for line in file.read_text(encoding="ascii").splitlines():
            key_id, encoded = line.split()
            keys[key_id] = b64decode(encoded, validate=True)
    except ValueError:
        raise KeysUnreadable(f"{file}: is damaged; restore it from a backup") from None
    if not keys or any(len(key) != _KEY_OCTETS for key in keys.values()):
        raise KeysUnreadable(f"{file}: is damaged; restore it from a backup")
    return MasterKeys(file.parent, next(reversed(keys)), keys)


def _append(file: Path, keys: Mapping[str, bytes]) -> None:
    """Write the keys and one more to a new file, then put it in place in one step."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    grown = {**keys, f"m{len(keys) + 1}-{secrets.token_hex(4)}": secrets.token_bytes(_KEY_OCTETS)}
    text = "".join(f"{key_id} {b64encode(key).decode()}\n" for key_id, key in grown.items())
    draft = file.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
