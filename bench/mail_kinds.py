"""Messages of 4 KiB as they come to domain owners: plain text twice, a newsletter, text in base64.

Each has a text of its own. A letter has the header of one that was handed over directly; the others have
about 30 fields, as mail has that passed three hosts.
"""

import random
from base64 import encodebytes
from collections.abc import Callable

OCTETS = 4096
_WORDS = """
domain name offer price transfer escrow service bakery bridge garden letter answer week month office
owner project website team music travel school paper winter spring mountain lake please would could
should think write call meet talk about with from into over under between happy early short long
quiet green open small large new old first second next last several
""".split()  # noqa: SIM905 - a list of words reads better as text
_SIGNATURE = (
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=offers.example; s=mail;\r\n"
    "\th=From:To:Subject:Date:Message-ID:MIME-Version:Content-Type;\r\n"
    "\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\tb=" + "\r\n\t ".join(["Ab3d" * 18] * 4) + "\r\n"
)
_EXTRA = {
    "X-Mailer": "Letter 7.2",
    "User-Agent": "Letter/7.2",
    "Accept-Language": "en-US",
    "Content-Language": "en-US",
    "X-Priority": "3",
    "Importance": "normal",
    "X-Originating-IP": "[192.0.2.7]",
    "X-Report-Abuse": "https://offers.example/abuse",
    "Feedback-ID": "4711:offers",
    "X-Entity-ID": "c5d0b7",
    "List-Unsubscribe": "<https://offers.example/u/4711>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "Authentication-Results": "mx.offers.example; spf=pass smtp.mailfrom=offers.example; dkim=pass",
    "ARC-Seal": "i=1; a=rsa-sha256; t=1; cv=none; d=offers.example; s=arc; b=AAAA",
    "ARC-Message-Signature": "i=1; a=rsa-sha256; c=relaxed/relaxed; d=offers.example; s=arc; bh=AA; b=AA",
    "ARC-Authentication-Results": "i=1; mx.offers.example; spf=pass",
    "Thread-Topic": "Your domain",
    "Thread-Index": "AdoAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
}


def messages(kind: str, count: int, recipient: str) -> list[bytes]:
    """Return so many messages of a kind of `KINDS`; the same arguments give the same messages."""
    return [_of_size(KINDS[kind], f"bench-{kind}-{number}", recipient) for number in range(count)]


def _of_size(make: Callable[[str, str, random.Random, int], str], ident: str, recipient: str) -> bytes:
    """Give it as many lines as fit into 4 KiB; never fewer than four."""
    raw = b""
    for lines in range(4, 60, 2):
        longer = make(ident, recipient, random.Random(f"{ident}{lines}"), lines).encode()  # noqa: S311 - texts
        if raw and len(longer) > OCTETS:
            break
        raw = longer
    return raw


def _head(ident: str, recipient: str, content_type: str, encoding: str) -> str:
    trace, extra = _travelled()
    return (
        f"{trace}{_SIGNATURE}{_own_fields(ident, recipient)}{extra}"
        f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )


def _own_fields(ident: str, recipient: str) -> str:
    return (
        f"From: Ada Buyer <ada@offers.example>\r\nTo: {recipient}\r\n"
        f"Subject: Your domain, {ident}\r\nDate: Mon, 1 Jun 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{ident}@offers.example>\r\nMIME-Version: 1.0\r\n"
    )


def _travelled() -> tuple[str, str]:
    trace = "".join(
        f"Received: from out{hop}.offers.example (out{hop}.offers.example [192.0.2.{hop}])\r\n"
        f"\tby mx{hop}.offers.example (Postfix) with ESMTPS id 4F{hop}A7XYZ0123;"
        " Mon, 1 Jun 2026 10:00:00 +0000\r\n"
        for hop in range(1, 4)
    )
    return trace, "".join(f"{name}: {value}\r\n" for name, value in _EXTRA.items())


def _sentences(chance: random.Random, count: int) -> list[str]:
    return [" ".join(chance.choices(_WORDS, k=11)).capitalize() + "." for _ in range(count)]


def _letter(ident: str, recipient: str, chance: random.Random, lines: int) -> str:
    head = _SIGNATURE + _own_fields(ident, recipient) + "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    return head + "".join(f"{line}\r\n" for line in _sentences(chance, lines))


def _plain(ident: str, recipient: str, chance: random.Random, lines: int) -> str:
    return _head(ident, recipient, "text/plain; charset=utf-8", "8bit") + "".join(
        f"{line}\r\n" for line in _sentences(chance, lines)
    )


def _newsletter(ident: str, recipient: str, chance: random.Random, lines: int) -> str:
    sentences = _sentences(chance, lines // 2)
    cells = "".join(
        f'<tr><td style="padding:8px;color:#333333"><p>{line}</p>'
        f'<a href="https://www.offers.example/a/{at}?u={ident}">read more</a></td></tr>\r\n'
        for at, line in enumerate(sentences)
    )
    return (
        _head(ident, recipient, 'multipart/alternative; boundary="=_bench"', "7bit")
        + "--=_bench\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        + "".join(f"{line}\r\n" for line in sentences)
        + "--=_bench\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><head><title>News</title></head>"
        + f'<body bgcolor="#ffffff"><table width="600">{cells}</table>'
        + '<img src="https://www.offers.example/logo.png" alt=""></body></html>\r\n--=_bench--\r\n'
    )


def _base64(ident: str, recipient: str, chance: random.Random, lines: int) -> str:
    text = "".join(f"{line} Grüße.\r\n" for line in _sentences(chance, lines))
    body = encodebytes(text.encode()).decode().replace("\n", "\r\n")
    return _head(ident, recipient, "text/plain; charset=utf-8", "base64") + body


KINDS: dict[str, Callable[[str, str, random.Random, int], str]] = {
    "letter": _letter,
    "plain": _plain,
    "newsletter": _newsletter,
    "base64": _base64,
}
