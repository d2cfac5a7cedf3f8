"""The service as it is configured and started, with a registrar that sets contacts by itself."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.whoisproxy.api.client import ON, Client, domain_body
from tests.whoisproxy.services.callback_world import PublicSide
from whoisproxy.config import ConfigurationError, load
from whoisproxy.runtime.service import Service

DOMAIN = "ann-angstroem.org"
PORTS = {f"WHOISPROXY_{name}__PORT": "0" for name in ("API", "RDAP", "WHOIS", "SMTP")}
SECTION = """
[[callback]]
name = "keeps"
registrar = "Keeps Its Registry"
suffixes = ["org"]
rdap_base_url = "{public.rdap_url}"
whois_server = "{public.whois_server}"
allow_private_addresses = true
"""


def service_with(folder: Path, sections: str) -> Service:
    file = folder / "whoisproxy.toml"
    file.write_text('[dns]\nnameservers = ["127.0.0.1:9"]\n[log]\nlevel = "error"\n' + sections)
    return Service(load(file, PORTS))


async def test_a_backend_that_reads_events_brings_privacy_about(tmp_path: Path) -> None:
    public = PublicSide()
    async with public.listening(), aiohttp.ClientSession() as session:
        service = service_with(tmp_path, SECTION.format(public=public))
        await service.start()
        try:
            registrar = await service.core.accounts.add_registrar(
                "Keeps Its Registry", "https://keeps.example"
            )
            _, secret = await service.core.accounts.add_key(registrar)
            api = Client(session, f"http://127.0.0.1:{service.ports['api']}", secret)
            await api.put(f"/v1/domains/{DOMAIN}", domain_body())
            operation = (await api.put(f"/v1/domains/{DOMAIN}/privacy", ON)).headers["Location"]

            asked = await next_event(api, "contact.apply_required")
            public.shown[DOMAIN] = asked["contacts"]
            said = await api.post(f"{asked['fetch']}/answer", {"result": "applied"})
            assert said.status == 200
            assert await ended(service, api, operation) == "done"
            assert (await api.get(asked["fetch"])).json["look"]["verdict"] == "clean"
        finally:
            await service.stop()


async def next_event(api: Client, kind: str) -> dict[str, Any]:
    """Read events until one of the kind comes, and return its data."""
    after = 0
    while True:
        page = (await api.get(f"/v1/events?after={after}&wait=30")).json
        after = page["next_after"]
        for event in page["events"]:
            if event["type"] == kind:
                return dict(event["data"])


async def ended(service: Service, api: Client, operation: str) -> str:
    """Wait for the operation's end; the housekeeping that wakes what waits is not waited for."""
    state = "pending"
    while state == "pending":
        await service.core.registry_tasks.wake_due()
        state = (await api.get(f"{operation}?wait=1")).json["state"]
    return state


async def test_two_backends_for_the_same_domains_stop_the_start(tmp_path: Path) -> None:
    section = SECTION.format(public=PublicSide(rdap_url="http://127.0.0.1:1", whois_server=""))
    with pytest.raises(ConfigurationError, match=r"callback\.keeps: another serves \.org of this registrar"):
        await service_with(tmp_path, section * 2).start()
