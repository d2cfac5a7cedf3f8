"""One of each command that we can send, and strategies that make any of them."""

import string
from typing import Any

from hypothesis import strategies as st

from registries.contact import Role
from registries.epp.frames import (
    Command,
    ContactCheck,
    ContactCreate,
    ContactData,
    ContactDelete,
    ContactInfo,
    ContactTransferQuery,
    ContactUpdate,
    Disclose,
    DiscloseField,
    DomainCheck,
    DomainContact,
    DomainCreate,
    DomainDelete,
    DomainInfo,
    DomainTransfer,
    DomainTransferQuery,
    DomainUpdate,
    HostCheck,
    HostInfo,
    Login,
    Logout,
    PollAck,
    PollRequest,
    PostalInfo,
    PostalType,
    TransferOperation,
)
from registries.epp.markup import CONTACT, DOMAIN, LOGIN_SECURITY

INT = PostalInfo(
    PostalType.INT, "Zoe Muller", "Muller & Co", ("Rue 1", "2nd floor"), "Geneve", "GE", "1204", "CH"
)
LOC = PostalInfo(PostalType.LOC, "Zoë Müller", "", ("Rue 1",), "Genève", "", "", "CH")

COMMANDS: dict[str, Command[Any]] = {
    "login": Login("registrar-1", "foo-BAR2", (DOMAIN, CONTACT), ("urn:ietf:params:xml:ns:secDNS-1.1",)),
    "login-new-password": Login(
        "registrar-1",
        "foo-BAR2",
        (DOMAIN, CONTACT),
        ("urn:ietf:params:xml:ns:secDNS-1.1",),
        new_password="n3w-PASS",
    ),
    "login-security": Login("registrar-1", "a password of more than 16", (DOMAIN,), (LOGIN_SECURITY,)),
    "login-security-new-password": Login(
        "registrar-1",
        "foo-BAR2",
        (DOMAIN,),
        (LOGIN_SECURITY,),
        new_password="another password of more than 16",
    ),
    "logout": Logout(),
    "poll-request": PollRequest(),
    "poll-acknowledge": PollAck("12345"),
    "contact-check": ContactCheck(("WP1", "WP-2")),
    "contact-info": ContactInfo("WP-1"),
    "contact-info-password": ContactInfo("WP-1", "a7-secret"),
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
    "contact-transfer-query": ContactTransferQuery("WP-1", "a7-secret"),
    "domain-check": DomainCheck(("example.org", "xn--bcher-kva.example")),
    "domain-info": DomainInfo("example.org"),
    "domain-info-password": DomainInfo("example.org", "a7-secret"),
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
    "domain-delete": DomainDelete("example.org"),
    "domain-transfer-query": DomainTransferQuery("example.org"),
    "domain-transfer-request": DomainTransfer("example.org", TransferOperation.REQUEST, "a7-secret"),
    "domain-transfer-approve": DomainTransfer("example.org", TransferOperation.APPROVE),
    "domain-transfer-reject": DomainTransfer("example.org", TransferOperation.REJECT),
    "domain-transfer-cancel": DomainTransfer("example.org", TransferOperation.CANCEL),
    "host-check": HostCheck(("ns1.example.org", "ns2.example.org")),
    "host-info": HostInfo("ns1.example.org"),
}
SECRETS = (
    "foo-BAR2",
    "n3w-PASS",
    "a7-secret",
    "a password of more than 16",
    "another password of more than 16",
)


lines = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40)
ascii_lines = st.text(string.ascii_letters + string.digits + "<&>\"'.,-", min_size=1, max_size=40)
handles = st.text(string.ascii_uppercase + string.digits, min_size=3, max_size=16)
labels = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)
names = st.lists(labels, min_size=2, max_size=3).map(".".join)
emails = st.text(string.ascii_lowercase, min_size=1, max_size=20).map(lambda text: f"{text}@example.org")
phones = st.builds("+{}.{}".format, st.integers(1, 999), st.integers(0, 10**12 - 1))
# RFC 5730 section 4, pwType: 6 to 16 characters; longer ones need RFC 8807, which wants ASCII.
passwords = st.text(string.ascii_letters + string.digits + "<&>\"'.-", min_size=6, max_size=16)
long_passwords = st.text(string.ascii_letters + string.digits + "<&>\"'.-", min_size=6, max_size=64)


