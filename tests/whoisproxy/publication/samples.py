"""One domain of one registrar, in every state of privacy, for the tests of publication."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from registries.contact import Role
from registries.policy import Confidence, HolderChange, Mechanism, Reason, TldPolicy
from tests.support import samples
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import PrivacyState, PrivacyStatus
from whoisproxy.domain.proxy_identity import ProxyIdentity
from whoisproxy.domain.registration import Registration
from whoisproxy.publication.record import RddsRecord
from whoisproxy.publication.redaction import build_record

NOW = datetime(2026, 11, 24, 2, 15, 42, 123456, tzinfo=UTC)
BRAND, REGISTRANT = samples.BRAND, samples.REGISTRANT

REGISTRAR = Registrar(
    id="rgr_1",
    name="Gandalf Domains SA",
    url="https://gandalf.example",
    iana_id=9995,
    brand=BRAND,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
REGISTRATION = Registration(
    id="dom_1",
    registrar_id="rgr_1",
    name=DomainName("cheese.com"),
    registrant_id="own_1",
    registrant=REGISTRANT,
    registrant_verified=True,
    nameservers=("NS1.Hoster.example.", "ns2.hoster.example"),
    statuses=("clientTransferProhibited", "clientDeleteProhibited"),
    registered_at=datetime(2020, 3, 1, 12, 0, tzinfo=UTC),
    expires_at=datetime(2027, 3, 1, 12, 0, tzinfo=UTC),
    updated_at=datetime(2026, 11, 20, 8, 30, tzinfo=UTC),
    version=3,
)
POLICY = TldPolicy(
    tld="com",
    operator="Registry",
    mechanism=Mechanism.RDDS_ONLY,
    reason=None,
    explanation="The registry holds no contacts.",
    source="https://registry.example/policy",
    source_date="2026",
    confidence=Confidence.HIGH,
    holder_change=HolderChange("update", 60),
    roles=(Role.REGISTRANT, Role.ADMIN, Role.TECH),
)
ALREADY_REDACTED = replace(POLICY, mechanism=Mechanism.NONE, reason=Reason.ALREADY_REDACTED, roles=())
IDENTITIES = {
    role: ProxyIdentity(BRAND, f"{local_part}@relay.cloak.example")
    for role, local_part in [
        (Role.REGISTRANT, "7k2mq9w4xh8n3vbtzc5d"),
        (Role.ADMIN, "adm1n0000000000000ab"),
        (Role.TECH, "p3r8sj6y1f0gka2e4wmx"),
    ]
}

ON = PrivacyStatus(PrivacyState.ENABLED, wanted=True, published=True)
OFF = PrivacyStatus(PrivacyState.DISABLED, wanted=False, published=False)
EVERY_STATUS = [
    PrivacyStatus(state, wanted=wanted, published=published)
    for state in PrivacyState
    for wanted in (False, True)
    for published in (False, True)
]


def record(
    status: PrivacyStatus = ON,
    *,
    registration: Registration = REGISTRATION,
    identities: Mapping[Role, ProxyIdentity] | None = IDENTITIES,
    registrar: Registrar = REGISTRAR,
    policy: TldPolicy = POLICY,
    contact_ids: Mapping[Role, str] | None = None,
    contact_prefix: str = "",
) -> RddsRecord:
    ids = contact_ids or {}
    return build_record(registration, status, identities, registrar, policy, NOW, BRAND, ids, contact_prefix)


def named(name: str) -> Registration:
    return replace(REGISTRATION, name=DomainName.parse(name))


# Golden files are named after these.
GOLDEN = {
    "hidden": record(ON),
    "shown": record(OFF),
    "hidden-without-address": record(ON, identities=None),
    "withheld-by-registry": record(OFF, policy=ALREADY_REDACTED),
    "hidden-idn": record(ON, registration=named("käse-müller.de")),
    "reseller": record(
        OFF,
        registrar=replace(REGISTRAR, iana_id=None, brand=None),
        registration=replace(REGISTRATION, nameservers=(), statuses=("ok",), expires_at=None),
    ),
}
