"""An HTTPS server on loopback with an MTA-STS policy (RFC 8461)."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class PolicyServer:
    """What it answers, and how often it was asked."""

    text: str
    port: int = 0
    status: int = 200
    content_type: str = "text/plain"
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.host.partition(':')[0]}{request.path}")
        headers = {"Location": "/elsewhere"} if self.status == 301 else {}
        return web.Response(
            text=self.text, status=self.status, content_type=self.content_type, headers=headers
        )


@asynccontextmanager
async def policy_server(context: ssl.SSLContext, text: str) -> AsyncIterator[PolicyServer]:
    """Serve a policy at every path."""
    server = PolicyServer(text)
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()
