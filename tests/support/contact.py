"""A stranger at the public form: his browser, which does its work, and what he finds in his mailbox."""

import json
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from html import unescape
from io import BytesIO

from aiohttp import ClientSession, FormData
from altcha import Challenge, Payload, solve_challenge

TEXT = "Good day, is this domain for sale? I would pay a fair price for it.\n\nAda Buyer"
_CHALLENGE = re.compile(r'data-challenge="([^"]+)"')
_CONFIRM = re.compile(r"(/contact/confirm/\w+)")


def solved(challenge: str) -> str:
    """Return the solution of a challenge, as a browser sends it."""
    found = Challenge.from_dict(json.loads(challenge))
    solution = solve_challenge(found)
    assert solution is not None
    return Payload(found, solution).to_base64()


def challenge_in(page: str) -> str:
    """Return the challenge of a page, as JSON."""
    found = _CHALLENGE.search(page)
    assert found is not None
    return unescape(found[1])


def confirm_path(letter: bytes) -> str:
    """Return where the link in a letter leads."""
    text = str(message_from_bytes(letter, policy=default).get_content())
    [path] = _CONFIRM.findall(text)
    return str(path)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a browser got."""

    status: int
    text: str
    location: str
    headers: dict[str, str]


@dataclass
class Stranger:
    """A browser at the public pages; it holds no cookies and follows nothing by itself."""

    http: ClientSession
    base_url: str
    headers: dict[str, str] | None = None

    async def get(self, path: str, **headers: str) -> Seen:
        """Open a page."""
        return await self._ask("GET", path, headers)

    async def post(self, path: str, data: FormData | None = None, **headers: str) -> Seen:
        """Send a form."""
        return await self._ask("POST", path, headers, data)

    async def writes(
        self,
        domain: str,
        *files: tuple[str, str, bytes],
        works: bool = True,
        page: str = "/contact/{}",
        **fields: str,
    ) -> Seen:
        """Open the page of a domain, fill in its form and send it; with `works`, do the work first."""
        path = page.format(domain)
        shown = await self.get(path)
        filled = {"name": "Ada Buyer", "mailbox": "ada@offers.example", "kind": "buy", "message": TEXT}
        filled |= {"work": solved(challenge_in(shown.text)) if works else "", "homepage": ""} | fields
        form = FormData()
        for name, value in filled.items():
            form.add_field(name, value)
        # A browser sends a field without a file too.
        form.add_field("files", b"", filename="", content_type="application/octet-stream")
        for name, media_type, content in files:
            form.add_field("files", BytesIO(content), filename=name, content_type=media_type)
        return await self.post(path, form)

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], data: FormData | None = None
    ) -> Seen:
        sent = {name.replace("_", "-"): value for name, value in ((self.headers or {}) | headers).items()}
        url = self.base_url + path
        async with self.http.request(method, url, data=data, headers=sent, allow_redirects=False) as answer:
            location = answer.headers.get("Location", "")
            return Seen(answer.status, await answer.text(), location, dict(answer.headers))
