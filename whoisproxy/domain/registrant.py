"""The real holder of a domain. His data are secret: no repr, no log, no error text shows them."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from mailrelay.identity import Identity
from whoisproxy.domain.errors import InvalidInput

_MAX_LINES = 3  # RFC 5733 section 2.4: one to three street lines
_MAX_POSTAL_LINE = 255  # RFC 5733 postalLineType
_MAX_POSTAL_CODE = 16  # RFC 5733 pcType
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True, repr=False)
class Registrant:
    """One registrant, in the one shape that API, import and command line share.

    Attributes:
        name: Person, as he writes himself; may be any script.
        organization: "" for a natural person.
        email: Mailbox (RFC 5321, SMTPUTF8 allowed).
        phone: E.164 with a leading plus, `+41221234567`.
        street: One to three lines.
        region: State or province, or "".
        country_code: ISO 3166-1 alpha-2, upper case.
        language: BCP 47 tag of the texts he gets.
    """

    name: str
    organization: str
    email: str
    phone: str
    street: tuple[str, ...]
    city: str
    region: str
    postal_code: str
    country_code: str
    language: str

    def __repr__(self) -> str:
        return "<Registrant, not shown>"

    def identity(self, mailboxes: tuple[str, ...] = ()) -> Identity:
        """Return what identifies him and must not appear where he is hidden.

        Args:
            mailboxes: Further addresses of his.
        """
        return Identity(
            mailboxes=tuple(dict.fromkeys((self.email, *mailboxes))),
            names=(self.name,),
            organisations=(self.organization,) if self.organization else (),
            phones=(self.phone,),
            streets=self.street,
            places=(f"{self.postal_code}, {self.city}",),
            country=self.country_code,
        )

    @classmethod
    def parse(cls, raw: Mapping[str, object]) -> "Registrant":
        """Check and normalise the common shape.

        Raises:
            InvalidInput: Names the field and the rule it breaks, never the value.
        """
        unknown = sorted(set(raw) - {field.name for field in fields(cls)})
        if unknown:
            raise InvalidInput("registrant", "has fields that are not known")
        return cls(
            name=_line(raw, "name"),
            organization=_line(raw, "organization", required=False),
            email=mailbox(_line(raw, "email"), "registrant.email"),
            phone=_phone(_line(raw, "phone")),
            street=_street(raw),
            city=_line(raw, "city"),
            region=_line(raw, "region", required=False),
            postal_code=_line(raw, "postal_code", required=False, longest=_MAX_POSTAL_CODE),
            country_code=_country(_line(raw, "country_code")),
            language=_line(raw, "language", required=False, longest=35) or "en",
        )

    def as_dict(self) -> dict[str, object]:
        """Return the common shape, `street` as a list."""
        values: dict[str, object] = {field.name: getattr(self, field.name) for field in fields(self)}
        values["street"] = list(self.street)
        return values


def _line(
    raw: Mapping[str, object], name: str, *, required: bool = True, longest: int = _MAX_POSTAL_LINE
) -> str:
    return _checked_line(raw.get(name) or "", f"registrant.{name}", required=required, longest=longest)


def _checked_line(value: object, field: str, *, required: bool, longest: int) -> str:
    if not isinstance(value, str):
        raise InvalidInput(field, "must be a string")
    # RFC 5733 section 2.4: normalizedString, so no line breaks or tabs; XML admits no control character.
    if not all(map(belongs_in_a_line, value)):
        raise InvalidInput(field, "must not contain control characters")
    text = " ".join(value.split())
    if required and not text:
        raise InvalidInput(field, "is required")
    if len(text) > longest:
        raise InvalidInput(field, f"is longer than {longest} characters")
    return text


def belongs_in_a_line(char: str) -> bool:
    """Whether a character may stand in a line of text that is published or sent to registries."""
    # Sinhala, Nepali, Bengali and Persian names are spelled with joiners, Japanese ones with a wide space.
    # Other invisible characters, such as those that turn the direction of writing, only deceive.
    return char.isprintable() or char in _JOINERS or unicodedata.category(char) == "Zs"


def _street(raw: Mapping[str, object]) -> tuple[str, ...]:
    lines = raw.get("street")
    if not isinstance(lines, list | tuple) or not 1 <= len(lines) <= _MAX_LINES:
        raise InvalidInput("registrant.street", "must be a list of one to three lines")
    return tuple(
        _checked_line(line, "registrant.street", required=True, longest=_MAX_POSTAL_LINE) for line in lines
    )


def mailbox(text: str, field: str) -> str:
    """Return a normalised mailbox, or raise InvalidInput that names `field`."""
    try:
        # The domain's spelling is checked, its DNS is not: that is the verification's work.
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise InvalidInput(field, "is not a mailbox (RFC 5321)") from None


def _phone(text: str) -> str:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise InvalidInput("registrant.phone", "is not an E.164 number with a leading plus") from None
    if not phonenumbers.is_possible_number(number):
        raise InvalidInput("registrant.phone", "is not a possible number for its country")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _country(text: str) -> str:
    code = text.upper()
    if code not in COUNTRY_CODES:
        raise InvalidInput("registrant.country_code", "is not an ISO 3166-1 alpha-2 code")
    return code


# ISO 3166-1 alpha-2, officially assigned codes, and XK, which registries accept for Kosovo.
COUNTRY_CODES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES
    ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE
    IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY
    MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU
    NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM
    SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE
    VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """.split()  # noqa: SIM905 - a block is easier to read than 250 quoted strings
)
