"""A client of the API over real HTTP, as a registrar's backend would be."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession
from multidict import CIMultiDictProxy

from whoisproxy.api.problems import Problem

ANN: dict[str, Any] = {
    "name": "Ann Ångström",
    "organization": "",
    "email": "ann@home.example",
    "phone": "+41446681800",
    "street": ["Geheimweg 7"],
    "city": "Zürich",
    "region": "",
    "postal_code": "8001",
    "country_code": "CH",
    "language": "de",
}
CONSENT = {"by": "Ann Ångström", "at": "2026-10-01T09:30:00Z", "text_version": "2026-10"}
ON = {"enabled": True, "consent": CONSENT}
OFF = {"enabled": False}


def domain_body(**changes: object) -> dict[str, Any]:
    """Return a domain of Ann's."""
    return {"registrant": ANN, "registrant_verified": True, "statuses": ["ok"], **changes}


@contextmanager
def refusal_only(*codes: str) -> Iterator[None]:
    """Let the block end well, or with a problem of one of the codes; nothing else."""
    try:
        yield
    except Problem as problem:
        if problem.code not in codes:
            raise


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer as it came over the wire."""

    status: int
    headers: CIMultiDictProxy[str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        """The problem's code, after checking that it is a problem document."""
        assert self.headers["Content-Type"] == "application/problem+json", self.raw
        problem = self.json
        assert problem["status"] == self.status
        assert problem["instance"] == f"urn:uuid:{self.headers['X-Request-Id']}"
        return str(problem["code"])


class Client:
    """One registrar's backend."""

    def __init__(self, session: ClientSession, base_url: str, secret: str) -> None:
        self.session = session
        self.base_url = base_url
        self.secret = secret

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Seen:
        """Send one request and read the answer to its end."""
        sent = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        data = raw
        if body is not None or raw is not None:
            sent["Content-Type"] = "application/json"
        if body is not None:
            data = json.dumps(body).encode()
        async with self.session.request(
            method, self.base_url + path, data=data, headers={**sent, **(headers or {})}
        ) as response:
            return Seen(response.status, response.headers, await response.read())

    async def get(self, path: str, **headers: str) -> Seen:
        return await self.send("GET", path, headers=_named(headers))

    async def put(self, path: str, body: object, **headers: str) -> Seen:
        return await self.send("PUT", path, body, headers=_named(headers))

    async def patch(self, path: str, body: object, **headers: str) -> Seen:
        return await self.send("PATCH", path, body, headers=_named(headers))

    async def post(self, path: str, body: object = None, **headers: str) -> Seen:
        return await self.send("POST", path, body, headers=_named(headers))

    async def delete(self, path: str, **headers: str) -> Seen:
        return await self.send("DELETE", path, headers=_named(headers))


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
