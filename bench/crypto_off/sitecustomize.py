"""Take encryption and signing out of the service, to see what they cost: `bench_mail --crypto off` does that.

Python imports a module of this name at the start of every process whose PYTHONPATH holds this folder, so that
the service's own processes are reached however they are started. No setting of the service can do it.
"""

from cryptography.hazmat.primitives.ciphers import aead


class _Plain:
    """As much of AESGCM as the service uses."""

    def __init__(self, _key: bytes) -> None:
        pass

    def encrypt(self, _nonce: bytes, data: bytes, _associated: bytes | None) -> bytes:
        """Return the data."""
        return data

    def decrypt(self, _nonce: bytes, data: bytes, _associated: bytes | None) -> bytes:
        """Return the data."""
        return data


aead.AESGCM = _Plain  # type: ignore[assignment]

# Now that what they import is plain.
from mailrelay.authentication.arc_sealing import Findings  # noqa: E402
from mailrelay.delivery.signing import Signer  # noqa: E402
from mailrelay.message import RawMessage  # noqa: E402
from whoisproxy.storage import vault  # noqa: E402


def _unsigned(_signer: Signer, message: RawMessage, _findings: Findings | None = None) -> RawMessage:
    return message


# Of a process that had imported it before.
vault.AESGCM = _Plain  # type: ignore[assignment, attr-defined]
Signer.sign = _unsigned  # type: ignore[assignment, method-assign]
