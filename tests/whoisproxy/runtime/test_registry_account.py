"""A configured account at a registry, looked after by the running service."""

from pathlib import Path

import aiohttp

from registries.sandbox.authority import CertificateAuthority
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import Tld
from tests.whoisproxy.runtime.test_service import settings
from whoisproxy.config import RegistryAccount
from whoisproxy.demo.backend import Backend
from whoisproxy.runtime.service import Role, Service


async def test_a_message_of_the_registry_reaches_the_backend(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path / "ca")
    password = tmp_path / "password"
    password.write_text("foo-BAR2\n")
    tls = authority.server_context(authority.issue("registry.localhost", hosts=["127.0.0.1"]))
    async with SandboxRegistry(tlds=[Tld("org")], accounts={"registrar-1": "foo-BAR2"}, tls=tls) as registry:
        await registry.queue_message("registrar-1", "Credit is low")
        account = RegistryAccount(
            name="sandbox",
            host=registry.host,
            port=registry.port,
            client_id="registrar-1",
            password_file=password,
            ca_file=authority.ca_file,
            suffixes=("org",),
            registrar="Acme",
        )
        chosen = settings(tmp_path).model_copy(update={"registries": (account,)})
        first = Service(chosen, roles=[Role.API])
        await first.start()
        registrar = await first.core.accounts.add_registrar("Acme", "https://acme.example", None)
        _, secret = await first.core.accounts.add_key(registrar)
        worker = Service(chosen, roles=[Role.WORKER])
        await worker.start()
        try:
            async with aiohttp.ClientSession() as http:
                client = Backend(http, f"http://127.0.0.1:{first.ports['api']}", secret)
                events = await client.call("GET", "/v1/events?wait=20")
                found = await client.call("GET", "/v1/registry-messages")
        finally:
            await worker.stop()
            await first.stop()
    assert [event["type"] for event in events.body["events"]] == ["registry.message"]
    assert [message["text"] for message in found.body["messages"]] == ["Credit is low"]
