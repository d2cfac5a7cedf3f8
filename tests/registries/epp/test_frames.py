"""What we write is what RFC 5730, 5731 and 5733 prescribe; what we read comes out as it went in."""

import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from registries.contact import Role
from registries.epp.frames import (
    Command,
    ContactCheck,
    ContactCreate,
    ContactData,
    ContactDelete,
    ContactInfo,
    ContactUpdate,
    Disclose,
    DiscloseField,
    DomainCheck,
    DomainContact,
    DomainCreate,
    DomainInfo,
    DomainUpdate,
    Greeting,
    Login,
    Logout,
    PollAck,
    PollRequest,
    PostalInfo,
    PostalType,
    Response,
    encode,
    read_frame,
)
from registries.epp.frames.base import encode_hello
from registries.epp.markup import CONTACT, DOMAIN, LOGIN_SECURITY, FrameError, masked, parse

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "data" / "epp"
SCHEMAS = ROOT.parent / "shared" / "data" / "epp" / "xsd" / "icann"
SAMPLES = ROOT.parent / "shared" / "data" / "epp" / "samples"

INT = PostalInfo(
    PostalType.INT, "Zoe Muller", "Muller & Co", ("Rue 1", "2nd floor"), "Geneve", "GE", "1204", "CH"
)
LOC = PostalInfo(PostalType.LOC, "Zoë Müller", "", ("Rue 1",), "Genève", "", "", "CH")

COMMANDS: dict[str, Command[Any]] = {
    "login": Login("registrar-1", "foo-BAR2", (DOMAIN, CONTACT), ("urn:ietf:params:xml:ns:secDNS-1.1",)),
    "login-security": Login("registrar-1", "a password of more than 16", (DOMAIN,), (LOGIN_SECURITY,)),
    "logout": Logout(),
    "poll-request": PollRequest(),
    "poll-acknowledge": PollAck("12345"),
    "contact-check": ContactCheck(("WP1", "WP-2")),
    "contact-info": ContactInfo("WP-1"),
    "contact-create": ContactCreate(
        "WP-1", (INT, LOC), "+41.221234567", "a@relay.example", "a7-secret", Disclose(flag=True)
    ),
    "contact-update-disclose": ContactUpdate("WP-1", disclose=Disclose(flag=False)),
    "contact-update-everything": ContactUpdate(
        "WP-1",
        (LOC,),
        "",
        "b@relay.example",
        Disclose(flag=False, fields=frozenset({DiscloseField.EMAIL, DiscloseField.NAME_LOC})),
        add_statuses=("clientDeleteProhibited",),
        remove_statuses=("clientUpdateProhibited",),
    ),
    "contact-delete": ContactDelete("WP-1"),
    "domain-check": DomainCheck(("example.org", "xn--bcher-kva.example")),
    "domain-info": DomainInfo("example.org"),
    "domain-create": DomainCreate(
        "example.org",
        "WP-1",
        (DomainContact(Role.ADMIN, "WP-2"), DomainContact(Role.TECH, "WP-3")),
        "a7-secret",
        years=2,
        nameservers=("ns1.example.net",),
    ),
    "domain-update": DomainUpdate(
        "example.org",
        add_contacts=(DomainContact(Role.ADMIN, "WP-2"),),
        remove_contacts=(DomainContact(Role.ADMIN, "OLD-2"),),
        registrant="WP-1",
        add_statuses=("clientHold",),
    ),
}


