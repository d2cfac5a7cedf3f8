"""Where RDAP of other names is: IANA's bootstrap file for domains (RFC 9224), read from a copy on disk.

A query for a name that is not held here is sent on to the service of its TLD (RFC 7480 section 5.2). The
operator fetches the file (https://data.iana.org/rdap/dns.json); it is read again when it has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import structlog
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from whoisproxy.config import ConfigurationError
from whoisproxy.publication.answer import ObjectKind, Question

_log = structlog.get_logger()

_MAX_OCTETS = 8 * 1024 * 1024
# RFC 6761, RFC 7686, RFC 8375, RFC 9476: names that have no registry, whatever a file says.
_NOWHERE = frozenset({"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"})

_Service = tuple[list[str], Annotated[list[str], Field(min_length=1)]]


class _File(BaseModel):
    """The parts of the file that matter (RFC 9224 section 3)."""

    publication: AwareDatetime
    services: list[_Service]


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The file's content.

    Attributes:
        published_at: When IANA wrote it.
        services: Base URL, with a final slash, by domain; A-labels, lower case.
    """

    published_at: datetime
    services: Mapping[str, str]

    @classmethod
    def read(cls, file: Path) -> "Bootstrap":
        """Read the file.

        Raises:
            ConfigurationError: It cannot be read, or is not as RFC 9224 wants it.
        """
        try:
            with file.open("rb") as stream:
                content = _File.model_validate_json(stream.read(_MAX_OCTETS))
        except OSError as error:
            raise ConfigurationError(f"{file}: {error.strerror}") from None
        except ValidationError:
            raise ConfigurationError(f"{file}: is no bootstrap file of IANA's (RFC 9224)") from None
        services = {
            domain.lower(): url
            for domains, urls in content.services
            if (url := _best(urls))
            for domain in domains
        }
        return cls(content.publication, services)

    def base_url(self, name: str) -> str:
        """Return the base URL of the service for a name, "" where none is known: the longest match counts."""
        if name.rpartition(".")[2] in _NOWHERE:
            return ""
        while name:
            if name in self.services:
                return self.services[name]
            name = name.partition(".")[2]
        return ""


def _best(urls: list[str]) -> str:
    """Return the URL to use, https before http, "" where none is usable (RFC 9224 section 3)."""
    usable = [url if url.endswith("/") else f"{url}/" for url in urls if _is_usable(url)]
    return max(usable, key=lambda url: url.startswith("https:"), default="")


def _is_usable(url: str) -> bool:
    return url.isascii() and url.isprintable() and url.lower().startswith(("https://", "http://"))


class Elsewhere:
    """Says where an object may be that is not held here; follows the file.

    A file that cannot be read any more is logged once; what was read before stays.
    """

    def __init__(self, file: Path, base_url: str) -> None:
        """Read `file`; `base_url` is where nobody is sent, being our own.

        Raises:
            ConfigurationError: The file cannot be used.
        """
        self._file = file
        self._here = _place(base_url)
        self._bootstrap = Bootstrap.read(file)
        self._seen = self._state()

    def __call__(self, question: Question) -> str | None:
        """Return the URL of the same query at the service of the object's TLD, None where there is none."""
        if question.kind is ObjectKind.ENTITY or "." not in question.name:
            return None
        base = self._current().base_url(question.name)
        if not base or _place(base) == self._here:
            return None
        return f"{base}{question.kind}/{question.name}"

    def _current(self) -> Bootstrap:
        state = self._state()
        if state != self._seen:
            self._seen = state
            try:
                self._bootstrap = Bootstrap.read(self._file)
            except ConfigurationError:
                _log.warning("rdap-bootstrap-not-read")
        return self._bootstrap

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def _place(url: str) -> tuple[str, str]:
    """Return host with port, and path: what tells one service from another, whether with TLS or without."""
    parts = urlsplit(url.lower())
    return parts.netloc.removesuffix(":443").removesuffix(":80"), parts.path.rstrip("/")
