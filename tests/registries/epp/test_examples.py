"""What we write is what registries without published schemas show in their examples, to the element."""

from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from registries.contact import Role
from registries.epp.extensions.afnic import Afnic
from registries.epp.extensions.dns_lu import DnsLu
from registries.epp.extensions.fury import FuryDomains
from registries.epp.extensions.norid import Norid
from registries.epp.extensions.privacy import HIDDEN, SHOWN
from registries.epp.extensions.registro_it import RegistroIt
from registries.epp.extensions.traficom import Traficom
from registries.epp.frames import (
    Command,
    ContactCreate,
    ContactData,
    ContactUpdate,
    Disclose,
    DomainData,
    DomainUpdate,
    Extension,
    encode,
)
from registries.epp.frames.disclosure import fields_of
from registries.epp.markup import EPP
from tests.registries.epp.commands import LOC
from tests.registries.epp.test_samples import SAMPLES

COMPANY = replace(LOC, org="Müller & Co")
CREATE = ContactCreate("WP-1", (LOC,), "+41.221234567", "a@b.example", "a7-secret", HIDDEN)
HIDE, SHOW = ContactUpdate("WP-1", disclose=HIDDEN), ContactUpdate("WP-1", disclose=SHOWN)
NAME_ONLY = Disclose(flag=True, fields=fields_of({"name"}))
DOMAIN = DomainData("example.org", (), "WP-1", ())
PRESENT = ContactData("WP-1", (), (LOC,), "", "a@b.example", HIDDEN)

_HINT = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"

Written = tuple[Command[Any], tuple[Extension, ...]]

EXAMPLES: dict[str, Written] = {
    "AFNIC__0028": Afnic().update(SHOW, PRESENT),
    "IT__0100": RegistroIt().create(replace(CREATE, disclose=SHOWN)),
    "IT__0106": RegistroIt().update(HIDE, None),
    "CIRA__0016": (DomainUpdate("x.ca"), (FuryDomains().switch(DOMAIN, hide=False, person=True),)),
    "LU__0016": DnsLu().create(replace(CREATE, postal=(COMPANY,), disclose=NAME_ONLY)),
    "LU__0019": DnsLu().create(replace(CREATE, role=Role.TECH, disclose=NAME_ONLY)),
}


def _extension(root: etree._Element) -> bytes:
    """Return the canonical form of a command's extension, without hints where its schema is."""
    extension = root.find(f".//{{{EPP}}}extension")
    assert extension is not None
    [element] = extension
    element.attrib.pop(_HINT, "")
    return etree.tostring(etree.fromstring(etree.tostring(element)), method="c14n2")


def _example(name: str) -> etree._Element:
    if not SAMPLES.is_dir():
        pytest.skip("the EPP samples are not here")
    return etree.fromstring((SAMPLES / "extensions" / f"{name}_cmd.xml").read_bytes())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_extension_is_written_as_in_the_registrys_example(name: str) -> None:
    command, extensions = EXAMPLES[name]
    written = etree.fromstring(encode(command, "wp-0001", extensions))
    assert _extension(written) == _extension(_example(name))


def test_the_kind_of_a_norwegian_contact_stands_where_the_example_has_it() -> None:
    command, extensions = Norid().create(CREATE)
    written = etree.fromstring(encode(command, "wp-0001", extensions))
    path = f".//{{{EPP}}}extension/{{*}}create/{{*}}type"
    assert written.findtext(path) == _example("NO__0121").findtext(path) == "person"


def test_the_disclosure_of_fi_is_written_as_in_its_example() -> None:
    command, _ = Traficom().update(HIDE, None)
    shown = [
        [etree.QName(child).localname for child in disclose]
        for root in (etree.fromstring(encode(command, "wp-0001")), _example("FICORA__0085"))
        for disclose in root.iter("{*}disclose")
    ]
    assert shown == [["voice", "email", "addr"]] * 2
