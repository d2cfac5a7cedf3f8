"""DMARC by RFC 9989: tree walk, policies, alignment, and what follows for owners' answers."""

from datetime import UTC, datetime
from email.utils import getaddresses

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailrelay.authentication import authenticate, authenticated_as, results_header
from mailrelay.authentication.authors import normal_mailbox, read_authors
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
from mailrelay.delivery.signing import Signer
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


@pytest.mark.parametrize(
    ("zone", "domain", "names"),
    [
        # A record with psd=n or psd=y ends the walk, wherever it is; psd=u, no psd and nonsense do not.
        ({"example.com": "psd=n"}, "example.com", ["example.com"]),
        ({"example.com": "psd=y"}, "example.com", ["example.com"]),
        ({"example.com": "psd=y"}, "a.example.com", ["a.example.com", "example.com"]),
        ({"example.com": "psd=u"}, "example.com", ["example.com", "com"]),
        ({"example.com": "psd=x"}, "example.com", ["example.com", "com"]),
        ({}, "a.b.example.com", ["a.b.example.com", "b.example.com", "example.com", "com"]),
        ({}, "1.2.3.4.5.6.7.8", [".".join("12345678"[at:]) for at in range(8)]),
        (
            {},
            "1.2.3.4.5.6.7.8.9",
            ["1.2.3.4.5.6.7.8.9", *(".".join("3456789"[at:]) for at in range(7))],
        ),
    ],
)
async def test_the_walk_asks_these_names(
    zone: dict[str, str], domain: str, names: list[str], dns_server: DnsServer, resolver: Resolver
) -> None:
    for name, tags in zone.items():
        dns_server.set(f"_dmarc.{name}", "TXT", f"v=DMARC1; {tags}")
    await tree_walk(domain, resolver)
    assert [name for name, _ in dns_server.queries] == [f"_dmarc.{name}" for name in names]


@pytest.mark.parametrize(
    ("zone", "domain", "policy"),
    [
        # The author domain's own record, else the organisational domain's, else the public suffix's.
        ({"a.example.com": "p=none", "example.com": "p=reject"}, "a.example.com", "none"),
        ({"b.example.com": "p=none", "example.com": "p=reject"}, "a.b.example.com", "reject"),
        ({"b.example.com": "p=none; psd=n", "example.com": "p=reject"}, "a.b.example.com", "none"),
        ({"bank": "p=none; sp=quarantine; np=reject; psd=y"}, "giant.bank", "quarantine"),
        ({"bank": "p=none; sp=quarantine; np=reject; psd=y"}, "ghost.bank", "reject"),
        ({"bank": "p=reject; sp=none; psd=y"}, "bank", "reject"),
        ({"giant.bank": "p=none", "bank": "p=reject; psd=y"}, "mail.giant.bank", "none"),
        # Policies of a record below the organisational domain hold for its own name alone.
        (
            {"b.example.com": "p=none; sp=none; np=none", "example.com": "p=reject"},
            "a.b.example.com",
            "reject",
        ),
        # t=y softens whichever policy holds, and none stays none.
        ({"example.com": "p=none; sp=reject; t=y"}, "a.example.com", "quarantine"),
        ({"example.com": "p=none; np=quarantine; t=y"}, "ghost.example.com", "none"),
        ({"example.com": "p=reject; sp=none; t=y"}, "a.example.com", "none"),
        ({"example.com": "p=reject; t=n"}, "example.com", "reject"),
        ({"example.com": "p=reject; t=maybe"}, "example.com", "reject"),
        # Without np, sp is for names that do not exist, too; without both, p is.
        ({"example.com": "p=none; sp=reject"}, "ghost.example.com", "reject"),
        ({"example.com": "p=reject"}, "ghost.example.com", "reject"),
        # Tags in any case, order and spacing; what is unknown or gone is ignored; the first of two counts.
        ({"example.com": " P = Reject ;; ri=1; pct=0; rf=x; fo=1; p=none"}, "example.com", "reject"),
    ],
)
async def test_the_record_that_speaks(
    zone: dict[str, str], domain: str, policy: str, dns_server: DnsServer, resolver: Resolver
) -> None:
    for name, tags in zone.items():
        dns_server.set(f"_dmarc.{name}", "TXT", f"v=DMARC1;{tags}")
    for name in ("a.example.com", "a.b.example.com", "giant.bank", "bank"):
        dns_server.set(name, "A", "192.0.2.1")
    assert await _evaluate(domain, resolver) == DmarcResult(Result.FAIL, DmarcPolicy(policy), domain)


