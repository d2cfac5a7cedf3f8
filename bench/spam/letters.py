"""Letters to domain owners, honest and not, made from templates of our own: `templates/*.toml`.

`[a|b]` is one of several, `[|x]` may be missing, and names in braces are slots. Choices may stand in choices.
All letters have headers and bodies of the same kinds in the same shares, so that only what they say and
where their links lead tells one class from the other. A file is named by class, language and, maybe, topic.
"""

import base64
import quopri
import random
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.spam.sample import Sample

FOLDER = Path(__file__).parent / "templates"
_LINK = re.compile(r"https?://\S+")
_BUTTON = r'<a href="\g<0>" style="background:#06c;color:#fff">\g<0></a>'
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_NAMES = (
    *("Anna Berg", "John Miller", "Marta Rossi", "Luc Moreau", "Elena Garcia", "Peter Novak", "Grace Lee"),
    *("Tom Fischer", "Sara Conti", "Paul Dubois", "Ines Romero", "David Chen", "Ruth Klein", "Omar Haddad"),
    *("Julia Weber", "Mark Evans", "Nina Popova", "Carlos Ruiz", "Emma Wilson", "Rajesh Kumar", "Hugo Lopez"),
    *("Linda Brown", "Kevin Zhang", "Alice Martin", "Ben Schulz", "Claire Petit"),
)
_WORDS = (
    *("nordlicht", "bluefin", "casaverde", "petitfour", "montalto", "riverstone", "alpenblick", "sunfield"),
    *("cyberloft", "veloworld", "papillon", "goldhorn", "lindenhof", "portobello", "smartbox", "greenleaf"),
    *("tavolino", "maremar", "foxglove", "brightpath", "kupferkanne", "zephyr"),
)
_ENDINGS = ("com", "net", "org", "de", "fr", "it", "es", "eu", "info", "shop")
_FORMS = ("GmbH", "Ltd", "Inc.", "SARL", "S.r.l.", "S.L.", "& Partners", "Media")
_FREE_MAIL = ("gmail.com", "outlook.com")
_OFFICES = ("info", "support", "no-reply", "service", "noreply", "contact", "notifications")
_LURES = (
    *(
        "https://{word}-{number}.web.app/",
        "https://bit.ly/{word}{number}",
        "http://{word}.{ending}/wp-includes/{number}/",
    ),
    *(
        "https://secure-{word}.{ending}/login?id={number}",
        "https://storage.{word}.{ending}/{number}/index.html",
    ),
    *(
        "https://{word}.{ending}/{number}",
        "http://www.{word}-{number}.{ending}/x/",
        "https://{word}.top/r/{number}",
    ),
)
_COUNTRIES = {"de": "de", "en": "com", "fr": "fr", "it": "it", "es": "es"}


def written(each: int, seed: int = 1) -> list[Sample]:
    """Return `each` letters of every template; the same seed makes the same letters."""
    chance = random.Random(seed)  # noqa: S311 - variety, no secret
    samples: list[Sample] = []
    for path in sorted(FOLDER.glob("*.toml")):
        kind, language = path.stem.split("_")[:2]
        templates = tomllib.loads(path.read_text("utf-8"))["letter"]
        for number, template in enumerate(templates):
            group = f"{language}/{template['kind']}/{path.stem}/{number}"
            for _ in range(each):
                raw = _letter(template, language, chance)
                samples.append(Sample(raw, kind == "spam", f"letters-{kind}", group))
    return samples


def _letter(template: Mapping[str, str], language: str, chance: random.Random) -> bytes:
    slots = _slots(language, chance, office=template.get("from") == "company")
    subject = _filled(template["subject"], slots, chance)
    text = _filled(template["text"], slots, chance)
    body, fields = chance.choice(_ENCODINGS)(text, chance)
    domain = slots["mail"].partition("@")[2]
    host = chance.choice((domain, f"mail.{domain}", "mx7.mailhost.example", domain))
    header = (
        f"From: {chance.choice((slots['sender'], slots['company'], slots['sender']))} <{slots['mail']}>\r\n"
        f"Subject: {subject}\r\nMessage-ID: <{chance.randrange(10**12)}@{host}>\r\n"
        f"MIME-Version: 1.0\r\n{fields}"
    )
    return header.encode() + b"\r\n" + body


