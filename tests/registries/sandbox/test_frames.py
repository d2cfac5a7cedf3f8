"""Frames that are no good commands get the right result code, and the session goes on."""

import pytest

from tests.registries.sandbox.wire import (
    CONTACT_BODY,
    NAMESPACES,
    RawClient,
    command,
    contact_create,
    contact_update,
    disclose,
    domain_create,
    on_contact,
    on_domain,
)


def _delegated(address: str) -> str:
    """Return a domain:create with a name server of that IPv6 address."""
    host = f'<domain:hostName>ns.a.b</domain:hostName><domain:hostAddr ip="v6">{address}</domain:hostAddr>'
    return domain_create("a.test", f"<domain:ns><domain:hostAttr>{host}</domain:hostAttr></domain:ns>")


def _varied(change: tuple[str, str]) -> str:
    """Return a contact:create in which one text is replaced by another."""
    assert change[0] in CONTACT_BODY
    return contact_create("owner-1", CONTACT_BODY.replace(*change))


_EPP = NAMESPACES["epp"]
_CHECK = on_domain("check", "a.test")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"garbage",
        b"\x00\xff\xfe\x00",
        b"<epp/>",
        b"<epp xmlns='urn:ietf:params:xml:ns:epp-1.0'>",
        f"<epp xmlns='{_EPP}'/>".encode(),
        f"<epp xmlns='{_EPP}'><response/></epp>".encode(),
        f"<epp xmlns='{_EPP}'><hello/><hello/></epp>".encode(),
        f"<epp xmlns='{_EPP}'><hello>hello</hello></epp>".encode(),
        f"<epp xmlns='{_EPP}' version='1'><hello/></epp>".encode(),
        f"<!DOCTYPE epp><epp xmlns='{_EPP}'><hello/></epp>".encode(),
        f"<!DOCTYPE e [<!ENTITY a 'b'>]><epp xmlns='{_EPP}'><hello>&a;</hello></epp>".encode(),
        f"<epp xmlns='{_EPP}'><hello/>&undefined;</epp>".encode(),
        f"<?xml version='1.0' encoding='ISO-8859-1'?><epp xmlns='{_EPP}'><hello/></epp>".encode("latin-1"),
        command(contact_create("owner-1")).encode("latin-1"),
        command(_CHECK).encode()[:-20],
        b"<a>" * 5000,
        b"<a>" * 200 + b"</a>" * 200,
        (command(_CHECK) + "trailing").encode(),
        ("\ufeff" * 3 + command(_CHECK)).encode(),
    ],
)
async def test_what_is_no_epp_is_a_syntax_error_and_the_session_goes_on(
    client: RawClient, payload: bytes
) -> None:
    reply = await client.ask(payload)
    assert reply.code == 2001
    assert b"Traceback" not in reply.raw
    assert (await client.command(_CHECK)).code == 1000


@pytest.mark.parametrize(
    "payload",
    [
        ("<?xml version='1.0' encoding='UTF-8' standalone='no'?>" + command(_CHECK)).encode(),
        b"\xef\xbb\xbf" + command(_CHECK).encode(),
        ("<?xml version='1.0' encoding='UTF-16'?>" + command(_CHECK)).encode("utf-16"),
        command(_CHECK).replace("<command>", "<!-- a -->\n <command>\n").encode(),
        command(_CHECK).replace("a.test", "\n a.<!-- b -->TEST ").encode(),
        command(_CHECK).replace("a.test", "<![CDATA[a.test]]>").encode(),
        command(_CHECK)
        .replace(
            "<domain:check",
            "<domain:check xmlns:x='http://www.w3.org/2001/XMLSchema-instance' x:schemaLocation='a b'",
        )
        .encode(),
        command(_CHECK).replace("domain:", "d:").replace("xmlns:domain", "xmlns:d").encode(),
    ],
)
async def test_every_form_of_xml_that_means_the_same_is_taken(client: RawClient, payload: bytes) -> None:
    reply = await client.ask(payload)
    assert reply.code == 1000, reply.message
    assert reply.all("//domain:name") == ["a.test"]


