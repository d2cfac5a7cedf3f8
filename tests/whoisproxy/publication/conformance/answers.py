"""Every kind of answer that the service can give, from the records of `samples`."""

from dataclasses import replace
from datetime import UTC, datetime

from tests.whoisproxy.publication import samples
from tests.whoisproxy.publication.conformance.table import Answer, Mode
from whoisproxy.domain.privacy import PrivacyState, PrivacyStatus
from whoisproxy.publication import rdap
from whoisproxy.publication.record import (
    Field,
    Profile,
    RddsContact,
    RddsDelegationSigner,
    RddsEntity,
    RddsHost,
    RddsNameserver,
    RddsRecord,
    RddsRegistrar,
)

BASE_URL = "https://rdap.cloak.example/v1"
TERMS_URL = "https://cloak.example/terms"
REPOSITORY = "CLOAK"
READ_AT = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)

HOSTS = (
    RddsNameserver("ns1.cheese.com", "ns1.cheese.com", ("192.0.2.53", "2001:db8::53")),
    RddsNameserver("xn--dns-qla.example", "dnsü.example", ()),
)
SIGNER = RddsDelegationSigner(
    12345, 13, 2, "49FD46E6C4B45C55D4AC2A1FA1BB3D8F4B6A3E1A2B1A54E2A4C0F0D3C4A5B6C7"
)


def office(registrar: RddsRegistrar) -> RddsRegistrar:
    """Return the registrar with all that it can tell of itself."""
    return replace(
        registrar,
        whois_server="whois.gandalf.example",
        street=("3 Rue du Registre", "Bâtiment B"),
        city="Paris",
        region="IDF",
        postal_code="75001",
        country_code="FR",
        phone="+33155550100",
        email="contact@gandalf.example",
    )


def completed(record: RddsRecord) -> RddsRecord:
    """Return a record that has everything, as of a registry whose objects we know."""
    return replace(
        record,
        registry_id="2336799_DOMAIN_COM-VRSN",
        registrar=office(record.registrar),
        contacts=tuple(_with_handle(contact) for contact in record.contacts),
        nameservers=HOSTS,
        delegation_signed=True,
        ds=(SIGNER,),
        withheld=(),
    )


def _with_handle(contact: RddsContact) -> RddsContact:
    parts = tuple(part for part in contact.withheld if part is not Field.REGISTRY_ID)
    return replace(contact, handle=f"C_{contact.role.name}-VRSN", withheld=parts)


def _of_registry(record: RddsRecord) -> RddsRecord:
    """Return the registry's view; the registrar is none of the numbers that are reserved for registries."""
    return replace(record, profile=Profile.REGISTRY, registrar=replace(record.registrar, iana_id=4242))


IN_TRANSITION = {
    f"transition-{state.value}-{wanted:d}{published:d}": samples.record(
        PrivacyStatus(state, wanted=wanted, published=published)
    )
    for state in (PrivacyState.ENABLING, PrivacyState.DISABLING)
    for wanted, published in ((True, False), (False, True), (True, True))
}
ACCREDITED = {name: record for name, record in samples.GOLDEN.items() if name != "reseller"}
COMPLETED = {f"complete-{name}": completed(record) for name, record in ACCREDITED.items()}
COUNTRYS = {
    f"cctld-{name}": replace(record, profile=Profile.CCTLD, withheld=())
    for name, record in (ACCREDITED | COMPLETED).items()
}
REGISTRYS = {f"registry-{name}": _of_registry(record) for name, record in (ACCREDITED | COMPLETED).items()}
DOMAINS = ACCREDITED | IN_TRANSITION | COMPLETED | COUNTRYS | REGISTRYS

REGISTRAR = office(samples.record().registrar)
HOST = RddsHost(HOSTS[0], REGISTRAR, READ_AT)


_MODES = {
    Profile.REGISTRAR: Mode.REGISTRAR,
    Profile.REGISTRY: Mode.REGISTRY,
    Profile.CCTLD: Mode.COUNTRY,
}


def domain_answer(record: RddsRecord) -> Answer:
    """Return the answer about a domain, taken in the mode of its profile."""
    body = rdap.domain_json(record, BASE_URL)
    return Answer("domain", f"{BASE_URL}/domain/{record.name}", body, _MODES[record.profile])


def host_answer(host: RddsHost) -> Answer:
    url = f"{BASE_URL}/nameserver/{host.nameserver.name}"
    return Answer("nameserver", url, rdap.nameserver_json(host, BASE_URL, repository_id=REPOSITORY))


def registrar_answer(registrar: RddsRegistrar) -> Answer:
    body = rdap.entity_json(RddsEntity(registrar, READ_AT), BASE_URL)
    return Answer("entity", f"{BASE_URL}/entity/{registrar.iana_id}", body)


def help_answer() -> Answer:
    url = f"{BASE_URL}/help"
    return Answer("help", url, rdap.help_json(TERMS_URL, url))


def error_answer(status: int) -> Answer:
    url = f"{BASE_URL}/domain/cheese.example"
    body = rdap.error_json(status, "No", "It does not work.", terms_url=TERMS_URL, queried_url=url)
    return Answer("error", url, body, status=status)


ANSWERS = {name: domain_answer(record) for name, record in DOMAINS.items()} | {
    "nameserver": host_answer(HOST),
    "nameserver-of-a-reseller": host_answer(replace(HOST, registrar=replace(REGISTRAR, iana_id=None))),
    "nameserver-idn": host_answer(replace(HOST, nameserver=HOSTS[1])),
    "entity": registrar_answer(REGISTRAR),
    "help": help_answer(),
    **{f"error-{status}": error_answer(status) for status in (400, 404, 405, 422, 429, 500, 501, 503)},
}
# A second taking of each answer but a registrar's domain: the tool can be run in either mode.
ANSWERS |= {
    f"{name}-for-a-registry": replace(answer, mode=Mode.REGISTRY)
    for name, answer in ANSWERS.items()
    if answer.kind != "domain"
}