def _filled(template: str, slots: Mapping[str, str], chance: random.Random) -> str:
    while found := _CHOICE.search(template):
        picked = chance.choice(found[1].split("|"))
        template = template[: found.start()] + picked + template[found.end() :]
    return template.format_map(slots)


def _slots(language: str, chance: random.Random, *, office: bool) -> dict[str, str]:
    word, other, third = chance.sample(_WORDS, 3)
    day, month, year = chance.randrange(1, 29), chance.randrange(1, 13), chance.randrange(2015, 2027)
    sender = chance.choice(_NAMES)
    number = str(chance.randrange(1000, 10**6))
    ending = chance.choice((_COUNTRIES[language], *_ENDINGS))
    amount = chance.choice(("49", "89.90", "250", "1,500", "5.000", "20000", "12"))
    currency = chance.choice(("EUR {}", "{} EUR", "${}", "{} USD", "€{}"))
    host = f"{other}.{ending}"
    mail = f"{sender.split()[0].lower()}@{chance.choice((host, *_FREE_MAIL))}"
    return {
        "domain": f"{word}{chance.choice(('', '-online', 'shop', ''))}.{ending}",
        "domain2": f"{other}.{chance.choice(_ENDINGS)}",
        "word": word,
        "company": f"{other.capitalize()} {chance.choice(_FORMS)}",
        "sender": sender,
        "mail": f"{chance.choice(_OFFICES)}@{host}" if office else mail,
        "phone": f"+{chance.randrange(1, 99)} {chance.randrange(10**8, 10**9)}",
        "price": currency.format(amount),
        "number": number,
        "year": str(year),
        "date": chance.choice(
            (f"{day:02}.{month:02}.{year}", f"{day}/{month}/{year}", f"{year}-{month:02}-{day:02}")
        ),
        "date2": chance.choice((f"{day:02}.{month:02}.{year + 1}", f"{year + 1}-{month:02}-{day:02}")),
        "url": f"https://{chance.choice(('www.', 'my.', ''))}{host}/{chance.randrange(10**5)}",
        "lure": chance.choice(_LURES).format(word=third, number=number, ending=chance.choice(_ENDINGS)),
    }


def _plain(text: str, _: random.Random) -> tuple[bytes, str]:
    return text.encode(), 'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n'


def _base64(text: str, _: random.Random) -> tuple[bytes, str]:
    fields = 'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n'
    return base64.encodebytes(text.encode()), fields


def _html(text: str) -> str:
    paragraphs = "".join(f"<p>{line}</p>\r\n" for line in text.splitlines() if line.strip())
    return f"<html><body>{paragraphs}</body></html>"


def _html_only(text: str, _: random.Random) -> tuple[bytes, str]:
    return _html(text).encode(), 'Content-Type: text/html; charset="utf-8"\r\n'


def _both(text: str, chance: random.Random) -> tuple[bytes, str]:
    boundary = f"part-{chance.randrange(10**9)}"
    parts = (("plain", text), ("html", _html(text)))
    body = "".join(
        f'--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n\r\n{one}\r\n' for kind, one in parts
    )
    return (
        f"{body}--{boundary}--\r\n".encode(),
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n',
    )


def _designed(text: str, chance: random.Random) -> tuple[bytes, str]:
    """HTML as programs send it: a table, a logo, buttons, and a line for the preview that is not shown."""
    rows = "".join(
        f'<tr><td style="padding:8px;font-family:Arial">{_LINK.sub(_BUTTON, line)}</td></tr>\r\n'
        for line in text.splitlines()
        if line.strip()
    )
    logo = f'<img src="https://cdn.mailhost.example/{chance.randrange(10**6)}.png" width="120" alt="">'
    page = (
        f'<!DOCTYPE html><html><body><div style="display:none">{text.strip()[:60]}</div>'
        f'<table width="600" align="center"><tr><td>{logo}</td></tr>\r\n{rows}</table></body></html>'
    )
    fields = 'Content-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n'
    return quopri.encodestring(page.encode()), fields


_ENCODINGS: tuple[Callable[[str, random.Random], tuple[bytes, str]], ...] = (
    _plain,
    _plain,
    _both,
    _html_only,
    _designed,
    _base64,
)
