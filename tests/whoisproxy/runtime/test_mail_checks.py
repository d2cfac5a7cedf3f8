"""What the operator writes about the gate is what the relay does."""

from ipaddress import ip_address
from pathlib import Path

import pytest
from sqlalchemy import func, select

from mailrelay.checks.greylist_store import greylist
from mailrelay.checks.stages import ConnectionContext, RecipientContext, SenderContext
from mailrelay.checks.verdict import Action, Evidence
from mailrelay.directory import MailPolicy, RelayRoute
from whoisproxy.config import ConfigurationError, Settings, load
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.housekeeping import Housekeeping
from whoisproxy.runtime.mail.checks import chains_of
from whoisproxy.runtime.mail.names import resolver_of

PEER = "203.0.114.25"
SENDER = SenderContext(ConnectionContext(PEER), "mx.b.example", "clerk@court.example")
ROUTE = RelayRoute("relay_1", "owner_1", "shop.example", "q7x@relay.example", MailPolicy.FORWARD)
SETTINGS = """
[dns]
nameservers = ["{nameserver}"]
[limits]
recipients_per_minute = 1
[checks]
greylist_delay_s = 5
protected_senders = ["own.toml"]
[[dns_lists]]
zone = "list.example"
answers = {{ "127.0.0.2" = "reject", "127.0.0.3" = 2.5 }}
"""
OWN = '[[senders]]\nkind = "court"\ndomains = ["court.example"]\nsource = "a letter"\ndate = 2026-01-01\n'


def _settings(folder: Path, dns: DnsServer, own: str = OWN) -> Settings:
    (folder / "own.toml").write_text(own)
    (folder / "whoisproxy.toml").write_text(SETTINGS.format(nameserver=dns.nameserver))
    return load(folder / "whoisproxy.toml", {})


async def test_lists_limits_greylisting_and_protected_senders_are_as_set(tmp_path: Path) -> None:
    async with DnsServer() as dns, open_core(_settings(tmp_path, dns)) as core:
        reverse = ip_address(PEER).reverse_pointer.rsplit(".", 2)[0]
        dns.set(f"{reverse}.list.example", "A", "127.0.0.3")
        dns.set("court.example", "TXT", "v=spf1 -all")
        chains = chains_of(core, resolver_of(core.settings), ())

        client = await chains.clients.judge(SENDER)
        assert client.evidence == (Evidence("dns-blocklist", 2.5), Evidence("reverse-dns", 0.0))

        context = RecipientContext(SENDER, ROUTE.address, ROUTE)
        assert (await chains.recipient.run(context)).action is Action.ACCEPT
        assert (await chains.recipient.run(context)).reasons == (
            "recipient-rate: too-many-recipients-a-minute",
        )

        sender = SenderContext(SENDER.connection, SENDER.helo, SENDER.reverse_path, None, client.evidence)
        doubtful = RecipientContext(sender, ROUTE.address, ROUTE)
        assert (await chains.doubtful.run(doubtful)).action is Action.DEFER
        async with core.storage.engine.connect() as connection:
            assert await connection.scalar(select(func.count()).select_from(greylist)) == 1
        assert (tmp_path / "var/keys/greylist.key").stat().st_mode & 0o777 == 0o600
        await Housekeeping(core)._purge_mail()

        # The operator's own sender is known: only SPF says that this is not he.
        assert ("court.example", "TXT") in dns.queries


async def test_without_greylisting_the_doubtful_pass(tmp_path: Path) -> None:
    async with DnsServer() as dns:
        settings = _settings(tmp_path, dns)
        checks = settings.checks.model_copy(update={"greylisting": False})
        async with open_core(settings.model_copy(update={"checks": checks})) as core:
            assert chains_of(core, resolver_of(core.settings), ()).doubtful.names == ()


async def test_a_file_of_senders_that_says_nothing_sensible_is_refused_at_start(tmp_path: Path) -> None:
    async with DnsServer() as dns, open_core(_settings(tmp_path, dns, own="senders = 1")) as core:
        with pytest.raises(ConfigurationError, match=r"own\.toml"):
            chains_of(core, resolver_of(core.settings), ())


async def test_names_of_the_relay_are_its_own(tmp_path: Path) -> None:
    async with DnsServer() as dns, open_core(_settings(tmp_path, dns)) as core:
        chains = chains_of(core, resolver_of(core.settings), ())
        for name in (core.settings.smtp.hostname, core.settings.relay.domain):
            sender = SenderContext(SENDER.connection, name, "x@b.example")
            assert (await chains.clients.judge(sender)).reasons == ("helo-sanity: helo-is-our-own",)
