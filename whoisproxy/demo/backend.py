"""The registrar's backend in the demonstration: it speaks to our API over HTTP as a real one would."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the API."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Backend:
    """A client of the REST API with one API key."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, api_key: str) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {api_key}"}

    async def call(self, method: str, path: str, body: object = None) -> Reply:
        """Send a request; unsafe ones carry an Idempotency-Key."""
        headers = dict(self._headers)
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid4())
        url = self._base_url + path
        async with self._session.request(method, url, json=body, headers=headers) as response:
            answer = await response.json(content_type=None) if response.content_length != 0 else None
            return Reply(response.status, answer, dict(response.headers))

    async def bulk(self, lines: bytes) -> list[str]:
        """Send NDJSON to the bulk endpoint and return its lines."""
        headers = {
            **self._headers,
            "Content-Type": "application/x-ndjson",
            "Idempotency-Key": str(uuid4()),
        }
        url = f"{self._base_url}/v1/privacy/bulk"
        async with self._session.post(url, data=lines, headers=headers) as response:
            return (await response.text()).splitlines()

    async def finished(self, operation_id: str, wait_s: int = 20) -> Any:
        """Wait until an operation is no longer pending and return it."""
        return (await self.call("GET", f"/v1/operations/{operation_id}?wait={wait_s}")).body
