"""Domains as a registrar reports them."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from whoisproxy.api.models.common import AnswerModel, FilledLine, Line, Links, Moment, RequestModel
from whoisproxy.domain.registration import (
    HOST_NAME,
    HOST_OCTETS,
    MOST_ADDRESSES,
    MOST_DS,
    MOST_HOSTS,
    MOST_NAMESERVERS,
    STATUSES,
    Status,
)

HostName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=HOST_OCTETS,
        pattern=HOST_NAME,
    ),
]

EXAMPLE_REGISTRANT: JsonDict = {
    "name": "Zoë Müller",
    "organization": "",
    "email": "zoe@home.example",
    "phone": "+41446681800",
    "street": ["Bahnhofstrasse 1"],
    "city": "Zürich",
    "region": "",
    "postal_code": "8001",
    "country_code": "CH",
    "language": "de",
}


class RegistrantModel(RequestModel):
    """The real holder. Secret: it is shown to the registrar that sent it and to nobody else."""

    name: FilledLine
    organization: Line | None = None
    email: Annotated[FilledLine, Field(description="Mailbox (RFC 5321, RFC 6531).")]
    phone: Annotated[FilledLine, Field(description="E.164 with a leading plus.")]
    street: Annotated[list[FilledLine], Field(min_length=1, max_length=3)]
    city: FilledLine
    region: Line | None = None
    postal_code: Annotated[Line, Field(max_length=16)] | None = None
    country_code: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2.")]
    language: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{0,35}$", description="BCP 47.")] | None = None


class DsModel(AnswerModel):
    """A DS record (RFC 4034 section 5)."""

    model_config = ConfigDict(extra="forbid")

    key_tag: Annotated[int, Field(ge=0, le=65535)]
    algorithm: Annotated[int, Field(ge=0, le=255)]
    digest_type: Annotated[int, Field(ge=0, le=255)]
    digest: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}){1,128}$", description="Hexadecimal.")]


class HostModel(AnswerModel):
    """A host below the domain, with the addresses that the parent zone has for it (glue)."""

    model_config = ConfigDict(extra="forbid")

    name: HostName
    addresses: Annotated[
        list[Annotated[str, Field(max_length=45)]],
        Field(min_length=1, max_length=MOST_ADDRESSES, description="IPv4 and IPv6."),
    ]


class DomainBody(RequestModel):
    """A domain and its holder, as the registrar has them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "registrant": EXAMPLE_REGISTRANT,
                    "registrant_verified": True,
                    "nameservers": ["ns1.example.net", "ns2.example.net"],
                    "statuses": ["ok"],
                    "registered_at": "2024-05-01T12:00:00Z",
                    "expires_at": "2027-05-01T12:00:00Z",
                }
            ]
        }
    )

    registrant: RegistrantModel
    registrant_verified: Annotated[
        bool, Field(description="Whether you vouch for the registrant's mailbox; needed for privacy.")
    ] = False
    nameservers: Annotated[list[HostName], Field(max_length=MOST_NAMESERVERS, default_factory=list)]
    statuses: Annotated[
        list[Status],
        Field(
            max_length=len(STATUSES),
            description="EPP status names (RFC 5731, RFC 3915).",
            default_factory=list,
        ),
    ]
    registered_at: Moment | None = None
    expires_at: Moment | None = None
    registry_id: (
        Annotated[
            str,
            Field(
                pattern=r"^([A-Za-z0-9_]{1,80}-[A-Za-z0-9_]{1,8})?$",
                description="Repository object id (RFC 5730). Left out, it stays; so for the next.",
            ),
        ]
        | None
    ) = None
    delegation_signed: (
        Annotated[bool, Field(description="Whether the parent zone has DS records; told by `ds` too.")] | None
    ) = None
    ds: (
        Annotated[list[DsModel], Field(max_length=MOST_DS, description="DS records in the parent zone.")]
        | None
    ) = None
    hosts: (
        Annotated[list[HostModel], Field(max_length=MOST_HOSTS, description="Hosts below the domain.")] | None
    ) = None


class RegistrantView(AnswerModel):
    """The holder, normalised."""

    name: str
    organization: str
    email: str
    phone: str
    street: list[str]
    city: str
    region: str
    postal_code: str
    country_code: str
    language: str


class DomainLinks(Links):
    """Where to go on from a domain."""

    privacy: str
    messages: str


class DomainView(AnswerModel):
    """A domain as we hold it."""

    name: Annotated[str, Field(description="A-label form.")]
    unicode_name: Annotated[str, Field(description="U-label form.")]
    registrant_id: Annotated[str, Field(description="Another one means another holder.")]
    registrant: RegistrantView
    registrant_verified: bool
    nameservers: list[str]
    statuses: list[str]
    registered_at: datetime
    expires_at: datetime | None
    registry_id: str
    delegation_signed: bool
    ds: list[DsModel]
    hosts: list[HostModel]
    updated_at: datetime
    version: int
    links: DomainLinks


class DomainPage(AnswerModel):
    """One page of your domains, by A-label."""

    domains: list[DomainView]
    next_cursor: str | None
