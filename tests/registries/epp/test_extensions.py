"""Each registry's own way to hide a contact: written as it wants it, read back, and proven against it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from lxml import etree
from structlog.testing import capture_logs

from registries.connector import Change
from registries.contact import Contact, Role
from registries.epp.connector import EppConnector
from registries.epp.extensions.afnic import Afnic
from registries.epp.extensions.dns_lu import DnsLu
from registries.epp.extensions.eurid import Eurid
from registries.epp.extensions.fee import Charge, read_charge
from registries.epp.extensions.fury import FuryContacts, FuryDomains
from registries.epp.extensions.namestore import Namestore
from registries.epp.extensions.norid import Norid
from registries.epp.extensions.privacy import HIDDEN, SHOWN, PlainDisclosure
from registries.epp.extensions.registro_it import RegistroIt
from registries.epp.extensions.table import contact_privacy, domain_privacy, routing
from registries.epp.extensions.tango import TangoDomains
from registries.epp.extensions.traficom import Traficom
from registries.epp.frames import (
    Command,
    ContactCreate,
    ContactData,
    ContactUpdate,
    Disclose,
    DiscloseField,
    DomainData,
    DomainInfo,
    DomainUpdate,
    Extension,
    Greeting,
    encode,
)
from registries.epp.markup import EURID_1_4, FEE, FURY, NAMESTORE, PREFIXES, SECDNS, TANGO, TRAFICOM
from registries.epp.pool import SessionPool
from registries.epp.session import Session
from registries.epp.work import Work
from registries.errors import RegistryRefused, VerificationFailed
from registries.policy import Mechanism
from tests.registries.epp import commands as any_
from tests.registries.epp.commands import LOC
from tests.registries.epp.extended import WAYS, ExtendedRegistry, Way
from tests.registries.epp.peer import Connection, response, scripted_registry, transaction_of
from tests.registries.epp.schemas import ROOT

GOLDEN = ROOT / "tests" / "data" / "epp"

PERSON = LOC
COMPANY = replace(LOC, org="Müller & Co")
CREATE = ContactCreate("WP-1", (PERSON,), "+41.221234567", "a@b.example", "a7-secret", HIDDEN)
HIDE, SHOW = ContactUpdate("WP-1", disclose=HIDDEN), ContactUpdate("WP-1", disclose=SHOWN)
PRESENT = ContactData("WP-1", (), (PERSON,), "+41.221234567", "a@b.example", SHOWN, type="contact")
ABSENT = replace(PRESENT, disclose=HIDDEN)
DOMAIN = DomainData("example.org", (), "WP-1", ())
RELAY = ContactUpdate("WP-1", disclose=HIDDEN, public_email="r@relay.example")

Written = tuple[Command[Any], tuple[Extension, ...]]


def _domain_update(extension: Extension) -> Written:
    return DomainUpdate("example.org"), (extension,)


EXTENDED: dict[str, Written] = {
    "afnic-create-hidden": Afnic().create(CREATE),
    "afnic-hide": Afnic().update(HIDE, PRESENT),
    "afnic-show": Afnic().update(SHOW, ABSENT),
    "registro-it-create-hidden": RegistroIt().create(CREATE),
    "registro-it-hide": RegistroIt().update(HIDE, PRESENT),
    "registro-it-show": RegistroIt().update(SHOW, ABSENT),
    "eurid-create-person": Eurid(EURID_1_4).create(CREATE),
    "eurid-create-organization": Eurid(EURID_1_4).create(replace(CREATE, postal=(COMPANY,), role=Role.TECH)),
    "eurid-relay-email": Eurid(EURID_1_4).update(RELAY, PRESENT),
    "norid-create-hidden": Norid().create(CREATE),
    "norid-hide": Norid().update(HIDE, PRESENT),
    "dns-lu-create-hidden": DnsLu().create(CREATE),
    "dns-lu-create-contact-shown": DnsLu().create(replace(CREATE, role=Role.TECH, disclose=SHOWN)),
    "dns-lu-hide": DnsLu().update(HIDE, PRESENT),
    "dns-lu-show-holder": DnsLu().update(SHOW, replace(ABSENT, type="holder_org")),
    "fury-hide": _domain_update(FuryDomains().switch(DOMAIN, hide=True, person=True)),
    "fury-show": _domain_update(FuryDomains().switch(DOMAIN, hide=False, person=True)),
    "tango-hide": _domain_update(TangoDomains(TANGO).switch(DOMAIN, hide=True, person=True)),
    "tango-show-organization": _domain_update(TangoDomains(TANGO).switch(DOMAIN, hide=False, person=False)),
    "traficom-hide": Traficom().update(HIDE, PRESENT),
    "namestore-info": (DomainInfo("example.com"), (Namestore.of("example.com"),)),
}


@pytest.mark.parametrize("name", EXTENDED)
def test_every_extension_is_written_exactly_as_the_golden_frame(name: str) -> None:
    command, extensions = EXTENDED[name]
    golden = etree.parse(GOLDEN / f"{name}.xml", etree.XMLParser(remove_blank_text=True))
    written = encode(command, "wp-0001", extensions).partition(b"\n")[2]
    assert written == etree.tostring(golden, encoding="UTF-8", xml_declaration=False)


@pytest.mark.parametrize("name", EXTENDED)
def test_every_extension_has_its_conventional_prefix(name: str) -> None:
    command, extensions = EXTENDED[name]
    for element in etree.fromstring(encode(command, "wp-0001", extensions)).iter():
        assert element.prefix == PREFIXES.get(etree.QName(element).namespace or "")


@settings(deadline=None)
@given(any_.domain_updates)
def test_no_update_says_a_word_about_dnssec(update: DomainUpdate) -> None:
    """RFC 5910: what an update does not name is kept."""
    written = etree.fromstring(encode(update, "wp-0001"))
    assert all(etree.QName(element).namespace != SECDNS for element in written.iter())


@pytest.mark.parametrize(
    "way", [Afnic(), DnsLu(), Eurid(EURID_1_4), Norid(), RegistroIt(), FuryContacts(), Traficom()]
)
def test_an_update_about_something_else_touches_no_switch(way: Any) -> None:
    update = ContactUpdate("WP-1", email="new@home.example")
    assert way.update(update, PRESENT) == (update, ())
    assert way.read_back(PRESENT, None) == PRESENT


@pytest.mark.parametrize(("update", "present"), [(HIDE, ABSENT), (SHOW, PRESENT)])
def test_a_switch_that_stands_as_wanted_is_not_moved(update: ContactUpdate, present: ContactData) -> None:
    """Such registries refuse to add what is there or to remove what is not."""
    for way in (Afnic(), DnsLu()):
        assert way.update(update, present)[1] == ()


def test_a_field_flagged_apart_from_the_others_is_read_and_written_as_such() -> None:
    names = Disclose(flag=False, fields=frozenset({DiscloseField.NAME_INT, DiscloseField.NAME_LOC}))
    command, [extension] = DnsLu().update(replace(HIDE, disclose=names), ABSENT)
    written = etree.fromstring(encode(command, "wp-0001", [extension]))
    flags = [(etree.QName(flag).localname, flag.get("flag")) for flag in written.iter() if flag.get("flag")]
    assert flags == [(tag, flag) for flag in ("1", "0") for tag in ("addr", "voice", "email")]


def test_a_mobile_phone_to_be_seen_means_that_phones_are_not_withheld() -> None:
    shown = '<x:infData xmlns:x="{}"><x:type>person</x:type><x:mobilePhone>+47.1</x:mobilePhone></x:infData>'
    extension = etree.Element("extension")
    extension.append(etree.XML(shown.format("http://www.norid.no/xsd/no-ext-contact-1.0")))
    read = Norid().read_back(ABSENT, extension)
    assert read.disclose is not None
    assert DiscloseField.VOICE not in read.disclose.fields


def test_a_canadian_presence_is_read_as_the_kind_of_contact() -> None:
    properties = (
        "<p:properties><p:property><p:key>CPR</p:key><p:value>CCT</p:value></p:property></p:properties>"
    )
    extension = etree.Element("extension")
    extension.append(etree.XML(f'<p:info xmlns:p="{FURY}">{properties}</p:info>'))
    assert FuryContacts().read_back(PRESENT, extension).type == "CCT"


def test_the_greeting_decides_which_way_is_taken() -> None:
    def announcing(*uris: str) -> Greeting:
        return Greeting("", (), (), (), uris)

    assert isinstance(contact_privacy(announcing()), PlainDisclosure)
    assert isinstance(contact_privacy(announcing(SECDNS, EURID_1_4)), Eurid)
    assert isinstance(contact_privacy(announcing(TRAFICOM)), Traficom)
    assert domain_privacy(announcing(SECDNS)) is None
    assert isinstance(domain_privacy(announcing(TANGO)), TangoDomains)
    assert routing(announcing(NAMESTORE), "example.com") == (Namestore("dotCOM"),)
    assert routing(announcing(), "example.com") == ()


# Against a registry that understands nothing but its own way.

ZOE = Contact("Zoë Müller", "", (), "Genève", "", "", "CH", "+41.1", "zoe@home.example")


def _change(mechanism: Mechanism, *, hide: bool, contact: Contact = ZOE) -> Change:
    return Change("op_1", "zoe.example", mechanism, hide, {Role.REGISTRANT: contact, Role.ADMIN: contact})


@asynccontextmanager
async def _connected(folder: Path, registry: ExtendedRegistry) -> AsyncIterator[EppConnector]:
    async with scripted_registry(folder, registry.serve) as account:
        connector = EppConnector(SessionPool(account))
        try:
            yield connector
        finally:
            await connector.close()


SWITCHES = [name for name in WAYS if name != "EURid"]


@pytest.mark.parametrize("name", SWITCHES)
async def test_a_holder_is_hidden_and_shown_again_by_the_registrys_own_switch(
    tmp_path: Path, name: str
) -> None:
    registry = ExtendedRegistry(WAYS[name])
    async with _connected(tmp_path, registry) as connector:
        hidden = await connector.apply(_change(Mechanism.REGISTRY_FLAG, hide=True))
        again = await connector.apply(_change(Mechanism.REGISTRY_FLAG, hide=True))
        assert registry.hidden
        shown = await connector.apply(_change(Mechanism.REGISTRY_FLAG, hide=False))
    assert not registry.hidden
    assert len(registry.updates) == 2
    assert "info" in str(again.commands)
    assert not any("update" in command for command in again.commands)
    assert [contact.hidden for contact in (*hidden.contacts.values(), *again.contacts.values())] == [True] * 4
    assert [contact.public for contact in shown.contacts.values()] == [True] * 2


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("hide", [True, False])
async def test_a_registry_that_says_yes_and_moves_nothing_is_found_out(
    tmp_path: Path, name: str, *, hide: bool
) -> None:
    registry = ExtendedRegistry(WAYS[name], hidden=not hide, deaf=True)
    async with _connected(tmp_path, registry) as connector:
        with pytest.raises(VerificationFailed, match="disclose") as caught:
            await connector.apply(_change(Mechanism.REGISTRY_FLAG, hide=hide))
    # Its support desk will ask for the answer that contradicts the update's.
    assert caught.value.trace.command == ("domain:info" if WAYS[name].per_domain else "contact:info")
    assert caught.value.trace.server_transaction == "S-1"


async def test_dnssec_data_are_the_same_after_a_domain_was_updated(tmp_path: Path) -> None:
    registry = ExtendedRegistry(WAYS["Tango"])
    async with scripted_registry(tmp_path, registry.serve) as account:
        session = await Session.open(account)
        before = (await session.send(DomainInfo("zoe.example"))).data
        way = domain_privacy(session.greeting)
        assert way is not None
        await session.send(DomainUpdate("zoe.example"), way.switch(before, hide=True, person=True))
        after = (await session.send(DomainInfo("zoe.example"))).data
        session.abort()
    assert before.delegation is not None
    assert after.delegation == before.delegation
    assert registry.hidden
    assert SECDNS.encode() not in b"".join(registry.updates)


async def test_an_organisation_that_its_registry_will_not_hide_is_refused_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    registry = ExtendedRegistry(WAYS["Tango"], organization="Müller & Co")
    async with _connected(tmp_path, registry) as connector:
        with pytest.raises(RegistryRefused, match="persons only"):
            await connector.apply(
                _change(Mechanism.REGISTRY_FLAG, hide=True, contact=replace(ZOE, organization="Müller & Co"))
            )
    assert registry.updates == []


async def test_the_relay_address_goes_where_eurid_publishes_it_and_the_holders_stays(tmp_path: Path) -> None:
    registry = ExtendedRegistry(WAYS["EURid"])
    relayed = replace(ZOE, email="r@relay.example")
    async with _connected(tmp_path, registry) as connector:
        seen = await connector.apply(_change(Mechanism.RELAY_EMAIL, hide=True, contact=relayed))
        again = await connector.apply(_change(Mechanism.RELAY_EMAIL, hide=True, contact=relayed))
        assert registry.email == "r@relay.example"
        assert len(registry.updates) == 1
        await connector.apply(_change(Mechanism.RELAY_EMAIL, hide=False))
    assert registry.email == "zoe@home.example"
    assert not any(b"contact:email" in update for update in registry.updates)
    for observed in (*seen.contacts.values(), *again.contacts.values()):
        assert observed.contact.email == "r@relay.example"
        assert not observed.public


async def test_a_relay_address_that_eurid_does_not_take_is_found_out(tmp_path: Path) -> None:
    registry = ExtendedRegistry(WAYS["EURid"], deaf=True)
    async with _connected(tmp_path, registry) as connector:
        with pytest.raises(VerificationFailed, match="email"):
            await connector.apply(
                _change(Mechanism.RELAY_EMAIL, hide=True, contact=replace(ZOE, email="r@relay.example"))
            )


async def test_a_contact_is_created_hidden_in_the_registrys_own_words(tmp_path: Path) -> None:
    registry = ExtendedRegistry(WAYS["AFNIC"])
    async with scripted_registry(tmp_path, registry.serve) as account:
        session = await Session.open(account)
        await Work(session).create_contact(CREATE)
        session.abort()
    assert registry.commands[-1].count(b"<frnic:list>restrictedPublication</frnic:list>") == 1
    assert b"contact:disclose" not in registry.commands[-1]


async def test_a_domains_own_switch_is_set_though_its_contacts_are_another_registrars(tmp_path: Path) -> None:
    """As after a transfer in: the switch is the domain's, and proved by reading the domain."""
    registry = _ForeignContacts(WAYS["Tango"])
    async with _connected(tmp_path, registry) as connector:
        seen = await connector.apply(_change(Mechanism.REGISTRY_FLAG, hide=True))
    assert registry.hidden
    assert seen.contacts == {}


