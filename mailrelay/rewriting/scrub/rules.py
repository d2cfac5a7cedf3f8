# ruff: noqa: RUF001 - some of the words are Cyrillic
"""When letters that are an owner's are his, and not others by chance.

A rule is asked for a place in a reading where a bare form of his stands. Long forms are his wherever they
stand; short ones want to be words of their own, and names that are also words, to be written like names.
"""

import re
from collections.abc import Callable
from itertools import pairwise

from mailrelay.rewriting.scrub.folding import INVISIBLE, words_of
from mailrelay.rewriting.scrub.words import PARTICLES, TITLES

Rule = Callable[[str, int, int], bool]
"""Asked with a text and the range [start, end) in it."""

_CLOSING = re.compile(
    r"""[\W_]*(?:
    (?:with\s|mit\s)?(?:many\s|very\s|kind(?:est)?\s|best\s|warm(?:est)?\s|viele[n]?\s|beste[n]?\s|freundliche[nm]?\s|liebe\s
      |herzliche[n]?\s|sch(?:oe|ö)ne[n]?\s|med\s|venlig\s|met\s|vriendelijke\s|hartelijke\s)*
    (?:regards|wishes|greetings|gr(?:ü|ue)(?:ß|ss)e?n?|gru(?:ß|ss)|hilsen|hälsningar|groeten?)
    |best|cheers|thanks(?:\sagain)?|thank\syou|many\sthanks|thx|ty|sincerely(?:\syours)?|yours(?:\s(?:truly|sincerely|faithfully|ever))?
    |br|kr|mfg|lg|vg|hg|vielen\sdank|danke|merci|cordialement|bien\s(?:cordialement|à\svous|a\svous)|amicalement|salutations|bises?
    |saludos(?:\scordiales)?|un\ssaludo|gracias|atentamente|cordiali\ssaluti|(?:distinti\s)?saluti|grazie|ciao
    |abraço|cumprimentos|obrigad[oa]|mvh|tack|takk|tak|pozdrawiam|с\sуважением|love|signed|gez|i\.\s?a|i\.\s?v|from|name
    )?[\W_]*""",
    re.IGNORECASE | re.VERBOSE,
)
_INTRODUCTION = re.compile(
    r"(?:\bmy\sname(?:\sis|'s)|\bi\sam|\bi['\u2019]m|\bthis\sis|\bcall\sme|\bich\sbin|\bich\shei(?:ß|ss)e|\bmein\sname\sist|\bhier\sist"
    r"|\bje\s(?:suis|m['\u2019]appelle)|\bme\sllamo|\bmi\snombre\ses|\bsoy|\bmi\schiamo|\bsono|\bik\sben|\bjag\sheter|\bjeg\shedder"
    r"|\bmeu\snome\s[ée]|\bменя\sзовут)[\s:,*_]+$",
    re.IGNORECASE,
)
# Of forms, tables and JSON: "First name: Ann".
_LABEL = re.compile(
    r"(?:\b(?:(?:first|last|given|family|sur|full|user)?[\s_-]?name|first|last|vorname|nachname|familienname|pr(?:e|é)nom"
    r"|nom|nombre|apellidos?|nome|cognome|sobrenome|voornaam|achternaam|förnamn|efternamn|fornavn|etternavn"
    r"|jm(?:e|é)no|imi(?:e|ę)|nazwisko|имя|фамилия)[\"'*_]{0,3}\s*[:=|;,]"
    r"|[a-zé]name\s*\n?[ \t]{2,})[\s\"'*_|]*$",
    re.IGNORECASE,
)
_SPOKEN_TO = "|".join(sorted(TITLES - {"m", "me", "i", "ii", "ma", "ba", "san", "fr", "no", "don", "hon"}))
_TITLED = re.compile(rf"\b(?:{_SPOKEN_TO}|M)\.?\s+$", re.IGNORECASE)
_ATTRIBUTION = re.compile(
    r"\s*(?:[<(\[][^>\n]{0,200}[>)\]])?\s*(?:wrote|writes|schrieb|a\sécrit|escribió|ha\sscritto|skrev|schreef|napsal|пишет)\b",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"(?:['\u2019]s?)?\s(?:iphone|ipad|ipod|mac(?:book)?|imac|phone|galaxy|pixel|handy|telefon|laptop|pc)\b",
    re.IGNORECASE,
)
_DEVICE_OF = re.compile(
    r"\b(?:iphone|ipad|ipod|mac(?:book)?|imac|galaxy|pixel)\s(?:de|di|von|van|do|da|af|av)\s$", re.IGNORECASE
)
_HONOURED = re.compile(r"\s?(?:さん|様|さま|氏|先生|女士|小姐|씨|님)")
_LOOK_AROUND = 60  # characters
_NAME_WORD = re.compile(r"(?![\u10d0-\u10ff])[^\W_]+(?:['\u2019\u02bc][^\W_]+)*")  # Georgian has no capitals
_WORDS_OF_ONE_LETTER = frozenset("aeiouy")
_MONOGRAM = 3  # letters; "OK" is no signature
_ADDRESS_BEGINS = re.compile(r"(?<![^\W_])<|@")  # within a word it is what is left of a broken tag
_SPACE = re.compile(r"\s")
_LABELS = re.compile(r"(?i)\S\s*(?:\.|[\u3002\uff0e\uff61]|\W?\b(?:dot|punkt|point|punto|ponto)\b\W?)\s*\S")


def anywhere(text: str, start: int, end: int) -> bool:
    """Take nearly every place: the form is too long to be there by chance, unless it ends in an address."""
    return not _ADDRESS_BEGINS.search(text, start, end)


