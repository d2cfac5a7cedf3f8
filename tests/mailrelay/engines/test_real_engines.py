"""Rspamd, SpamAssassin and ClamAV themselves, as Debian ships them: what they say arrives as we mean it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest

from mailrelay.engines.clamav import ClamAv
from mailrelay.engines.engine import EngineFault, Finding, LetterTooLarge, Scale
from mailrelay.engines.harmless import letter, like_malware, like_spam, of_size
from mailrelay.engines.rspamd import Rspamd
from mailrelay.engines.spamassassin import SpamAssassin
from tests.support.engines import CLAMD_MOST_OCTETS, MARKER, EngineDaemon

ACTIONS = {"reject": 5.0, "add header": 3.5, "rewrite subject": 3.5}


def _saying(subject: str, text: bytes = b"Is it for sale?") -> bytes:
    return (
        b"From: Ann <ann@home.example>\r\nTo: q7x@relay.example\r\nSubject: %s\r\n"
        b"Date: Mon, 1 Jun 2026 00:00:00 +0000\r\nMessage-ID: <1@b.example>\r\n\r\n%s\r\n"
    ) % (subject.encode(), text)


@pytest.fixture
async def by_rspamd(rspamd: EngineDaemon) -> AsyncIterator[Rspamd]:
    async with aiohttp.ClientSession() as session:
        yield Rspamd(session, rspamd.address, Scale(6, 15), ACTIONS)


@pytest.fixture
def by_spamd(spamd: EngineDaemon) -> SpamAssassin:
    now = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    return SpamAssassin(spamd.address, Scale(5, 10), "mx.relay.example", lambda: now)


async def test_rspamd_holds_gtube_and_lets_a_letter_pass(by_rspamd: Rspamd) -> None:
    assert await by_rspamd.examine(like_spam()) == Finding(5.0, ("reject",))
    assert await by_rspamd.examine(letter(_saying("Your domain"))) == Finding()


async def test_rspamds_score_lies_on_our_scale_and_its_rules_are_named(by_rspamd: Rspamd) -> None:
    # 10.5 is half-way from 6 to 15, and so half-way from 3.5 to 5.
    found = await by_rspamd.examine(letter(_saying("our-own-rule")))
    assert found == Finding(4.25, ("our-own-rule",))


async def test_an_action_of_rspamd_counts_at_least_what_the_settings_say(rspamd: EngineDaemon) -> None:
    async with aiohttp.ClientSession() as session:
        strict = Rspamd(session, rspamd.address, Scale(20, 30), {"add header": 5.0})
        lenient = Rspamd(session, rspamd.address, Scale(20, 30), {})
        assert (await strict.examine(letter(_saying("our-own-rule")))).points == 5.0
        assert (await lenient.examine(letter(_saying("our-own-rule")))).points == 1.84


async def test_putting_off_is_no_verdict_of_rspamd(by_rspamd: Rspamd) -> None:
    assert await by_rspamd.examine(letter(_saying("come-again"))) == Finding()
    clear = await by_rspamd.examine(letter(_saying("come-again our-own-rule")))
    assert clear == Finding(4.25, ("our-own-rule",))


async def test_rspamds_log_names_nobody(by_rspamd: Rspamd, rspamd: EngineDaemon) -> None:
    sent = replace(letter(_saying("Your domain")), reverse_path="ann.of.the.log@home.example")
    await by_rspamd.examine(sent)
    assert "<1@b.example>" in rspamd.log
    assert "ann.of.the.log" not in rspamd.log
    assert sent.recipient not in rspamd.log


async def test_spamassassin_holds_gtube_and_lets_a_letter_pass(by_spamd: SpamAssassin) -> None:
    assert await by_spamd.examine(like_spam()) == Finding(10.0, ("gtube",))
    assert (await by_spamd.examine(letter(_saying("Your domain")))).points == 0.0


async def test_spamassassins_score_lies_on_our_scale(by_spamd: SpamAssassin) -> None:
    found = await by_spamd.examine(letter(_saying("our-own-rule")))
    assert found == Finding(4.25, ("our-own-rule",))


@pytest.mark.parametrize("helo", ["client.example", "[192.0.2.1] (", "", "é.example"])
async def test_spamassassin_learns_who_brought_the_message(by_spamd: SpamAssassin, helo: str) -> None:
    brought = replace(letter(_saying("Your domain")), peer_ip="192.0.2.77", helo=helo)
    assert await by_spamd.examine(brought) == Finding(0.35, ("from-our-client",))


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"Subject: our-own-rule", b"\0\r\n\r\n\xff"])
async def test_spamassassin_answers_whatever_the_message_lacks(by_spamd: SpamAssassin, raw: bytes) -> None:
    found = await by_spamd.examine(letter(raw))
    assert found.points == (4.25 if b"our-own-rule" in raw else 0.0)


async def test_clamav_finds_eicar_in_an_attachment(clamd: EngineDaemon) -> None:
    found = await ClamAv(clamd.address).examine(like_malware())
    assert found == Finding(5.0, ("malware",), malware="Test.Eicar-1.UNOFFICIAL")


async def test_clamav_knows_malware_from_what_quotes_phishing(clamd: EngineDaemon) -> None:
    clam = ClamAv(clamd.address)
    assert (await clam.examine(letter(_saying("x", MARKER)))).malware == "Test.Marker-1.UNOFFICIAL"
    assert await clam.examine(letter(_saying("x", b"an own bait"))) == Finding(5.0, ("phishing-signature",))
    assert await clam.examine(letter(_saying("Your domain"))) == Finding()


async def test_what_is_too_large_for_clamav_is_no_fault_of_it(clamd: EngineDaemon) -> None:
    clam = ClamAv(clamd.address)
    assert await clam.examine(of_size(CLAMD_MOST_OCTETS)) == Finding()
    for octets in (CLAMD_MOST_OCTETS + 1, 8 * CLAMD_MOST_OCTETS):
        with pytest.raises(LetterTooLarge):
            await clam.examine(of_size(octets))


async def test_large_messages_reach_rspamd_and_spamassassin(
    by_rspamd: Rspamd, by_spamd: SpamAssassin
) -> None:
    large = letter(_saying("our-own-rule", b"line of text\r\n" * 200_000))
    assert (await by_rspamd.examine(large)).points == 4.25
    assert (await by_spamd.examine(large)).points == 4.25


async def test_an_engine_that_is_not_there_is_a_fault() -> None:
    for engine in (ClamAv("/nowhere/clamd.sock"), ClamAv("127.0.0.1:1")):
        with pytest.raises(EngineFault, match="not-reached"):
            await engine.examine(like_malware())
