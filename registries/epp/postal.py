"""Between our contacts and RFC 5733's: internationalised forms, and what differs from what was wanted.

RFC 5733 section 2.4: the `int` form is 7-bit ASCII, the `loc` form any script. A contact in ASCII is sent as
`int`. Any other is sent as `loc`, and as `int` too where every letter has an ASCII spelling: a name is
never sent with letters dropped or replaced by question marks.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from registries.contact import Contact
from registries.epp.frames.contact import ContactData, PostalInfo
from registries.epp.frames.disclosure import DiscloseField, PostalType

# What a difference is called, by the field of `PostalInfo`.
_NAMES = {
    "name": "name",
    "org": "organization",
    "street": "street",
    "city": "city",
    "sp": "region",
    "pc": "postal_code",
    "cc": "country_code",
}

# Latin letters that Unicode does not decompose, as passports and registries spell them.
_SPELLINGS = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l",
        "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ħ": "h", "Ħ": "H",
        "ŋ": "n", "Ŋ": "N", "ĸ": "k", "ŧ": "t", "Ŧ": "T", "·": ".", "“": '"', "”": '"', "—": "-",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{EN DASH}": "-",
    }
)  # fmt: skip


def ascii_spelling(text: str) -> str | None:
    """Return `text` in ASCII without its accents, or None where a letter has no ASCII spelling."""
    spelled = unicodedata.normalize("NFKD", text.translate(_SPELLINGS))
    bare = "".join(char for char in spelled if not unicodedata.combining(char))
    return bare if bare.isascii() else None


def postal_forms(contact: Contact) -> tuple[PostalInfo, ...]:
    """Return the forms in which a contact's name and address are sent."""
    written = PostalInfo(
        type=PostalType.INT,
        name=contact.name,
        org=contact.organization,
        street=contact.street,
        city=contact.city,
        sp=contact.region,
        pc=contact.postal_code,
        cc=contact.country_code,
    )
    if all(text.isascii() for text in _texts(written)):
        return (written,)
    local = replace(written, type=PostalType.LOC)
    spelled = _spelled(written)
    return (local,) if spelled is None else (spelled, local)


def _texts(info: PostalInfo) -> tuple[str, ...]:
    return (info.name, info.org, *info.street, info.city, info.sp, info.pc, info.cc)


def _spelled(info: PostalInfo) -> PostalInfo | None:
    """Return the ASCII form; optional lines that cannot be spelled are left out, name and city cannot be."""
    name, city = ascii_spelling(info.name), ascii_spelling(info.city)
    if not name or not city:
        return None
    return replace(
        info,
        name=name,
        org=ascii_spelling(info.org) or "",
        street=tuple(filter(None, map(ascii_spelling, info.street))),
        city=city,
        sp=ascii_spelling(info.sp) or "",
        pc=ascii_spelling(info.pc) or "",
    )


def contact_of(data: ContactData) -> Contact:
    """Return a contact that was read, in its localised form where it has one, with the e-mail it shows."""
    info = data.postal_form()
    return Contact(
        name=info.name,
        organization=info.org,
        street=info.street,
        city=info.city,
        region=info.sp,
        postal_code=info.pc,
        country_code=info.cc,
        phone=data.voice,
        email=data.shown_email,
    )


def fields_to_hide(data: ContactData) -> frozenset[DiscloseField]:
    """Return what must be withheld for the contact to be hidden: every field it has a value for."""
    fields = {DiscloseField.EMAIL}
    if data.voice:
        fields.add(DiscloseField.VOICE)
    if data.fax:
        fields.add(DiscloseField.FAX)
    for info in data.postal:
        fields |= {DiscloseField.of("name", info.type), DiscloseField.of("addr", info.type)}
        if info.org:
            fields.add(DiscloseField.of("org", info.type))
    return frozenset(fields)


def withholds_something(data: ContactData) -> bool:
    """Whether an exception withholds anything; a registry that publishes by default may show none."""
    return data.disclose is not None and not data.disclose.flag and bool(data.disclose.fields)


def differences(wanted: Contact, data: ContactData) -> tuple[str, ...]:
    """Return the names of the fields in which a contact read differs from the wanted one, never values.

    Case, white space and Unicode's spelling of the same letters do not count: registries normalise
    them. Every form that the registry holds is compared, so that no old form stays behind.
    """
    forms = {info.type: info for info in postal_forms(wanted)}
    found = dict.fromkeys(
        name for info in data.postal for name in _postal_differences(_expected(forms, info.type), info)
    )
    if _digits(data.voice) != _digits(wanted.phone):
        found["phone"] = None
    if _plain(data.shown_email) != _plain(wanted.email):
        found["email"] = None
    return tuple(found)


def _expected(forms: dict[PostalType, PostalInfo], kind: PostalType) -> PostalInfo:
    # A registry may keep an ASCII contact as `loc` too, or a localised one as `int` only.
    return forms.get(kind) or next(iter(forms.values()))


def _postal_differences(wanted: PostalInfo, found: PostalInfo) -> Iterator[str]:
    for field, name in _NAMES.items():
        if _comparable(getattr(wanted, field)) != _comparable(getattr(found, field)):
            yield name


def _comparable(value: str | tuple[str, ...]) -> list[str]:
    lines = (value,) if isinstance(value, str) else value
    return [plain for line in lines if (plain := _plain(line))]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _digits(phone: str) -> str:
    return "".join(char for char in phone if char.isdigit())
