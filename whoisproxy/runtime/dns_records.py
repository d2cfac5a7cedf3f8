"""DNS records as lines of a zone file (RFC 1035 section 5.1), for operators to publish."""

_STRING_OCTETS = (
    255  # RFC 1035 section 3.3: a character-string is no longer; RFC 7208 3.3 and 6376 3.6.2.2 join them
)


def txt_line(name: str, text: str) -> str:
    """Return a TXT record; a long text as several strings, which its readers join."""
    pieces = [text[at : at + _STRING_OCTETS] for at in range(0, len(text), _STRING_OCTETS)] or [""]
    quoted = " ".join(f'"{_escaped(piece)}"' for piece in pieces)
    return f"{name}. TXT {quoted}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
