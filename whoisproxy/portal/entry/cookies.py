"""The two cookies of these pages (RFC 6265, and the prefix of its successor).

One is a secret of 256 bits: of somebody who is signed in, that of his session; of anybody else, one that only
makes his forms his own. The other lets a device be known again. Scripts read neither, other sites send
neither with a form, and over TLS no neighbour of our host can set them.
"""

import re
from functools import partial

from aiohttp import web

from whoisproxy.domain.sign_in import HISTORY_KEPT
from whoisproxy.services.owners.sessions import Entered, new_secret

_SECRET = re.compile(r"[0-9a-z]{52}")


class Cookies:
    """Reads and sets them.

    Args:
        secure: Whether the outside reaches the pages by https.
    """

    def __init__(self, *, secure: bool) -> None:
        prefix = "__Host-" if secure else ""
        self._session, self._device = f"{prefix}owner", f"{prefix}device"
        self._attributes = partial(
            web.StreamResponse.set_cookie, path="/", secure=secure, httponly=True, samesite="Lax"
        )

    def secret(self, request: web.Request) -> str:
        """Return the secret of a browser, "" for none."""
        return self._read(request, self._session)

    def device(self, request: web.Request) -> str:
        """Return by what a device is known again, "" for nothing."""
        return self._read(request, self._device)

    def greet(self, request: web.Request) -> str:
        """Return the secret of a browser, or a new one that `answer` must give it."""
        return self.secret(request) or new_secret()

    def give(self, response: web.StreamResponse, secret: str) -> None:
        """Give a browser a secret in the place of the one that it has; it keeps it until it is closed."""
        self._attributes(response, self._session, secret)

    def enter(self, response: web.StreamResponse, entered: Entered) -> None:
        """Give a browser the session that has begun, and what it will be known by."""
        self.give(response, entered.secret)
        if entered.device_token:
            kept = int(HISTORY_KEPT.total_seconds())
            self._attributes(response, self._device, entered.device_token, max_age=kept)

    def leave(self, response: web.StreamResponse) -> None:
        """Take the session away; the device stays known."""
        self._attributes(response, self._session, "", max_age=0)

    def _read(self, request: web.Request, name: str) -> str:
        value = request.cookies.get(name, "")
        return value if _SECRET.fullmatch(value) else ""
