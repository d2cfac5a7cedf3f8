"""What the client does with mail servers that are as they should be, and with those that are not."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mailrelay.delivery.pool import PoolLimits
from mailrelay.delivery.refusals import HostRefuses, HostUnavailable, OutcomeUnknown
from mailrelay.errors import MailError, PermanentMailError, TemporaryMailError
from tests.mailrelay.delivery.scripted_server import DROP, SILENCE, ScriptedServer
from tests.mailrelay.delivery.sending import RAW, Sending, make_sending

STUFFED = RAW.replace(b"\r\n.", b"\r\n..")


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture
async def sending() -> AsyncIterator[Sending]:
    made = make_sending()
    yield made
    await made.client.close()


async def test_mail_rcpt_and_data_go_out_together_and_dots_are_stuffed(
    server: ScriptedServer, sending: Sending
) -> None:
    server.waits_for_data = True

    accepted = await sending.send(server.port)

    assert server.messages == [STUFFED]
    assert server.sessions[0].lines == [
        "EHLO relay.example",
        f"MAIL FROM:<b@relay.example> SIZE={len(RAW)} BODY=8BITMIME",
        "RCPT TO:<x@home.example>",
        "DATA",
    ]
    assert (accepted.tls, len(sending.taken)) == ("none", 1)


async def test_a_server_without_pipelining_gets_one_command_at_a_time(
    server: ScriptedServer, sending: Sending
) -> None:
    server.offer("8BITMIME")
    server.once("RCPT", "550 5.1.1 no")

    with pytest.raises(PermanentMailError):
        await sending.send(server.port)
    assert server.sessions[0].verbs == ["EHLO", "MAIL", "RCPT"]
    await sending.send(server.port)

    assert server.sessions[0].verbs[3:] == ["RSET", "MAIL", "RCPT", "DATA"]
    assert server.messages == [STUFFED]


async def test_a_session_is_kept_for_the_next_message(server: ScriptedServer, sending: Sending) -> None:
    for _ in range(3):
        await sending.send(server.port)

    assert len(server.sessions) == 1
    assert server.sessions[0].verbs.count("MAIL") == 3
    assert "RSET" not in server.sessions[0].verbs


async def test_a_session_ends_after_so_many_messages(server: ScriptedServer) -> None:
    sending = make_sending(limits=PoolLimits(messages=2))

    for _ in range(3):
        await sending.send(server.port)
    await server.closed.wait()
    await sending.client.close()

    assert [one.verbs.count("MAIL") for one in server.sessions] == [2, 1]
    assert server.sessions[0].verbs[-1] == "QUIT"


async def test_a_session_that_nobody_uses_is_left_politely(server: ScriptedServer) -> None:
    sending = make_sending(limits=PoolLimits(idle_s=0.02))

    await sending.send(server.port)
    await server.closed.wait()

    assert server.sessions[0].verbs[-1] == "QUIT"


# The last one goes on talking.
@pytest.mark.parametrize("leave", ["421 4.4.2 idle too long", DROP, "421 4.4.2 bye\r\n250 ok\r\n354 ok"])
async def test_a_kept_session_that_has_ended_costs_nothing_but_a_new_one(
    server: ScriptedServer, sending: Sending, leave: str
) -> None:
    await sending.send(server.port)
    server.once("MAIL", leave)

    await sending.send(server.port)

    assert server.messages == [STUFFED, STUFFED]
    assert len(server.sessions) == 2


async def test_a_session_closed_while_idle_is_not_used(server: ScriptedServer, sending: Sending) -> None:
    server.once("END", "250 2.0.0 taken\r\n421 4.3.2 shutting down")

    await sending.send(server.port)
    await sending.send(server.port)

    assert [one.verbs.count("MAIL") for one in server.sessions] == [1, 1]


@pytest.mark.parametrize(("waiting", "limit"), [(6, 2), (5, 1)])
async def test_deliveries_wait_in_turn_for_a_connection(
    server: ScriptedServer, waiting: int, limit: int
) -> None:
    sending = make_sending(limits=PoolLimits(per_server=limit))

    await asyncio.gather(*(sending.send(server.port) for _ in range(waiting)))

    assert len(server.messages) == waiting
    assert len(server.sessions) == limit
    await sending.client.close()


async def test_whoever_waits_too_long_for_a_busy_server_comes_again_later(server: ScriptedServer) -> None:
    sending = make_sending(limits=PoolLimits(per_server=1, wait_s=0.02))
    server.once("MAIL", SILENCE)
    first = asyncio.create_task(sending.send(server.port))
    await server.silent.wait()

    with pytest.raises(HostUnavailable, match="server-busy"):
        await sending.send(server.port)

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await sending.send(server.port)
    await sending.client.close()


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", [DROP, SILENCE, "xyz not a reply", "250-one\r\n251 two", "599" * 2000])
async def test_a_server_that_fails_before_the_message_is_passed_over(
    server: ScriptedServer, verb: str, fault: str
) -> None:
    sending = make_sending(command_s=0.2 if fault == SILENCE else 10.0)
    server.once(verb, fault)

    async with ScriptedServer() as other:
        await sending.send(server.port, other.port)

        assert (server.messages, other.messages) == ([], [STUFFED])
        await sending.client.close()


@pytest.mark.parametrize(
    "greeting", ["554 5.3.2 no", "421 4.3.2 busy", "521 5.3.2 never", DROP, SILENCE, "hello"]
)
async def test_a_greeting_that_is_no_welcome_leads_to_the_next_server(
    server: ScriptedServer, greeting: str
) -> None:
    sending = make_sending(command_s=0.2 if greeting == SILENCE else 10.0)
    server.greeting = greeting

    with pytest.raises(MailError) as alone:
        await sending.send(server.port)
    async with ScriptedServer() as other:
        await sending.send(server.port, other.port)
        assert other.messages == [STUFFED]
        await sending.client.close()
    # RFC 7504: 521 is for good; everything else may pass.
    assert alone.value.retry == (not greeting.startswith("521"))


@pytest.mark.parametrize("fault", [DROP, SILENCE, "nonsense"])
async def test_a_lost_last_answer_is_told_apart_and_no_second_server_is_asked(
    server: ScriptedServer, fault: str
) -> None:
    sending = make_sending(command_s=0.2 if fault == SILENCE else 10.0)
    server.once("END", fault)

    async with ScriptedServer() as other:
        with pytest.raises(OutcomeUnknown):
            await sending.send(server.port, other.port)

        assert (other.sessions, sending.taken) == ([], [])


@pytest.mark.parametrize(
    ("verb", "reply", "kind"),
    [
        ("MAIL", "550 5.7.1 policy", PermanentMailError),
        ("RCPT", "550 5.1.1 no such user", PermanentMailError),
        ("RCPT", "450 4.2.0 greylisted", TemporaryMailError),
        ("DATA", "554 5.5.1 no", PermanentMailError),
        ("END", "554 5.6.0 spam", PermanentMailError),
        ("END", "451 4.2.0 not now", TemporaryMailError),
    ],
)
async def test_a_refusal_ends_the_matter_and_the_session_serves_the_next_message(
    server: ScriptedServer, sending: Sending, verb: str, reply: str, kind: type[MailError]
) -> None:
    server.once(verb, reply)
    if verb != "END":
        server.once("DATA", *["503 5.5.1 no"] * (verb != "DATA"))

    async with ScriptedServer() as other:
        with pytest.raises(kind) as refused:
            await sending.send(server.port, other.port)
        assert not isinstance(refused.value, HostUnavailable | HostRefuses)
        assert other.sessions == []
    await sending.send(server.port)

    assert server.messages == [STUFFED]
    assert len(server.sessions) == 1


async def test_a_server_that_wants_a_message_for_nobody_gets_an_empty_one(
    server: ScriptedServer, sending: Sending
) -> None:
    server.once("RCPT", "550 5.1.1 no such user")
    server.once("END", "554 5.5.1 no valid recipients")

    with pytest.raises(PermanentMailError, match="no-such-mailbox"):
        await sending.send(server.port)
    await sending.send(server.port)

    assert server.messages == [STUFFED]
    assert server.sessions[0].verbs[4:] == ["RSET", "MAIL", "RCPT", "DATA"]


async def test_a_yes_where_it_makes_no_sense_ends_the_session(
    server: ScriptedServer, sending: Sending
) -> None:
    server.once("DATA", "250 2.0.0 sure")

    with pytest.raises(HostUnavailable):
        await sending.send(server.port)
    await sending.send(server.port)

    assert len(server.sessions) == 2


async def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way(
    server: ScriptedServer, sending: Sending
) -> None:
    server.always("EHLO", "502 5.5.1 what")

    await sending.send(server.port, raw=RAW.replace(b"\xc3\xa9", b"e"))

    assert server.sessions[0].lines[1:3] == ["HELO relay.example", "MAIL FROM:<b@relay.example>"]


async def test_a_large_message_arrives_whole(server: ScriptedServer, sending: Sending) -> None:
    raw = b"Subject: x\r\n\r\n" + b"".join(b"%08d\r\n" % number for number in range(80_000))

    await sending.send(server.port, raw=raw)

    assert server.messages == [raw]


@pytest.mark.parametrize(
    ("said", "kind"), [("552 5.3.4 too big", PermanentMailError), ("250 2.0.0 thanks", OutcomeUnknown)]
)
async def test_a_server_that_answers_in_the_middle_of_a_large_message_is_left(
    server: ScriptedServer, sending: Sending, said: str, kind: type[MailError]
) -> None:
    raw = b"Subject: x\r\n\r\n" + (b"y" * 70 + b"\r\n") * 300_000
    server.interrupts = said
    server.offer("PIPELINING")

    with pytest.raises(kind):
        await sending.send(server.port, raw=raw)

    assert sending.taken == []
    server.interrupts = ""
    await sending.send(server.port, raw=b"Subject: x\r\n\r\n")
    assert len(server.sessions) == 2


async def test_an_address_that_nobody_listens_at_is_tried_last_the_next_time(
    server: ScriptedServer, sending: Sending, unused_tcp_port: int
) -> None:
    server.once("RCPT", "450 4.2.1 later")

    with pytest.raises(TemporaryMailError, match="deferred-450"):
        await sending.send(unused_tcp_port, server.port)
    await sending.send(unused_tcp_port, server.port)

    assert server.messages == [STUFFED]


@pytest.mark.parametrize(
    ("extensions", "message", "reason"),
    [
        (["SIZE 20"], {"raw": b"Subject: longer than twenty\r\n\r\n"}, "too-big"),
        ([], {"raw": RAW}, "no-8bitmime"),
        (["8BITMIME"], {"raw": "Subject: zoë\r\n\r\n".encode()}, "no-smtputf8"),
        ([], {"raw": b"", "recipient": "zoë@home.example"}, "no-smtputf8"),
    ],
)
async def test_what_a_server_cannot_take_it_is_not_given(
    server: ScriptedServer, sending: Sending, extensions: list[str], message: dict[str, bytes], reason: str
) -> None:
    server.offer("PIPELINING", *extensions)

    with pytest.raises(HostRefuses, match=reason):
        await sending.send(server.port, **message)  # type: ignore[arg-type]
    async with ScriptedServer() as other:
        await sending.send(server.port, other.port, **message)  # type: ignore[arg-type]
        assert len(other.messages) + (message["raw"] == b"") == 1

    assert "MAIL" not in server.sessions[0].verbs


async def test_a_domain_in_utf_8_needs_no_smtputf8(server: ScriptedServer, sending: Sending) -> None:
    server.offer("PIPELINING", "8BITMIME")

    await sending.send(server.port, recipient="zoe@müller.example")

    assert "RCPT TO:<zoe@xn--mller-kva.example>" in server.sessions[0].lines


async def test_a_header_in_latin_1_is_sent_as_it_is(server: ScriptedServer, sending: Sending) -> None:
    raw = b"Subject: zo\xeb\r\n\r\nx\r\n"
    server.offer("PIPELINING", "8BITMIME")

    await sending.send(server.port, raw=raw)

    assert server.messages == [raw]
    assert "SMTPUTF8" not in server.sessions[0].lines[1]


async def test_an_address_that_would_break_the_command_is_refused(
    server: ScriptedServer, sending: Sending
) -> None:
    with pytest.raises(PermanentMailError, match="bad-recipient"):
        await sending.send(server.port, recipient="x@home.example>\r\nRSET")

    assert server.sessions == []


@pytest.mark.parametrize("ending", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\r", b"\r.\r\n", b"\r\n.\n"])
async def test_no_line_end_of_another_kind_ends_a_message_early(
    server: ScriptedServer, sending: Sending, ending: bytes
) -> None:
    raw = b"Subject: x\r\n\r\nbefore" + ending + b"MAIL FROM:<x@y.example>\r\n"

    await sending.send(server.port, raw=raw)

    assert server.messages == [b"Subject: x\r\n\r\nbefore\r\n..\r\nMAIL FROM:<x@y.example>\r\n"]
    assert server.sessions[0].verbs.count("MAIL") == 1