_CASES = {
    "an unknown verb": ("<destroy/>", 2000),
    "a verb of another namespace": ("<domain:check/>", 2000),
    "an empty verb": ("<check/>", 2003),
    "an unknown object": ('<check><o:check xmlns:o="urn:ietf:params:xml:ns:org-1.0"/></check>', 2307),
    "an object without namespace": ('<check><check xmlns=""/></check>', 2307),
    "an object of another verb": (
        "<check><domain:info><domain:name>a.test</domain:name></domain:info></check>",
        2001,
    ),
    "two objects": (
        f"<check>{'<domain:check><domain:name>a.test</domain:name></domain:check>' * 2}</check>",
        2001,
    ),
    "an extension": (_CHECK + '<extension><x:y xmlns:x="urn:x"/></extension>', 2103),
    "a transfer of a host": (
        '<transfer op="query"><host:transfer><host:name>a.b</host:name></host:transfer></transfer>',
        2101,
    ),
    "a transfer of unknown op": (
        on_domain("transfer", "a.test").replace("<transfer>", '<transfer op="undo">'),
        2005,
    ),
    "a transfer without op": (on_domain("transfer", "a.test"), 2003),
    "a renewal of a contact": (on_contact("renew", "owner-1"), 2101),
    "a host update of nothing": (
        "<update><host:update><host:name>a.b</host:name><host:add/></host:update></update>",
        2003,
    ),
    "a host with an address twice": (
        "<create><host:create><host:name>a.b</host:name>"
        + "<host:addr>192.0.2.1</host:addr>" * 2
        + "</host:create></create>",
        2005,
    ),
    "a poll without op": ("<poll/>", 2003),
    "a poll of unknown op": ('<poll op="all"/>', 2005),
    "an ack without id": ('<poll op="ack"/>', 2003),
    "an ack of nothing": ('<poll op="ack" msgID="7"/>', 2303),
    "a check of nothing": ("<check><domain:check/></check>", 2003),
    "a name without dot": (on_domain("check", "test"), 2005),
    "a name in Unicode": (on_domain("check", "zürich.test"), 2005),
    "a name with a bad label": (on_domain("check", "-a.test"), 2005),
    "a name with a reserved prefix": (on_domain("check", "ab--c.test"), 2005),
    "a name too long": (on_domain("check", "a" * 300 + ".test"), 2005),
    "an unknown attribute": (
        '<check><domain:check><domain:name lang="en">a.test</domain:name></domain:check></check>',
        2001,
    ),
    "text between elements": (
        "<check><domain:check>x<domain:name>a.test</domain:name></domain:check></check>",
        2001,
    ),
    "an element in a text": (
        "<check><domain:check><domain:name>a<b/></domain:name></domain:check></check>",
        2001,
    ),
    "a handle too short": (on_contact("check", "ab"), 2005),
    "a handle too long": (on_contact("check", "a" * 17), 2005),
    "no postal info": (contact_create("owner-1", CONTACT_BODY[CONTACT_BODY.index("<contact:voice") :]), 2003),
    "no e-mail": (_varied(("<contact:email>anna@home.example</contact:email>", "")), 2003),
    "an empty e-mail": (_varied(("anna@home.example", "")), 2005),
    "an e-mail without @": (_varied(("anna@", "anna.")), 2005),
    "no name": (_varied(("<contact:name>Anna Müller</contact:name>", "")), 2003),
    "an empty name": (_varied(("Anna Müller", "")), 2005),
    "a long name": (_varied(("Anna", "A" * 256)), 2005),
    "no city": (_varied(("<contact:city>Zürich</contact:city>", "")), 2003),
    "no country": (_varied(("<contact:cc>CH</contact:cc>", "")), 2003),
    "a country in small letters": (_varied((">CH<", ">ch<")), 2005),
    "a country of three letters": (_varied((">CH<", ">CHE<")), 2005),
    "a long postal code": (_varied(("8001", "8" * 17)), 2005),
    "four streets": (
        _varied(("<contact:street>Hof</contact:street>", "<contact:street>b</contact:street>" * 3)),
        2001,
    ),
    "a phone without dot": (_varied(("+41.446681800", "+41446681800")), 2005),
    "a phone in other digits": (_varied(("+41.446681800", "+41.\u0664\u0664")), 2005),
    "int not in ASCII": (_varied(('type="loc"', 'type="int"')), 2005),
    "a third kind of postal info": (_varied(('type="loc"', 'type="x"')), 2005),
    "postal info without kind": (_varied((' type="loc"', "")), 2003),
    "two of one kind": (
        contact_create("owner-1", CONTACT_BODY[: CONTACT_BODY.index("<contact:voice")] + CONTACT_BODY),
        2005,
    ),
    "elements in another order": (
        contact_create("owner-1", "<contact:email>a@b.c</contact:email>" + CONTACT_BODY),
        2001,
    ),
    "no authInfo": (
        contact_create("owner-1", CONTACT_BODY[: CONTACT_BODY.index("<contact:authInfo>")]),
        2003,
    ),
    "authInfo of another kind": (
        _varied(
            ("<contact:pw>contact-secret</contact:pw>", '<contact:ext><x:y xmlns:x="urn:x"/></contact:ext>')
        ),
        2102,
    ),
    "disclose without flag": (contact_create("owner-1", disclose="<contact:disclose/>"), 2003),
    "disclose with a strange flag": (
        contact_create("owner-1", disclose='<contact:disclose flag="no"/>'),
        2005,
    ),
    "disclose without type": (contact_create("owner-1", disclose=disclose(0, "<contact:name/>")), 2003),
    "disclose twice the same": (
        contact_create("owner-1", disclose=disclose(0, '<contact:name type="int"/>' * 2)),
        2005,
    ),
    "disclose out of order": (
        contact_create("owner-1", disclose=disclose(0, "<contact:email/><contact:voice/>")),
        2001,
    ),
    "an update of nothing": (contact_update("owner-1", ""), 2003),
    "an update of no status": (contact_update("owner-1", "<contact:add/>"), 2003),
    "an unknown status": (
        contact_update("owner-1", '<contact:add><contact:status s="good"/></contact:add>'),
        2005,
    ),
    "a domain update of nothing": (on_domain("update", "a.test", "<domain:add/>"), 2003),
    "a period of zero": (domain_create("a.test", '<domain:period unit="y">0</domain:period>'), 2004),
    "a period of a hundred": (domain_create("a.test", '<domain:period unit="y">100</domain:period>'), 2004),
    "a period in weeks": (domain_create("a.test", '<domain:period unit="w">1</domain:period>'), 2005),
    "a period in words": (domain_create("a.test", '<domain:period unit="y">one</domain:period>'), 2005),
    "an empty ns": (domain_create("a.test", "<domain:ns/>"), 2003),
    "both kinds of name servers": (
        domain_create(
            "a.test",
            "<domain:ns><domain:hostObj>ns.a.b</domain:hostObj>"
            "<domain:hostAttr><domain:hostName>ns.a.c</domain:hostName></domain:hostAttr></domain:ns>",
        ),
        2001,
    ),
    "a contact without role": (domain_create("a.test", "<domain:contact>owner-1</domain:contact>"), 2003),
    "a contact of unknown role": (
        domain_create("a.test", '<domain:contact type="boss">owner-1</domain:contact>'),
        2005,
    ),
    "a name with an A-label that stands for nothing": (on_domain("check", "xn--aaaaaaaa9z.test"), 2005),
    "a country that is none": (_varied((">CH<", ">XX<")), 2005),
    "a country that ISO does not have": (_varied((">CH<", ">UK<")), 2005),
    "a new contact's number without digits": (_varied((">+41.446681801<", "><")), 2005),
    "an address of no machine": (_delegated("ff02::1"), 2004),
    "an address of this machine": (_delegated("::1"), 2004),
    "a bad address": (_delegated("1.2.3.4"), 2005),
    "a scoped address": (_delegated("fe80::1%eth0"), 2005),
    "a date that is none": (
        on_domain("renew", "a.test", "<domain:curExpDate>2026-02-30</domain:curExpDate>"),
        2005,
    ),
    "hosts of unknown kind": (
        '<info><domain:info><domain:name hosts="my">a.test</domain:name></domain:info></info>',
        2005,
    ),
    "a registrant too short": (
        on_domain("update", "a.test", "<domain:chg><domain:registrant>ab</domain:registrant></domain:chg>"),
        2005,
    ),
}


