"""Text in the parameters of the DSN extension: xtext (RFC 3461 section 4), addresses of RFC 6533 section 3.

What is decoded goes into reports later on, so control characters are refused, encoded or not.
"""

import re

_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")
_HEXCHAR = re.compile(r"\+([0-9A-F]{2})")
_ADDRESS_TYPE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?")
_UTF8_ADDRESS = re.compile(r"(?:[!-*,-<>-\[\]-~\u0080-\U0010ffff]|\\x\{[0-9A-F]{2,6}\})+")
_POINT = re.compile(r"\\x\{([0-9A-F]+)\}")
_MUST_BE_ENCODED = frozenset(" +=\\")
_LAST_OF_ASCII = 0x7F
_MAX_ORCPT_OCTETS = 500  # RFC 3461 section 4.2


def xtext(encoded: str, max_octets: int) -> str:
    """Decode xtext to printable ASCII, spaces included.

    Raises:
        ValueError: It is empty, too long, not xtext, or hides something else than that.
    """
    if len(encoded) > max_octets or not _XTEXT.fullmatch(encoded):
        raise ValueError("not xtext, or too long")
    return _printable(_HEXCHAR.sub(lambda found: chr(int(found[1], 16)), encoded), ascii_only=True)


def original_recipient(encoded: str) -> str:
    """Decode the value of ORCPT to `type;address`, the type in lower case.

    Raises:
        ValueError: It breaks the grammar of its type, or is too long.
    """
    address_type, semicolon, address = encoded.partition(";")
    if not semicolon or not _ADDRESS_TYPE.fullmatch(address_type) or len(encoded) > _MAX_ORCPT_OCTETS:
        raise ValueError("not an address with its type")
    kind = address_type.lower()
    decoded = _utf8_address(address) if kind == "utf-8" else xtext(address, _MAX_ORCPT_OCTETS)
    return f"{kind};{decoded}"


def _utf8_address(encoded: str) -> str:
    if not _UTF8_ADDRESS.fullmatch(encoded):
        raise ValueError("neither utf-8-addr-xtext nor utf-8-addr-unitext")
    return _printable(_POINT.sub(lambda found: _character(found[1]), encoded), ascii_only=False)


def _character(point: str) -> str:
    """Return the character of a HEXPOINT: one that cannot stand for itself, in its shortest form."""
    value = int(point, 16)
    if point != f"{value:02X}" or value > 0x10FFFF or 0xD800 <= value <= 0xDFFF:  # noqa: PLR2004 - of Unicode
        raise ValueError("no such code point")
    if value < _LAST_OF_ASCII and chr(value) not in _MUST_BE_ENCODED:
        raise ValueError("a character that needs no encoding, or may not be there at all")
    return chr(value)


def _printable(text: str, *, ascii_only: bool) -> str:
    if not text.isprintable() or (ascii_only and not text.isascii()):
        raise ValueError("not printable")
    return text
