"""The last look at an owner's answer: does anything of his still show?

The message as it would be sent is decoded (transfer encodings, encoded words, HTML, percent and entity
escapes) and compared with the owner's secrets in a form where case, accents, blanks and invisible
characters do not count. A hit names the place, never the secret.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.message import Message
from urllib.parse import unquote

import phonenumbers

from mailrelay.addresses import decoded
from mailrelay.rewriting.unpack import members

_RTF = re.compile(r"\\'([0-9a-fA-F]{2})")
_TAG = re.compile(r"<[^>]{0,5000}>")
_SHORTEST = 4  # a shorter secret, such as a house number, is in every other text by chance
_SHORTEST_BARE = 8  # letters and digits alone: a shorter run of them is in every picture by chance
_SHORTEST_NUMBER = 7  # digits: a postal code is also a price, a year, an offset in a PDF
_LARGE = 256 * 1024  # octets; beyond it the thorough comparison would take seconds
_DIGITS = 6  # a phone number is compared by its last digits, however it is grouped
_PHONE = re.compile(r"\+?[\d\s()./-]{7,}")
# Local parts that name an office, domains that name a provider of everybody: neither shows a person.
_ROLES = frozenset(
    ["contact", "domain", "domains", "hostmaster", "office", "postmaster", "support", "webmaster"]
)
_SHARED_DOMAINS = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "gmx.net",
        "gmx.de",
        "web.de",
        "proton.me",
        "protonmail.com",
        "mail.ru",
        "yandex.ru",
        "qq.com",
        "163.com",
        "aol.com",
        "orange.fr",
        "wanadoo.fr",
        "bluewin.ch",
    ]
)
_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def traces(raw: bytes, secrets: Iterable[str], allowed: Iterable[str] = ()) -> str:
    """Return where an owner's secret shows in a message: `header` or `body`; empty where it does not.

    Args:
        raw: The message as it would leave.
        secrets: Strings that must not show.
        allowed: Strings that may, though a secret be part of them: the correspondent's own address and
            the relay's.

    Raises:
        CannotLookInside: A document is encrypted, broken or too large.
    """
    secrets = tuple(secrets)
    needles = {needle for secret in secrets for needle in _needles(secret)}
    octet_needles = {needle for secret in secrets for needle in _octet_needles(secret)}
    message = message_from_bytes(raw)
    if any(_shows_in_octets(large, octet_needles) for large in _large_contents(message)):
        return "body"
    permitted = [form for one in allowed for form in (_squeezed(one), _bare(_squeezed(one)))]
    for place, texts in (("header", _header_texts(message)), ("body", _body_texts(message))):
        for text in texts:
            if any(_shows(needle, form, permitted) for form in _forms(text) for needle in needles):
                return place
    return ""


def traces_in_text(text: str, secrets: Iterable[str]) -> bool:
    """Return whether a secret shows in a text."""
    needles = {needle for secret in secrets for needle in _needles(secret)}
    return any(_shows(needle, form, ()) for form in _forms(text) for needle in needles)


def _needles(secret: str) -> Iterator[tuple[str, bool]]:
    """Yield (text, is digits) to look for."""
    for form in {_squeezed(secret), _squeezed(secret.lower().translate(_UMLAUTS))}:
        if len(form) >= (_SHORTEST_NUMBER if form.isdigit() else _SHORTEST):
            yield form, False
    if "@" not in secret:
        yield from ((form, False) for form in _spellings(secret) if len(form) >= _SHORTEST_BARE)
    if _PHONE.fullmatch(secret.strip()):
        # The national part suffices to find a person.
        yield _national_digits(secret), True
    if "@" in secret and (plain := _without_tag(secret)) != secret:
        yield _squeezed(plain), False
    if "@" in secret:
        local_part, _, domain = _without_tag(secret).rpartition("@")
        if len(local_part) >= _DIGITS and local_part.lower() not in _ROLES:
            yield _squeezed(local_part), False
        if domain.lower() not in _SHARED_DOMAINS:
            yield _squeezed(domain), False


def _spellings(secret: str) -> Iterator[str]:
    """Yield a name or street without punctuation, a name also from each of its words on ("Doe, Jane")."""
    words = [word for word in re.split(r"[\s,]+", secret.strip()) if word]
    is_name = not any(char.isdigit() for char in secret)
    for start in range(len(words) if is_name else 1):
        turned = " ".join([*words[start:], *words[:start]])
        yield _bare(_squeezed(turned))
        yield _bare(_squeezed(turned.lower().translate(_UMLAUTS)))


def _national_digits(phone: str) -> str:
    """Return the number as dialled in its country without the trunk prefix; all digits where unknown."""
    digits = re.sub(r"\D", "", phone)
    try:
        national = str(phonenumbers.parse(phone, None).national_number)
    except phonenumbers.NumberParseException:
        return digits[-9:]
    return national if len(national) >= _SHORTEST_NUMBER else digits


def _without_tag(address: str) -> str:
    local_part, _, domain = address.rpartition("@")
    return f"{local_part.partition('+')[0]}@{domain}"


def _shows(needle: tuple[str, bool], text: str, permitted: Iterable[str]) -> bool:
    wanted, is_digits = needle
    if is_digits:
        return len(wanted) >= _DIGITS and wanted in re.sub(r"\D", "", text)
    for one in permitted:
        if wanted in one:
            text = text.replace(one, "")
    return wanted in text


def _forms(text: str) -> Iterator[str]:
    """Yield the text squeezed as it is, with escapes resolved, and with markup taken out."""
    plain = unquote(html.unescape(unquote(text)))
    # "user+tag@host" is the same mailbox as "user@host".
    untagged = re.sub(r"\+[\w.-]+@", "@", plain)
    # RTF writes what is not ASCII as \'xx.
    rich = _RTF.sub(lambda found: bytes.fromhex(found[1]).decode("cp1252", "replace"), plain)
    for form in dict.fromkeys((text, plain, untagged, _TAG.sub("", plain), _TAG.sub("", untagged), rich)):
        squeezed = _squeezed(form)
        yield squeezed
        yield _bare(squeezed)


def _squeezed(text: str) -> str:
    """Return the text without case, accents, blanks and invisible characters."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_SPECIAL))
    return "".join(char for char in folded if unicodedata.category(char)[0] not in "MZC")


