"""Tag lists as DKIM and DMARC write them: `v=DKIM1; k=rsa; p=...` (RFC 6376 section 3.2)."""

_MAX_TAGS = 100  # some ten are in use


def parse_tags(text: str) -> dict[str, str] | None:
    """Return tags by name (names keep their case), or None where the text is no tag list.

    A tag that occurs twice makes the whole list invalid (RFC 6376 section 3.2), and so do more tags than
    anybody uses.
    """
    # Unfolded, not joined: only values that may hold blanks may be folded.
    pieces = text.replace("\r\n", "").split(";", _MAX_TAGS)
    if not pieces[-1].strip():
        pieces.pop()
    tags: dict[str, str] = {}
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name = name.strip()
        if not equals or name in tags or not _is_name(name):
            return None
        tags[name] = value.strip()
    return tags if len(pieces) <= _MAX_TAGS else None


def _is_name(text: str) -> bool:
    # RFC 6376 section 3.2: a letter, then letters, digits and underscores: nearly what Python calls a name.
    return text.isidentifier() and text.isascii() and text[0] != "_"
