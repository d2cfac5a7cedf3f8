"""DMARC by RFC 9989: tree walk, policies, alignment, and what follows for owners' answers."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailrelay.authentication import authenticate, authenticated_as, results_header
from mailrelay.authentication.dmarc import (
    Organizations,
    evaluate,
    organizational_domain,
    parse_record,
    tree_walk,
)
from mailrelay.authentication.results import (
    AuthenticationResults,
    DkimResult,
    DmarcPolicy,
    DmarcResult,
    Result,
    SpfResult,
)
from mailrelay.dns import Resolver
from mailrelay.message import RawMessage
from whoisproxy.demo.dns_server import DnsServer

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NO_SPF = SpfResult(Result.NONE, "bounce.example")


async def _evaluate(
    domain: str, resolver: Resolver, spf: SpfResult = NO_SPF, *dkim: DkimResult
) -> DmarcResult:
    return await evaluate([domain], spf, dkim, resolver, Organizations(resolver))


def _dkim(domain: str, result: Result = Result.PASS) -> DkimResult:
    return DkimResult(result, domain, "s")


async def test_a_long_name_takes_eight_questions_at_most(dns_server: DnsServer, resolver: Resolver) -> None:
    await tree_walk("a.b.c.d.e.f.g.h.i.j.mail.example.com", resolver)
    names = [name for name, _ in dns_server.queries]
    assert len(names) == 8
    assert names[:2] == ["_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com", "_dmarc.g.h.i.j.mail.example.com"]
    assert names[-1] == "_dmarc.com"


@pytest.mark.parametrize(
    ("zone", "domain", "organization"),
    [
        ({"example.com": "p=reject"}, "a.mail.example.com", "example.com"),
        (
            {"mail.example.com": "psd=n; p=none", "example.com": "p=none"},
            "a.mail.example.com",
            "mail.example.com",
        ),
        ({"giant.bank": "p=none", "bank": "psd=y; p=reject"}, "mail.giant.bank", "giant.bank"),
        ({"bank": "psd=y; p=reject"}, "mail.giant.bank", "giant.bank"),
        ({}, "mail.example.com", "mail.example.com"),
    ],
)
async def test_the_tree_walk_finds_the_organisational_domain(
    zone: dict[str, str], domain: str, organization: str, dns_server: DnsServer, resolver: Resolver
) -> None:
    for name, tags in zone.items():
        dns_server.set(f"_dmarc.{name}", "TXT", f"v=DMARC1; {tags}")
    assert organizational_domain(domain, await tree_walk(domain, resolver)) == organization


@pytest.mark.parametrize(
    ("tags", "domain", "policy"),
    [
        ("p=reject", "example.com", "reject"),
        ("p=reject", "sub.example.com", "reject"),
        ("p=reject; sp=none", "sub.example.com", "none"),
        ("p=none; sp=none; np=reject", "sub.example.com", "none"),
        ("p=none; sp=none; np=reject", "ghost.example.com", "reject"),
        ("p=reject; t=y", "example.com", "quarantine"),
        ("p=quarantine; t=y", "example.com", "none"),
        ("p=reject; pct=0; unknown=x", "example.com", "reject"),
        ("p=nonsense; rua=mailto:a@example.com", "example.com", "none"),
        ("p=reject; sp=nonsense; rua=mailto:a@example.com", "example.com", "none"),
        ("rua=mailto:a@example.com", "example.com", "none"),
        ("sp=reject", "example.com", "none"),
        ("sp=reject", "sub.example.com", "reject"),
    ],
)
async def test_the_policy_that_holds(
    tags: str, domain: str, policy: str, dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("_dmarc.example.com", "TXT", f"v=DMARC1; {tags}")
    dns_server.set("sub.example.com", "A", "192.0.2.1")
    assert await _evaluate(domain, resolver) == DmarcResult(Result.FAIL, DmarcPolicy(policy), domain)


@pytest.mark.parametrize(
    ("tags", "signer", "outcome"),
    [
        ("p=reject", "mail.example.com", Result.PASS),
        ("p=reject; adkim=s", "mail.example.com", Result.FAIL),
        ("p=reject; adkim=s", "example.com", Result.PASS),
        ("p=reject", "example.net", Result.FAIL),
        ("p=reject", "evilexample.com", Result.FAIL),
    ],
)
async def test_alignment_is_relaxed_unless_strict_is_asked_for(
    tags: str, signer: str, outcome: Result, dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("_dmarc.example.com", "TXT", f"v=DMARC1; {tags}; {tags.replace('adkim', 'aspf')}")
    by_dkim = await _evaluate("example.com", resolver, NO_SPF, _dkim(signer))
    assert (by_dkim.result, by_dkim.aligned_by) == (outcome, "dkim" if outcome is Result.PASS else "")
    by_spf = await _evaluate("example.com", resolver, SpfResult(Result.PASS, signer))
    assert (by_spf.result, by_spf.aligned_by) == (outcome, "spf" if outcome is Result.PASS else "")


async def test_two_records_at_one_name_count_as_none(dns_server: DnsServer, resolver: Resolver) -> None:
    dns_server.set("_dmarc.example.com", "TXT", "v=DMARC1; p=reject", "v=DMARC1; p=none")
    assert (await _evaluate("example.com", resolver)).result is Result.NONE


async def test_a_policy_or_a_key_that_cannot_be_had_is_temporary(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.fail("_dmarc.example.com")
    dns_server.set("_dmarc.example.net", "TXT", "v=DMARC1; p=reject")
    assert (await _evaluate("example.com", resolver)).result is Result.TEMPERROR
    unsure = _dkim("example.net", Result.TEMPERROR)
    assert (await _evaluate("example.net", resolver, NO_SPF, unsure)).result is Result.TEMPERROR
    sure = await _evaluate("example.net", resolver, NO_SPF, unsure, _dkim("example.net"))
    assert sure.result is Result.PASS


@given(st.text(max_size=200))
def test_any_text_can_be_read_as_a_record(text: str) -> None:
    parse_record("example.com", text)
    parse_record("example.com", "v=DMARC1;" + text)


async def _authenticate(
    raw: bytes, resolver: Resolver, sender: str = "ann@home.example"
) -> AuthenticationResults:
    return await authenticate(RawMessage.parse(raw), "192.0.2.25", "mx.home.example", sender, resolver, NOW)


async def test_an_owner_without_dmarc_is_known_by_spf(dns_server: DnsServer, resolver: Resolver) -> None:
    dns_server.set("home.example", "TXT", "v=spf1 ip4:192.0.2.25 -all")
    results = await _authenticate(b"From: Ann <Ann@Home.example>\r\n\r\n", resolver)
    assert results.dmarc.result is Result.NONE
    assert authenticated_as(results, "ann@home.example")
    assert not authenticated_as(results, "bob@home.example")
    assert not authenticated_as(results, "")


@pytest.mark.parametrize(
    "header",
    [
        b"From: eve@evil.example\r\n",
        b"From: ann@home.example, eve@evil.example\r\n",
        b"From: ann@home.example\r\nFrom: eve@evil.example\r\n",
        b"From: undisclosed\r\n",
        b"To: ann@home.example\r\n",
    ],
)
async def test_nobody_else_is_taken_for_the_owner(
    header: bytes, dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("home.example", "TXT", "v=spf1 ip4:192.0.2.25 -all")
    assert not authenticated_as(await _authenticate(header + b"\r\n", resolver), "ann@home.example")


async def test_spf_of_another_domain_does_not_prove_the_owner(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("evil.example", "TXT", "v=spf1 +all")
    results = await _authenticate(b"From: ann@home.example\r\n\r\n", resolver, "x@evil.example")
    assert results.spf.result is Result.PASS
    assert not authenticated_as(results, "ann@home.example")


async def test_the_results_header_says_what_was_found(dns_server: DnsServer, resolver: Resolver) -> None:
    dns_server.set("home.example", "TXT", "v=spf1 ip4:192.0.2.25 -all")
    dns_server.set("_dmarc.home.example", "TXT", "v=DMARC1; p=reject")
    results = await _authenticate(b"From: ann@home.example\r\n\r\n", resolver)
    assert results_header(results, "mx.relay.example") == (
        "mx.relay.example;\r\n\tspf=pass smtp.mailfrom=home.example;\r\n\tdkim=none;\r\n\t"
        "dmarc=pass header.from=home.example"
    )


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_can_be_put_into_the_results_header(domain: str, selector: str) -> None:
    results = AuthenticationResults(
        SpfResult(Result.FAIL, domain),
        (DkimResult(Result.FAIL, domain, selector, selector),),
        DmarcResult(Result.NONE, DmarcPolicy.NONE, domain),
    )
    value = results_header(results, "mx.relay.example")
    assert value.count(";") == 3
    assert value.count("\n") == 3
    assert "pass" not in value.replace(domain, "").replace(selector, "")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.text(max_size=40), st.text(max_size=40), st.text(max_size=20))
async def test_anything_can_be_authenticated(
    resolver: Resolver, raw: bytes, helo: str, sender: str, ip: str
) -> None:
    message = RawMessage.parse(b"From: " + raw)
    results = await authenticate(message, ip, helo, sender, resolver, NOW)
    results_header(results, "mx.relay.example")
