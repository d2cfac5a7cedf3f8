"""Domain names: A-label and U-label forms (RFC 5890), TLD and registrable part (Public Suffix List)."""

from dataclasses import dataclass
from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

from whoisproxy.domain.errors import InvalidInput

_MAX_OCTETS = 253  # RFC 1035 section 2.3.4, without the root label
_ACE = "xn--"  # RFC 5890 section 2.3.2.5
_DOTS = ".\u3002\uff0e\uff61"  # RFC 3490 section 3.1: what keyboards of other scripts give for a dot


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


@dataclass(frozen=True, slots=True, order=True)
class DomainName:
    """A registrable domain name.

    Attributes:
        a_label: Lower-case ASCII form, the one that is stored and sent to registries.
    """

    a_label: str

    @classmethod
    def parse(cls, text: str) -> "DomainName":
        """Read a name as people and programs write it: any case, A- or U-labels, a final dot.

        Raises:
            InvalidInput: Not a host name (RFC 5891), too long, or not registrable below a public suffix.
        """
        try:
            a_label = idna.encode(text.strip().rstrip("."), uts46=True, std3_rules=True).decode().lower()
        except (idna.IDNAError, UnicodeError):
            raise InvalidInput("name", "is not a domain name (RFC 5891)") from None
        if len(a_label) > _MAX_OCTETS:
            raise InvalidInput("name", "is longer than 253 octets (RFC 1035)")
        if _suffixes().privatesuffix(a_label) != a_label:
            raise InvalidInput("name", "is not a registrable domain: one label below a public suffix")
        return cls(a_label)

    @property
    def u_label(self) -> str:
        """The form for people."""
        return idna.decode(self.a_label)

    @property
    def is_international(self) -> bool:
        """Whether the form for people is another one."""
        return any(label.startswith(_ACE) for label in self.a_label.split("."))

    @property
    def suffix(self) -> str:
        """The public suffix under which the name is registered, such as `com` or `co.uk`."""
        return self.a_label.partition(".")[2]

    @property
    def tld(self) -> str:
        """The last label."""
        return self.a_label.rpartition(".")[2]

    def __str__(self) -> str:
        return self.a_label


def searched(text: str) -> str:
    """Return a part of a name as names have it (UTS 46: case, width, dots), to be sought in either form."""
    typed = "".join(filter(str.isprintable, text)).strip()[:_MAX_OCTETS]
    try:
        return idna.uts46_remap(typed, std3_rules=False)
    except idna.IDNAError:
        return typed.lower()


def suffix_from(text: str) -> str:
    """Return the A-label form of a TLD or of any name below one, however dots, case and blanks are typed.

    Raises:
        InvalidInput: Empty, or not a domain name (RFC 5891).
    """
    typed = text.strip().strip(_DOTS).strip()
    if not typed:
        raise InvalidInput("tld", "is empty: write one such as ch, org or co.uk")
    try:
        return idna.encode(typed, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise InvalidInput("tld", "is not a domain name (RFC 5891): write one such as ch or co.uk") from None


def unicode_of(a_label: str) -> str:
    """Return the form for people of a name from `suffix_from` or of a rule."""
    return idna.decode(a_label)


def in_public_suffix_list(a_label: str) -> bool:
    """Whether the name ends in a TLD of the Public Suffix List."""
    return _suffixes().publicsuffix(a_label, accept_unknown=False) is not None
