"""The table of what speaks for spam, each with its weight.

Weights are set by hand: honest letters to domain owners speak of money, deadlines and lawyers too, and abuse
reports quote spam word for word. `score` adds them to what the model of `classifier` says.
How well both do is measured by `make eval-spam`.
"""

import re
from collections.abc import Callable
from itertools import islice

from mailrelay.content import author_rules, file_rules
from mailrelay.content.feature import Feature
from mailrelay.content.phrases import BUSINESSES, Business
from mailrelay.content.reading import Content
from mailrelay.message import RawMessage

_INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2064\u00ad\ufeff\u202a-\u202e]")
_OVERRIDE = re.compile("[\u202d\u202e]")
_STYLED = re.compile("[\u1d00-\u1d2b\U0001d400-\U0001d7ff\u24b6-\u24e9\U0001f110-\U0001f189]")
# Letters of two scripts within one word: "paypal" with a Cyrillic a.
_MIXED_SCRIPTS = re.compile(r"[A-Za-z][\u0370-\u03ff\u0400-\u04ff]|[\u0370-\u03ff\u0400-\u04ff][A-Za-z]")
_GAPPY = re.compile(r"\b(?:[A-Za-z][ ._*-]){4,}[A-Za-z]\b")
_BULK_MAILER = re.compile(
    r"mass ?mail|bulk|e-?mail ?blast|advanced mail|group ?mail|jpfree|dynamailer|mailking|diffondi|foxmail"
    r"|achi-kochi|php/?mailer|sendblaster|leaf ?mailer|microsoft cdo",
    re.IGNORECASE,
)
_NUMERIC = re.compile(r"[\d.]+|0x[0-9a-f.x]+|\[?[0-9a-f:]+:[0-9a-f:]+\]?")
_SHORTENERS = frozenset(
    {"bit.ly", "t.co", "tinyurl.com", "goo.gl", "is.gd", "v.gd", "cutt.ly", "rb.gy", "ow.ly", "shorturl.at"}
    | {"t.ly", "s.id", "lnkd.in", "buff.ly", "tiny.cc", "rebrand.ly", "bl.ink", "shorte.st", "adf.ly", "u.to"}
    | {"clck.ru", "qrco.de", "bit.do", "urlz.fr", "urlzs.com", "surl.li", "tny.im"}
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_LINK = re.compile(r"https?://\S+")
_TWO_LINES = 25  # words

# Tables for `bytes.translate` on UTF-8, by which what a pattern needs is looked for before it: far faster.
_OCTETS = [chr(octet) for octet in range(256)]
_CAPITALS_ALONE = bytes(ord(one) if one >= "\x80" or "A" <= one <= "Z" else ord(" ") for one in _OCTETS)
_LETTERS_AND_GAPS = bytes(
    ord("a") if one < "\x80" and one.isalpha() else ord("-") if one in " ._*-" else ord("x")
    for one in _OCTETS
)
_NEITHER_GREEK_NOR_CYRILLIC = bytes(ord(one) for one in _OCTETS if not "\xcd" <= one <= "\xd3")


def _numeric_host(_: RawMessage, content: Content) -> bool:
    return any(_NUMERIC.fullmatch(host) for host in content.hosts)


def _odd_host(_: RawMessage, content: Content) -> bool:
    return any(
        host == "?" or host.startswith("xn--") or ".xn--" in host or "%" in host for host in content.hosts
    )


def _user_in_url(_: RawMessage, content: Content) -> bool:
    return any(re.match(r"https?://[^/?#\s]*@", url, re.IGNORECASE) for url in content.urls)


def _shortened(_: RawMessage, content: Content) -> bool:
    return any(host.removeprefix("www.") in _SHORTENERS for host in content.hosts)


def _link_only(_: RawMessage, content: Content) -> bool:
    if not content.urls:
        return False
    words = _WORD.finditer(_LINK.sub(" ", content.text[:5_000]))
    return len(list(islice(words, _TWO_LINES))) < _TWO_LINES


def _image_only(_: RawMessage, content: Content) -> bool:
    return content.html.images > 0 and len(content.text.strip()) < 200 and bool(content.urls)  # noqa: PLR2004


def _hidden(_: RawMessage, content: Content) -> bool:
    return len(content.html.hidden.strip()) > 40  # noqa: PLR2004 - a preheader line is shorter


def _shouting_subject(_: RawMessage, content: Content) -> bool:
    letters = [letter for letter in content.subject if letter.isalpha()]
    return len(letters) > 8 and sum(letter.isupper() for letter in letters) > 0.8 * len(letters)  # noqa: PLR2004


def _shouting_text(_: RawMessage, content: Content) -> bool:
    runs = content.octets.translate(_CAPITALS_ALONE).decode("utf-8", "replace").split()
    if len([run for run in runs if len(run) >= 4]) <= 5:  # noqa: PLR2004 - a quarter of twenty words
        return False
    words = _LONG_WORD.findall(content.text)
    return len(words) > 20 and sum(word.isupper() for word in words) > 0.25 * len(words)  # noqa: PLR2004


def _exclaiming(_: RawMessage, content: Content) -> bool:
    text = content.text
    return "!!" in content.subject or "!!!" in text or text.count("!") > 6 + len(text) // 400


def _no_date_or_id(message: RawMessage, _: Content) -> bool:
    return not (message.count("Date") and message.count("Message-ID"))


def _markers_in_subject(_: RawMessage, content: Content) -> bool:
    """A tracking code behind blanks, or the mark that American law once asked for."""
    subject = content.subject[:300].strip()
    code = re.search(r"\s{6}\S{3,}$", subject)
    return bool(code or re.match(r"(?:adv|hi there)\s*[:!]", subject, re.IGNORECASE))


def _raw_octets_in_subject(message: RawMessage, _: Content) -> bool:
    subject = b"".join(field.raw for field in message.named("subject")[:1])
    try:
        subject.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _base64_text(message: RawMessage, content: Content) -> bool:
    """Plain ASCII text in base64: nobody's mail program does that, filters are meant to miss it."""
    encoded = message.first("Content-Transfer-Encoding").lower() == "base64"
    return encoded and bool(content.text.strip()) and content.text.isascii()


def _mixed_scripts(_: RawMessage, content: Content) -> bool:
    foreign = content.octets.translate(None, _NEITHER_GREEK_NOR_CYRILLIC)
    if foreign and _holds(_MIXED_SCRIPTS, content.text, 3):
        return True
    return _holds(_MIXED_SCRIPTS, content.subject) or _holds(_MIXED_SCRIPTS, content.from_name)


def _invisible(_: RawMessage, content: Content) -> bool:
    return _holds(_INVISIBLE, content.text, 5) or _holds(_INVISIBLE, content.subject)


def _holds(pattern: re.Pattern[str], text: str, least: int = 1) -> bool:
    """Return whether a pattern of characters beyond ASCII matches so often."""
    return not text.isascii() and len(list(islice(pattern.finditer(text), least))) >= least


def _reversed_writing(_: RawMessage, content: Content) -> bool:
    """An override of the direction (UAX 9) shows a name or subject other than it is; no writing needs it."""
    shown = (content.subject, content.from_name, *[attachment.name for attachment in content.attachments])
    return any(_holds(_OVERRIDE, text) for text in shown)


def _styled_letters(_: RawMessage, content: Content) -> bool:
    """Letters of mathematics, or in circles and squares, spell a subject or a name."""
    return _holds(_STYLED, content.subject, 3) or _holds(_STYLED, content.from_name, 3)


def _gappy(_: RawMessage, content: Content) -> bool:
    """A word is spelled with something between its letters, so that filters miss it."""
    # Of letters and gaps alone, `rfind` takes a sixth of the time of `in`.
    if content.octets.translate(_LETTERS_AND_GAPS).rfind(b"-a-a-a-") >= 0 and _GAPPY.search(content.text):
        return True
    return bool(_GAPPY.search(content.subject))


def _wants(business: Business) -> Callable[[RawMessage, Content], bool]:
    return lambda _, content: business.name in content.businesses


FEATURES: tuple[Feature, ...] = (
    # Links and looks
    Feature("numeric-host", 2.2, _numeric_host),
    Feature("odd-host", 1.2, _odd_host),
    Feature("user-in-url", 1.5, _user_in_url),
    Feature("lying-link", 1.5, lambda _, content: content.html.lying_links > 0),
    Feature("shortened-link", 1.0, _shortened),
    Feature("look-alike-link", 1.2, author_rules.look_alike_link),
    Feature("borrowed-name", 0.7, author_rules.borrowed_name),
    Feature("link-and-little-text", 1.2, _link_only),
    Feature("image-and-little-text", 2.2, _image_only),
    Feature("html-only", 1.3, lambda _, content: content.html_only),
    Feature("form-or-script", 0.3, lambda _, content: content.html.forms > 0),
    Feature("hidden-text", 1.5, _hidden),
    Feature("shouting-subject", 1.6, _shouting_subject),
    Feature("shouting-text", 1.0, _shouting_text),
    Feature("exclaiming", 1.5, _exclaiming),
    # Who says he writes
    Feature("answers-to-free-mailbox", 2.0, author_rules.other_reply_to),
    Feature("name-shows-other-address", 2.0, author_rules.name_shows_other_address),
    Feature("name-claims-brand", 1.2, author_rules.name_claims_brand),
    Feature("look-alike-sender", 1.5, author_rules.look_alike_sender),
    Feature("writes-as-recipient", 0.5, author_rules.writes_as_recipient),
    Feature("no-date-or-message-id", 1.0, _no_date_or_id),
    Feature("no-recipient", 0.6, lambda message, _: not (message.count("To") or message.count("Cc"))),
    Feature("no-subject", 0.5, lambda _, content: not content.subject.strip()),
    Feature("subject-marker", 2.5, _markers_in_subject),
    Feature("bulk-mailer", 1.5, lambda message, _: bool(_BULK_MAILER.search(message.first("X-Mailer")))),
    # Tricks with characters and files
    Feature("subject-raw-octets", 1.0, _raw_octets_in_subject),
    Feature("charset-trouble", 0.8, lambda _, content: content.charset_trouble),
    Feature("base64-ascii", 1.5, _base64_text),
    Feature("mixed-scripts", 2.0, _mixed_scripts),
    Feature("invisible-characters", 1.2, _invisible),
    Feature("gappy-words", 1.0, _gappy),
    Feature("reversed-writing", 1.5, _reversed_writing),
    Feature("styled-letters", 1.0, _styled_letters),
    Feature("program-attached", 4.0, file_rules.attached(file_rules.RUNNABLE)),
    Feature("double-extension", 3.0, file_rules.attached(file_rules.DISGUISED)),
    Feature("page-attached", 1.0, file_rules.attached(file_rules.PAGE)),
    Feature("macros-attached", 1.0, file_rules.attached(file_rules.MACROS)),
    Feature("archive-attached", 0.5, file_rules.attached(file_rules.ARCHIVE)),
    Feature("locked-attachment", 1.0, file_rules.locked),
    *(Feature(business.name, business.weight, _wants(business)) for business in BUSINESSES),
)
