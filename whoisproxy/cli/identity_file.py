"""What identifies an owner, from JSON: the registrant of the API, or looser rows with more of his data.

Names of fields are those that registrars' exports use; each may hold one value or a list of them.
"""

from collections.abc import Mapping

import phonenumbers

from mailrelay.identity import Identity

_FIELDS = {
    "mailboxes": ("email", "emails", "mailbox", "mailboxes"),
    "names": ("name", "names"),
    "organisations": ("organization", "organisation", "organizations", "organisations", "org", "company"),
    "phones": ("phone", "phones", "fax", "mobile"),
    "streets": ("street", "streets", "address"),
    "others": ("others",),
}
_NAME_PARTS = ("first_name", "last_name")
CITY = ("city", "town")
POSTAL_CODE = ("postal_code", "postcode", "zip")
_COUNTRY = ("country_code", "country")
_COUNTRY_CHARS = 2


class NotAnIdentity(Exception):
    """The JSON holds nothing by which an owner could be recognised."""


def read_identity(raw: Mapping[str, object]) -> Identity:
    """Return the identity that a JSON object describes; fields that are not known are left alone.

    Raises:
        NotAnIdentity: There is nothing identifying in it.
    """
    country = next(iter(values_of(raw, _COUNTRY)), "").upper()
    country = country if len(country) == _COUNTRY_CHARS else ""
    found = {kind: values_of(raw, names) for kind, names in _FIELDS.items()}
    if parts := values_of(raw, _NAME_PARTS):
        found["names"] += (" ".join(parts),)
    if not any(found.values()):
        raise NotAnIdentity("holds no name, email, phone or street of a registrant")
    place = ", ".join([*values_of(raw, POSTAL_CODE)[:1], *values_of(raw, CITY)[:1]])
    return Identity(
        mailboxes=found["mailboxes"],
        names=found["names"],
        organisations=found["organisations"],
        phones=tuple([_international(phone, country) for phone in found["phones"]]),
        streets=found["streets"],
        places=(place,) if place else (),
        others=found["others"],
        country=country,
    )


def values_of(raw: Mapping[str, object], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the texts under any of the names, white space made one space."""
    given = [raw[name] for name in names if name in raw]
    values = [one for value in given for one in (value if isinstance(value, list | tuple) else [value])]
    return tuple(
        [" ".join(str(one).split()) for one in values if isinstance(one, str | int) and str(one).strip()]
    )


def _international(phone: str, country: str) -> str:
    """Return a number in E.164 where it can be told, else as it was given."""
    try:
        number = phonenumbers.parse(phone, country or None)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
