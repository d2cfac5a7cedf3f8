"""Several mail processes: all take mail, a dead one is replaced, and none outlives the service."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bench.mail_directory import add_addresses
from tests.journeys.process import Installation
from tests.whoisproxy.runtime.test_service import settings
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.demo.mail_actors import Answer, Letter, send
from whoisproxy.demo.world import surroundings
from whoisproxy.runtime.child_processes import ChildProcesses
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.metrics import merged
from whoisproxy.runtime.service import Role, Service

PITCH = (
    "We build web sites for small firms in your region and would be glad to show you what our team did for "
    "other shops last year. Our prices are fair, our designers are kind, the first draft costs nothing."
)


@asynccontextmanager
async def serving(folder: Path, **more: str) -> AsyncIterator[Service]:
    service = Service(settings(folder, SMTP__PROCESSES="2", **more))
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


def processes_of(service: Service) -> ChildProcesses:
    return service._children[Role.SMTP]


async def greeted(port: int) -> bool:
    """Whether somebody answers there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"QUIT\r\n")
    async with asyncio.timeout(30):
        said = await reader.read()
    writer.close()
    return said.startswith(b"220 ")


@pytest.mark.slow
async def test_they_share_one_port_and_their_counts_are_told_apart(tmp_path: Path) -> None:
    async with serving(tmp_path) as service, aiohttp.ClientSession() as http:
        assert len(processes_of(service).pids) == 2
        assert all([await greeted(service.ports["smtp"]) for _ in range(8)])
        async with http.get(f"http://127.0.0.1:{service.ports['api']}/metrics") as answer:
            text = await answer.text()
    for process in ("main", "mail-0", "mail-1"):
        assert f'mailrelay_smtp_connections{{process="{process}"}} ' in text


@pytest.mark.slow
async def test_a_killed_one_is_replaced_and_whoever_connects_meanwhile_waits(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        processes = processes_of(service)
        before = processes.pids
        os.kill(before[0], signal.SIGKILL)
        # The kernel gives about half of these to the socket whose process is gone.
        assert all(await asyncio.gather(*(greeted(service.ports["smtp"]) for _ in range(12))))
        async with asyncio.timeout(30):
            while set(processes.pids) & {before[0]} or not processes.alive():
                assert await greeted(service.ports["smtp"])
        assert before[1] in processes.pids
        assert (await service.ready())["workers"]


@pytest.mark.slow
async def test_what_one_has_seen_all_know_and_know_still_when_it_is_killed(tmp_path: Path) -> None:
    async with DnsServer() as dns:
        more = {"DNS__NAMESERVERS": f'["{dns.nameserver}"]', "CHECKS__GREYLISTING": "false"}
        async with open_core(settings(tmp_path, **more)) as core:
            # Each domain has three; one of each is written to.
            addresses = list(await add_addresses(core.storage, core.settings.relay.domain, 30))[::3]
        async with serving(tmp_path, **more) as service:
            processes = processes_of(service)
            for address in addresses[:4]:
                assert (await _pitch(service, address)).code == 250
            killed = processes.pids[0]
            os.kill(killed, signal.SIGKILL)
            async with asyncio.timeout(30):
                while killed in processes.pids or not processes.alive():
                    assert await greeted(service.ports["smtp"])
            before = await _found_in_bulk(processes)
            for address in addresses[4:]:
                assert (await _pitch(service, address)).code == 250
            assert await _found_in_bulk(processes) == before + 6


async def _pitch(service: Service, address: str) -> Answer:
    letter = Letter("Ann <ann@offers.example>", address, "Hello", PITCH)
    return await send(service.ports["smtp"], "ann@offers.example", address, letter.raw())


async def _found_in_bulk(processes: ChildProcesses) -> float:
    """How much mail the processes that run now have found to be sent to many."""
    samples = [
        sample
        for text in (await processes.metrics()).values()
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
    return sum(
        sample.value
        for sample in samples
        if sample.name == "mailrelay_check_hits_total" and sample.labels["check"] == "bulk-similarity"
    )


async def test_a_port_that_is_taken_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="Address already in use") as refused:
            async with serving(tmp_path, SMTP__PORT=str(port)):
                pass
    assert refused.value.filename == f"smtp 127.0.0.1:{port}"


@pytest.mark.slow
async def test_they_end_when_the_service_is_killed(tmp_path: Path) -> None:
    async with surroundings(tmp_path) as around:
        installation = Installation.prepare(around, SMTP__PROCESSES="2")
        async with installation.serving() as running:
            children = _children_of(running.process.pid)
            assert len(children) == 2
            ends = [asyncio.create_task(_ended(child)) for child in children]
            await running.ended(signal.SIGKILL)
            async with asyncio.timeout(60):
                await asyncio.gather(*ends)


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def _ended(pid: int) -> None:
    """Wait for the end of a process that is no child of ours."""
    descriptor = os.pidfd_open(pid)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def test_merged_metrics_keep_every_sample_and_its_labels() -> None:
    def counted(number: int) -> str:
        registry = CollectorRegistry()
        Counter("letters", "What came", ["kind"], registry=registry).labels("good").inc(number)
        return generate_latest(registry).decode()

    text = merged({"main": counted(1), "mail-0": counted(41)}).decode()
    assert text.count("# TYPE letters_total counter") == 1
    assert 'letters_total{kind="good",process="main"} 1.0' in text
    assert 'letters_total{kind="good",process="mail-0"} 41.0' in text
