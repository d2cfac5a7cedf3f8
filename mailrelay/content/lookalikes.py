"""Undo what makes texts look the same and differ: letters of other scripts, accents, what is not seen.

Works on text in NFKC and lower case, for comparing only. Letters that look like Latin ones become those,
letters lose their accents, zero-width characters and combining marks go. Characters of scripts that put no
blanks between words are set apart, so that each is a word. ASCII has none of that and costs nothing.
"""

import unicodedata
from functools import lru_cache

# The letters of other alphabets that look like Latin ones (Unicode, UTS 39), in lower case.
_ALPHABETS = {
    "\u0430\u0432\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043a\u043c\u043f\u043e\u0440": "abcdehijlkmnop",
    "\u0433\u0455\u0442\u0443\u0445\u0475\u0461\u051d\u051b": "rstyxvwwq",
    "\u03b1\u03b2\u03b3\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c2\u03c4\u03c5\u03c7\u03c9": "abyeiknopctuxw",
    "\u0251\u0261\u0131\u0269\u029f": "agiil",
}
_LATIN = {
    one: latin for letters, latins in _ALPHABETS.items() for one, latin in zip(letters, latins, strict=True)
}
_UNSEEN = frozenset({"Cf", "Mn", "Me", "Cc"})
_FIRST_WITHOUT_BLANKS = "\u2e80"  # radicals, kana, ideographs, syllables of Hangul
_LAST_WITHOUT_BLANKS = "\ud7ff"


def folded(lowered: str) -> str:
    """Return a text in lower case without disguise."""
    if lowered.isascii():
        return lowered
    # A text has few different characters, and replacing is far quicker than looking at each.
    for char in {one for one in set(lowered) if one > "\x7f"}:
        plain = _plain(char)
        if plain != char:
            lowered = lowered.replace(char, plain)
    return lowered


@lru_cache(maxsize=10_000)
def _plain(char: str) -> str:
    if char in _LATIN:
        return _LATIN[char]
    if unicodedata.category(char) in _UNSEEN:
        return ""
    if _FIRST_WITHOUT_BLANKS <= char <= _LAST_WITHOUT_BLANKS:
        return f" {char} "
    base = unicodedata.normalize("NFKD", char)[0]
    if unicodedata.category(char)[0] in "PSZ":
        return " "
    return base if base.isascii() else char
