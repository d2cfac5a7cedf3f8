"""One form in which data of an owner are sought."""

import re
from dataclasses import dataclass

from mailrelay.identity import Trait
from mailrelay.rewriting.scrub.folding import bare, is_unspaced, words_of
from mailrelay.rewriting.scrub.rules import Rule, anywhere, between_words, words

_SURE = 8
_SURE_SIGNS = 3  # of scripts that have thousands
LONG = 14  # letters and digits: nobody writes so many in the same order by chance
MIDDLE = 10  # so many in a row are no accident where they begin and end with words


@dataclass(frozen=True, slots=True)
class Form:
    """What to look for in a bare text.

    Attributes:
        needle: Has to be in the bare text; most texts are done with after this question.
        rule: Whether a place is meant.
        pattern: What is looked for, in the bare text, where that is more than the needle.
    """

    trait: Trait
    needle: str
    rule: Rule
    pattern: re.Pattern[str] | None = None

    @property
    def is_sure(self) -> bool:
        """Whether it is his where letters stand by chance too, as in a picture."""
        sure = _SURE_SIGNS if is_unspaced(self.needle) else _SURE
        return len(self.needle) >= sure or self.pattern is not None


def phrase(trait: Trait, text: str, *, capitals: bool = True) -> Form | None:
    """Return the form of a few words in their order; None where there is nothing to look for."""
    folded = bare(text)
    if len(folded) < 2:  # noqa: PLR2004 - a letter alone is no name
        return None
    if len(folded) >= LONG or is_unspaced(folded):
        return Form(trait, folded, anywhere)
    if len(folded) >= MIDDLE:
        return Form(trait, folded, between_words)
    return Form(trait, folded, words(*words_of(text), capitals=capitals))
