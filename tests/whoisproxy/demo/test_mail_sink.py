"""The demonstration's mail server keeps what it gets, and refuses on demand."""

import pytest

from whoisproxy.demo.mail_actors import Letter, send
from whoisproxy.demo.mail_sink import MailSink


async def test_it_keeps_a_message_byte_for_byte() -> None:
    async with MailSink() as sink:
        raw = b"Subject: dots\r\n\r\n.a line that begins with a dot\r\n..\r\n"
        assert (await send(sink.port, "ann@a.example", "bob@b.example", raw)).code == 250
        [kept] = await sink.wait_for(1)
        assert (kept.reverse_path, kept.recipients, kept.raw) == ("ann@a.example", ("bob@b.example",), raw)


async def test_it_refuses_a_recipient_until_told_otherwise() -> None:
    async with MailSink() as sink:
        raw = Letter("ann@a.example", "bob@b.example", "Hello", "Text").raw()
        sink.answer("Bob@b.example", "550 5.1.1 no such user")
        assert str(await send(sink.port, "ann@a.example", "bob@B.example", raw)) == "550 5.1.1 no such user"
        sink.answer("bob@b.example", None)
        assert (await send(sink.port, "", "bob@b.example", raw)).code == 250
        [kept] = sink.messages
        assert kept.reverse_path == ""


async def test_waiting_for_what_does_not_come_ends() -> None:
    async with MailSink() as sink:
        with pytest.raises(TimeoutError):
            await sink.wait_for(1, timeout_s=0.01)
