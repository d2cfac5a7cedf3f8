"""Find a holder's data in a public answer, whatever its form, and nothing that stands there by chance.

A place alone names thousands, and may be the registrar's own: city and postal code count together, the region
only beside other evidence. What the wanted contacts themselves show is no evidence, nor is the country, which
directories always show.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from registries.contact import Contact
from registries.lookup.folding import fold, words
from registries.lookup.forms import Form
from registries.lookup.names import names, organisations, streets
from registries.lookup.readings import Readings
from registries.lookup.traces import Phrase, Trace, WordByWord, mailbox, telephone, traces_of

ALL_FIELDS = frozenset({"name", "organization", "street", "city", "region", "postal_code", "phone", "email"})

_EXACT_PLACE = frozenset({"city", "postal_code"})
_PLACE = _EXACT_PLACE | {"region"}


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A trace of the holder in one answer; never the value.

    Attributes:
        field: Name of the holder's field.
        form: How it is written there, such as `base64` or `base64, turned`.
        line: In the answer as it came, from 1.
    """

    field: str
    form: str
    line: int


def fields_of(hits: Iterable[Hit]) -> tuple[str, ...]:
    """Return the names of the fields that were found, sorted."""
    return tuple(sorted({hit.field for hit in hits}))


class Evidence:
    """What would betray one holder."""

    def __init__(
        self,
        holder: Contact,
        wanted: Iterable[Contact] = (),
        among: frozenset[str] = ALL_FIELDS,
        more: Iterable[Contact] = (),
    ) -> None:
        """Prepare the search.

        Args:
            holder: Whose data must not be found.
            wanted: Contacts that shall be public: what they hold is no evidence.
            among: Names of the holder's fields that count.
            more: What else is the holder's: further mailboxes, numbers, names.
        """
        shown = [text for contact in wanted for text in _texts(contact)]
        public, texts = f" {' '.join(map(words, shown))} ", fold("\n".join(shown))
        self._traces = tuple(
            each
            for each in traces_of(trace for contact in (holder, *more) for trace in _traces(contact))
            if each.field in among and not each.stands_in(public, texts)
        )

    def hits(self, readings: Readings) -> tuple[Hit, ...]:
        """Return each trace of the holder by field, form and line; nothing where only his place shows.

        One field on one line is one hit, in the plainest form in which it was found.
        """
        found: dict[tuple[str, int], Hit] = {}
        for reading in readings.every:
            for trace in self._traces:
                for line, form in trace.places(reading):
                    number = reading.number(line)
                    found.setdefault(
                        (trace.field, number), Hit(trace.field, _called(reading.form, form), number)
                    )
        named = {field for field, _ in found}
        tells = bool(named - _PLACE) or named >= _EXACT_PLACE
        return tuple(sorted(found.values(), key=lambda hit: (hit.line, hit.field))) if tells else ()


def _called(*forms: Form) -> str:
    return ", ".join(form for form in forms if form is not Form.PLAIN) or Form.PLAIN


def _texts(contact: Contact) -> Iterator[str]:
    for field in fields(contact):
        value = getattr(contact, field.name)
        yield from value if isinstance(value, tuple) else (value,)
    yield from _places(contact)


def _places(contact: Contact) -> tuple[str, ...]:
    """Return postal code and city on one line, either first; nothing where one is missing."""
    if not contact.postal_code or not contact.city:
        return ()
    return f"{contact.postal_code} {contact.city}", f"{contact.city} {contact.postal_code}"


def _traces(holder: Contact) -> Iterator[Trace | None]:
    for form, text, anywhere in names(holder.name):
        yield Phrase.of("name", text, form, anywhere=anywhere)
    if len(parts := frozenset(words(holder.name).split())) > 1:
        yield WordByWord("name", parts)
    for form, text, anywhere in organisations(holder.organization):
        yield Phrase.of("organization", text, form, anywhere=anywhere)
    for line in holder.street:
        for form, text, anywhere in streets(line):
            yield Phrase.of("street", text, form, anywhere=anywhere)
    for field in ("city", "region", "postal_code"):
        yield Phrase.of(field, words(getattr(holder, field)))
    for text in _places(holder):
        for field in sorted(_EXACT_PLACE):
            yield Phrase.of(field, words(text))
    yield from mailbox(holder.email)
    yield from telephone(holder.phone)
