"""Thirty forms in which a registrant's data may stand in an answer, to be planted in real ones."""

import base64
import json
import quopri
import random
from collections.abc import Callable
from email.header import Header
from urllib.parse import quote, quote_plus

import idna

from registries.contact import Contact
from registries.lookup.document import Document
from registries.lookup.folding import fold

Plant = Callable[[Contact], str]


def _entities(text: str) -> str:
    return "".join(f"&#{ord(char)};" for char in text)


def _wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))


def _national(phone: str) -> str:
    return phone.partition(".")[2] or _digits(phone)


def _grouped(digits: str, sign: str, size: int = 3) -> str:
    return sign.join(digits[place : place + size] for place in range(0, len(digits), size))


def _parts(email: str) -> tuple[str, str]:
    local, _, host = email.partition("@")
    return local, host


def _turned(name: str) -> str:
    first, *rest = name.split()
    return f"{' '.join(rest)}, {first}" if rest else name


def _tagged_within(text: str) -> str:
    middle = len(text) // 2
    return f"{text[:middle]}<wbr>{text[middle:]}"


def _misread(text: str) -> str:
    return text.encode().decode("latin-1")


def _card(holder: Contact) -> str:
    street = ", ".join(holder.street)
    return (
        f"{holder.name}; {holder.organization}; {street}; {holder.postal_code} {holder.city}; {holder.email}"
    )


FORMS: dict[str, Plant] = {
    "as it is": lambda who: who.name,
    "upper case": lambda who: who.name.upper(),
    "without accents": lambda who: fold(who.name),
    "full width": lambda who: _wide(who.name),
    "family name first": lambda who: _turned(who.name),
    "letter by letter": lambda who: " ".join(who.name.replace(" ", "")),
    "soft hyphens": lambda who: "\u00ad".join(who.name),
    "split by a tag": lambda who: _tagged_within(who.name),
    "bold, in HTML": lambda who: f"<b>{who.name.replace(' ', '</b> <i>')}</i>",
    "entities": lambda who: _entities(who.name),
    "escapes of JSON": lambda who: "".join(f"\\u{ord(char):04x}" for char in who.name if ord(char) < 0x10000),
    "encoded word": lambda who: Header(who.name, "utf-8").encode(),
    "UTF-8 taken for Latin-1": lambda who: _misread(who.name),
    "name in base64": lambda who: _base64(who.name),
    "organisation": lambda who: who.organization,
    "street": lambda who: who.street[0],
    "street in percent": lambda who: quote(who.street[0]),
    "postal code and city": lambda who: f"{who.postal_code} {who.city}",
    "mailbox in upper case": lambda who: who.email.upper(),
    "mailbox with a tag": lambda who: who.email.replace("@", "+domains@"),
    "mailbox with at and dot": lambda who: who.email.replace("@", " [at] ").replace(".", " [dot] "),
    "mailbox in percent": lambda who: quote_plus(f"mailto:{who.email}"),
    "mailbox in entities": lambda who: _entities(who.email),
    "mailbox in A-labels": lambda who: f"{_parts(who.email)[0]}@{idna.encode(_parts(who.email)[1]).decode()}",
    "mailbox split by a tag": lambda who: _tagged_within(who.email),
    "phone by spaces": lambda who: f"+{_grouped(_digits(who.phone), ' ')}",
    "phone at home": lambda who: f"0{_grouped(_national(who.phone), '/', 2)}",
    "phone by dashes, 00 before": lambda who: f"00{_grouped(_digits(who.phone), '-', 4)}",
    "everything in base64": lambda who: _base64(_card(who)),
    "everything quoted-printable": lambda who: quopri.encodestring(_card(who).encode()).decode().strip(),
}


def can_be_planted(who: Contact) -> bool:
    """Whether each of the fields says something inside of a text: shorter ones count as whole values only."""
    long = all(
        len(text.split()) > 1 and sum(map(str.isalpha, text)) > 5
        for text in (who.name, who.organization, who.street[0])
    )
    return long and who.phone.startswith("+") and len(_national(who.phone)) > 6


def places(document: Document) -> list[int]:
    """Return the lines of an answer where something can be planted; RDAP needs a member that is a string."""
    lines = document.raw.split("\n")
    if document.source == "whois":
        return list(range(len(lines)))
    return [at for at, line in enumerate(lines) if '": "' in line and line.rstrip(" ,\r").endswith('"')]


def planted(document: Document, text: str, chance: random.Random) -> tuple[Document, int]:
    """Return an answer with a text at a place by chance, and the number of the line where it begins.

    In WHOIS it is a line or the end of one, in RDAP the value of a member that was there.
    """
    lines = document.raw.split("\n")
    place = chance.choice(places(document))
    if document.source == "rdap":
        head = lines[place].partition('": "')[0]
        comma = "," if lines[place].rstrip().endswith(",") else ""
        lines[place] = f'{head}": {json.dumps(text, ensure_ascii=chance.random() < 0.5)}{comma}'
    elif chance.random() < 0.5:
        lines.insert(place, f"{chance.choice(_LABELS)}{text}")
    else:
        lines[place] = f"{lines[place].rstrip()} {text}"
    return Document(document.source, "\n".join(lines)), place + 1


_LABELS = ("", "Registrant: ", "address.......... ", "[Holder] ", "% ", "   ", "contact:\t")

# What is repeated to fill an answer that shall keep a detector busy.
HOSTILE = (
    ":", "\n", ",", "a", " ", "(", "1 ", "a:", "[", "\\", "&", "\u0301", ". . ", "é", "é\n", "王", "ﷺ", "=",
    "=41", "=\n", "%41", "&#65;", "&#", "<", "<a>", "<!--", "=?utf-8?b?YWFh?= ", "Wm9lYWFh ", "aa\n", "41",
    "\\u0041", "\\101", "Ã«", '"', '{"a":', "\x00", "&eacute;%C3%A9=C3=A9\\u00e9<b>é",
    "".join(f"xn--{number * 7919}a " for number in range(4000)),
)  # fmt: skip
