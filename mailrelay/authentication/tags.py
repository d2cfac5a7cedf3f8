"""Tag lists as DKIM and DMARC write them: `v=DKIM1; k=rsa; p=...` (RFC 6376 section 3.2)."""

import re

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def parse_tags(text: str) -> dict[str, str] | None:
    """Return tags by name (names keep their case), or None where the text is no tag list.

    A tag that occurs twice makes the whole list invalid (RFC 6376 section 3.2).
    """
    tags: dict[str, str] = {}
    pieces = text.split(";")
    if pieces and not pieces[-1].strip():
        pieces.pop()
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name = name.strip()
        if not equals or not _NAME.fullmatch(name) or name in tags:
            return None
        tags[name] = re.sub(r"\r?\n[ \t]+", "", value).strip()
    return tags