class _ForeignContacts(ExtendedRegistry):
    async def serve(self, connection: Connection) -> None:
        await super().serve(_Denying(connection))


class _Denying(Connection):
    """Answers 2201 where the registry would show a contact."""

    def __init__(self, real: Connection) -> None:
        self._real = real

    async def receive(self) -> bytes:
        return await self._real.receive()

    async def send(self, frame: bytes) -> None:
        if b"<contact:infData" in frame:
            frame = response(2201, b"", transaction_of(frame))
        await self._real.send(frame)


async def test_every_command_about_an_object_names_the_product_where_the_registry_has_several(
    tmp_path: Path,
) -> None:
    registry = ExtendedRegistry(Way(NAMESTORE, "", "", "//none", "//none"))
    async with scripted_registry(tmp_path, registry.serve) as account:
        connector = EppConnector(SessionPool(account))
        await connector.read("zoe.net")
        await connector.dispose("H-1", "zoe.net")
        await connector.close()
    named = [b"<namestoreExt:subProduct>dotNET<" in command for command in registry.commands]
    # login, domain:info, contact:info; contact:info; logout
    assert named == [False, True, True, True, False]


# What commands cost.


def _fees(inside: str) -> etree._Element:
    extension = etree.Element("extension")
    extension.append(etree.XML(f'<f:updData xmlns:f="{FEE}">{inside}</f:updData>'))
    return extension


def test_a_charge_is_fees_less_credits_and_nonsense_counts_nothing() -> None:
    fees = "<f:fee>10.50</f:fee><f:fee>NaN</f:fee><f:fee>x</f:fee><f:credit>-0.50</f:credit>"
    assert read_charge(_fees("<f:currency>EUR</f:currency>" + fees)) == Charge("EUR", Decimal("10.00"))
    assert read_charge(etree.Element("extension")) is None
    assert read_charge(None) is None


async def test_an_update_that_costs_money_comes_to_light_in_the_log(tmp_path: Path) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        frame = await connection.receive()
        fees = etree.tostring(_fees("<f:currency>EUR</f:currency><f:fee>7</f:fee>"))
        answer = response(1000, b"", transaction_of(frame)).replace(b"</result>", b"</result>" + fees)
        await connection.send(answer)
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        with capture_logs() as log:
            session = await Session.open(account)
            await session.send(DomainUpdate("example.org", registrant="WP-1"))
        session.abort()
    [charged] = [entry for entry in log if entry["event"] == "epp-charged"]
    assert (charged["amount"], charged["currency"], charged["command"]) == ("7", "EUR", "domain:update")
