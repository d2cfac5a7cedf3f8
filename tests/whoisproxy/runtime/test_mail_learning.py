"""What is taught anywhere is what mail processes judge by, from their first message on."""

from pathlib import Path

from sqlalchemy import update

from mailrelay.authentication.authenticate import without_dns
from mailrelay.checks.stages import ConnectionContext, MessageContext, SenderContext
from mailrelay.directory import MailPolicy, RelayRoute
from mailrelay.message import RawMessage
from whoisproxy.config import load
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.runtime.core import Core, open_core
from whoisproxy.runtime.mail import learning
from whoisproxy.runtime.mail.checks import chains_of
from whoisproxy.runtime.mail.names import resolver_of
from whoisproxy.services.spam_learning import Label
from whoisproxy.storage.tables import spam_learning

RAW = (
    b"From: Ada <ada@offers.example>\r\nMessage-ID: <1@offers.example>\r\nSubject: Zyxwolin kaufe\r\n\r\n"
    b"Zyxwolin 30 mg, Kwyjibo gel, Vuxmafil: bulk xenophir depot, wholesale pyrazol, tryx quvento today.\r\n"
)
ROUTE = RelayRoute("relay_1", "owner_1", "shop.example", "q7x@relay.example", MailPolicy.FORWARD)


async def _score(core: Core) -> float:
    """Return the content score that a message gets at the end of DATA."""
    message = RawMessage.parse(RAW)
    sender = SenderContext(ConnectionContext("192.0.2.1"), "mx.offers.example", "ada@offers.example")
    context = MessageContext(sender, (ROUTE,), message, without_dns(message))
    decision = await chains_of(core, resolver_of(core.settings)).message.run(context)
    return sum(one.score for one in decision.verdicts if one.check == "content-score")


async def test_mail_processes_follow_what_is_taught_elsewhere(tmp_path: Path) -> None:
    async with DnsServer() as dns:
        config = tmp_path / "whoisproxy.toml"
        config.write_text(f'[dns]\nnameservers = ["{dns.nameserver}"]\n', encoding="ascii")
        async with open_core(load(config, {})) as core, open_core(load(config, {})) as elsewhere:
            shipped = await _score(core)
            await elsewhere.learning.teach([RAW], Label.SPAM)
            async with learning.following(core):
                taught = await _score(core)
                await elsewhere.learning.forget()
                await learning._refresh(core)
                assert (taught > shipped, await _score(core)) == (True, shipped)


async def test_mail_goes_on_where_what_was_learned_cannot_be_read(tmp_path: Path) -> None:
    config = tmp_path / "whoisproxy.toml"
    config.write_text("", encoding="ascii")
    async with open_core(load(config, {})) as core:
        shipped = core.learning.model()
        await core.learning.teach([RAW], Label.SPAM)
        async with core.storage.unit_of_work() as uow:
            await uow.connection.execute(update(spam_learning).values(sealed=b"broken"))
        async with learning.following(core):
            assert core.learning.model() is shipped
