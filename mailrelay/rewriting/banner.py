"""The banner that an owner may have in his forwarded mail, and how it leaves his answers again.

A banner is a few sentences of the table below, in the owner's language. Each is recognised by itself, so that
half a banner that was quoted back goes as well: between its words may stand whatever mail programs put there
when they quote and wrap lines, and letters that few charsets have may have become others. Links stand in
angle brackets, which hold them together over line ends (RFC 3986 appendix C).
"""

import html
import re
import textwrap
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_DEFAULT_LANGUAGE = "en"
_SENTENCES: dict[str, dict[str, str]] = {
    "en": {
        "relayed": "Sent to the owner of {domain} through a privacy relay, which your answer takes as well.",
        "unverified": "The sender of this message could not be verified.",
        "answer": "Answer in the browser: {link}",
        "block": "Block this sender: {link}",
    },
    "de": {
        "relayed": "Gesendet an den Inhaber von {domain} über ein Relay zum Schutz der Privatsphäre, "
        "das auch Ihre Antwort nimmt.",
        "unverified": "Der Absender dieser Nachricht konnte nicht bestätigt werden.",
        "answer": "Im Browser antworten: {link}",
        "block": "Diesen Absender sperren: {link}",
    },
    "fr": {
        "relayed": "Envoyé au titulaire de {domain} par un relais de confidentialité, "
        "par lequel passe aussi votre réponse.",
        "unverified": "L'expéditeur de ce message n'a pas pu être vérifié.",
        "answer": "Répondre dans le navigateur : {link}",
        "block": "Bloquer cet expéditeur : {link}",
    },
    "it": {
        "relayed": "Inviato al titolare di {domain} tramite un relay per la privacy, "
        "da cui passa anche la sua risposta.",
        "unverified": "Non è stato possibile verificare il mittente di questo messaggio.",
        "answer": "Rispondere nel browser: {link}",
        "block": "Bloccare questo mittente: {link}",
    },
    "es": {
        "relayed": "Enviado al titular de {domain} a través de un relé de privacidad, "
        "por el que pasa también su respuesta.",
        "unverified": "No se pudo verificar el remitente de este mensaje.",
        "answer": "Responder en el navegador: {link}",
        "block": "Bloquear a este remitente: {link}",
    },
    "nl": {
        "relayed": "Verzonden aan de houder van {domain} via een privacyrelay, ook uw antwoord gaat zo.",
        "unverified": "De afzender van dit bericht kon niet worden geverifieerd.",
        "answer": "In de browser antwoorden: {link}",
        "block": "Deze afzender blokkeren: {link}",
    },
}
LANGUAGES = tuple(_SENTENCES)
_WRAPPER = textwrap.TextWrapper(72, break_long_words=False, break_on_hyphens=False)

# Blanks of every kind and what marks quotes; bounded, for strangers write some of what is searched.
_GAP = r"[\s>|\u200b\ufeff]{1,80}"
_LINE_END_IN_LINK = r"\r?\n[>|\s]{0,80}"
_PLACES = {
    # Programs that make links of names put the address behind, in brackets of some kind.
    "{domain}": rf"[^\s<>]{{1,255}}(?:(?:{_GAP})?[<\[(]https?:[^<>\s]{{1,300}}[>\])])?",
    "{link}": rf"<(?:[^<>\r\n]|{_LINE_END_IN_LINK}){{1,1000}}(?:<[^<>]{{1,1000}}>)?>"
    rf"(?:(?:{_GAP})?[<\[(]https?:[^<>\s]{{1,1000}}[>\])])?",
}
_CHANGING = r"\S{1,6}"  # a letter as mail programs may mistake it, or an apostrophe in one of its shapes
_BLANK_QUOTE = re.compile(r"[\s>|\u200b\ufeff]*")
# Comments are read like text: a banner has no place there either.
_HTML_TOKEN = re.compile(
    r"<(?P<tag>/?[a-z][a-z0-9]*)(?=[\s/>])[^<>]*>|<![^<>]*>|&(?:\#\w{1,8}|[a-z]\w{1,31});?|[^<&]+|.",
    re.IGNORECASE | re.DOTALL,
)
_IN_LINE = frozenset(
    {"a", "abbr", "b", "code", "em", "font", "i", "o", "small", "span", "strong", "tt", "u", "wbr"}
)


