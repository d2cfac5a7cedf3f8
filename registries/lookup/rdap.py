"""Ask RDAP servers (RFC 9082) over HTTP.

Redirects and links to a registrar's own server are followed twice at most each, never from https to http, and
to public addresses only: both are written by others.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import aiohttp
from yarl import URL

from registries.lookup.document import Document
from registries.lookup.fetching import DEADLINE_S, MOST_OCTETS, MOST_REFERRALS, NoAnswer, Reply, decoded
from registries.public_addresses import PublicResolver, may_be_called

_MOST_REDIRECTS = 2
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK: Final = 200
# Nothing is decompressed, since a few octets may become gigabytes.
_HEADERS = {"Accept": "application/rdap+json", "Accept-Encoding": "identity", "User-Agent": "whoisproxy"}


class RdapDirectory:
    """One RDAP server and those that it refers to."""

    def __init__(self, base_url: str, *, allow_private: bool = False, deadline_s: float = DEADLINE_S) -> None:
        self._base = URL(base_url.rstrip("/"))
        self.source = "rdap"
        self.server = _server(self._base)
        self._allow_private = allow_private
        self._deadline_s = deadline_s
        self._session: aiohttp.ClientSession | None = None

    async def documents(self, domain: str) -> list[Document]:
        """Return the answers about a domain: the server's own, then those that its links lead to.

        A server that is referred to and does not answer shows nothing to anybody, so it is passed over.

        Raises:
            NoAnswer: The server itself did not answer in time, or with an error.
        """
        place = self._base / "domain" / domain
        reply = await self._asked(place, referred=False)
        found, asked = [reply.document], {place}
        while reply.referral and len(found) <= MOST_REFERRALS:
            try:
                before, place = place, URL(reply.referral)
                if place in asked or _gives_tls_up(before, place):
                    break
                asked.add(place)
                reply = await self._asked(place, referred=True)
            except (NoAnswer, ValueError):
                break
            found.append(reply.document)
        return found

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _asked(self, url: URL, *, referred: bool) -> Reply:
        try:
            async with asyncio.timeout(self._deadline_s):
                octets = await self._answer(url)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            raise NoAnswer("rdap: no answer") from None
        whole = len(octets) <= MOST_OCTETS
        document = Document("rdap", decoded(octets[:MOST_OCTETS]), whole, _server(url), referred)
        return Reply(document, _referral(document.parsed))

    async def _answer(self, url: URL) -> bytes:
        """Return the answer, one octet longer than the cap where it is longer."""
        for _ in range(1 + _MOST_REDIRECTS):
            if url.scheme not in {"http", "https"} or not may_be_called(
                url, allow_private=self._allow_private
            ):
                raise NoAnswer("rdap: an address that is not called")
            async with self._client().get(url, headers=_HEADERS, allow_redirects=False) as answer:
                if answer.status == _OK:
                    return await _read(answer.content)
                if answer.status not in _REDIRECTS or "Location" not in answer.headers:
                    raise NoAnswer("rdap: an error")
                target = url.join(URL(answer.headers["Location"]))
            if _gives_tls_up(url, target):
                raise NoAnswer("rdap: a redirect that is not followed")
            url = target
        raise NoAnswer("rdap: too many redirects")

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = PublicResolver(allow_private=self._allow_private)
            # Every connection looks its host up anew and calls the address that was checked.
            connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        return self._session


def _gives_tls_up(url: URL, target: URL) -> bool:
    return url.scheme == "https" and target.scheme != "https"


def _server(url: URL) -> str:
    return f"{url.host}:{url.port}"


async def _read(content: aiohttp.StreamReader) -> bytes:
    octets = b""
    async for part in content.iter_chunked(MOST_OCTETS):
        octets += part
        if len(octets) > MOST_OCTETS:
            break
    return octets[: MOST_OCTETS + 1]


def _referral(value: object) -> str:
    """Return the link to the registrar's own answer (RFC 9083 section 4.2, rel `related`), "" for none."""
    links = value.get("links") if isinstance(value, dict) else None
    for link in links if isinstance(links, list) else ():
        if isinstance(link, Mapping) and link.get("rel") == "related":
            href = link.get("href")
            if link.get("type") == "application/rdap+json" and isinstance(href, str):
                return href
    return ""