@pytest.mark.parametrize(("verb", "code"), _CASES.values(), ids=_CASES)
async def test_a_command_that_is_wrong_by_itself_has_the_code_that_says_why(
    client: RawClient, verb: str, code: int
) -> None:
    reply = await client.command(verb, "client-wrong")
    assert reply.code == code, reply.message
    assert reply.all("//epp:clTRID") == ["client-wrong"]
    assert not reply.root.xpath("//epp:value", namespaces=NAMESPACES)


@pytest.mark.parametrize("transaction", ["", "ab", "a" * 65])
async def test_a_bad_client_transaction_is_refused_and_not_returned(
    client: RawClient, transaction: str
) -> None:
    reply = await client.command(_CHECK, transaction)
    assert reply.code == 2005
    assert reply.all("//epp:clTRID") == []


async def test_a_command_without_client_transaction_is_answered_without(client: RawClient) -> None:
    reply = await client.ask(command(_CHECK).replace("<clTRID>client-1</clTRID>", ""))
    assert reply.code == 1000
    assert reply.all("//epp:clTRID") == []


async def test_no_answer_repeats_what_the_command_held(client: RawClient) -> None:
    for body in (CONTACT_BODY.replace("+41.", "+41-secret."), CONTACT_BODY.replace("@", "-secret-")):
        reply = await client.command(contact_create("owner-1", body))
        assert reply.code == 2005
        assert b"secret" not in reply.raw
