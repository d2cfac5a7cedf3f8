"""Publish a domain in RDAP (RFC 9083), marking redactions (RFC 9537), by ICANN's profile of February 2024.

Takes an `RddsRecord`, which holds only what the public may see; deciding that is the job of
`publication.redaction`. A contact is a jCard (RFC 7095) with the country as a parameter (RFC 8605).
HTTP is the business of `rdds_servers`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from registries.contact import Role
from whoisproxy.publication.record import (
    Field,
    RddsContact,
    RddsDisclosure,
    RddsNameserver,
    RddsRecord,
    RddsRegistrar,
)

CONTENT_TYPE = "application/rdap+json"

_CONFORMANCE = [
    "rdap_level_0",
    "icann_rdap_response_profile_1",
    "icann_rdap_technical_implementation_guide_1",
]

# EPP status -> RDAP status (RFC 8056 section 2). One that is not listed is not published.
STATUSES = {
    "ok": "active",
    "addPeriod": "add period",
    "autoRenewPeriod": "auto renew period",
    "clientDeleteProhibited": "client delete prohibited",
    "clientHold": "client hold",
    "clientRenewProhibited": "client renew prohibited",
    "clientTransferProhibited": "client transfer prohibited",
    "clientUpdateProhibited": "client update prohibited",
    "inactive": "inactive",
    "linked": "associated",
    "pendingCreate": "pending create",
    "pendingDelete": "pending delete",
    "pendingRenew": "pending renew",
    "pendingRestore": "pending restore",
    "pendingTransfer": "pending transfer",
    "pendingUpdate": "pending update",
    "redemptionPeriod": "redemption period",
    "renewPeriod": "renew period",
    "serverDeleteProhibited": "server delete prohibited",
    "serverHold": "server hold",
    "serverRenewProhibited": "server renew prohibited",
    "serverTransferProhibited": "server transfer prohibited",
    "serverUpdateProhibited": "server update prohibited",
    "transferPeriod": "transfer period",
}

_ROLES = {
    Role.REGISTRANT: "registrant",
    Role.ADMIN: "administrative",
    Role.TECH: "technical",
    Role.BILLING: "billing",
}

_PREFIXES = {Role.REGISTRANT: "Registrant", Role.ADMIN: "Admin", Role.TECH: "Tech", Role.BILLING: "Billing"}

# Part of a contact -> (registered name, method, JSONPath below the contact); profile 2.7, RFC 9537.
# An e-mail that is not shown is not here: it is replaced by a page, or by an address that stands for it.
_REDACTIONS = {
    Field.REGISTRY_ID: ("Registry {} ID", "removal", ".handle"),
    Field.NAME: ("{} Name", "emptyValue", ".vcardArray[1][?(@[0]=='fn')][3]"),
    Field.ORGANIZATION: ("{} Organization", "removal", ".vcardArray[1][?(@[0]=='org')]"),
    Field.STREET: ("{} Street", "emptyValue", ".vcardArray[1][?(@[0]=='adr')][3][2]"),
    Field.CITY: ("{} City", "emptyValue", ".vcardArray[1][?(@[0]=='adr')][3][3]"),
    Field.REGION: ("{} State/Province", "emptyValue", ".vcardArray[1][?(@[0]=='adr')][3][4]"),
    Field.POSTAL_CODE: ("{} Postal Code", "emptyValue", ".vcardArray[1][?(@[0]=='adr')][3][5]"),
    Field.COUNTRY_CODE: ("{} Country", "removal", ".vcardArray[1][?(@[0]=='adr')][1].cc"),
    Field.PHONE: ("{} Phone", "removal", ".vcardArray[1][?(@[1].type=='voice')]"),
}


# What no policy withholds has no registered name (RFC 9537 section 4.2): it is described.
_DESCRIBED = frozenset({Field.REGION, Field.COUNTRY_CODE})


def domain_json(record: RddsRecord, base_url: str) -> bytes:
    """Return the answer to a domain query.

    Args:
        record: What may be shown.
        base_url: The service as the outside sees it, without a final slash. Links carry the name in
            its A-label, lower case, so that every spelling of a query gets the same bytes.
    """
    url = f"{base_url}/domain/{record.name}"
    document: dict[str, Any] = {
        "rdapConformance": [*_CONFORMANCE, "redacted"],
        "objectClassName": "domain",
        "ldhName": record.name,
    }
    if record.unicode_name != record.name:
        document["unicodeName"] = record.unicode_name
    document |= {
        "status": _statuses(record.statuses),
        "events": _events(record),
        "nameservers": [_nameserver(host) for host in record.nameservers],
        "secureDNS": {"delegationSigned": False},
        "entities": [
            _registrar(record.registrar, base_url),
            *(_entity(contact) for contact in record.contacts),
        ],
        "links": [{"value": url, "rel": "self", "href": url, "type": CONTENT_TYPE}],
        "notices": _domain_notices(record, url),
        "redacted": _redacted(record.contacts),
    }
    return orjson.dumps(document)


def help_json(terms_url: str, queried_url: str) -> bytes:
    """Return the answer to a help query (RFC 9082 section 3.1.6)."""
    usage = {
        "title": "Help",
        "description": [
            "Domain registration data of this registrar's customers (RFC 9082, RFC 9083).",
            "Queries: /domain/NAME and /help. NAME may be in A-labels or U-labels, in any case.",
            "Entities, name servers and searches are not supported here.",
        ],
    }
    notices = [usage, _terms(terms_url, queried_url)]
    return orjson.dumps({"rdapConformance": _CONFORMANCE, "notices": notices})


def error_json(status: int, title: str, description: str, *, terms_url: str, queried_url: str) -> bytes:
    """Return the body of an error (RFC 9083 section 6); it repeats nothing of the query but its URL."""
    return orjson.dumps(
        {
            "rdapConformance": _CONFORMANCE,
            "errorCode": status,
            "title": title,
            "description": [description],
            "notices": [_terms(terms_url, queried_url)],
        }
    )


def _statuses(epp: Sequence[str]) -> list[str]:
    """Return RDAP statuses; "active" stands alone (RFC 5731 section 2.3)."""
    known = [STATUSES[status] for status in epp if status in STATUSES and status != "ok"]
    return known or ["active"]


def _events(record: RddsRecord) -> list[dict[str, str]]:
    moments = [
        ("registration", record.registered_at),
        # The profile's 2.3.2: a registrar tells the end of its own contract, not the registry's.
        ("registrar expiration", record.expires_at),
        ("last changed", record.changed_at),
        ("last update of RDAP database", record.read_at),
    ]
    return [{"eventAction": action, "eventDate": _time(moment)} for action, moment in moments if moment]


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _nameserver(host: RddsNameserver) -> dict[str, str]:
    return {"objectClassName": "nameserver", "ldhName": host.name}


def _registrar(registrar: RddsRegistrar, base_url: str) -> dict[str, Any]:
    entity: dict[str, Any] = {"objectClassName": "entity", "roles": ["registrar"]}
    if registrar.iana_id is not None:
        identifier = str(registrar.iana_id)
        entity["handle"] = identifier
        entity["publicIds"] = [{"type": "IANA Registrar ID", "identifier": identifier}]
    entity["vcardArray"] = _jcard(_text("fn", registrar.name))
    # The profile's 2.4.6: `value` is the RDAP service as IANA lists it, whose base URLs end with a slash.
    about = {"value": f"{base_url}/", "rel": "about", "href": registrar.url, "type": "text/html"}
    entity["links"] = [about]
    abuse = _jcard(
        _text("fn", "Abuse contact"), _tel(registrar.abuse_phone), _text("email", registrar.abuse_email)
    )
    entity["entities"] = [{"objectClassName": "entity", "roles": ["abuse"], "vcardArray": abuse}]
    return entity


def _entity(contact: RddsContact) -> dict[str, Any]:
    properties = [_text("fn", contact.name)]
    # An empty organisation says that there is none; a missing one would count as redacted (profile 2.7.4.2).
    if Field.ORGANIZATION not in contact.withheld:
        properties.append(_text("org", contact.organization))
    properties.append(_adr(contact))
    if contact.phone:
        properties.append(_tel(contact.phone))
    if contact.email:
        properties.append(_text("email", contact.email))
    else:
        properties.append(["contact-uri", {}, "uri", contact.contact_uri])
    return {
        "objectClassName": "entity",
        "roles": [_ROLES[contact.role]],
        "vcardArray": _jcard(*properties),
    }


def _jcard(*properties: list[Any]) -> list[Any]:
    return ["vcard", [_text("version", "4.0"), *properties]]


def _text(name: str, value: str) -> list[Any]:
    return [name, {}, "text", value]


def _tel(number: str) -> list[Any]:
    return ["tel", {"type": "voice"}, "uri", f"tel:{number}"]


def _adr(contact: RddsContact) -> list[Any]:
    """Return the address: seven components (RFC 6350 section 6.3.1), several street lines as a list."""
    street: str | list[str] = "".join(contact.street) if len(contact.street) <= 1 else list(contact.street)
    value = ["", "", street, contact.city, contact.region, contact.postal_code, ""]
    parameters = {"cc": contact.country_code} if contact.country_code else {}
    return ["adr", parameters, "text", value]


def _terms(terms_url: str, url: str) -> dict[str, Any]:
    return _notice(
        "Terms of Service",
        "By querying this service you agree to its terms.",
        url=url,
        rel="terms-of-service",
        href=terms_url,
    )


def _domain_notices(record: RddsRecord, url: str) -> list[dict[str, Any]]:
    """Return the terms, the notices of the profile (2.6.3, 2.10), and first for whom alone the answer is."""
    return [
        *(_disclosure(record.disclosure) if record.disclosure else ()),
        _terms(record.registrar.terms_url, url),
        _notice(
            "Status Codes",
            "For more information on domain status codes, please visit https://icann.org/epp",
            url=url,
            rel="glossary",
            href="https://icann.org/epp",
        ),
        _notice(
            "RDDS Inaccuracy Complaint Form",
            "URL of the ICANN RDDS Inaccuracy Complaint Form: https://icann.org/wicf",
            url=url,
            rel="help",
            href="https://icann.org/wicf",
        ),
    ]


def _disclosure(disclosure: RddsDisclosure) -> list[dict[str, Any]]:
    told = [
        "This answer shows data of the registrant that were granted to you alone; the public sees less.",
        f"Purpose: {disclosure.purpose}. The grant ends {_time(disclosure.until)}.",
    ]
    return [{"title": "Disclosed to one requester", "description": told}]


def _notice(title: str, text: str, *, url: str, rel: str, href: str) -> dict[str, Any]:
    link = {"value": url, "rel": rel, "href": href, "type": "text/html"}
    return {"title": title, "description": [text], "links": [link]}


def _redacted(contacts: Sequence[RddsContact]) -> list[dict[str, Any]]:
    """Return RFC 9537's list: the domain's id at the registry, and what each contact withholds."""
    domain_id = {"name": {"type": "Registry Domain ID"}, "prePath": "$.handle", "method": "removal"}
    return [
        domain_id,
        *(_redaction(contact, field) for contact in contacts for field in contact.withheld),
    ]


def _redaction(contact: RddsContact, field: Field) -> dict[str, Any]:
    entity, prefix = f"$.entities[?(@.roles[0]=='{_ROLES[contact.role]}')]", _PREFIXES[contact.role]
    if field is Field.EMAIL:
        return {"name": {"type": f"{prefix} Email"}, **_replaced(contact, f"{entity}.vcardArray[1]")}
    name, method, path = _REDACTIONS[field]
    where = "prePath" if method == "removal" else "postPath"
    kind = "description" if field in _DESCRIBED else "type"
    return {"name": {kind: name.format(prefix)}, where: entity + path, "method": method}


def _replaced(contact: RddsContact, properties: str) -> dict[str, str]:
    """Say what stands in place of the e-mail (RFC 9537 section 3.4)."""
    email = f"{properties}[?(@[0]=='email')]"
    if contact.email:
        return {"postPath": f"{email}[3]", "method": "replacementValue"}
    page = f"{properties}[?(@[0]=='contact-uri')]"
    return {"prePath": email, "replacementPath": page, "method": "replacementValue"}
