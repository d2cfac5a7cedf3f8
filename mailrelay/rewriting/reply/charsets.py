"""Decode text of any declared charset, and of none: as mail programs show it, never raising.

Names follow what senders mean by them (WHATWG Encoding): Latin-1 is windows-1252, GB 2312 is GB 18030.
"""

import re

# Names that Python does not know, or takes more strictly than senders do.
_MEANT = {
    "": "utf-8",
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "cp-850": "cp850",
    "unicode-1-1-utf-7": "utf-7",
    "utf8": "utf-8",
    "utf-8": "utf-8",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
}
# Codecs of Python that are no charsets of mail.
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "unicode-escape", "mbcs", "oem"}
)
# The mark of byte order belongs to the encoding, not to the text.
_CONTROLS = re.compile(r"\A\ufeff|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BYTE_ORDERS = (b"\xff\xfe", b"\xfe\xff")
_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)


def decode_text(octets: bytes, charset: str) -> str:
    """Return the text with LF line ends and without controls and half characters.

    Args:
        octets: With the transfer encoding undone.
        charset: As declared; empty where it is not.
    """
    marked = "utf-16" if octets.startswith(_BYTE_ORDERS) else charset
    text = _decoded(octets, marked.strip().strip("\"'").lower())
    text = text.encode("utf-8", "replace").decode("utf-8")  # UTF-7 can bring half characters
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def charset_of_html(octets: bytes) -> str:
    """Return what the document itself declares, empty where it does not."""
    found = _META.search(octets[:2048])
    return found[1].decode("ascii", "replace") if found else ""


def _decoded(octets: bytes, charset: str) -> str:
    for name in (_MEANT.get(charset, charset), "utf-8"):
        if name not in _NO_CHARSETS:
            try:
                return octets.decode(name)
            except (LookupError, ValueError):
                continue
    return octets.decode("cp1252", "replace")
