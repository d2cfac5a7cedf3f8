"""How an owner wants the mail of one domain: what he gets, what his answers look like, what names him."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum

from mailrelay.directory import Wishes
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.registrant import belongs_in_a_line

_MOST_WORDS = 100
_SHORTEST_WORD, _LONGEST_WORD = 3, 200
_LONGEST_KEY = 64 * 1024
_SWITCHES = ("banner", "attach_original", "plain_text_only", "neutral_file_names")
_WORDS = ("identifiers", "released")
_CHOICES = ("digest",)
_PRINTABLE_ASCII = re.compile(r"[\x20-\x7e\r\n\t]*")


class DigestWish(StrEnum):
    """How often an owner is told of mail that is held for him, where there is any."""

    DAILY = "daily"
    WEEKLY = "weekly"
    OFF = "off"


@dataclass(frozen=True, slots=True, repr=False)
class MailSettings:
    """The owner's wishes; they name him, so no repr shows them and they are stored sealed.

    Attributes:
        banner: Each message to him begins with a line that says what it is and how to answer.
        attach_original: Each message to him brings the one that came, as evidence of abuse.
        plain_text_only: His answers leave as plain text.
        neutral_file_names: Attachments of his answers leave as `attachment-1.pdf`.
        identifiers: What names him beyond the registrant's data: a nickname, another mailbox.
        released: What of all that names him he lets pass on purpose.
        encryption_key: Certificate that messages to him are encrypted for, OpenPGP in armour (RFC 9580) or
            X.509 in PEM (RFC 8551), or "".
        digest: How often he is told of held mail.
    """

    banner: bool = False
    attach_original: bool = False
    plain_text_only: bool = False
    neutral_file_names: bool = False
    identifiers: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    encryption_key: str = ""
    digest: DigestWish = DigestWish.DAILY

    def __repr__(self) -> str:
        return "<MailSettings, not shown>"

    @classmethod
    def parse(cls, raw: Mapping[str, object]) -> "MailSettings":
        """Check and normalise the common shape; what is absent is as by default.

        Raises:
            InvalidInput: Names the field and the rule it breaks, never the value.
        """
        if set(raw) - {field.name for field in fields(cls)}:
            raise InvalidInput("mail_settings", "has fields that are not known")
        switches = {name: _switch(name, raw[name]) for name in _SWITCHES if name in raw}
        words = {name: _words(name, raw[name]) for name in _WORDS if name in raw}
        key = _key("encryption_key", raw.get("encryption_key", ""))
        choices = {name: _digest(name, raw[name]) for name in _CHOICES if name in raw}
        return cls(**switches, **words, **choices, encryption_key=key)  # type: ignore[arg-type]  # by names

    def wishes(self) -> Wishes:
        """Return what the relay looks at when it delivers."""
        return Wishes(**{field.name: getattr(self, field.name) for field in fields(Wishes)})

    def as_dict(self) -> dict[str, object]:
        """Return the common shape."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


def _switch(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(field, "must be true or false")
    return value


def _digest(field: str, value: object) -> DigestWish:
    if not isinstance(value, str) or value not in set(DigestWish):
        raise InvalidInput(field, f"must be one of {', '.join(DigestWish)}")
    return DigestWish(value)


def _words(field: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > _MOST_WORDS:
        raise InvalidInput(field, f"must be a list of at most {_MOST_WORDS} texts")
    return tuple(dict.fromkeys(_word(field, each) for each in value))


def _word(field: str, value: object) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not _SHORTEST_WORD <= len(text) <= _LONGEST_WORD or not all(map(belongs_in_a_line, text)):
        raise InvalidInput(field, f"each must be a line of {_SHORTEST_WORD} to {_LONGEST_WORD} characters")
    return text


def _key(field: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_KEY or not _PRINTABLE_ASCII.fullmatch(value):
        raise InvalidInput(field, f"must be armoured ASCII text of at most {_LONGEST_KEY} characters")
    return value.strip()
