"""Domains (RFC 9083 section 5.3)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

from whoisproxy.publication.answer import View
from whoisproxy.publication.rdap.entities import domain_entities
from whoisproxy.publication.rdap.members import (
    BASE_CONFORMANCE,
    CONFORMANCE,
    CONTENT_TYPE,
    database_event,
    dumps,
    event,
    link,
    notices,
    self_link,
    terms_notice,
    written_notices,
)
from whoisproxy.publication.rdap.nameservers import nameserver
from whoisproxy.publication.rdap.redacted import redacted
from whoisproxy.publication.rdap.statuses import rdap_statuses
from whoisproxy.publication.record import (
    Profile,
    RddsContact,
    RddsDelegationSigner,
    RddsDisclosure,
    RddsRecord,
)


def domain_json(record: RddsRecord, base_url: str, view: View = View.RDAP) -> bytes:
    """Return the answer to a domain query (RFC 9082 section 3.1.3).

    Args:
        record: What may be shown.
        base_url: The service as the outside sees it, without a final slash. Links carry the name in
            its A-label, lower case, so that every spelling of a query gets the same bytes.
        view: How contacts are written.
    """
    url = f"{base_url}/domain/{record.name}"
    contacts = _contacts(record)
    marks = redacted(record.withheld, contacts, view)
    document = _head(record, view, marked=marks is not None)
    document |= {
        "status": rdap_statuses(record.statuses),
        "events": _events(record),
        "nameservers": [nameserver(host) for host in record.nameservers],
        "secureDNS": _secure_dns(record),
        "entities": domain_entities(record.registrar, contacts, url, base_url, view),
        "links": _links(record, url),
        "notices": _notices(record, url),
    }
    if record.registrar.whois_server:
        document["port43"] = record.registrar.whois_server
    if marks is not None:
        document["redacted"] = marks
    return dumps(document)


def _head(record: RddsRecord, view: View, *, marked: bool) -> dict[str, Any]:
    conformance = _conformance(record.profile, view)
    head: dict[str, Any] = {
        "rdapConformance": (*conformance, "redacted") if marked else conformance,
        "objectClassName": "domain",
        "ldhName": record.name,
    }
    if record.registry_id:
        head["handle"] = record.registry_id
    if record.unicode_name != record.name:
        head["unicodeName"] = record.unicode_name
    return head


def _conformance(profile: Profile, view: View) -> tuple[str, ...]:
    """Return by what the answer is made. A country is not bound to ICANN's profile, nor do we claim it."""
    return BASE_CONFORMANCE if (profile, view) == (Profile.CCTLD, View.RDAP) else CONFORMANCE[view]


def _contacts(record: RddsRecord) -> Sequence[RddsContact]:
    """Return the contacts. A registry withholds an e-mail without naming a page instead (profile 2.7.5.3)."""
    if record.profile is not Profile.REGISTRY:
        return record.contacts
    return [replace(contact, contact_uri="") for contact in record.contacts]


def _events(record: RddsRecord) -> list[dict[str, Any]]:
    # The profile's 2.3.1 and 2.3.2: a registrar tells the end of its own contract, not the registry's.
    expiration = "expiration" if record.profile is Profile.REGISTRY else "registrar expiration"
    events = [event("registration", record.registered_at)]
    if record.expires_at:
        events.append(event(expiration, record.expires_at))
    return [*events, event("last changed", record.changed_at), database_event(record.read_at)]


def _secure_dns(record: RddsRecord) -> dict[str, Any]:
    told: dict[str, Any] = {"delegationSigned": record.delegation_signed}
    if record.ds:
        told["dsData"] = [_ds(signer) for signer in record.ds]
    return told


def _ds(signer: RddsDelegationSigner) -> dict[str, Any]:
    return {
        "keyTag": signer.key_tag,
        "algorithm": signer.algorithm,
        "digestType": signer.digest_type,
        "digest": signer.digest,
    }


def _notices(record: RddsRecord, url: str) -> Any:
    """Return the notices. Those of the profile lead to ICANN, which can do nothing for a country's TLD."""
    terms_url = record.registrar.terms_url
    country = record.profile is Profile.CCTLD
    if record.disclosure is None and not country:
        return written_notices(terms_url, url)
    shown = [terms_notice(terms_url, url)] if country else notices(terms_url, url)
    return [_disclosed(record.disclosure), *shown] if record.disclosure else shown


def _disclosed(disclosure: RddsDisclosure) -> dict[str, Any]:
    """Tell who sees more than the public that he does."""
    until = disclosure.until.astimezone(UTC)
    title, *told = (
        "Disclosed to one requester",
        "This answer shows data of the registrant that were granted to you alone; the public sees less.",
        f"Purpose: {disclosure.purpose}. The grant ends {until:%Y-%m-%dT%H:%M:%SZ}.",
    )
    return {"title": title, "description": told}


def _links(record: RddsRecord, url: str) -> list[dict[str, str]]:
    links = [self_link(url)]
    if record.contact_page:
        links.append(link(url, "help", record.contact_page))
    if record.profile is Profile.REGISTRY:
        # Technical implementation guide 3.2: the registrar's answer, and this service is the registrar's.
        links.append(link(url, "related", url, CONTENT_TYPE))
    return links
