"""Lenient in: the answers of real registries are read, and what we use of them is not lost.

Every sample is counted: what was read, and why the rest was not.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from lxml import etree

from registries.epp.extensions.table import contact_privacy
from registries.epp.frames import (
    Command,
    ContactCheck,
    ContactData,
    ContactInfo,
    DomainCheck,
    DomainData,
    DomainInfo,
    Greeting,
    HostCheck,
    HostInfo,
    PollRequest,
    Response,
    TransferData,
    read_frame,
)
from registries.epp.frames.transfer import read_transfer
from registries.epp.markup import (
    AFNIC,
    CONTACT,
    DNS_LU,
    DOMAIN,
    EURID_1_3,
    FEE,
    FURY,
    HOST,
    REGISTRO_IT,
    RGP,
    SECDNS,
    Element,
    FrameError,
)
from tests.registries.epp.schemas import ROOT

SAMPLES = ROOT.parent / "shared" / "data" / "epp" / "samples"

# How many files of each folder come out how.
COUNTS = {
    "eurid": {"Response": 107, "Greeting": 1, "a command": 108},
    "extensions": {"Response": 121, "Greeting": 11, "a command": 180},
    "nomulus": {
        "Response": 234,
        "Greeting": 2,
        "a command": 466,
        # Attacks made on purpose: billion laughs, local and remote external entity.
        "the frame has a document type declaration": 3,
        # One is broken on purpose; the others are templates whose prefixes and namespaces are yet to fill in.
        "the frame is not well-formed XML": 39,
        # Templates with a placeholder where the code belongs.
        "the result has no four-digit code": 2,
        # Escrow deposits and parts of frames.
        "the frame's root is not an EPP element": 5,
    },
}

# Data that a frame or an extension of ours reads, of those that the answers hold.
READ = {
    (CONTACT, "infData"): 19,
    (CONTACT, "chkData"): 3,
    (CONTACT, "creData"): 14,
    (CONTACT, "trnData"): 13,
    (DOMAIN, "infData"): 89,
    (DOMAIN, "chkData"): 75,
    (DOMAIN, "creData"): 24,
    (DOMAIN, "trnData"): 47,
    (DOMAIN, "panData"): 7,
    (HOST, "infData"): 14,
    (HOST, "chkData"): 4,
    (RGP, "infData"): 27,
    (SECDNS, "infData"): 9,
    (AFNIC, "ext"): 10,
    (DNS_LU, "ext"): 7,
    (EURID_1_3, "infData"): 4,
    (REGISTRO_IT, "infData"): 3,
    (FURY, "info"): 2,
}

# Data that we have no use for: renewals, prices of checks, other objects, registries' own matters.
UNREAD = {
    DOMAIN: 12,
    HOST: 7,
    FEE: 2,
    FURY: 1,
    "urn:ietf:params:xml:ns:fee-0.6": 33,
    "urn:ietf:params:xml:ns:fee-0.11": 19,
    "urn:ietf:params:xml:ns:fee-0.12": 15,
    "urn:ietf:params:xml:ns:launch-1.0": 9,
    "urn:ietf:params:xml:ns:idn-1.0": 1,
    "urn:ietf:params:xml:ns:fury-rgp-1.0": 2,
    "urn:ietf:params:xml:ns:obj-1.0": 2,
    "urn:ietf:params:xml:ns:epp-1.0": 2,
    "urn:google:params:xml:ns:bulkToken-1.0": 3,
    "http://www.eurid.eu/xml/epp/": 61,
    "http://www.nic.it/ITNIC-EPP/": 24,
    "http://www.norid.no/xsd/": 7,
    "http://xmlns.corenic.net/epp/": 1,
    "http://xmlns.tango-rs.net/epp/": 4,
}


@cache
def _frames() -> dict[str, list[tuple[str, Greeting | Response | None]]]:
    """Return what each file of each folder came to, and the frame where it was one."""
    if not SAMPLES.is_dir():
        pytest.skip("the EPP samples are not here")
    return {
        folder.name: [_outcome(file.read_bytes()) for file in sorted(folder.glob("*.xml"))]
        for folder in sorted(SAMPLES.iterdir())
    }


def _outcome(octets: bytes) -> tuple[str, Greeting | Response | None]:
    try:
        frame = read_frame(octets)
    except FrameError as error:
        text = str(error)
        return ("a command" if text.endswith("neither a greeting nor a response") else text), None
    return type(frame).__name__, frame


def _responses() -> Iterator[Response]:
    for frames in _frames().values():
        yield from (frame for _, frame in frames if isinstance(frame, Response))


def _data(namespace: str, tag: str) -> list[tuple[Response, Element]]:
    """Return the answers that hold such data, and the data."""
    found = (
        (each, each.data.find(f"{{{namespace}}}{tag}")) for each in _responses() if each.data is not None
    )
    return [(response, element) for response, element in found if element is not None]


def test_every_sample_is_read_or_refused_for_a_known_reason() -> None:
    counts = {folder: Counter(outcome for outcome, _ in frames) for folder, frames in _frames().items()}
    assert counts == COUNTS


def test_every_kind_of_data_is_read_or_known_to_be_of_no_use() -> None:
    read: Counter[tuple[str, str]] = Counter()
    unread: Counter[str] = Counter()
    for response in _responses():
        for element in [*(() if response.data is None else response.data), *_children(response.extension)]:
            name = etree.QName(element)
            namespace = name.namespace or ""
            if (namespace, name.localname) in READ:
                read[namespace, name.localname] += 1
            else:
                unread[next((known for known in UNREAD if namespace.startswith(known)), namespace)] += 1
    assert read == READ
    assert unread == UNREAD


def _children(element: Element | None) -> list[Element]:
    return [] if element is None else list(element)


def _texts(element: Element, *tags: str) -> list[str]:
    """Return the texts of all descendants of these names, found without our own readers."""
    names = " or ".join(f"local-name()='{tag}'" for tag in tags)
    found = element.xpath(f".//*[{names}]")
    assert isinstance(found, list)
    return [
        " ".join("".join(map(str, each.itertext())).split())
        for each in found
        if isinstance(each, etree._Element)
    ]


def _has_date(element: Element, tag: str) -> bool:
    """Whether there is such a date; some samples have a placeholder in its place."""
    return any(not text.startswith("%") for text in _texts(element, tag))


def _attributes(element: Element, tag: str, attribute: str) -> list[str]:
    found = element.xpath(f"./*[local-name()='{tag}']/@{attribute}")
    assert isinstance(found, list)
    return [str(each) for each in found]


def test_nothing_of_a_contact_is_lost() -> None:
    for response, element in _data(CONTACT, "infData"):
        data = ContactInfo("any").read(response)
        assert isinstance(data, ContactData)
        values = {data.handle, data.roid, data.voice, data.fax, data.email, data.sponsor}
        for info in data.postal:
            values |= {info.name, info.org, *info.street, info.city, info.sp, info.pc, info.cc}
        single = _texts(element, "id", "roid", "voice", "fax", "email", "clID", "name", "org", "street")
        assert set(single + _texts(element, "city", "sp", "pc", "cc")) - {""} <= values
        assert list(data.statuses) == _attributes(element, "status", "s")
        assert _has_date(element, "crDate") == (data.created_at is not None)
        assert _has_date(element, "trDate") == (data.transferred_at is not None)
        assert _has_date(element, "upDate") == (data.updated_at is not None)
        assert (data.disclose is not None) == bool(_texts(element, "disclose"))


def test_nothing_of_a_domain_is_lost() -> None:
    for response, element in _data(DOMAIN, "infData"):
        data = DomainInfo("any.example").read(response)
        assert isinstance(data, DomainData)
        assert [data.name, data.roid] == [*_texts(element, "name"), *_texts(element, "roid")] or not data.roid
        assert [data.registrant, data.sponsor] == [
            *(_texts(element, "registrant") or [""]),
            *(_texts(element, "clID") or [""]),
        ]
        roles = zip(_attributes(element, "contact", "type"), _texts(element, "contact"), strict=True)
        known = [(role, handle) for role, handle in roles if role in {"admin", "tech", "billing"}]
        assert [(str(each.role), each.handle) for each in data.contacts] == known
        assert list(data.nameservers) == _texts(element, "hostObj", "hostName")
        assert list(data.statuses) == _attributes(element, "status", "s")
        assert _has_date(element, "crDate") == (data.created_at is not None)
        assert _has_date(element, "upDate") == (data.updated_at is not None)
        assert _has_date(element, "exDate") == (data.expires_at is not None)
        assert _has_date(element, "trDate") == (data.transferred_at is not None)


def test_nothing_of_a_host_is_lost() -> None:
    for response, element in _data(HOST, "infData"):
        data = HostInfo("ns.any.example").read(response)
        assert list(data.addresses) == _texts(element, "addr")
        assert [data.name, data.sponsor] == _texts(element, "name", "clID")
        assert list(data.statuses) == _attributes(element, "status", "s")


@pytest.mark.parametrize(("namespace", "tag"), [(DOMAIN, "name"), (CONTACT, "id")])
def test_nothing_of_a_transfer_is_lost(namespace: str, tag: str) -> None:
    for response, element in _data(namespace, "trnData"):
        data = read_transfer(response.data)
        assert isinstance(data, TransferData)
        shown = [data.object_name, data.status, data.requested_by, data.acts]
        assert [value for value in shown if value] == [
            text for each in (tag, "trStatus", "reID", "acID") for text in _texts(element, each)
        ]
        assert _has_date(element, "reDate") == (data.requested_at is not None)
        assert _has_date(element, "acDate") == (data.acts_by is not None)


@pytest.mark.parametrize(
    ("namespace", "tag", "check"),
    [(CONTACT, "id", ContactCheck(())), (DOMAIN, "name", DomainCheck(())), (HOST, "name", HostCheck(()))],
)
def test_no_line_of_a_check_is_lost(namespace: str, tag: str, check: Command[dict[str, Any]]) -> None:
    for response, element in _data(namespace, "chkData"):
        assert list(check.read(response)) == list(dict.fromkeys(_texts(element, tag)))


def test_no_poll_message_is_lost() -> None:
    """Also those whose text is made of elements, and those about objects that we do not know."""
    waiting = [each for each in _responses() if each.queue is not None and each.queue.message_id]
    messages = [message for response in waiting if (message := PollRequest().read(response)) is not None]
    assert len(messages) == len(waiting) == 52
    # Answers to acknowledgements tell the next message's id alone; one message has no text.
    assert sum(bool(message.message) for message in messages) == 48
    assert sum(bool(message.object_name) for message in messages) == 18
    assert sum(message.transfer_data is not None for message in messages) == 9
    assert sum(message.succeeded is not None for message in messages) == 7


def test_a_registrys_own_privacy_switch_is_read_from_its_real_answers() -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    for response, _ in _data(CONTACT, "infData"):
        data = ContactInfo("any").read(response)
        for namespace in (AFNIC, REGISTRO_IT, DNS_LU, EURID_1_3):
            way = contact_privacy(Greeting("", (), (), (), (namespace,)))
            read = way.read_back(data, response.extension)
            if read != data:
                assert read.disclose is not None
                seen[namespace, read.disclose.flag] += 1
    assert seen == {
        (AFNIC, False): 1,
        (AFNIC, True): 1,
        (REGISTRO_IT, True): 3,
        (DNS_LU, False): 1,
        (EURID_1_3, False): 2,
        (EURID_1_3, True): 2,
    }