def _bare(squeezed: str) -> str:
    """Return letters and digits only: the hyphens, quotes and commas of a name come in many kinds."""
    return "".join(char for char in squeezed if char.isalnum())


def _header_texts(message: Message) -> Iterator[str]:
    for part in message.walk():
        for name, value in part.items():
            yield f"{name}: {decoded(str(value))}"
            # Encoded file names (RFC 2231) are percent escapes; `_forms` resolves them.
        filename = part.get_filename()
        if filename:
            yield decoded(filename)


def _body_texts(message: Message) -> Iterator[str]:
    for part in message.walk():
        if part.is_multipart():
            yield str(part.preamble or "")
            yield str(part.epilogue or "")
            continue
        for content in _contents(part):
            if not _is_large(part, content):
                yield content.decode("utf-8", "replace")
                # Documents hold text in two octets per character too.
                yield content.decode("latin-1").replace("\0", "")


def _contents(part: Message) -> Iterator[bytes]:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        yield payload
        yield from members(payload)


def _is_large(part: Message, content: bytes) -> bool:
    return part.get_content_maintype() != "text" and len(content) > _LARGE


def _large_contents(message: Message) -> Iterator[bytes]:
    for part in message.walk():
        if not part.is_multipart():
            yield from (content for content in _contents(part) if _is_large(part, content))


def _octet_needles(secret: str) -> Iterator[bytes]:
    """Yield what to look for in large documents, where only plain forms can be looked for in time."""
    folded, plain = _squeezed(secret), "".join(secret.lower().split())
    for form in (folded, plain):
        for charset in ("utf-8", "latin-1"):
            octets = form.encode(charset, "ignore")
            if len(octets) >= _DIGITS:
                yield octets


def _shows_in_octets(content: bytes, needles: Iterable[bytes]) -> bool:
    # One pass takes out blanks and the zero octets of text in sixteen bits.
    squeezed = content.translate(None, b"\0\t\r\n ").lower()
    return any(needle in squeezed for needle in needles)
