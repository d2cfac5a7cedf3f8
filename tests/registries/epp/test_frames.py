"""What we write is what RFC 5730, 5731 and 5733 prescribe; what we read comes out as it went in."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from lxml import etree

from registries.epp.extensions.change_poll import RegistryChange
from registries.epp.extensions.security_dns import DnsKey, DsRecord, SecureDelegation
from registries.epp.frames import (
    ContactCreate,
    ContactData,
    ContactInfo,
    Disclose,
    DiscloseField,
    DomainContact,
    DomainCreate,
    DomainInfo,
    DomainTransfer,
    DomainTransferQuery,
    HostData,
    HostInfo,
    PollMessage,
    PollRequest,
    Response,
    TransferData,
    TransferOperation,
    encode,
    read_frame,
)
from registries.epp.markup import CHANGE_POLL, CONTACT, DOMAIN, EPP, HOST, PREFIXES, RGP, SECDNS, FrameError
from registries.errors import Reason
from tests.registries.epp import commands as any_
from tests.registries.epp.commands import COMMANDS, SECRETS
from tests.registries.epp.schemas import ROOT

GOLDEN = ROOT / "tests" / "data" / "epp"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_written_exactly_as_the_golden_frame(name: str) -> None:
    """The golden files are indented for the reader; what is sent is not."""
    golden = etree.parse(GOLDEN / f"{name}.xml", etree.XMLParser(remove_blank_text=True))
    declaration, _, written = encode(COMMANDS[name], "wp-0001").partition(b"\n")
    assert declaration == b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
    assert written == etree.tostring(golden, encoding="UTF-8", xml_declaration=False)


@pytest.mark.parametrize("name", COMMANDS)
def test_prefixes_are_the_conventional_ones_and_epp_is_the_default_namespace(name: str) -> None:
    """Registries were seen to answer 1000 to others and to ignore what they named."""
    for element in etree.fromstring(encode(COMMANDS[name], "wp-0001")).iter():
        assert element.prefix == PREFIXES.get(etree.QName(element).namespace or "")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_knows_its_secrets_and_keeps_them_out_of_its_repr(name: str) -> None:
    command = COMMANDS[name]
    sent = encode(command, "wp-0001").decode()
    assert set(command.secrets()) == {secret for secret in SECRETS if secret in sent}
    assert not any(secret in repr(command) for secret in SECRETS)


# Round trips: an info answer is built from the elements that a create command writes.


@settings(deadline=None)
@given(any_.creates)
def test_a_contact_read_back_is_the_contact_written(create: ContactCreate) -> None:
    root = etree.fromstring(encode(create, "wp-0001"))
    [written] = root.iter(f"{{{CONTACT}}}create")
    written.tag = f"{{{CONTACT}}}infData"
    answer = _answer(etree.tostring(written, encoding="unicode"))
    assert ContactInfo(create.handle).read(answer) == ContactData(
        create.handle, (), create.postal, create.voice, create.email, create.disclose
    )


@settings(deadline=None)
@given(any_.handles, any_.contacts)
def test_a_domain_read_back_has_the_contacts_written(
    registrant: str, contacts: tuple[DomainContact, ...]
) -> None:
    root = etree.fromstring(encode(DomainCreate("example.org", registrant, contacts, "pw"), "wp-0001"))
    [written] = root.iter(f"{{{DOMAIN}}}create")
    written.tag = f"{{{DOMAIN}}}infData"
    domain = DomainInfo("example.org").read(_answer(etree.tostring(written, encoding="unicode")))
    assert (domain.name, domain.registrant, domain.contacts) == ("example.org", registrant, contacts)


def _answer(data: str, extension: str = "", before: str = "") -> Response:
    frame = read_frame(
        f'<epp xmlns="{EPP}" xmlns:d="{DOMAIN}" xmlns:c="{CONTACT}" xmlns:h="{HOST}">'
        f'<response><result code="1000"><msg>ok</msg></result>{before}<resData>{data}</resData>'
        f"<extension>{extension}</extension><trID><svTRID>S</svTRID></trID></response></epp>".encode()
    )
    assert isinstance(frame, Response)
    return frame


def test_a_disclose_without_types_is_about_both_forms() -> None:
    """Some registries leave out the type that RFC 5733 requires."""
    data = ContactInfo("H-1").read(
        _answer(
            f'<c:infData xmlns:c="{CONTACT}"><c:id>H-1</c:id><c:postalInfo type="loc"><c:name>A</c:name>'
            '</c:postalInfo><c:email>a@b.c</c:email><c:disclose flag="0"><c:addr/></c:disclose></c:infData>'
        )
    )
    assert data.disclose == Disclose(
        flag=False, fields=frozenset({DiscloseField.ADDR_INT, DiscloseField.ADDR_LOC})
    )


def test_the_disclose_and_names_of_fi_are_read() -> None:
    data = ContactInfo("H-1").read(
        _answer(
            '<c:infData><c:id>H-1</c:id><c:postalInfo type="loc"><c:firstname>Zoë</c:firstname>'
            "<c:lastname>Müller</c:lastname></c:postalInfo><c:email>a@b.c</c:email>"
            '<c:disclose flag="0"><c:voice/><c:address/></c:disclose></c:infData>'
        )
    )
    assert data.postal_form().name == "Zoë Müller"
    assert data.disclose is not None
    assert {field.tag for field in data.disclose.fields} == {"voice", "addr"}


_TRANSFER = (
    "<d:trnData><d:name>example.org</d:name><d:trStatus>pending</d:trStatus><d:reID>ClientX</d:reID>"
    "<d:reDate>2000-06-08T22:00:00.0Z</d:reDate><d:acID>ClientY</d:acID><d:acDate>2000-06-13T22:00:00.0Z"
    "</d:acDate><d:exDate>2002-09-08T22:00:00.0Z</d:exDate></d:trnData>"
)
_TRANSFER_DATA = TransferData(
    "example.org",
    "pending",
    "ClientX",
    datetime(2000, 6, 8, 22, tzinfo=UTC),
    "ClientY",
    datetime(2000, 6, 13, 22, tzinfo=UTC),
    datetime(2002, 9, 8, 22, tzinfo=UTC),
)


def test_a_transfer_is_read_whoever_asks() -> None:
    assert DomainTransferQuery("example.org").read(_answer(_TRANSFER)) == _TRANSFER_DATA
    request = DomainTransfer("example.org", TransferOperation.REQUEST, "pw")
    assert request.read(_answer(_TRANSFER)) == _TRANSFER_DATA


def test_a_transform_that_is_done_needs_no_data_while_a_question_does() -> None:
    assert DomainTransfer("example.org", TransferOperation.APPROVE).read(_answer("")) is None
    with pytest.raises(FrameError, match="no transfer"):
        DomainTransferQuery("example.org").read(_answer(""))
    with pytest.raises(FrameError, match="no host"):
        HostInfo("ns1.example.org").read(_answer(""))


def test_a_host_is_read() -> None:
    data = HostInfo("ns1.example.org").read(
        _answer(
            '<h:infData><h:name>ns1.example.org</h:name><h:roid>NS1-REP</h:roid><h:status s="linked"/>'
            '<h:addr ip="v4">192.0.2.2</h:addr><h:addr ip="v6">2001:db8::1</h:addr><h:clID>ClientY</h:clID>'
            "<h:crDate>1999-04-03T22:00:00.0Z</h:crDate></h:infData>"
        )
    )
    assert data == HostData(
        "ns1.example.org",
        ("linked",),
        ("192.0.2.2", "2001:db8::1"),
        "NS1-REP",
        "ClientY",
        datetime(1999, 4, 3, 22, tzinfo=UTC),
    )


def test_a_domain_shows_its_sponsor_dates_grace_periods_and_keys() -> None:
    """The dates are written in every way that was seen; a time zone left out is UTC."""
    domain = DomainInfo("example.org").read(
        _answer(
            "<d:infData><d:name>example.org</d:name><d:roid>E1-REP</d:roid><d:clID>ClientX</d:clID>"
            "<d:crDate>2014-11-11T14:37:11.9720308+02:00</d:crDate><d:upDate>1999-12-03</d:upDate>"
            "<d:exDate>2005-04-03T22:00:00</d:exDate><d:trDate>soon</d:trDate></d:infData>",
            f'<r:infData xmlns:r="{RGP}"><r:rgpStatus s="redemptionPeriod"/></r:infData>'
            f'<s:infData xmlns:s="{SECDNS}"><s:maxSigLife>604800</s:maxSigLife><s:dsData><s:keyTag>12345'
            "</s:keyTag><s:alg>13</s:alg><s:digestType>2</s:digestType><s:digest>49FD46E6</s:digest></s:dsData>"
            "<s:keyData><s:flags>257</s:flags><s:protocol>3</s:protocol><s:alg>13</s:alg>"
            "<s:pubKey>AQPJ////4Q==</s:pubKey></s:keyData></s:infData>",
        )
    )
    assert (domain.roid, domain.sponsor, domain.transferred_at) == ("E1-REP", "ClientX", None)
    assert domain.created_at == datetime(2014, 11, 11, 12, 37, 11, 972030, tzinfo=UTC)
    assert domain.updated_at == datetime(1999, 12, 3, tzinfo=UTC)
    assert domain.expires_at == datetime(2005, 4, 3, 22, tzinfo=UTC)
    assert domain.grace_periods == ("redemptionPeriod",)
    assert domain.delegation == SecureDelegation(
        (DsRecord("12345", "13", "2", "49FD46E6"),), (DnsKey("257", "3", "13", "AQPJ////4Q=="),), "604800"
    )


def test_a_date_that_no_calendar_has_is_none() -> None:
    for text in ("0001-01-01T00:00:00+23:59", "9999-99-99", ""):
        data = f"<h:infData><h:name>ns1.example.org</h:name><h:crDate>{text}</h:crDate></h:infData>"
        assert HostInfo("ns1.example.org").read(_answer(data)).created_at is None


_QUEUE = '<msgQ count="5" id="12345"><qDate>2000-06-08T22:00:00.0Z</qDate><msg>Read <b>this</b>.</msg></msgQ>'
_QUEUED_AT = datetime(2000, 6, 8, 22, tzinfo=UTC)


def test_a_poll_message_about_a_transfer_is_read() -> None:
    message = PollRequest().read(_answer(_TRANSFER, before=_QUEUE))
    assert message == PollMessage(
        "12345", "Read this .", "example.org", queued_at=_QUEUED_AT, transfer_data=_TRANSFER_DATA
    )


def test_a_poll_message_names_who_gains_and_how_far_it_is() -> None:
    message = PollRequest().read(_answer(_TRANSFER, before=_QUEUE))
    assert message is not None
    assert (message.transfer, message.gaining_client) == ("pending", "ClientX")
    other = PollRequest().read(_answer("", before=_QUEUE))
    assert other is not None
    assert (other.transfer, other.gaining_client) == ("", "")


@pytest.mark.parametrize(("flag", "succeeded"), [("1", True), ("0", False)])
def test_a_poll_message_about_a_pending_action_is_read(flag: str, *, succeeded: bool) -> None:
    message = PollRequest().read(
        _answer(
            f'<c:panData><c:id paResult="{flag}">H-1</c:id><c:paTRID><clTRID>wp-1</clTRID>'
            "<svTRID>S-9</svTRID></c:paTRID><c:paDate>1999-04-04T22:00:00.0Z</c:paDate></c:panData>",
            before=_QUEUE,
        )
    )
    assert message == PollMessage("12345", "Read this .", "H-1", succeeded, "S-9", _QUEUED_AT)


def test_a_poll_message_about_a_change_by_somebody_else_is_read() -> None:
    message = PollRequest().read(
        _answer(
            "<d:infData><d:name>example.org</d:name></d:infData>",
            f'<p:changeData xmlns:p="{CHANGE_POLL}" state="before">'
            '<p:operation op="sync">custom</p:operation>'
            "<p:date>2013-10-22T14:25:57.0Z</p:date><p:svTRID>S-8</p:svTRID><p:who>URS Admin</p:who>"
            '<p:caseId type="urs">urs123</p:caseId><p:reason>URS Lock</p:reason></p:changeData>',
            before=_QUEUE,
        )
    )
    assert message is not None
    assert (message.object_name, message.succeeded, message.transfer_data) == ("example.org", None, None)
    assert message.change == RegistryChange(
        "sync",
        datetime(2013, 10, 22, 14, 25, 57, tzinfo=UTC),
        "S-8",
        before=True,
        who="URS Admin",
        case="urs",
        reason="URS Lock",
    )


def test_every_value_that_the_registry_objects_to_is_read_with_its_reason_and_without_secrets() -> None:
    frame = read_frame(
        f'<epp xmlns="urn:ietf:params:xml:ns:epp-1.0" xmlns:c="{CONTACT}"><response><result code="2005">'
        "<msg>Wrong</msg><value><c:cc>XX</c:cc></value><extValue><value><c:authInfo><c:pw>s3cret</c:pw>"
        "</c:authInfo></value><reason>Too short</reason></extValue></result>"
        '<result code="2306"><msg>Policy</msg><extValue><value>word</value><reason>No</reason></extValue>'
        "</result>"
        "<trID><svTRID>S</svTRID></trID></response></epp>".encode()
    )
    assert isinstance(frame, Response)
    assert (frame.code, frame.message) == (2005, "Wrong; Policy")
    assert frame.reasons == (Reason("cc=XX"), Reason("pw=***", "Too short"), Reason("word", "No"))


def test_the_trace_of_an_answer_hides_the_secrets_of_its_command() -> None:
    """A registry may quote the password that it refuses."""
    create = ContactCreate("H-1", (any_.INT,), "", "a@b.c", "s3cret")
    frame = Response(2005, "s3cret is weak", "", "S", None, None, reasons=(Reason("pw", "not s3cret"),))
    trace = frame.trace(create, "wp-1")
    assert (trace.command, trace.client_transaction, trace.server_transaction) == (
        "contact:create",
        "wp-1",
        "S",
    )
    assert (trace.message, trace.reasons) == ("*** is weak", (Reason("pw", "not ***"),))
