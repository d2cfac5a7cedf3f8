"""In which forms an owner's data are sought: one table from an `Identity`."""

import re
from collections.abc import Iterator

from mailrelay.identity import Identity, Trait
from mailrelay.rewriting.scrub.folding import words_of
from mailrelay.rewriting.scrub.form import Form, phrase
from mailrelay.rewriting.scrub.mailboxes import mailbox_forms
from mailrelay.rewriting.scrub.names import name_forms, organisation_forms
from mailrelay.rewriting.scrub.phones import phone_forms
from mailrelay.rewriting.scrub.posts import place_forms, street_forms

_NUMBER = re.compile(r"\+?[\d\s()./-]{7,}")
_DOMAIN = re.compile(r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,})/?")


def forms_of(identity: Identity) -> tuple[Form, ...]:
    """Return all forms of what identifies an owner, each once."""
    found: dict[object, Form] = {}
    for form in _all(identity):
        found.setdefault((form.needle, form.pattern, form.trait, form.rule), form)
    return tuple(found.values())


def _all(identity: Identity) -> Iterator[Form]:
    country = identity.country
    name_words = frozenset(word for name in identity.names for word in words_of(name))
    for mailbox in identity.mailboxes:
        yield from mailbox_forms(mailbox, name_words)
    for name in identity.names:
        yield from name_forms(name, country)
    for organisation in identity.organisations:
        yield from organisation_forms(organisation, country)
    for phone in identity.phones:
        yield from phone_forms(phone, country)
    for street in identity.streets:
        yield from street_forms(street, country)
    for place in identity.places:
        yield from place_forms(place, country)
    for other in identity.others:
        yield from _other(other.strip(), country, name_words)


def _other(text: str, country: str, name_words: frozenset[str]) -> Iterator[Form]:
    """What the owner added is told by its look."""
    if "@" in text[1:]:
        yield from mailbox_forms(text, name_words)
    elif _NUMBER.fullmatch(text):
        yield from phone_forms(text, country)
    elif found := _DOMAIN.fullmatch(text):
        yield from mailbox_forms(f"@{found[1]}", name_words)
    elif (form := phrase(Trait.OTHER, text.lstrip("@"), capitals=False)) is not None:
        yield form
