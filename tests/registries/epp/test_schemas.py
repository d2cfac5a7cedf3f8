"""Strict out: whatever we can send is valid by the official schemas, with every extension that we write."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from registries.epp.extensions.afnic import Afnic
from registries.epp.extensions.dns_lu import DnsLu
from registries.epp.extensions.eurid import Eurid
from registries.epp.extensions.fury import FuryDomains
from registries.epp.extensions.namestore import Namestore
from registries.epp.extensions.norid import Norid
from registries.epp.extensions.privacy import ContactPrivacy, DomainPrivacy, PlainDisclosure
from registries.epp.extensions.registro_it import RegistroIt
from registries.epp.extensions.tango import TangoDomains
from registries.epp.frames import (
    Command,
    ContactCreate,
    ContactData,
    ContactUpdate,
    Disclose,
    DomainCreate,
    DomainData,
    DomainUpdate,
    Extension,
    encode,
)
from registries.epp.frames.base import encode_hello
from registries.epp.frames.disclosure import write_disclose
from registries.epp.markup import (
    AFNIC,
    CORE,
    DNS_LU,
    EPP,
    EURID_1_3,
    EURID_1_4,
    NORID,
    REGISTRO_IT,
    TANGO,
    epp_root,
)
from tests.registries.epp import commands as any_
from tests.registries.epp.commands import COMMANDS
from tests.registries.epp.schemas import FOLDER, schema

# Their registries keep the schemas to registrars; the rest of such a frame is validated all the same.
UNPUBLISHED = {AFNIC, REGISTRO_IT, DNS_LU, NORID}

CONTACT_WAYS: dict[str, tuple[str, ContactPrivacy]] = {
    "RFC 5733": ("icann", PlainDisclosure()),
    "AFNIC": ("icann", Afnic()),
    "Registro.it": ("icann", RegistroIt()),
    "Norid": ("icann", Norid()),
    "DNS-LU": ("icann", DnsLu()),
    "EURid 1.3": ("eurid", Eurid(EURID_1_3)),
    "EURid 1.4": ("eurid", Eurid(EURID_1_4)),
}
DOMAIN_WAYS: dict[str, DomainPrivacy] = {
    "CIRA": FuryDomains(),
    "Tango": TangoDomains(TANGO),
    "CORE": TangoDomains(CORE),
}


def assert_valid(owner: str, command: Command[Any], *extensions: Extension) -> None:
    root = etree.fromstring(encode(command, "wp-0001", extensions))
    for parent in root.iter(f"{{{EPP}}}extension"):
        for child in parent:
            if etree.QName(child).namespace in UNPUBLISHED:
                parent.remove(child)
        if not len(parent):
            outer = parent.getparent()
            assert outer is not None
            outer.remove(parent)
    schema(owner).assertValid(root)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_valid_by_the_official_schema(name: str) -> None:
    assert_valid("icann", COMMANDS[name])


@pytest.mark.parametrize("owner", ["eurid", "nominet"])
@pytest.mark.parametrize("name", [name for name in COMMANDS if "security" not in name])
def test_every_command_is_valid_by_the_schemas_of_registries_that_publish_their_own(
    owner: str, name: str
) -> None:
    """They do without RFC 8807."""
    assert_valid(owner, COMMANDS[name])


@pytest.mark.parametrize("owner", ["icann", "eurid", "nominet"])
def test_hello_is_valid(owner: str) -> None:
    schema(owner).assertValid(etree.fromstring(encode_hello()))


@settings(deadline=None)
@given(any_.others)
def test_any_command_is_valid(command: Command[Any]) -> None:
    assert_valid("icann", command)


@settings(deadline=None, max_examples=50)
@given(any_.domain_creates, any_.domain_updates)
def test_any_domain_written_is_valid(create: DomainCreate, update: DomainUpdate) -> None:
    assert_valid("icann", create)
    assert_valid("icann", update)


@pytest.mark.parametrize("way", CONTACT_WAYS)
@settings(deadline=None, max_examples=40)
@given(create=any_.creates)
def test_any_contact_created_is_valid_with_every_extension(way: str, create: ContactCreate) -> None:
    owner, privacy = CONTACT_WAYS[way]
    command, extensions = privacy.create(create)
    assert_valid(owner, command, *extensions)


@pytest.mark.parametrize("way", CONTACT_WAYS)
@settings(deadline=None, max_examples=40)
@given(update=any_.updates, present=st.none() | any_.contact_data)
def test_any_contact_updated_is_valid_with_every_extension(
    way: str, update: ContactUpdate, present: ContactData | None
) -> None:
    owner, privacy = CONTACT_WAYS[way]
    command, extensions = privacy.update(update, present)
    assert_valid(owner, command, *extensions)


@pytest.mark.parametrize("way", DOMAIN_WAYS)
@pytest.mark.parametrize(("hide", "person"), [(True, True), (False, True), (False, False)])
def test_a_domain_switched_is_valid(way: str, *, hide: bool, person: bool) -> None:
    extension = DOMAIN_WAYS[way].switch(DomainData("example.org", (), "", ()), hide=hide, person=person)
    assert_valid("icann", DomainUpdate("example.org"), extension)


@settings(deadline=None, max_examples=40)
@given(any_.creates, any_.updates, any_.others.filter(lambda command: not command.name.startswith("login")))
def test_any_command_about_an_object_is_valid_with_the_product_it_is_for(
    create: ContactCreate, update: ContactUpdate, other: Command[Any]
) -> None:
    for command in (create, update, other):
        assert_valid("icann", command, Namestore.of("example.com"))


# Traficom's schemas are made from one example for each file, so that a file demands every element of its
# example: contact and domain files want all commands in one frame. These remain.
TRAFICOM: dict[str, Callable[[], bytes]] = {
    "hello": encode_hello,
    "login": lambda: encode(COMMANDS["login-new-password"], "wp-0001"),
    "logout": lambda: encode(COMMANDS["logout"], "wp-0001"),
    "poll": lambda: encode(COMMANDS["poll-request"], "wp-0001"),
}


@pytest.mark.parametrize("name", TRAFICOM)
def test_what_traficoms_schemas_can_judge_is_valid(name: str) -> None:
    if not FOLDER.is_dir():
        pytest.skip("the official EPP schemas are not here")
    judge = etree.XMLSchema(etree.parse(FOLDER / "traficom-fi" / f"{name}.xsd"))
    judge.assertValid(etree.fromstring(TRAFICOM[name]()))


def test_a_disclosure_without_types_is_valid_by_traficoms_schema() -> None:
    if not FOLDER.is_dir():
        pytest.skip("the official EPP schemas are not here")
    root = etree.parse(FOLDER / "traficom-fi" / "contact1.xsd").getroot()
    [disclose, *_] = root.findall(".//{*}element[@name='disclose']")
    for child in root:
        root.remove(child)
    root.append(disclose)
    parent = epp_root()
    write_disclose(parent, Disclose(flag=False, untyped=True))
    etree.XMLSchema(root).assertValid(etree.ElementTree(parent[0]))
