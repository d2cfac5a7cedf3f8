"""What the world sees of a domain, asked for without a pause in every form while its life goes on."""

import gzip
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import aiohttp
import zstandard

from tests.journeys.test_canaries import forms
from whoisproxy.demo.mail_actors import whois

_JSCONTACT = 'application/rdap+json;exts_list="rdap_level_0 jscard redacted"'
# Path and headers; the last ones ask for what is not the domain itself, and must not tell of it either.
_RDAP: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("domain/{}", {"Accept-Encoding": "identity"}),
    ("domain/{}", {"Accept-Encoding": "gzip"}),
    ("domain/{}", {"Accept-Encoding": "zstd"}),
    ("domain/{}", {"Accept": _JSCONTACT, "Accept-Encoding": "identity"}),
    ("domain/{}", {"Accept": _JSCONTACT, "Accept-Encoding": "gzip"}),
    ("domain/{}", {"Accept": _JSCONTACT, "Accept-Encoding": "zstd"}),
    ("nameserver/ns1.{}", {"Accept-Encoding": "identity"}),
    ("entity/9999", {"Accept-Encoding": "identity"}),
    ("entity/{}", {"Accept-Encoding": "identity"}),
    ("domains?name={}", {"Accept-Encoding": "identity"}),
    ("help", {"Accept-Encoding": "identity"}),
)
_WHOIS = ("{}", "domain {}", "nameserver ns1.{}", "registrar Demo Registrar", "registrar 9999", "help")
FORMS = len(_RDAP) + len(_WHOIS)


def traces(canaries: Iterable[str], octets: bytes) -> list[str]:
    """Return the canaries that octets hold, plain or encoded, in any case."""
    heaps = (octets, octets.decode(errors="replace").lower().encode())
    return [canary for canary in canaries if any(form in heap for form in forms(canary) for heap in heaps)]


@dataclass
class Public:
    """Both servers, asked by somebody."""

    http: aiohttp.ClientSession
    ports: Mapping[str, int]

    async def ask(self, number: int, name: str) -> tuple[str, bytes]:
        """Ask in one of the `FORMS`; return what was asked, and every octet of the answer, decoded."""
        if number < len(_WHOIS):
            query = _WHOIS[number].format(name)
            return f"whois: {query}", await whois(self.ports["whois"], query)
        path, headers = _RDAP[number - len(_WHOIS)]
        url = f"http://127.0.0.1:{self.ports['rdap']}/{path.format(name)}"
        async with self.http.get(url, headers=headers, auto_decompress=False) as answer:
            body = await answer.read()
            coding = answer.headers.get("Content-Encoding", "identity")
            head = repr(answer.raw_headers).encode()
        return f"rdap: {path} {headers}", head + b"\n" + _decoded(body, coding)


def _decoded(body: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.decompress(body)
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(body)
    assert coding == "identity"
    return body


@dataclass
class Watch:
    """Asks without a pause, and notes every answer in which a hidden registrant shows.

    Attributes:
        canaries: What must not show.
        leaks: What was asked, and what showed.
        hidden: How many answers were judged while he was hidden, by what was asked.
        shown: How many showed him while he might be.
    """

    public: Public
    name: str
    canaries: list[str]
    leaks: list[tuple[str, list[str]]] = field(default_factory=list)
    hidden: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)
    _hides: bool = False
    _epoch: int = 0

    def hides(self) -> None:
        """From now on he is hidden: who asks after this sees nothing of him."""
        self._hides = True
        self._epoch += 1

    def may_show(self) -> None:
        """From now on he may be seen."""
        self._hides = False
        self._epoch += 1

    async def for_ever(self) -> None:
        """Ask in every form, one after the other."""
        while True:
            await self.once()

    async def once(self) -> None:
        """Ask in every form once."""
        for number in range(FORMS):
            epoch = self._epoch
            asked, octets = await self.public.ask(number, self.name)
            # An answer during which that changed may be of before or after.
            if epoch == self._epoch:
                self._judge(asked, traces(self.canaries, octets))

    def _judge(self, asked: str, found: list[str]) -> None:
        if not self._hides:
            self.shown[asked] += bool(found)
            return
        self.hidden[asked] += 1
        if found:
            self.leaks.append((asked, found))