def between_words(text: str, start: int, end: int) -> bool:
    """Take what is `edged` and does not end in an address."""
    return edged(text, start, end) and anywhere(text, start, end)


def edged(text: str, start: int, end: int) -> bool:
    """Take what neither begins nor ends in the middle of a word or number; a capital begins a word too."""
    return _is_edge(text, start) and _is_edge(text, end)


def joined(text: str, start: int, end: int) -> bool:
    """Take what is written in one piece, like a user's name."""
    return edged(text, start, end) and not _SPACE.search(text, start, end)


def handle(text: str, start: int, end: int) -> bool:
    """Take what stands like a user's name, behind an at sign or a slash."""
    return (
        text[start - 1 : start] in {"@", "/", "\\"} and joined(text, start, end) and not _goes_on(text, end)
    )


def _goes_on(text: str, end: int) -> bool:
    return text[end : end + 1] in {".", "-", "@"} and text[end + 1 : end + 2].isalnum()


def addressed(text: str, start: int, end: int) -> bool:
    """Take an address; the last label of a domain is of one alphabet, and ends where another one begins."""
    is_over = text[end - 1].isascii() and not text[end : end + 1].isascii()
    return _is_edge(text, start) and (is_over or _is_edge(text, end))


def dotted(text: str, start: int, end: int) -> bool:
    """Take what is written like a domain: with points, not as two sentences."""
    slice_ = text[start:end]
    return addressed(text, start, end) and bool(_LABELS.search(slice_)) and not re.search(r"\S\.\s", slice_)


def words(*wanted: str, capitals: bool = True) -> Rule:
    """Take these words, parted as they are here, written as names are or joined like a user's name."""
    expected = list(wanted)

    def rule(text: str, start: int, end: int) -> bool:
        if not between_words(text, start, end):
            return False
        found = INVISIBLE.sub("", text[start:end])
        parted = words_of(found)
        if parted != expected:
            is_spelled = len(parted) > _MONOGRAM and all(len(one) == 1 for one in parted)
            return is_spelled or (len(parted) == 1 and len(expected) > 1 and _is_marked(text, start, found))
        return (
            not capitals
            or _is_name(found)
            or (len(expected) > 1 and (not _SPACE.search(found) or _names_the_author(text, start, end)))
        )

    return rule


def _names_the_author(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _LOOK_AROUND) : start]
    return stands_alone(text, start, end) or bool(_INTRODUCTION.search(before))


def initialled(text: str, start: int, end: int) -> bool:
    """Take an initial with its point or comma beside a name: "A. Example", "Example, A"."""
    found = text[start:end]
    return (
        between_words(text, start, end)
        and _is_name(found)
        and (bool(re.search(r"[.,\-_]", found + text[end : end + 1])) or _has_initial(found))
    )


def _has_initial(found: str) -> bool:
    """Return whether one of the words is a letter that is no word: "Z Example", but "A Baker" is anybody."""
    letters = [word for word in words_of(found) if len(word) == 1]
    return bool(letters) and _WORDS_OF_ONE_LETTER.isdisjoint(letters)


def lone(text: str, start: int, end: int) -> bool:
    """Take one name of several where it says who writes: signed, introduced, titled, in an attribution."""
    found = text[start:end]
    if not edged(text, start, end):
        return False
    before = text[max(0, start - _LOOK_AROUND) : start]
    if stands_alone(text, start, end) or _ATTRIBUTION.match(text, end) or _HONOURED.match(text, end):
        return True
    return _is_name(found) and any(one.search(before) for one in (_TITLED, _INTRODUCTION, _LABEL))


def monogram(text: str, start: int, end: int) -> bool:
    """Take initials that somebody signs with: "ABE"; two only with points or below a closing."""
    found = text[start:end]
    if not found.isupper() or not stands_alone(text, start, end):
        return False
    letters = sum(map(str.isalnum, found))
    return letters >= _MONOGRAM or "." in found or text[:start].rstrip().endswith(",")


def on_device(text: str, start: int, end: int) -> bool:
    """Take a name by which a device is called: "Sent from Ann's iPhone"."""
    if not edged(text, start, end):
        return False
    return bool(_DEVICE.match(text, end) or _DEVICE_OF.search(text, max(0, start - _LOOK_AROUND), start))


def capital(text: str, start: int, end: int) -> bool:
    """Take a word that is written as a name is."""
    return edged(text, start, end) and _is_name(text[start:end]) and not _SPACE.search(text, start, end)


def stands_alone(text: str, start: int, end: int) -> bool:
    """Return whether the line holds nothing else, or a closing before it: a signature, not a salutation."""
    # Lines may be very long.
    far = max(0, start - _LOOK_AROUND - 1)
    line_start = text.rfind("\n", far, start) + 1
    after = text[end : end + _LOOK_AROUND].partition("\n")[0]
    if (far and not line_start) or any(char.isalnum() or char in ",:;?@/" for char in after):
        return False
    return _CLOSING.fullmatch(text, line_start, start) is not None


def _is_edge(text: str, at: int) -> bool:
    before, after = text[at - 1 : at] if at else "", text[at : at + 1]
    if not (before.isalnum() and after.isalnum()):
        return True
    return (before.islower() and after.isupper()) or before.isnumeric() != after.isnumeric()


def _is_name(found: str) -> bool:
    """Return whether each word has a capital, where its script has them."""
    return all(not word[0].islower() or word in PARTICLES for word in _NAME_WORD.findall(found))


def _is_marked(text: str, start: int, found: str) -> bool:
    capitals = sum(one.isupper() and two.islower() for one, two in pairwise(found))
    return text[start - 1 : start] in {"@", "/"} or capitals > 1
