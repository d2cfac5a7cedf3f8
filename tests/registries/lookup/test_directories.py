"""Directories are asked over sockets: within a deadline and a cap, twice referred at most, never inside."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from registries.lookup.fetching import MOST_OCTETS, NoAnswer
from registries.lookup.public import PublicView
from registries.lookup.rdap import RdapDirectory
from registries.lookup.verdict import Doubt, Expectation
from registries.lookup.whois import WhoisDirectory

DOMAIN = "zoe.example"


@asynccontextmanager
async def whois_server(answer: bytes, asked: list[bytes] | None = None) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await reader.readline()
        if asked is not None:
            asked.append(query)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def whois(port: int, **limits: Any) -> WhoisDirectory:
    return WhoisDirectory("127.0.0.1", port, **{"allow_private": True, **limits})


async def test_whois_is_asked_as_rfc_3912_says() -> None:
    asked: list[bytes] = []
    async with whois_server("Köln\r\n".encode(), asked) as port:
        [document] = await whois(port).documents(DOMAIN)
    assert (asked, document.raw, document.whole) == ([b"zoe.example\r\n"], "Köln\r\n", True)


async def test_whois_in_latin_1_is_read() -> None:
    async with whois_server("Köln\r\n".encode("latin-1")) as port:
        [document] = await whois(port).documents(DOMAIN)
    assert document.raw == "Köln\r\n"


@pytest.mark.parametrize(("octets", "whole"), [(MOST_OCTETS, True), (MOST_OCTETS + 1, False)])
async def test_whois_is_read_up_to_the_cap(octets: int, whole: bool) -> None:  # noqa: FBT001 - a table
    async with whois_server(b"a" * octets) as port:
        [document] = await whois(port).documents(DOMAIN)
    assert (len(document.raw), document.whole) == (MOST_OCTETS, whole)


async def test_a_whois_server_that_does_not_end_is_left_at_the_deadline() -> None:
    finished = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        finished.set()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        with pytest.raises(NoAnswer):
            await whois(server.sockets[0].getsockname()[1], deadline_s=0.05).documents(DOMAIN)
        await finished.wait()


async def test_referrals_are_followed_twice_and_never_in_circles() -> None:
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(whois_server(b"fourth"))
        for name in (b"third", b"second", b"first"):
            answer = b"%b\r\nRegistrar WHOIS Server: 127.0.0.1:%d\r\n" % (name, port)
            port = await stack.enter_async_context(whois_server(answer))
        documents = await whois(port).documents(DOMAIN)
    assert [document.raw.split()[0] for document in documents] == ["first", "second", "third"]


async def test_a_server_that_refers_to_itself_is_asked_once(unused_tcp_port: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(f"refer: 127.0.0.1:{unused_tcp_port}\r\n".encode())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", unused_tcp_port):
        assert len(await whois(unused_tcp_port).documents(DOMAIN)) == 1


async def test_a_server_that_is_referred_to_and_away_is_passed_over(unused_tcp_port: int) -> None:
    async with whois_server(f"whois: 127.0.0.1:{unused_tcp_port}\r\n".encode()) as port:
        assert len(await whois(port).documents(DOMAIN)) == 1


@pytest.mark.parametrize("host", ["a..b", "-", "x" * 250, "127.0.0.1:99999"])
async def test_a_referral_to_what_is_no_host_is_passed_over(host: str) -> None:
    async with whois_server(f"refer: {host}\r\n".encode()) as port:
        assert len(await whois(port).documents(DOMAIN)) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1"])
async def test_whois_reaches_nothing_inside(host: str) -> None:
    async with whois_server(b"inside") as port:
        with pytest.raises(NoAnswer):
            await WhoisDirectory(host, port).documents(DOMAIN)


async def test_a_referral_names_no_other_port_where_only_public_addresses_are_asked() -> None:
    text = "Registrar WHOIS Server: whois://whois.registrar.example:6379\r\n"
    assert WhoisDirectory("192.0.2.1")._referral(text) == "whois.registrar.example:43"
    assert whois(43)._referral(text) == "whois.registrar.example:6379"


Handler = Callable[[web.Request], Any]


@asynccontextmanager
async def rdap_server(**routes: Handler) -> AsyncIterator[str]:
    app = web.Application()
    for name, handler in routes.items():
        app.router.add_get(f"/{name}/{{rest:.*}}", handler)
    async with TestServer(app) as server:
        yield str(server.make_url("/")).rstrip("/")


def rdap(url: str, **limits: Any) -> RdapDirectory:
    return RdapDirectory(url, **{"allow_private": True, **limits})


def saying(body: object, status: int = 200, **headers: str) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(text=text, status=status, headers=headers, content_type="application/rdap+json")

    return answer


async def asked(directory: RdapDirectory) -> list[str]:
    try:
        return [document.raw for document in await directory.documents(DOMAIN)]
    finally:
        await directory.close()


async def test_rdap_is_asked_as_rfc_9082_says() -> None:
    seen = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.path, request.headers["Accept"]))
        return web.Response(text="{}")

    async with rdap_server(domain=answer) as url:
        assert await asked(rdap(url + "/")) == ["{}"]
    assert seen == [("/domain/zoe.example", "application/rdap+json")]


async def test_rdap_redirects_are_followed_twice_and_no_further() -> None:
    def to(place: str) -> Handler:
        return saying("", 302, Location=f"/{place}/x")

    async with rdap_server(domain=to("a"), a=to("b"), b=saying("done")) as url:
        assert await asked(rdap(url)) == ["done"]
    async with rdap_server(domain=to("a"), a=to("b"), b=to("c"), c=saying("done")) as url:
        with pytest.raises(NoAnswer):
            await asked(rdap(url))


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:1/", "ftp://zoe.example/", "http://[::1]/", "http://localhost/", "http://[", ""],
)
async def test_an_rdap_redirect_that_leads_elsewhere_is_not_followed(location: str) -> None:
    async with rdap_server(domain=saying("", 302, Location=location)) as url:
        with pytest.raises(NoAnswer):
            await asked(rdap(url))


async def test_rdap_reaches_nothing_inside() -> None:
    async with rdap_server(domain=saying("inside")) as url:
        for place in (url, url.replace("127.0.0.1", "localhost")):
            with pytest.raises(NoAnswer):
                await asked(RdapDirectory(place))


@pytest.mark.parametrize("status", [404, 429, 500, 204])
async def test_an_rdap_error_is_no_answer(status: int) -> None:
    async with rdap_server(domain=saying("", status)) as url:
        with pytest.raises(NoAnswer):
            await asked(rdap(url))


async def test_rdap_is_read_up_to_the_cap() -> None:
    async with rdap_server(domain=saying("é" * MOST_OCTETS)) as url:
        directory = rdap(url)
        [document] = await directory.documents(DOMAIN)
        await directory.close()
    assert (document.raw, document.whole) == ("é" * (MOST_OCTETS // 2), False)


async def test_an_rdap_server_that_does_not_answer_is_left_at_the_deadline() -> None:
    left = asyncio.Event()

    async def wait(_request: web.Request) -> web.Response:
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        return web.Response()

    app = web.Application()
    app.router.add_get("/domain/{name}", wait)
    async with TestServer(app, handler_cancellation=True) as server:
        with pytest.raises(NoAnswer):
            await asked(rdap(str(server.make_url("")), deadline_s=0.05))
        await left.wait()


async def test_the_registrars_own_rdap_is_asked_too() -> None:
    async def registry(request: web.Request) -> web.Response:
        href = str(request.url.with_path(f"/registrar/domain/{DOMAIN}"))
        link = {"rel": "related", "type": "application/rdap+json", "href": href}
        return web.json_response({"links": ["odd", {"rel": "self", "href": "x"}, link]})

    async with rdap_server(domain=registry, registrar=saying("registrar")) as url:
        assert (await asked(rdap(url)))[1:] == ["registrar"]


@pytest.mark.parametrize("href", ["http://[", "mailto:zoe@zoe.example", "", "/relative", 7])
async def test_a_link_that_leads_nowhere_is_passed_over(href: object) -> None:
    link = {"rel": "related", "type": "application/rdap+json", "href": href}
    async with rdap_server(domain=saying({"links": [link]})) as url:
        assert len(await asked(rdap(url))) == 1


async def test_nothing_is_decompressed() -> None:
    squeezed = gzip.compress(b"a" * 50_000_000)

    async def bomb(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=squeezed, headers={"Content-Encoding": "gzip"})

    async with rdap_server(domain=bomb) as url:
        [raw] = await asked(rdap(url))
    assert "aaaa" not in raw


async def test_a_look_without_any_answer_says_so(unused_tcp_port: int) -> None:
    expected = Expectation(DOMAIN, None)
    for directories in ([], [whois(unused_tcp_port)]):
        view = PublicView(directories)
        assert (await view.look(expected)).doubt is Doubt.NO_ANSWER
        await view.close()
