"""Ask WHOIS servers (RFC 3912) over sockets of our own.

A referral in an answer is followed twice at most, to port 43, and to public addresses only: an answer is
written by others and must not lead us into our own network.
"""

import asyncio
import re
import socket

from registries.lookup.document import Document
from registries.lookup.fetching import DEADLINE_S, MOST_OCTETS, MOST_REFERRALS, NoAnswer, Reply, decoded
from registries.public_addresses import PublicResolver

_PORT = 43
_REFERRAL = re.compile(
    r"^[ \t]*(?:registrar whois server|whois server|referralserver|refer|whois):[ \t]*"
    r"(?:r?whois://)?([a-z0-9.-]{1,253})(?::(\d{1,5}))?/?[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)


class WhoisDirectory:
    """One WHOIS server and those that it refers to."""

    def __init__(
        self, host: str, port: int = _PORT, *, allow_private: bool = False, deadline_s: float = DEADLINE_S
    ) -> None:
        self.source = "whois"
        self.server = f"{host}:{port}"
        self._start = (host, port)
        self._allow_private = allow_private
        self._resolver = PublicResolver(allow_private=allow_private)
        self._deadline_s = deadline_s

    async def documents(self, domain: str) -> list[Document]:
        """Return the answers about a domain: the server's own, then those it refers to.

        A server that is referred to and does not answer shows nothing to anybody, so it is passed over.

        Raises:
            NoAnswer: The server itself did not answer in time.
        """
        reply = await self._asked(*self._start, domain)
        found, asked = [reply.document], {self._start}
        while reply.referral and len(found) <= MOST_REFERRALS:
            host, _, port = reply.referral.rpartition(":")
            place = (host, int(port))
            if place in asked:
                break
            asked.add(place)
            try:
                reply = await self._asked(*place, domain)
            except NoAnswer:
                break
            found.append(reply.document)
        return found

    async def close(self) -> None:
        """Nothing is kept open."""
        await self._resolver.close()

    async def _asked(self, host: str, port: int, domain: str) -> Reply:
        try:
            async with asyncio.timeout(self._deadline_s):
                octets = await self._answer(host, port, domain)
        except (OSError, TimeoutError, UnicodeError):
            # UnicodeError: a referral to what is no host name.
            raise NoAnswer("whois: no answer") from None
        text = decoded(octets[:MOST_OCTETS])
        whole = len(octets) <= MOST_OCTETS
        server, referred = f"{host}:{port}", (host, port) != self._start
        return Reply(Document("whois", text, whole, server, referred), self._referral(text))

    async def _answer(self, host: str, port: int, domain: str) -> bytes:
        """Return the answer, one octet longer than the cap where it is longer."""
        # The address that was checked is the one that is called; the name is not looked up again.
        found = await self._resolver.resolve(host, port, socket.AF_UNSPEC)
        reader, writer = await asyncio.open_connection(found[0]["host"], port)
        try:
            writer.write(f"{domain}\r\n".encode("ascii"))
            await writer.drain()
            octets = b""
            while len(octets) <= MOST_OCTETS and (part := await reader.read(MOST_OCTETS)):
                octets += part
            return octets[: MOST_OCTETS + 1]
        finally:
            writer.transport.abort()

    def _referral(self, text: str) -> str:
        found = _REFERRAL.search(text)
        if found is None:
            return ""
        # Another port may be any service. Who allows private addresses runs directories of his own.
        port = int(found[2] or _PORT) if self._allow_private else _PORT
        return f"{found[1].lower()}:{port}" if 0 < port < 2**16 else ""