@dataclass(frozen=True, slots=True)
class Banner:
    """What a banner says.

    Attributes:
        language: BCP 47 tag; English where the table does not have it.
        domain: The owner's registered domain, as shown.
        verified: Whether the author is who he says.
        answer_url: Page to answer in the browser; empty leaves it out.
        block_url: Page to block the correspondent; empty leaves it out.
    """

    language: str
    domain: str
    verified: bool = True
    answer_url: str = ""
    block_url: str = ""


def banner_text(banner: Banner) -> str:
    """Return the banner in lines that end with LF, 72 columns wide where a link is not longer."""
    sentences = _SENTENCES.get(banner.language.lower().partition("-")[0], _SENTENCES[_DEFAULT_LANGUAGE])
    said = [sentences["relayed"].format(domain=banner.domain)]
    if not banner.verified:
        said.append(sentences["unverified"])
    for name, url in (("answer", banner.answer_url), ("block", banner.block_url)):
        if url:
            said.append(sentences[name].format(link=f"<{url}>"))
    lines = [line for one in said for line in _WRAPPER.wrap(one)]
    return "".join([f"{line}\n" for line in lines])


def without_banner(text: str) -> str:
    """Return plain text without banners, quoted ones too, and without the lines they leave empty."""
    found = [one.span() for one in _sentence().finditer(text)]
    if not found:
        return text
    kept: list[str] = []
    position = 0
    for start, end in found:
        kept.append(text[position:start])
        position = end
        line = "".join(kept).rpartition("\n")[2]
        rest, line_end, _ = text[end:].partition("\n")
        if _BLANK_QUOTE.fullmatch(line) and _BLANK_QUOTE.fullmatch(rest):
            kept = ["".join(kept)[: -len(line) or None]]
            position = end + len(rest) + len(line_end)
    return "".join(kept) + text[position:]


def without_banner_html(document: str) -> str:
    """Return an HTML document without the words and links of banners; all other markup stays."""
    tokens = [_token(found) for found in _HTML_TOKEN.finditer(document)]
    spans = [one.span() for one in _sentence().finditer("".join([one.shown for one in tokens]))]
    if not spans:
        return document
    kept: list[str] = []
    at = 0
    for token in tokens:
        while spans and spans[0][1] <= at:
            del spans[0]
        kept.append(_left_of(token, at, spans))
        at += len(token.shown)
    return "".join(kept)


class _Token(NamedTuple):
    """A piece of a document: what is shown for it, what is written, and a tag's lower-case name."""

    shown: str
    written: str
    tag: str


def _token(found: re.Match[str]) -> _Token:
    written, tag = found[0], (found["tag"] or "").lower()
    if tag:
        return _Token("" if tag.strip("/") in _IN_LINE else "\n", written, tag)
    if written.startswith("<!"):
        return _Token("", written, "!")
    return _Token(html.unescape(written) if written.startswith("&") else written, written, "")


def _left_of(token: _Token, at: int, spans: list[tuple[int, int]]) -> str:
    """Return what stays of a token that is shown from `at` on, outside of spans that end after there."""
    if not spans or spans[0][0] >= at + max(len(token.shown), 1):
        return token.written
    if token.tag:
        # Programs make links of addresses; of other tags the document may need the pair.
        return "" if token.tag in {"a", "/a", "wbr"} and spans[0][0] < at else token.written
    if token.shown != token.written:
        return ""
    kept: list[str] = []
    position = 0
    for start, end in spans:
        kept.append(token.shown[position : max(start - at, position)])
        position = max(end - at, position)
    return "".join(kept) + token.shown[position:]


@lru_cache(maxsize=1)
def _sentence() -> re.Pattern[str]:
    """Return what finds a sentence of any banner, as written or as mail programs make it."""
    sentences = {one for table in _SENTENCES.values() for one in table.values()}
    return re.compile("|".join(_GAP.join(map(_word, one.split())) for one in sorted(sentences)))


def _word(word: str) -> str:
    for place, pattern in _PLACES.items():
        if place in word:
            before, _, after = word.partition(place)
            return _literal(before) + pattern + _literal(after)
    return _literal(word)


def _literal(text: str) -> str:
    return "".join(re.escape(one) if one.isascii() and one != "'" else _CHANGING for one in text)
