"""Find an owner's forms in a text, in all its readings."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailrelay.identity import Trait
from mailrelay.rewriting.scrub.folding import bare, is_silent
from mailrelay.rewriting.scrub.form import Form
from mailrelay.rewriting.scrub.views import View, html_views, views

_BACKWARDS = 8  # letters and digits; fewer are a word backwards too often


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """A place in a text: [start, end)."""

    start: int
    end: int
    trait: Trait


class Matcher:
    """What is looked for, prepared once.

    Args:
        forms: What must not stand.
        allowed: What may, with everything in it: an address, a domain, a form let pass on purpose.
    """

    def __init__(self, forms: Iterable[Form], allowed: Iterable[str]) -> None:
        self._forms = tuple(forms)
        self._sure = tuple(form for form in self._forms if form.is_sure)
        self._allowed = tuple({folded for one in allowed if (folded := bare(one))})
        self._backwards = tuple({form.needle for form in self._forms if len(form.needle) >= _BACKWARDS})

    def matches(self, text: str, *, by_chance: bool = False, is_html: bool = False) -> list[Match]:
        """Return what of the owner stands in a text, in order; places may overlap.

        Args:
            text: What is looked at.
            by_chance: Letters stand there by chance too, as in a picture: only forms that are long count.
            is_html: Matches are wanted that can be replaced without harm to a tag.
        """
        if by_chance:
            return sorted(set(self._in_view(View(text), self._sure)))
        readings = html_views(text) if is_html else views(text)
        # Letters may be written backwards and shown forwards (CSS, U+202E); few texts need the second look.
        readings += [view.turned() for view in readings if self._is_backwards(view.bare[::-1])]
        return sorted({match for view in readings for match in self._in_view(view, self._forms)})

    def _is_backwards(self, turned: str) -> bool:
        return any(needle in turned for needle in self._backwards)

    def _in_view(self, view: View, forms: tuple[Form, ...]) -> Iterator[Match]:
        folded = view.bare
        present = [form for form in forms if form.needle in folded]
        if present:
            spared = list(self._spared(folded))
            for form in present:
                for start, end in _places(form, folded):
                    if not any(first <= start and end <= last for first, last in spared):
                        yield from self._judged(view, form, start, end)

    def _spared(self, folded: str) -> Iterator[tuple[int, int]]:
        for one in self._allowed:
            yield from _occurrences(one, folded)

    def _judged(self, view: View, form: Form, start: int, end: int) -> Iterator[Match]:
        text_start, text_end = _in_text(view, start, end)
        if form.rule(view.text, text_start, text_end):
            yield from self._match(view, form, start, end)

    def _match(self, view: View, form: Form, start: int, end: int) -> Iterator[Match]:
        text_start, text_end = _in_text(view, start, end)
        if form.trait is Trait.PHONE and text_start and view.text[text_start - 1] in "+(":
            text_start -= 1
        yield Match(*view.source(text_start, text_end), form.trait)


def _in_text(view: View, start: int, end: int) -> tuple[int, int]:
    """Return where a range of the bare text stands in the text, with the accents and signs behind its end."""
    text_end = view.positions[end - 1] + 1
    while is_silent(view.text[text_end : text_end + 1]):
        text_end += 1
    return view.positions[start], text_end


def _places(form: Form, folded: str) -> Iterator[tuple[int, int]]:
    if form.pattern is None:
        return _occurrences(form.needle, folded)
    return _spans(form.pattern, folded)


def _spans(pattern: re.Pattern[str], folded: str) -> Iterator[tuple[int, int]]:
    """Yield also places that overlap: one that no rule takes may hide one that it does."""
    found = pattern.search(folded)
    while found is not None:
        yield found.span()
        found = pattern.search(folded, found.start() + 1)


def _occurrences(needle: str, folded: str) -> Iterator[tuple[int, int]]:
    at = folded.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = folded.find(needle, at + 1)
