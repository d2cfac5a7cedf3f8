"""Whatever a record holds, its documents keep the rules and tell what it tells, in either view."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from tests.whoisproxy.publication.conformance.answers import (
    BASE_URL,
    HOST,
    domain_answer,
    host_answer,
    registrar_answer,
)
from tests.whoisproxy.publication.conformance.cards import READERS
from tests.whoisproxy.publication.conformance.records import nameservers, records, registrars
from tests.whoisproxy.publication.conformance.rules import broken
from whoisproxy.publication import rdap
from whoisproxy.publication.answer import View
from whoisproxy.publication.rdap.cards import ascii_domain
from whoisproxy.publication.record import (
    Profile,
    RddsContact,
    RddsNameserver,
    RddsRecord,
    RddsRegistrar,
)

pytestmark = pytest.mark.slow


@settings(max_examples=40)
@given(records())
def test_domains_keep_every_rule(record: RddsRecord) -> None:
    assert broken(domain_answer(record)) == set()


@given(nameservers, registrars)
def test_name_servers_keep_every_rule(nameserver: RddsNameserver, registrar: RddsRegistrar) -> None:
    assert broken(host_answer(replace(HOST, nameserver=nameserver, registrar=registrar))) == set()


@given(registrars)
def test_registrars_keep_every_rule(registrar: RddsRegistrar) -> None:
    assert broken(registrar_answer(registrar)) == set()


@pytest.mark.parametrize("view", READERS)
@settings(max_examples=40)
@given(record=records())
def test_documents_tell_all_that_the_record_tells(view: View, record: RddsRecord) -> None:
    document = orjson.loads(rdap.domain_json(record, BASE_URL, view))
    assert (document["ldhName"], document.get("unicodeName", record.name)) == (
        record.name,
        record.unicode_name,
    )
    assert document.get("handle", "") == record.registry_id
    assert document.get("port43", "") == record.registrar.whois_server
    assert [_host(host) for host in document["nameservers"]] == [_told(host) for host in record.nameservers]
    assert [tuple(ds.values()) for ds in document["secureDNS"].get("dsData", [])] == [
        (ds.key_tag, ds.algorithm, ds.digest_type, ds.digest) for ds in record.ds
    ]
    _, *entities = document["entities"]
    read = [READERS[view](entity) for entity in entities]
    assert read == [_published(contact, record.profile) for contact in record.contacts]


def _host(host: Any) -> tuple[str, str, set[str]]:
    addresses = host.get("ipAddresses", {})
    name = host["ldhName"]
    return name, host.get("unicodeName", name), {*addresses.get("v4", []), *addresses.get("v6", [])}


def _told(host: RddsNameserver) -> tuple[str, str, set[str]]:
    return host.name, host.unicode_name, set(host.addresses)


def _published(contact: RddsContact, profile: Profile) -> dict[str, Any]:
    return {
        "handle": contact.handle,
        "name": contact.name,
        "organization": contact.organization,
        "street": list(contact.street),
        "city": contact.city,
        "region": contact.region,
        "postal_code": contact.postal_code,
        "country_code": contact.country_code,
        "phone": contact.phone,
        "email": ascii_domain(contact.email),
        "contact_uri": "" if profile is Profile.REGISTRY else contact.contact_uri,
    }
