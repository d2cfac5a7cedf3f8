"""Records drawn at random: everything that a record may hold, in any combination that redaction can make."""

import string
from datetime import UTC, datetime

import idna
from hypothesis import strategies as st

from registries.contact import Role
from whoisproxy.publication.rdap.statuses import STATUSES
from whoisproxy.publication.record import (
    Field,
    Profile,
    RddsContact,
    RddsDelegationSigner,
    RddsNameserver,
    RddsRecord,
    RddsRegistrar,
)

_ALNUM = string.ascii_lowercase + string.digits
# Two hyphens in a row are left to A-labels (RFC 5890 section 2.3.1).
_ascii_labels = st.from_regex(r"[a-z0-9](-?[a-z0-9]){0,20}", fullmatch=True)
_idn_labels = st.sampled_from(["bücher", "dnsü", "пример", "例え", "παράδειγμα", "मिसाल"])
_labels = _ascii_labels | _idn_labels.map(lambda label: idna.encode(label).decode())
_names = st.lists(_labels, min_size=2, max_size=4).map(".".join)
# Markup, quotes, line ends and other scripts, as people and attackers write them.
_texts = st.text(
    st.characters(blacklist_categories=("Cs", "Cc")) | st.sampled_from("<>&\"'\\\u2028"),
    min_size=1,
    max_size=40,
)
_scripts = st.sampled_from(["<script>alert(1)</script>", "Ann Käse", "株式会社", "O'Neil & Söhne"])
_lines = _texts | _scripts
_moments = st.datetimes(datetime(1985, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_phones = st.from_regex(r"\+[1-9][0-9]{6,13}", fullmatch=True)
_atoms = st.text(_ALNUM + "!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=10)
_mailboxes = st.builds("{}@{}".format, st.lists(_atoms, min_size=1, max_size=3).map(".".join), _names)
_urls = st.builds("https://{}/{}".format, _names, st.text(_ALNUM, max_size=10))
_countries = st.sampled_from(["CH", "DE", "FR", "JP", "US"])
_roids = st.from_regex(r"[A-Z0-9_]{1,20}-VRSN", fullmatch=True)
_streets = st.lists(_lines, min_size=1, max_size=3).map(tuple)

registrars = st.builds(
    RddsRegistrar,
    name=_lines,
    iana_id=st.integers(1, 9999),
    url=_urls,
    whois_server=st.just("") | _names,
    street=_streets,
    city=_lines,
    region=st.just("") | _lines,
    postal_code=_lines,
    country_code=_countries,
    phone=_phones,
    email=_mailboxes,
    abuse_email=_mailboxes,
    abuse_phone=_phones,
    terms_url=_urls,
)


def _unicode(name: str) -> str:
    return idna.decode(name) if "xn--" in name else name


_addresses = st.lists(st.ip_addresses().map(str), max_size=4, unique=True).map(tuple)
nameservers = st.builds(
    lambda name, addresses: RddsNameserver(name, _unicode(name), addresses), _names, _addresses
)
signers = st.builds(
    RddsDelegationSigner,
    key_tag=st.integers(1, 65535),
    algorithm=st.sampled_from([8, 13, 15]),
    digest_type=st.sampled_from([1, 2, 4]),
    digest=st.from_regex("([0-9A-F]{2}){20,48}", fullmatch=True),
)

_ALWAYS_PUBLISHED = (Field.REGION, Field.COUNTRY_CODE)
_MAY_BE_WITHHELD = [part for part in Field if part not in (Field.REGISTRY_ID, *_ALWAYS_PUBLISHED)]


@st.composite
def contacts(draw: st.DrawFn, role: Role) -> RddsContact:
    """Draw a contact that withholds any of its parts."""
    hidden: set[Field] = set(draw(st.sets(st.sampled_from(_MAY_BE_WITHHELD))))
    handle = draw(st.just("") | _roids)
    if not handle:
        hidden.add(Field.REGISTRY_ID)

    def shown(part: Field, value: st.SearchStrategy[str]) -> str:
        return "" if part in hidden else draw(value)

    return RddsContact(
        role=role,
        handle=handle,
        name=shown(Field.NAME, _lines),
        organization=shown(Field.ORGANIZATION, st.just("") | _lines),
        street=() if Field.STREET in hidden else draw(_streets),
        city=shown(Field.CITY, _lines),
        region=draw(st.just("") | _lines),
        postal_code=shown(Field.POSTAL_CODE, _lines),
        country_code=draw(_countries),
        phone=shown(Field.PHONE, _phones),
        email=shown(Field.EMAIL, _mailboxes),
        contact_uri=draw(_urls) if Field.EMAIL in hidden else "",
        withheld=tuple(part for part in Field if part in hidden),
    )


@st.composite
def records(draw: st.DrawFn) -> RddsRecord:
    """Draw a domain of an accredited registrar."""
    name = draw(_names)
    roles = [Role.REGISTRANT, *draw(st.sampled_from([[], [Role.TECH]]))]
    ds = tuple(draw(st.lists(signers, max_size=3)))
    registry_id = draw(st.just("") | _roids)
    statuses = st.lists(st.sampled_from([*STATUSES, "linked", "unheard of"]), max_size=6)
    return RddsRecord(
        name=name,
        unicode_name=_unicode(name),
        registry_id=registry_id,
        profile=draw(st.sampled_from(Profile)),
        registrar=draw(registrars),
        contacts=tuple(draw(contacts(role)) for role in roles),
        nameservers=tuple(draw(st.lists(nameservers, max_size=4, unique_by=lambda host: host.name))),
        delegation_signed=bool(ds),
        ds=ds,
        statuses=tuple(draw(statuses)),
        registered_at=draw(_moments),
        expires_at=draw(_moments),
        changed_at=draw(_moments),
        withheld=() if registry_id else (Field.REGISTRY_ID,),
        read_at=draw(_moments),
    )
