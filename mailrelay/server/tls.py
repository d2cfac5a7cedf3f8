"""The TLS context of a certificate that is renewed on disk while the server runs."""

import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

_log = structlog.get_logger()

HANDSHAKE_S = 30.0

# Gives the context for the next handshake.
TlsProvider = Callable[[], ssl.SSLContext]


def following(provider: TlsProvider) -> ssl.SSLContext:
    """Return a context for a listener, which keeps it; each handshake takes what `provider` gives then."""
    context = provider()

    def choose(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = provider()

    context.sni_callback = choose
    return context


class RenewedCertificate:
    """A `TlsProvider` that looks at its files at every handshake and loads them again when they changed.

    Files that cannot be loaded are logged once; the certificate that was loaded before stays. So a key that
    is replaced after its certificate does no harm in between.

    Args:
        files: Certificate and key.
        load: Makes a context of them; what it raises at first is not caught.
    """

    def __init__(self, files: Sequence[Path], load: Callable[[], ssl.SSLContext]) -> None:
        self._files = tuple(files)
        self._load = load
        self._context = load()
        self._seen = self._state()

    def __call__(self) -> ssl.SSLContext:
        """Return the context to use now."""
        state = self._state()
        if state != self._seen:
            self._seen = state
            try:
                self._context = self._load()
            except Exception as error:  # noqa: BLE001 - whatever is wrong with the files, mail must go on
                _log.warning("certificate-not-loaded", error=type(error).__name__)
            else:
                _log.info("certificate-loaded")
        return self._context

    def _state(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_state(file) for file in self._files)


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
