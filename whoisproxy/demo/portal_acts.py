"""Acts 6 and 7: a stranger writes on the public page, and the owner switches on pages of his own."""

import email
import re

import aiohttp

from whoisproxy.demo.cast import ALLOWED, OWNER, TRACES, traces_in
from whoisproxy.demo.mail_actors import whois
from whoisproxy.demo.mail_sink import SunkMessage
from whoisproxy.demo.stage import Stage
from whoisproxy.demo.visitor import Visitor
from whoisproxy.demo.world import World

_WRITTEN = "The picture on your front page is mine. Please call me about a licence."
_PHOTOGRAPHER = "bruno@photos.example"
_LINK = re.compile(rb"http://\S+/contact/confirm/\S+")


async def form(stage: Stage, world: World) -> None:
    """Act 6: somebody who found the page of a domain writes on it and confirms his mailbox."""
    domain = ALLOWED[0].domain
    stage.act(6, "A stranger writes on the public page; nothing is passed on before he confirms")
    async with _browser() as session:
        visitor = Visitor(session)
        await visitor.open(f"{_pages(world)}/contact/{domain}")
        stage.wire(f"GET /contact/{domain}", [visitor.title])
        await visitor.send(name="Bruno Photo", mailbox=_PHOTOGRAPHER, kind="legal", message=_WRITTEN)
        stage.wire("the form, sent", [visitor.title, visitor.text])
        first = await world.sink.wait_for(1, matching=lambda message: _PHOTOGRAPHER in message.recipients)
        body = email.message_from_bytes(first[0].raw).get_payload(decode=True)
        link = _LINK.search(body if isinstance(body, bytes) else b"")
        stage.check("he gets a letter with a link to confirm", link is not None)
        nothing = not any(_is_his(message) for message in world.sink.messages)
        stage.check("before that nothing reaches the owner", nothing)
        await visitor.open(link[0].decode() if link else "")
        await visitor.send()
        stage.wire("the link, confirmed", [visitor.title])
        [arrived] = await world.sink.wait_for(1, matching=_is_his)
    stage.check("the owner gets the message", _WRITTEN.encode() in arrived.raw)


async def pages(stage: Stage, world: World) -> None:
    """Act 7: the owner comes from his registrar's panel and switches a domain off and on again."""
    domain = ALLOWED[1].domain
    stage.act(7, "The owner comes from his registrar's panel and switches privacy himself")
    link = await _link_for(world, domain)
    stage.check("his registrar's backend gets a link for him", link.startswith(_pages(world)), link)
    async with _browser() as session:
        owner = Visitor(session)
        await owner.open(link)
        await owner.send()
        stage.wire("click 1: enter", [owner.title, *owner.listed("domains")])
        stage.check("he sees his domains", all(part.domain in owner.text for part in ALLOWED))
        await _switch(stage, world, owner, domain, "off")
        stage.check(f"WHOIS shows the holder of {domain}", bool(traces_in(await _published(world, domain))))
        await owner.open("/domains")
        await _switch(stage, world, owner, domain, "on")
        found = traces_in(await _published(world, domain))
        stage.check(f"{len(TRACES)} traces of him sought, none found", not found, ", ".join(found))


async def _link_for(world: World, domain: str) -> str:
    """Return a link that leads the owner of a domain in, as his registrar's backend gets it."""
    known = (await world.backend.call("GET", f"/v1/domains/{domain}")).body
    reply = await world.backend.call("POST", f"/v1/registrants/{known['registrant_id']}/portal-links")
    return str(reply.body.get("url", reply.body))


async def _switch(stage: Stage, world: World, owner: Visitor, domain: str, to: str) -> None:
    """Switch one of the listed domains, and wait until it is done."""
    await owner.click(f"/domains/{domain}/privacy?to={to}")
    stage.wire(f"click 2: switch {to}", [owner.title])
    await owner.send()
    stage.wire("click 3: agree", [owner.title])
    operation = await world.backend.finished(owner.url.rpartition("/")[2])
    stage.check("the operation is done", operation["state"] == "done", operation.get("problem", ""))


def _browser() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


def _pages(world: World) -> str:
    return world.service.core.settings.portal.base_url


def _is_his(message: SunkMessage) -> bool:
    return OWNER in message.recipients and _WRITTEN.encode() in message.raw


async def _published(world: World, domain: str) -> bytes:
    return await whois(world.service.ports["whois"], domain)