@pytest.mark.parametrize(
    "text",
    [
        "v=DMARC1; p=nonsense",
        "v=DMARC1; p=reject; sp=nonsense",
        "v=DMARC1; p=reject; np=nonsense; rua=not-an-address",
        "p=reject; v=DMARC1",
        "v=dmarc1; p=reject",
        "v=DMARC2; p=reject",
        "v=DMARC1p=reject",
        " v=DMARC1; p=reject",
        "v=DMARC1; p=reject" + " " * 5000,
    ],
)
async def test_mail_is_not_judged_by_what_is_no_policy_record(
    text: str, dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("_dmarc.example.com", "TXT", text)
    assert (await _evaluate("example.com", resolver)).result is Result.NONE


async def test_reports_to_other_domains_keep_a_malformed_record_alive(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    """Whether the other domain agrees matters to who sends reports; no question is asked about it."""
    dns_server.set("_dmarc.example.com", "TXT", "v=DMARC1; p=x; rua=mailto:d@reports.example!10m")
    assert (await _evaluate("example.com", resolver)).result is Result.FAIL
    assert not [name for name, _ in dns_server.queries if "_report" in name]


async def test_a_record_of_several_strings_is_one_text(dns_server: DnsServer, resolver: Resolver) -> None:
    dns_server.set("_dmarc.example.com", "TXT", "v=DMARC1; " + "x=" + "y" * 300 + "; p=reject")
    assert (await _evaluate("example.com", resolver)).policy is DmarcPolicy.REJECT


async def test_an_exact_match_needs_no_walk_of_others(dns_server: DnsServer, resolver: Resolver) -> None:
    """A mail service whose DNS fails must not put off mail that is proven without it."""
    dns_server.set("_dmarc.example.com", "TXT", "v=DMARC1; p=reject")
    dns_server.fail("_dmarc.mail.service.com")
    passed = await _evaluate(
        "example.com", resolver, SpfResult(Result.PASS, "mail.service.com"), _dkim("example.com")
    )
    assert passed == DmarcResult(Result.PASS, DmarcPolicy.REJECT, "example.com", "dkim")
    unsure = await _evaluate("example.com", resolver, SpfResult(Result.PASS, "mail.service.com"))
    assert unsure.result is Result.TEMPERROR


async def test_a_signature_of_the_top_level_domain_is_never_aligned(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("_dmarc.example.com", "TXT", "v=DMARC1; p=reject")
    assert (await _evaluate("example.com", resolver, NO_SPF, _dkim("com"))).result is Result.FAIL


async def test_domains_below_one_public_suffix_are_strangers(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("_dmarc.bank", "TXT", "v=DMARC1; p=reject; psd=y")
    assert (await _evaluate("giant.bank", resolver, NO_SPF, _dkim("tiny.bank"))).result is Result.FAIL
    assert (await _evaluate("giant.bank", resolver, NO_SPF, _dkim("mail.giant.bank"))).result is Result.PASS


@pytest.mark.parametrize(
    ("author", "outcome"),
    [
        ("a@reject.example, b@quarantine.example", (Result.FAIL, DmarcPolicy.REJECT, "reject.example")),
        ("a@quarantine.example, b@reject.example", (Result.FAIL, DmarcPolicy.REJECT, "reject.example")),
        ("a@signed.example, b@quarantine.example",
         (Result.FAIL, DmarcPolicy.QUARANTINE, "quarantine.example")),
        ("a@signed.example, b@silent.example", (Result.PERMERROR, DmarcPolicy.NONE, "")),
        ("a@signed.example, b@broken.example", (Result.TEMPERROR, DmarcPolicy.NONE, "broken.example")),
        ("a@reject.example, b@broken.example", (Result.FAIL, DmarcPolicy.REJECT, "reject.example")),
        ("a@signed.example, b@Signed.Example", (Result.PASS, DmarcPolicy.REJECT, "signed.example")),
        ("a@1.example, a@2.example, a@3.example, a@4.example, a@5.example, a@reject.example",
         (Result.PERMERROR, DmarcPolicy.NONE, "")),
        ("<>", (Result.PERMERROR, DmarcPolicy.NONE, "")),
        ("", (Result.PERMERROR, DmarcPolicy.NONE, "")),
        ("undisclosed-recipients:;", (Result.PERMERROR, DmarcPolicy.NONE, "")),
    ],
)  # fmt: skip
async def test_every_author_domain_is_judged_and_the_strictest_holds(
    author: str, outcome: tuple[Result, DmarcPolicy, str], dns_server: DnsServer, resolver: Resolver
) -> None:
    for domain, policy in {"reject": "reject", "quarantine": "quarantine", "signed": "reject"}.items():
        dns_server.set(f"_dmarc.{domain}.example", "TXT", f"v=DMARC1; p={policy}")
    dns_server.fail("_dmarc.broken.example")
    dns_server.set("signed.example", "TXT", "v=spf1 +all")
    raw = f"From: {author}\r\n\r\n".encode()
    dmarc = (await _authenticate(raw, resolver, "x@signed.example")).dmarc
    assert (dmarc.result, dmarc.policy, dmarc.from_domain) == outcome


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


async def test_an_international_domain_is_known_in_either_form(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    """RFC 6531 and RFC 8616: what SMTP and the signature say in Unicode is in the DNS as A-labels."""
    domain = "xn--bcher-kva.example"
    key = Signer(domain, "s", ed25519.Ed25519PrivateKey.generate(), lambda: NOW)
    name, text = key.dns_record()
    dns_server.set(name, "TXT", text)
    dns_server.set(domain, "TXT", "v=spf1 ip4:192.0.2.25 -all")
    dns_server.set(f"_dmarc.{domain}", "TXT", "v=DMARC1; p=reject; adkim=s; aspf=s")
    raw = key.sign(RawMessage.parse("From: ann@Bücher.example\r\n\r\n".encode())).raw
    found = await _authenticate(raw, resolver, "ann@bücher.example")
    assert (found.spf.result, found.spf.domain) == (Result.PASS, domain)
    assert (found.dmarc.result, found.dmarc.from_domain) == (Result.PASS, domain)
    written = raw.replace(f"d={domain}".encode(), "d=bücher.example".encode())
    # The octets are other ones than those signed; the key is found all the same.
    assert (await _authenticate(written, resolver)).dkim[0].reason == "signature"


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


async def test_a_failure_is_told_with_what_the_domain_asks_for(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("_dmarc.home.example", "TXT", "v=DMARC1; p=reject; t=y")
    results = await _authenticate(b"From: ann@home.example\r\n\r\n", resolver)
    assert results_header(results, "mx.relay.example").endswith(
        "\tdmarc=fail policy.dmarc=quarantine header.from=home.example"
    )


@pytest.mark.parametrize(
    ("sender", "signer", "proven"),
    [
        ("x@spf.example", "", True),
        ("x@home.example", "home.example", True),
        ("x@bounce.home.example", "home.example", True),
        ("x@home.example", "mail.home.example", True),
        ("x@home.example", "evil.example", False),
        ("x@home.example", "evil.test", False),
        ("x@home.example", "", False),
        ("", "home.example", False),
    ],
)
async def test_a_report_may_only_go_where_the_sender_is_proven(
    sender: str, signer: str, *, proven: bool, dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("spf.example", "TXT", "v=spf1 +all")
    dns_server.set("_dmarc.home.example", "TXT", "v=DMARC1; p=none")
    raw = b"From: ann@other.example\r\n\r\n"
    if signer:
        key = Signer(signer, "s", ed25519.Ed25519PrivateKey.generate(), lambda: NOW)
        dns_server.set(key.dns_record()[0], "TXT", key.dns_record()[1])
        raw = key.sign(RawMessage.parse(raw)).raw
    assert (await _authenticate(raw, resolver, sender)).proven is proven


async def test_what_is_cached_takes_no_question_and_no_task(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("home.example", "TXT", "v=spf1 include:spf.home.example -all")
    dns_server.set("spf.home.example", "TXT", "v=spf1 ip4:192.0.2.0/24 -all")
    key = Signer("home.example", "s", ed25519.Ed25519PrivateKey.generate(), lambda: NOW)
    dns_server.set(key.dns_record()[0], "TXT", key.dns_record()[1])
    dns_server.set("_dmarc.home.example", "TXT", "v=DMARC1; p=reject")
    raw = key.sign(RawMessage.parse(b"From: ann@home.example\r\n\r\nHello\r\n")).raw
    first = await _authenticate(raw, resolver)
    asked = len(dns_server.queries)
    running = _authenticate(raw, resolver)
    # A coroutine that waits for nothing ends when it is first resumed.
    with pytest.raises(StopIteration) as ended:
        running.send(None)
    assert ended.value.value == first
    assert first.dmarc.result is Result.PASS
    assert len(dns_server.queries) == asked


@given(
    st.one_of(
        st.text(max_size=60),
        st.from_regex(
            r'\A(?:"?[A-Za-z ,.=?(<-]{0,9}"? ?)?<?[a-z.+]{1,6}@[a-z.-]{1,9}>?,?\Z',
            alphabet=st.characters(max_codepoint=126),
        ),
    )
)
def test_the_quick_way_to_read_an_author_is_the_slow_way(value: str) -> None:
    """The short cut for plain From fields must not see another author than the full parser."""
    quick = read_authors([value])
    slow = [normal_mailbox(mailbox) for _, mailbox in getaddresses([value])]
    assert quick == (() if "" in slow else tuple(slow))


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