def postal(kind: PostalType, line: st.SearchStrategy[str]) -> st.SearchStrategy[PostalInfo]:
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


_ints, _locs = postal(PostalType.INT, ascii_lines), postal(PostalType.LOC, lines)
forms = st.tuples(_ints) | st.tuples(_locs) | st.tuples(_ints, _locs)
disclosures = st.builds(Disclose, flag=st.booleans(), fields=st.frozensets(st.sampled_from(DiscloseField)))
creates = st.builds(
    ContactCreate,
    handle=handles,
    postal=forms,
    voice=st.just("") | phones,
    email=emails,
    auth_info=ascii_lines,
    disclose=st.none() | disclosures,
    role=st.sampled_from(Role),
)
updates = st.builds(
    ContactUpdate,
    handle=handles,
    postal=st.just(()) | forms,
    voice=st.none() | st.just("") | phones,
    email=st.none() | emails,
    disclose=st.none() | disclosures,
    add_statuses=st.just(()) | st.just(("clientDeleteProhibited",)),
    public_email=st.none() | emails,
)
contact_data = st.builds(
    ContactData,
    handle=handles,
    statuses=st.just(("ok",)),
    postal=forms,
    voice=st.just("") | phones,
    email=emails,
    disclose=st.none() | disclosures,
    fax=st.just("") | phones,
    type=st.sampled_from(["", "contact", "holder_pers", "holder_org"]),
)
contacts = st.lists(
    st.builds(DomainContact, st.sampled_from([Role.ADMIN, Role.TECH, Role.BILLING]), handles), max_size=4
).map(tuple)
domain_creates = st.builds(
    DomainCreate,
    domain=names,
    registrant=st.just("") | handles,
    contacts=contacts,
    auth_info=ascii_lines,
    years=st.integers(1, 10),
    nameservers=st.lists(names, max_size=3).map(tuple),
)
domain_updates = st.builds(
    DomainUpdate,
    domain=names,
    add_contacts=contacts,
    remove_contacts=contacts,
    registrant=st.none() | handles,
    add_statuses=st.just(()) | st.just(("clientHold",)),
    remove_statuses=st.just(()) | st.just(("clientHold",)),
)
others: st.SearchStrategy[Command[Any]] = st.one_of(
    st.builds(Login, handles, passwords, st.just((DOMAIN,)), new_password=st.just("") | passwords),
    st.builds(
        Login,
        handles,
        long_passwords,
        st.just((DOMAIN,)),
        st.just((LOGIN_SECURITY,)),
        new_password=st.just("") | long_passwords,
    ),
    st.builds(PollAck, handles),
    st.builds(ContactCheck, st.lists(handles, min_size=1, max_size=3).map(tuple)),
    st.builds(ContactInfo, handles, st.just("") | ascii_lines),
    st.builds(ContactDelete, handles),
    st.builds(ContactTransferQuery, handles, st.just("") | ascii_lines),
    st.builds(DomainCheck, st.lists(names, min_size=1, max_size=3).map(tuple)),
    st.builds(DomainInfo, names, st.just("") | ascii_lines),
    st.builds(DomainDelete, names),
    st.builds(DomainTransferQuery, names, st.just("") | ascii_lines),
    st.builds(DomainTransfer, names, st.sampled_from(TransferOperation), st.just("") | ascii_lines),
    st.builds(HostCheck, st.lists(names, min_size=1, max_size=3).map(tuple)),
    st.builds(HostInfo, names),
)
