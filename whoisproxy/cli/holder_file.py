"""Whose traces are looked for, from JSON: the registrant of the API, or a registrar's looser row."""

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

import typer

from mailrelay.identity import Identity
from registries.contact import Contact
from whoisproxy.cli.identity_file import CITY, POSTAL_CODE, NotAnIdentity, read_identity, values_of
from whoisproxy.services.identities import epp_phone

_REGION = ("region", "state", "province")
_COUNTRY = ("country_code", "country")


def read_holder(path: Path) -> tuple[Contact, ...]:
    """Return the holder's contact, and further ones for what else is his.

    Raises:
        typer.BadParameter: The file cannot be read, is no object of JSON, or identifies nobody.
    """
    try:
        return tuple(_contacts(_object(path.read_bytes())))
    except OSError as error:
        reason = error.strerror or "cannot be read"
    except NotAnIdentity as error:
        reason = str(error)
    except (ValueError, RecursionError):
        reason = "is not JSON in UTF-8"
    raise typer.BadParameter(f"{path}: {reason}", param_hint="'--registrant'")


def _object(octets: bytes) -> Mapping[str, object]:
    raw = json.loads(octets.decode("utf-8-sig"))
    if not isinstance(raw, dict):
        raise NotAnIdentity("must be one JSON object")
    inner = raw.get("registrant")
    return inner if isinstance(inner, dict) else raw


def _contacts(raw: Mapping[str, object]) -> Iterator[Contact]:
    identity = read_identity(raw)
    own = (identity.names, identity.organisations, identity.mailboxes, identity.phones)
    for place, values in enumerate(zip_longest(*own, fillvalue="") if any(own) else [("",) * 4]):
        yield _contact(raw, identity, *values, lives=place == 0)


def _contact(
    raw: Mapping[str, object],
    identity: Identity,
    name: str,
    organization: str,
    email: str,
    phone: str,
    *,
    lives: bool,
) -> Contact:
    """Return a contact; where he lives stands in one alone."""
    city, code, region = (
        next(iter(values_of(raw, names)), "") if lives else "" for names in (CITY, POSTAL_CODE, _REGION)
    )
    return Contact(
        name=name,
        organization=organization,
        street=identity.streets if lives else (),
        city=city,
        region=region,
        postal_code=code,
        country_code=identity.country,
        phone=epp_phone(phone) if phone.startswith("+") else phone,
        email=email,
    )
