"""Work that a browser does for a form, so that filling in many costs something (ALTCHA, version 2).

A challenge is a hash of which half is shown; the browser counts until it finds the number behind it. It names
what it is for and when it ends, is signed, and is good once: that it was used is stored until it would have
ended anyway.
"""

import hashlib
import json
import secrets
from base64 import b64decode
from binascii import Error
from datetime import datetime, timedelta
from typing import Any

from altcha import create_challenge, verify_solution

from whoisproxy.storage.unit_of_work import UnitOfWork

LIFETIME = timedelta(hours=1)
"""How long a challenge is good: as long as somebody may take to write."""

_ALGORITHM, _COST = "SHA-256", 1
# A computer hashes so often in a second or two, a phone in some.
MOST_HASHES = 100_000
_LONGEST = 2000


class ProofOfWork:
    """Sets challenges, and looks at solutions.

    Args:
        key: At least 32 octets, kept secret.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def challenge(self, subject: str, now: datetime) -> str:
        """Return a new challenge as JSON; `subject` is what it is for."""
        ends = int((now + LIFETIME).timestamp())
        made = create_challenge(
            _ALGORITHM,
            _COST,
            counter=secrets.randbelow(MOST_HASHES),
            # Not the library's own end, which goes by the clock of the machine alone.
            data={"for": subject, "ends": ends},
            hmac_secret=self._key,
        )
        return json.dumps(made.to_dict(), separators=(",", ":"))

    async def is_done(self, uow: UnitOfWork, solution: str, subject: str, now: datetime) -> bool:
        """Whether a solution is right, for this, in time, and was not used before; it is used now."""
        found = _read(solution)
        if found is None or not verify_solution(solution, self._key).verified:
            return False
        parameters = found["challenge"]["parameters"]
        ends, what = parameters["data"]["ends"], parameters["data"]["for"]
        if what != subject or ends < now.timestamp():
            return False
        digest = hashlib.sha256(f"work:{parameters['nonce']}".encode()).digest()
        return await uow.owner_accounts.use_token(digest, now + LIFETIME)


def _read(solution: str) -> Any:
    """Return a solution as JSON, whoever wrote it; None where it cannot be one."""
    if not solution or len(solution) > _LONGEST:
        return None
    try:
        found = json.loads(b64decode(solution, validate=True))
    except (ValueError, Error, RecursionError):
        return None
    return found if isinstance(found, dict) else None