@cache
def epp_schema() -> etree.XMLSchema:
    if not SCHEMAS.is_dir():
        pytest.skip("the official EPP schemas are not here")
    named = {
        "urn:ietf:params:xml:ns:epp-1.0": "epp-1.0",
        "urn:ietf:params:xml:ns:eppcom-1.0": "eppcom-1.0",
        CONTACT: "contact-1.0",
        DOMAIN: "domain-1.0",
        "urn:ietf:params:xml:ns:host-1.0": "host-1.0",
        LOGIN_SECURITY: "loginSec-1.0",
    }
    imports = "".join(
        f'<import namespace="{uri}" schemaLocation="{(SCHEMAS / (file + ".xsd")).as_uri()}"/>'
        for uri, file in named.items()
    )
    return etree.XMLSchema(etree.XML(f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>'))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_written_exactly_as_the_golden_frame(name: str) -> None:
    """The golden files are indented for the reader; what is sent is not."""
    golden = etree.parse(GOLDEN / f"{name}.xml", etree.XMLParser(remove_blank_text=True))
    declaration, _, written = encode(COMMANDS[name], "wp-0001").partition(b"\n")
    assert declaration == b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
    assert written == etree.tostring(golden, encoding="UTF-8", xml_declaration=False)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_valid_by_the_official_schema(name: str) -> None:
    epp_schema().assertValid(etree.fromstring(encode(COMMANDS[name], "wp-0001")))


def test_hello_is_valid_by_the_official_schema() -> None:
    epp_schema().assertValid(etree.fromstring(encode_hello()))


@pytest.mark.parametrize("name", COMMANDS)
def test_prefixes_are_the_conventional_ones_and_epp_is_the_default_namespace(name: str) -> None:
    """Registries were seen to answer 1000 to others and to ignore what they named."""
    usual = {"urn:ietf:params:xml:ns:epp-1.0": None, CONTACT: "contact", DOMAIN: "domain"}
    usual[LOGIN_SECURITY] = "loginSec"
    for element in etree.fromstring(encode(COMMANDS[name], "wp-0001")).iter():
        assert element.prefix == usual[etree.QName(element).namespace or ""]


@pytest.mark.parametrize("name", COMMANDS)
def test_no_password_survives_masking(name: str) -> None:
    shown = masked(encode(COMMANDS[name], "wp-0001"))
    assert not any(secret in shown for secret in (b"foo-BAR2", b"a7-secret", b"a password of more than 16"))


def test_masking_knows_any_prefix_attributes_cdata_and_new_passwords() -> None:
    frame = (
        b'<x:pw a="1">one</x:pw><newPW><![CDATA[two</newPW>still two]]></newPW ><ns.1:pw>\nthree\n</ns.1:pw>'
    )
    assert masked(frame) == b'<x:pw a="1">***</x:pw><newPW>***</newPW><ns.1:pw>***</ns.1:pw>'


def test_masking_knows_prefixes_of_any_script() -> None:
    assert masked("<é:pw>one</é:pw>".encode()) == "<é:pw>***</é:pw>".encode()


@pytest.mark.parametrize(
    ("old", "new", "plain", "extended"),
    [
        ("foo-BAR2", "new-PASS3", {"pw": "foo-BAR2", "newPW": "new-PASS3"}, {}),
        ("foo-BAR2", "n" * 17, {"pw": "foo-BAR2", "newPW": "[LOGIN-SECURITY]"}, {"newPW": "n" * 17}),
        ("o" * 17, "new-PASS3", {"pw": "[LOGIN-SECURITY]", "newPW": "new-PASS3"}, {"pw": "o" * 17}),
    ],
)
def test_a_login_may_change_the_password_of_any_length(
    old: str, new: str, plain: dict[str, str], extended: dict[str, str]
) -> None:
    root = parse(encode(Login("registrar-1", old, (DOMAIN,), (LOGIN_SECURITY,), new_password=new), "wp-0001"))
    for namespace, wanted in (("urn:ietf:params:xml:ns:epp-1.0", plain), (LOGIN_SECURITY, extended)):
        written = {tag: root.findtext(f".//{{{namespace}}}{tag}") for tag in ("pw", "newPW")}
        assert {tag: text for tag, text in written.items() if text is not None} == wanted


def test_no_password_is_in_a_repr() -> None:
    assert "foo-BAR2" not in repr(COMMANDS["login"])
    assert "a7-secret" not in repr(COMMANDS["contact-create"]) + repr(COMMANDS["domain-create"])


# Round trips: an info answer is built from the elements that a create command writes.

_LETTERS = st.characters(exclude_categories=("C", "Z"))
_LINES = st.text(_LETTERS, min_size=1, max_size=40)
_ASCII_LINES = st.text(string.ascii_letters + string.digits + "<&>\"'.,-", min_size=1, max_size=40)


def _postal(kind: PostalType, line: st.SearchStrategy[str]) -> st.SearchStrategy[PostalInfo]:
    optional = st.just("") | line
    return st.builds(
        PostalInfo,
        type=st.just(kind),
        name=line,
        org=optional,
        street=st.lists(line, min_size=1, max_size=3).map(tuple),
        city=line,
        sp=optional,
        pc=st.just("") | st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=16),
        cc=st.text(string.ascii_uppercase, min_size=2, max_size=2),
    )


_INTS, _LOCS = _postal(PostalType.INT, _ASCII_LINES), _postal(PostalType.LOC, _LINES)
_CREATES = st.builds(
    ContactCreate,
    handle=st.text(string.ascii_uppercase + string.digits, min_size=3, max_size=16),
    postal=st.tuples(_INTS) | st.tuples(_LOCS) | st.tuples(_INTS, _LOCS),
    voice=st.just("") | st.from_regex(r"\+[0-9]{1,3}\.[0-9]{1,12}", fullmatch=True),
    email=st.text(string.ascii_lowercase, min_size=1, max_size=20).map(lambda text: f"{text}@example.org"),
    auth_info=_ASCII_LINES,
    disclose=st.builds(Disclose, flag=st.booleans(), fields=st.frozensets(st.sampled_from(DiscloseField))),
)


@given(_CREATES)
def test_a_contact_read_back_is_the_contact_written(create: ContactCreate) -> None:
    root = etree.fromstring(encode(create, "wp-0001"))
    [written] = root.iter(f"{{{CONTACT}}}create")
    written.tag = f"{{{CONTACT}}}infData"
    answer = _answer(etree.tostring(written, encoding="unicode"))
    assert ContactInfo(create.handle).read(answer) == ContactData(
        create.handle, (), create.postal, create.voice, create.email, create.disclose
    )


@given(_CREATES)
def test_any_contact_written_is_valid_by_the_official_schema(create: ContactCreate) -> None:
    epp_schema().assertValid(etree.fromstring(encode(create, "wp-0001")))


_HANDLES = st.text(string.ascii_uppercase, min_size=3, max_size=16)
_CONTACTS = st.lists(
    st.builds(DomainContact, st.sampled_from([Role.ADMIN, Role.TECH, Role.BILLING]), _HANDLES), max_size=4
).map(tuple)


@given(_HANDLES, _CONTACTS)
def test_a_domain_read_back_has_the_contacts_written(
    registrant: str, contacts: tuple[DomainContact, ...]
) -> None:
    root = etree.fromstring(encode(DomainCreate("example.org", registrant, contacts, "pw"), "wp-0001"))
    [written] = root.iter(f"{{{DOMAIN}}}create")
    written.tag = f"{{{DOMAIN}}}infData"
    domain = DomainInfo("example.org").read(_answer(etree.tostring(written, encoding="unicode")))
    assert (domain.name, domain.registrant, domain.contacts) == ("example.org", registrant, contacts)


def _answer(data: str) -> Response:
    frame = read_frame(
        f'<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response><result code="1000"><msg>ok</msg></result>'
        f"<resData>{data}</resData><trID><svTRID>S</svTRID></trID></response></epp>".encode()
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


@given(st.binary(max_size=200))
def test_octets_that_are_no_frame_are_refused_cleanly(octets: bytes) -> None:
    with pytest.raises(FrameError):
        read_frame(octets)


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (b"", "not well-formed"),
        (b'<!DOCTYPE epp [<!ENTITY a "b">]><epp xmlns="urn:ietf:params:xml:ns:epp-1.0"/>', "document type"),
        ('<?xml version="1.0" encoding="UTF-16"?><epp/>'.encode("utf-16"), "not UTF-8"),
        (b'<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response>\xff</response></epp>', "not UTF-8"),
        (b'<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response/></epp>', "no result"),
        (b'<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><hello/></epp>', "neither"),
        (b'<epp xmlns="urn:other"><greeting/></epp>', "root"),
        (b'<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><greeting/></epp>', "service menu"),
        (b"<epp>" * 300 + b"</epp>" * 300, "not well-formed"),
    ],
)
def test_a_frame_that_cannot_be_read_says_why_and_quotes_nothing(frame: bytes, complaint: str) -> None:
    with pytest.raises(FrameError, match=complaint):
        read_frame(frame)


