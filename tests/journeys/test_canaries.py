"""Nothing personal and no secret leaves the service where it does not belong.

Every personal field and every secret gets a value that stands nowhere else, errors are provoked all round,
and then everything that the process wrote is searched for them, in every encoding that mail and HTTP use.
"""

import asyncio
import quopri
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from tests.journeys.gossip import Gossip
from tests.journeys.journey import eventually
from tests.journeys.process import Installation, Running, backend
from tests.whoisproxy.services.callback_world import PublicSide
from whoisproxy.demo.backend import Backend
from whoisproxy.demo.mail_actors import Letter, send
from whoisproxy.demo.world import Surroundings, surroundings
from whoisproxy.domain.registrant import Registrant
from whoisproxy.services.identities import registrant_contact

OWNER = "owner-canary-ybhk@home.example"
FORWARD_TO = "forward-canary-rvna@home.example"
DOMAIN = "example-bakery.org"
REFUSED = "refused-bakery.org"
BY_CALLBACK = "callback-bakery.org"
STRANGER = "stranger-canary-wqpz@offers.example"
REGISTRANT: dict[str, object] = {
    "name": "Námecanary Uxolt",
    "organization": "Orgcanary Zymurgy",
    "email": OWNER,
    "phone": "+41325558467",
    "street": ["Streetcanary 77"],
    "city": "Citycanary",
    "region": "RC",
    "postal_code": "PC-84731",
    "country_code": "CH",
    "language": "fr",
}
SETTINGS = """registrar = "Registrar"
[[callback]]
name = "other"
registrar = "Other"
suffixes = ["org"]
settle_minutes = 0
rdap_base_url = "{public.rdap_url}"
whois_server = "{public.whois_server}"
allow_private_addresses = true
"""
CONSENT = {"by": "Consentcanary Ovid", "at": "2026-11-24T09:00:00Z", "text_version": "2026-01"}
BAD = "Badvaluecanary-qfew"
CANARIES = (
    "Námecanary",
    "Namecanary",
    "Uxolt",
    "Orgcanary",
    "owner-canary-ybhk",
    "forward-canary-rvna",
    "stranger-canary-wqpz",
    "325558467",
    "Streetcanary",
    "Citycanary",
    "PC-84731",
    "Consentcanary",
    "Displaycanary",
    "Subjectcanary",
    "Textcanary",
    "Registrycanary",
    "Refusalcanary",
    "hooktokencanary",
    "s4ndbox-Pw",
    BAD,
)


def forms(canary: str) -> set[bytes]:
    """Return a text as it looks plain, percent-encoded, quoted-printable, escaped for JSON, in base64."""
    raw = canary.encode()
    found = {
        raw.lower(),
        quote(canary).encode().lower(),
        quopri.encodestring(raw).lower(),
        canary.encode("ascii", "backslashreplace").lower(),
        canary.encode("unicode_escape").lower(),
    }
    # In base64 a text looks different at each of the three places where it may begin.
    # Each character of it carries 6 bits; those at the ends depend on the neighbours.
    inner = {
        b64encode(bytes(shift) + raw)[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6] for shift in range(3)
    }
    return found | inner


def found_in(haystack: bytes, secrets: list[str]) -> list[str]:
    """Return the canaries that a heap of bytes holds in any form."""
    heaps = (haystack, haystack.lower())
    wanted = [*CANARIES, *secrets]
    return [canary for canary in wanted if any(form in heap for form in forms(canary) for heap in heaps)]


@dataclass
class Seen:
    """What came out of the service, by where it came out."""

    places: dict[str, bytes] = field(default_factory=dict)

    def add(self, place: str, text: bytes | str) -> None:
        """Keep what was seen."""
        raw = text if isinstance(text, bytes) else text.encode()
        self.places[place] = self.places.get(place, b"") + raw + b"\n"


