"""Write a name server and a registrar as WHOIS text: specification 4 of the registry agreement."""

from collections.abc import Iterator

from whoisproxy.publication.record import RddsEntity, RddsHost, RddsRegistrar
from whoisproxy.publication.whois.lines import phone, terms, text

_Fields = Iterator[tuple[str, str]]


def nameserver_text(host: RddsHost) -> bytes:
    """Return the answer to a query for a name server."""
    return text(_nameserver(host), host.read_at, terms(host.registrar.terms_url))


def registrar_text(entity: RddsEntity) -> bytes:
    """Return the answer to a query for a registrar."""
    return text(_registrar(entity.registrar), entity.read_at, terms(entity.registrar.terms_url))


def _nameserver(host: RddsHost) -> _Fields:
    yield "Server Name", host.nameserver.name
    if host.nameserver.unicode_name != host.nameserver.name:
        yield "Internationalized Server Name", host.nameserver.unicode_name
    for address in host.nameserver.addresses:
        yield "IP Address", address
    yield "Registrar", host.registrar.name
    yield from _where_to_ask(host.registrar)


def _registrar(registrar: RddsRegistrar) -> _Fields:
    yield "Registrar", registrar.name
    yield from _office(registrar)
    yield from _where_to_ask(registrar)
    if registrar.iana_id is not None:
        yield "Registrar IANA ID", str(registrar.iana_id)
    yield "Registrar Abuse Contact Email", registrar.abuse_email
    yield "Registrar Abuse Contact Phone", phone(registrar.abuse_phone)


def _office(registrar: RddsRegistrar) -> _Fields:
    """Yield what the registrar has told of its office: for most, nothing."""
    told = (
        *(("Street", line) for line in registrar.street),
        ("City", registrar.city),
        ("State/Province", registrar.region),
        ("Postal Code", registrar.postal_code),
        ("Country", registrar.country_code),
        ("Phone Number", phone(registrar.phone)),
        ("Email", registrar.email),
    )
    yield from ((label, value) for label, value in told if value)


def _where_to_ask(registrar: RddsRegistrar) -> _Fields:
    if registrar.whois_server:
        yield "Registrar WHOIS Server", registrar.whois_server
    yield "Registrar URL", registrar.url