def test_a_frame_is_read_as_utf_8_whatever_it_declares() -> None:
    """UTF-7 and its like could hide a document type declaration."""
    frame = '<?xml version="1.0" encoding="UTF-7"?><a>+ADwAIQ-DOCTYPE é</a>'.encode()
    assert parse(frame).text == "+ADwAIQ-DOCTYPE é"


def _sample_files() -> Iterator[Path]:
    yield from sorted(SAMPLES.rglob("*.xml"))


def test_answers_of_real_registries_are_read_or_refused_cleanly() -> None:
    """Among them greetings, infos and polls; those of contact and domain objects give their data."""
    if not SAMPLES.is_dir():
        pytest.skip("the EPP samples are not here")
    read = {"greeting": 0, "contact": 0, "domain": 0, "response": 0}
    for file in _sample_files():
        try:
            frame = read_frame(file.read_bytes())
        except FrameError:
            continue
        read["greeting" if isinstance(frame, Greeting) else "response"] += 1
        if isinstance(frame, Response) and frame.data is not None:
            for kind, namespace, command in (
                ("contact", CONTACT, ContactInfo("any")),
                ("domain", DOMAIN, DomainInfo("any.example")),
            ):
                if frame.data.find(f"{{{namespace}}}infData") is not None:
                    assert command.read(frame).statuses is not None
                    read[kind] += 1
            PollRequest().read(frame)
            ContactCheck(()).read(frame)
            DomainCheck(()).read(frame)
    assert all(read.values()), read


def test_well_formed_responses_among_the_samples_are_all_read() -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the EPP samples are not here")
    unread = []
    for file in _sample_files():
        # Two samples are templates with a placeholder where the code belongs.
        octets = file.read_bytes().replace(b"%CODE%", b"2400")
        try:
            root = etree.fromstring(octets)
        except etree.XMLSyntaxError:
            continue
        known = [
            child.tag for child in root if etree.QName(root).namespace == "urn:ietf:params:xml:ns:epp-1.0"
        ]
        if any(str(tag).endswith(("}response", "}greeting")) for tag in known):
            try:
                read_frame(octets)
            except FrameError as error:
                unread.append((file.name, str(error)))
    assert not unread