@asynccontextmanager
async def hook(seen: Seen) -> AsyncIterator[str]:
    """A registrar's webhook that refuses every second delivery; its URL carries a token."""
    calls = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        seen.add("webhook payloads", await request.read())
        return web.Response(status=500 if calls % 2 else 204, text="hooktokencanary")

    app = web.Application()
    app.router.add_post("/hooktokencanary", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hooktokencanary"
    await runner.cleanup()


async def spoken(port: int, *lines: bytes) -> None:
    """Say something to a port and read what it answers, until it or we have had enough."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(2):
            for line in lines:
                writer.write(line)
                await writer.drain()
            writer.write_eof()
            await reader.read()
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()


async def garbage(running: Running, relay_address: str) -> None:
    """Say nonsense that carries canaries to every port."""
    noise = bytes(range(256)) + BAD.encode() + b"\r\n\r\n"
    path = f"/domain/{BAD}.example?{BAD}=1".encode()
    request = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + BAD.encode() + b"\r\n\r\n"
    for name, port in running.ports.items():
        await spoken(port, noise)
        await spoken(port, request if name in {"api", "rdap"} else f"{BAD} {BAD}\r\n".encode())
    smtp = running.ports["smtp"]
    start = f"EHLO {BAD}\r\nMAIL FROM:<{STRANGER}>\r\nRCPT TO:<{BAD}@relay.example>\r\n".encode()
    await spoken(smtp, start, f"VRFY {OWNER}\r\nMAIL FROM:<{BAD}\r\nRCPT TO:<{OWNER}>\r\n".encode())
    whole = start + f"RCPT TO:<{relay_address}>\r\nDATA\r\n".encode()
    await spoken(smtp, whole, f"From: {BAD}\nSubject: Subjectcanary\n\nTextcanary\r\n.\r\n".encode())
    await spoken(smtp, whole, f"Subject: {BAD}\r\n\r\nTextcanary, cut off".encode())


async def bad_bodies(client: Backend, domain: str, seen: Seen) -> None:
    """Send the API what it must refuse; its problems must not repeat values."""
    bodies: tuple[tuple[str, str, Any], ...] = (
        ("PUT", "", {"registrant": {**REGISTRANT, "phone": BAD}}),
        ("PUT", "", {"registrant": {**REGISTRANT, "email": f"{BAD}@@x"}}),
        ("PUT", "", {"registrant": {**REGISTRANT, BAD: BAD}}),
        ("PUT", "", [BAD]),
        ("PUT", "/privacy", {"enabled": BAD, "consent": CONSENT}),
        ("PUT", "/privacy", {"enabled": True, "forward_to": BAD, "consent": CONSENT}),
        ("PUT", "/privacy", {"enabled": True, "consent": {"by": "Consentcanary", "at": BAD}}),
        ("POST", "/sender-rules", {"sender": f"{BAD}@@x", "action": "block"}),
        ("POST", "/sender-rules", {"sender": f"{BAD}_.example", "action": "allow"}),
        ("POST", "/registrant/sender-rules", {"sender": STRANGER, "action": BAD}),
    )
    for method, path, body in bodies:
        reply = await client.call(method, f"/v1/domains/{domain}{path}", body)
        assert 400 <= reply.status < 500, reply
        seen.add("problems", str(reply.body))


async def switched(client: Backend, domain: str, wish: dict[str, object]) -> Any:
    reply = await client.call("PUT", f"/v1/domains/{domain}/privacy", wish)
    assert reply.status in {200, 202}, reply.body
    return reply.body["operation"]


async def mail(running: Running, client: Backend, installation: Installation) -> str:
    """Letters that arrive, wait and fail, because the owner's server quotes canaries; return the address."""
    around = installation.around
    privacy = (await client.call("GET", f"/v1/domains/{DOMAIN}/privacy")).body
    address = str(privacy["published_contacts"]["registrant"]["email"])

    async def letter(reason: str) -> None:
        sender = f"Displaycanary <{STRANGER}>"
        raw = Letter(sender, address, f"Subjectcanary {reason}", f"Textcanary {reason}").raw()
        signed = around.senders["offers.example"].sign(raw)
        assert (await send(running.ports["smtp"], STRANGER, address, signed)).code == 250

    async def states() -> set[str]:
        log = (await client.call("GET", f"/v1/domains/{DOMAIN}/messages")).body["messages"]
        return {message["state"] for message in log}

    await letter("arrives")
    await around.sink.wait_for(1, matching=lambda message: FORWARD_TO in message.recipients)
    around.sink.answer(FORWARD_TO, f"451 4.2.1 Refusalcanary {FORWARD_TO} is busy")
    await letter("waits")
    await eventually(states, lambda found: {"delivered", "deferred"} <= found)
    around.sink.answer(FORWARD_TO, f"550 5.7.1 Refusalcanary {FORWARD_TO} {OWNER} does not want it")
    await letter("fails")
    await eventually(states, lambda found: "bounced" in found)
    around.sink.answer(FORWARD_TO, f"550 5.1.1 Refusalcanary {FORWARD_TO} {OWNER} is gone")
    await letter("takes the other way")
    await around.sink.wait_for(1, matching=lambda message: OWNER in message.recipients)
    for path in (f"/v1/domains/{DOMAIN}/sender-rules", "/v1/sender-rules"):
        rule = await client.call("POST", path, {"sender": STRANGER, "action": "block"})
        assert (rule.status, rule.body["sender"]) == (201, STRANGER)
        assert (await client.call("DELETE", rule.headers["Location"])).status == 204
        assert (await client.call("POST", path, {"sender": STRANGER, "action": "block"})).status == 201
    await letter("is of a blocked sender")
    await eventually(states, lambda found: "quarantined" in found)
    return address


@asynccontextmanager
async def talkative(around: Surroundings) -> AsyncIterator[tuple[Gossip, PublicSide]]:
    """Lead the service to a registry that quotes the registrant, and to a backend's public directories."""
    words = "Registrycanary of Námecanary Uxolt, owner-canary-ybhk@home.example, in Citycanary"
    gossip, public = Gossip(around.authority, around.registry.port, words), PublicSide()
    async with gossip.listening(), public.listening():
        text = around.file.read_text().replace(f"port = {around.registry.port}", f"port = {gossip.port}")
        around.file.write_text(text + SETTINGS.format(public=public))
        await around.registry.queue_message("registrar-1", words)
        yield gossip, public


async def registry_words(client: Backend, gossip: Gossip, seen: Seen) -> None:
    """The registry's message is kept for its registrar alone; its refusal is told without its words."""

    async def messages() -> Any:
        return (await client.call("GET", "/v1/registry-messages")).body["messages"]

    [message] = await eventually(messages, bool)
    assert "Námecanary" in message["text"]
    gossip.refuses = b"<domain:update"
    wish: dict[str, object] = {"enabled": True, "consent": CONSENT}
    refused = await client.finished((await switched(client, REFUSED, wish))["id"])
    gossip.refuses = b""
    assert (refused["state"], gossip.refused) == ("failed", 1)
    seen.add("operations", str(refused))


async def backend_tasks(other: Backend, public: PublicSide, seen: Seen) -> None:
    """A leak that the public shows, and a task that holds the registrant while it waits."""
    body = {"registrant": REGISTRANT, "registrant_verified": True}
    assert (await other.call("PUT", f"/v1/domains/{BY_CALLBACK}", body)).status == 201
    public.shown[BY_CALLBACK] = {"registrant": REGISTRANT}

    async def asked() -> Any:
        events = (await other.call("GET", "/v1/events")).body["events"]
        seen.add("events", str(events))
        return [each["data"] for each in events if each["type"] == "contact.apply_required"]

    async def answered(count: int, **answer: str) -> Any:
        task = (await eventually(asked, lambda found: len(found) == count))[-1]
        return await other.call("POST", f"{task['fetch']}/answer", answer)

    await switched(other, BY_CALLBACK, {"enabled": True, "consent": CONSENT})
    refused = await answered(1, result="refused", reason="Námecanary Uxolt")
    assert refused.status == 422
    seen.add("problems", str(refused.body))
    assert (await answered(1, result="applied")).status == 200
    leak = (await eventually(asked, lambda found: len(found) == 2))[-1]
    assert leak["occasion"] == "leak"
    await switched(other, BY_CALLBACK, {"enabled": False})
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    waiting = await answered(3, result="later", retry_at=at)
    assert waiting.body["contacts"]["registrant"]["email"] == OWNER


async def registry_trouble(client: Backend, installation: Installation, seen: Seen) -> None:
    """The registry refuses, then it is gone."""
    registry = installation.around.registry
    await registry.set_statuses(DOMAIN, add=["serverUpdateProhibited"])
    refused = await client.finished((await switched(client, DOMAIN, {"enabled": False}))["id"])
    assert refused["state"] == "failed"
    seen.add("operations", str(refused))
    await registry.__aexit__(None, None, None)
    pending = await client.finished((await switched(client, DOMAIN, {"enabled": False}))["id"], wait_s=2)
    assert pending["state"] == "pending"
    seen.add("operations", str(pending))


async def asked_for(running: Running, client: Backend, seen: Seen) -> None:
    """Read what the service shows of itself."""
    async with aiohttp.ClientSession() as http:
        for path in ("metrics", "healthz", "readyz"):
            async with http.get(f"http://127.0.0.1:{running.ports['api']}/{path}") as answer:
                seen.add(path, await answer.read())
    seen.add("events", str((await client.call("GET", "/v1/events")).body))


@pytest.mark.slow
async def test_no_canary_leaves_the_service(tmp_path: Path) -> None:
    """A day with every kind of trouble; only the folder of the keys is not searched."""
    seen = Seen()
    async with (
        surroundings(tmp_path) as around,
        hook(seen) as url,
        talkative(around) as (gossip, public),
    ):
        installation = Installation.prepare(around, LOG__LEVEL="debug", LOG__FORMAT="json")
        api_key = await installation.add_registrar("Registrar")
        other_key = await installation.add_registrar("Other")
        registrar = await around.registry_client()
        for domain in (DOMAIN, REFUSED):
            await registrar.register(domain, registrant_contact(Registrant.parse(REGISTRANT)))
        await registrar.close()
        async with installation.serving() as running, backend(running, api_key) as client:
            added = (await client.call("POST", "/v1/webhooks", {"url": url})).body
            body = {"registrant": REGISTRANT, "registrant_verified": True}
            for domain in (DOMAIN, REFUSED):
                assert (await client.call("PUT", f"/v1/domains/{domain}", body)).status == 201
            wish: dict[str, object] = {"enabled": True, "consent": CONSENT, "forward_to": FORWARD_TO}
            done = await client.finished((await switched(client, DOMAIN, wish))["id"])
            assert done["state"] == "done"
            seen.add("operations", str(done))
            address = await mail(running, client, installation)
            await garbage(running, address)
            await bad_bodies(client, DOMAIN, seen)
            await registry_words(client, gossip, seen)
            async with backend(running, other_key) as other:
                for method, sent in (("GET", None), ("PUT", body), ("DELETE", None)):
                    reply = await other.call(method, f"/v1/domains/{DOMAIN}", sent)
                    assert reply.status in {404, 409}
                    seen.add("problems", str(reply.body))
                await backend_tasks(other, public, seen)
            await registry_trouble(client, installation, seen)
            await asked_for(running, client, seen)
            for file in installation.data.glob("*.sqlite3*"):
                seen.add(f"running {file.name}", file.read_bytes())
            assert await running.ended() == 0
        for file in installation.data.iterdir():
            if file.is_file():
                seen.add(file.name, file.read_bytes())
        seen.add("log", installation.output.read_bytes())

    wal = "running whoisproxy.sqlite3-wal"
    assert seen.places.keys() >= {"log", "metrics", "events", "problems", "webhook payloads", wal}
    assert b"delivery" in seen.places["log"]
    assert b"Traceback" not in seen.places["log"]
    secrets = [api_key.rpartition("_")[2], other_key.rpartition("_")[2], added["secret"][6:]]
    assert {place: leaked for place, text in seen.places.items() if (leaked := found_in(text, secrets))} == {}


@pytest.mark.parametrize("canary", CANARIES)
def test_the_search_finds_a_canary_in_every_disguise(canary: str) -> None:
    """The search itself must not be blind."""
    raw = f"ab {canary} cd".encode()
    for disguised in (raw, raw.upper(), b64encode(raw), b64encode(b"x" + raw), b64encode(b"xy" + raw)):
        assert canary in found_in(disguised.replace("Á".encode(), "á".encode()), []) or not canary.isascii()
    assert canary in found_in(quopri.encodestring(raw), [])
    assert canary in found_in(quote(raw).encode(), [])
