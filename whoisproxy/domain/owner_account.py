"""Owners' accounts: one for each mailbox and registrar, and what its owner signs in with.

An owner is who the registrants of a registrar's domains are that have one mailbox. His account holds no
domain: what he may see is looked up by that mailbox each time, so that a domain that goes to another leaves
his sight with the same commit.
"""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.ids import ALPHABET, base32

SHORTEST_PASSWORD = 12  # characters
LONGEST_PASSWORD = 256
RECOVERY_CODES = 10
RECOVERY_BITS = 80
_CODE_CHARS = RECOVERY_BITS // 5
_GROUP = 4
_MOST_PASSKEY_NAME = 60
# Crockford's reading of what is easily taken for another character.
_READ_AS = str.maketrans("oil", "011")


class Proof(StrEnum):
    """How somebody shows that he is the owner."""

    REGISTRAR_LINK = "registrar-link"  # his registrar's panel vouches for him
    EMAIL_LINK = "email-link"
    PASSWORD = "password"  # noqa: S105 - the name of a way
    PASSKEY = "passkey"
    TOTP = "totp"
    RECOVERY_CODE = "recovery-code"


@dataclass(frozen=True, slots=True)
class Profile:
    """What an owner wishes, beyond what his registrar knows.

    Attributes:
        language: BCP 47 tag; "" for that of his registrations.
        two_step: Whether he wants a second step at each sign-in.
    """

    language: str = ""
    two_step: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Methods:
    """What an owner may sign in with, besides links and passkeys.

    Attributes:
        password_hash: As argon2 writes it; "" for no password.
        totp_secret: Base32 (RFC 6238); "" for none.
        totp_pending: The same, shown to him and not yet confirmed by a code.
    """

    password_hash: str = ""
    totp_secret: str = ""
    totp_pending: str = ""

    def __repr__(self) -> str:
        return "<Methods, not shown>"


@dataclass(frozen=True, slots=True)
class OwnerAccount:
    """An account; it names nobody.

    Attributes:
        owner_index: Blind index of the mailbox of its registrants.
        totp_step: Number of the last step of time whose code was used (RFC 6238 section 5.2).
    """

    id: str
    registrar_id: str
    owner_index: bytes
    created_at: datetime
    profile: Profile = Profile()
    methods: Methods = field(default=Methods(), repr=False)
    totp_step: int = 0


@dataclass(frozen=True, slots=True)
class Passkey:
    """A credential of WebAuthn.

    Attributes:
        credential_id: As the authenticator named it.
        public_key: COSE key.
        sign_count: As the authenticator last told it; one that goes back is a copy.
        name: Given by its owner.
        used_at: None for never.
    """

    id: str
    account_id: str
    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    name: str = field(repr=False)
    created_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TwoStep:
    """Whether one proof is enough.

    Attributes:
        required: By the registrar or by the owner.
    """

    required: bool
    has_totp: bool
    has_passkey: bool

    @property
    def is_possible(self) -> bool:
        """Whether a second step is set up."""
        return self.has_totp or self.has_passkey

    @property
    def is_asked(self) -> bool:
        """Whether a second step is asked for: always where codes are set up, else where it is required."""
        return self.has_totp or (self.required and self.has_passkey)


def checked_password(text: str) -> str:
    """Return a password in the one form that is hashed (NIST SP 800-63B section 5.1.1.2: NFKC).

    Raises:
        InvalidInput: It is too short, too long, or one character again and again.
    """
    password = normalised_password(text)
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidInput("password", f"is shorter than {SHORTEST_PASSWORD} characters")
    if len(password) > LONGEST_PASSWORD:
        raise InvalidInput("password", f"is longer than {LONGEST_PASSWORD} characters")
    if len(set(password)) < SHORTEST_PASSWORD // 3:
        raise InvalidInput("password", "repeats a few characters")
    return password


def normalised_password(text: str) -> str:
    """Return the form in which passwords are compared."""
    return unicodedata.normalize("NFKC", text)


def recovery_code(chance: int) -> str:
    """Return a code as it is shown, four groups of four, from `RECOVERY_BITS` random bits."""
    chars = base32(chance, _CODE_CHARS)
    return "-".join(chars[start : start + _GROUP] for start in range(0, _CODE_CHARS, _GROUP))


def read_recovery_code(text: str) -> str:
    """Return what is compared of a code that somebody typed; "" for what cannot be one."""
    chars = "".join(filter(str.isalnum, text.lower())).translate(_READ_AS)
    return chars if len(chars) == _CODE_CHARS and set(chars) <= set(ALPHABET) else ""


def passkey_name(text: str) -> str:
    """Return the name of a passkey: one line, cut; "" where its owner gave none."""
    return " ".join("".join(filter(str.isprintable, text)).split())[:_MOST_PASSKEY_NAME]
