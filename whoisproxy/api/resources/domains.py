"""Domains: what the registrar reports, and the page of all it has."""

from dataclasses import asdict

from whoisproxy.api.etags import demand_match, demands_match, strong_tag
from whoisproxy.api.models.common import NoQuery, Nothing, PageQuery
from whoisproxy.api.models.domains import (
    DomainBody,
    DomainLinks,
    DomainPage,
    DomainView,
    DsModel,
    HostModel,
    RegistrantView,
)
from whoisproxy.api.paging import cursor, place_of
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.delegation import checked_ds, checked_hosts, checked_signed
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.services.registration import RegistrationSpec

_LIST = "domains"


def domain_link(name: DomainName) -> str:
    """Return where a domain is found."""
    return f"/v1/domains/{name.a_label}"


def domain_tag(registration: Registration) -> str:
    """Return the strong tag of a domain; a domain deleted and made again has another."""
    return strong_tag("domain", registration.id, registration.version)


def domain_view(registration: Registration) -> DomainView:
    """Return a domain as it is shown to its registrar."""
    link = domain_link(registration.name)
    return DomainView(
        name=registration.name.a_label,
        unicode_name=registration.name.u_label,
        registrant_id=registration.registrant_id,
        registrant=RegistrantView.model_validate(registration.registrant.as_dict()),
        registrant_verified=registration.registrant_verified,
        nameservers=list(registration.nameservers),
        statuses=list(registration.statuses),
        registered_at=registration.registered_at,
        expires_at=registration.expires_at,
        registry_id=registration.registry_id,
        delegation_signed=registration.delegation_signed,
        ds=[DsModel(**asdict(ds)) for ds in registration.ds],
        hosts=[HostModel(name=host.name, addresses=list(host.addresses)) for host in registration.hosts],
        updated_at=registration.updated_at,
        version=registration.version,
        links=DomainLinks(self=link, privacy=f"{link}/privacy", messages=f"{link}/messages"),
    )


async def matched_version(call: Call[NoQuery, DomainBody] | Call[NoQuery, Nothing]) -> int | None:
    """Return the version that If-Match demands; the service compares it again while it writes."""
    if not demands_match(call.request):
        return None
    name = DomainName.parse(call.path["name"])
    try:
        registration = await call.deps.registrations.get(call.registrar, name)
    except NotFound:
        demand_match(call.request, None)
        raise
    demand_match(call.request, domain_tag(registration))
    return registration.version


async def list_domains(call: Call[PageQuery, Nothing]) -> Answer:
    """Answer with one page, by A-label."""
    after = place_of(_LIST, call.query.cursor)
    # One more than asked for tells whether there is a next page.
    found = await call.deps.registrations.page(call.registrar, after, call.query.limit + 1)
    shown = found[: call.query.limit]
    more = cursor(_LIST, shown[-1].name.a_label) if len(found) > len(shown) else None
    await call.note_reads(each.registrant_id for each in shown)
    return Answer(200, DomainPage(domains=[domain_view(each) for each in shown], next_cursor=more))


async def get_domain(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with one domain."""
    registration = await call.deps.registrations.get(call.registrar, DomainName.parse(call.path["name"]))
    await call.note_reads([registration.registrant_id])
    return Answer(200, domain_view(registration), etag=domain_tag(registration))


async def put_domain(call: Call[NoQuery, DomainBody]) -> Answer:
    """Register the domain here, or bring it up to date."""
    name = DomainName.parse(call.path["name"])
    spec = _spec(name, call.body)
    version = await matched_version(call)
    registration, created = await call.deps.registrations.put(call.registrar, name, spec, version)
    return Answer(
        201 if created else 200,
        domain_view(registration),
        etag=domain_tag(registration),
        location=domain_link(name) if created else "",
    )


def _spec(name: DomainName, body: DomainBody) -> RegistrationSpec:
    ds = None
    if body.ds is not None:
        ds = checked_ds((each.key_tag, each.algorithm, each.digest_type, each.digest) for each in body.ds)
    hosts = None
    if body.hosts is not None:
        hosts = checked_hosts(name, ((each.name, each.addresses) for each in body.hosts))
    return RegistrationSpec(
        registrant=Registrant.parse(body.registrant.model_dump()),
        registrant_verified=body.registrant_verified,
        nameservers=tuple(host.lower() for host in body.nameservers),
        statuses=tuple(body.statuses),
        registered_at=body.registered_at,
        expires_at=body.expires_at,
        registry_id=body.registry_id,
        delegation_signed=checked_signed(ds, signed=body.delegation_signed),
        ds=ds,
        hosts=hosts,
    )


async def delete_domain(call: Call[NoQuery, Nothing]) -> Answer:
    """End the service for the domain; the registrant's data are destroyed."""
    version = await matched_version(call)
    await call.deps.registrations.delete(call.registrar, DomainName.parse(call.path["name"]), version)
    return Answer(204)


ROUTES = (
    Route(
        method="GET",
        path="/v1/domains",
        tag=Tag.DOMAINS,
        scope=Scope.DOMAINS_READ,
        summary="List your domains",
        handler=list_domains,
        query=PageQuery,
        replies={200: Reply("One page", DomainPage)},
        problems=("BAD_CURSOR",),
    ),
    Route(
        method="GET",
        path="/v1/domains/{name}",
        tag=Tag.DOMAINS,
        scope=Scope.DOMAINS_READ,
        summary="Read a domain",
        handler=get_domain,
        replies={200: Reply("The domain", DomainView, ("ETag",))},
        conditional="read",
    ),
    Route(
        method="PUT",
        path="/v1/domains/{name}",
        tag=Tag.DOMAINS,
        scope=Scope.DOMAINS_WRITE,
        summary="Register a domain here, or bring it up to date",
        description=(
            "Send the whole state. While privacy is on, a changed registrant is brought to the registry "
            "where the mechanism of the TLD needs it; the privacy of the domain names the operation."
        ),
        handler=put_domain,
        body=DomainBody,
        replies={
            200: Reply("It was here already", DomainView, ("ETag",)),
            201: Reply("It is new", DomainView, ("ETag", "Location")),
        },
        problems=("DOMAIN_TAKEN", "DOMAIN_LOCKED"),
        conditional="write",
    ),
    Route(
        method="DELETE",
        path="/v1/domains/{name}",
        tag=Tag.DOMAINS,
        scope=Scope.DOMAINS_WRITE,
        summary="End the service for a domain",
        description=(
            "The registrant's data are destroyed and his relay addresses take no mail any more. The "
            "registry is not asked for anything: switch privacy off before, if the holder is to be shown."
        ),
        handler=delete_domain,
        replies={204: Reply("It is gone")},
        problems=("DOMAIN_LOCKED",),
        conditional="write",
    ),
)
