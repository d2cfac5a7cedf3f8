"""Tell what octets really are, by magic numbers and structure; names and declared types are not asked.

A table of our own: libmagic and its like answer with a thousand kinds, none of them made to tell a
visiting card or a detached signature from text, and every kind that is not in this table is handled in
one way, the owner is asked.
"""

import re
from enum import StrEnum


class Kind(StrEnum):
    """What an attachment is."""

    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"
    TIFF = "tiff"
    BMP = "bmp"
    JPEG_2000 = "jpeg-2000"
    HEIF = "heif"
    SVG = "svg"
    PDF = "pdf"
    ZIP = "zip"
    OLE = "ole"
    RTF = "rtf"
    GZIP = "gzip"
    TAR = "tar"
    TEXT = "text"
    HTML = "html"
    XML = "xml"
    EMPTY = "empty"
    ARCHIVE = "archive"
    SOUND_OR_FILM = "sound-or-film"
    EXECUTABLE = "executable"
    MESSAGE = "message"
    CALENDAR = "calendar"
    VCARD = "vcard"
    TNEF = "tnef"
    PGP = "pgp"
    CERTIFICATE = "certificate"
    CMS = "cms"
    KEY = "key"
    APPLE_DOUBLE = "apple-double"
    FOLDER_VIEW = "folder-view"
    SHORTCUT = "shortcut"
    UNKNOWN = "unknown"


_HEAD = 4096  # octets; what text is stands in its first lines
BYTE_ORDERS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

# Offset and octets; the first that fits decides.
_MAGIC: tuple[tuple[Kind, int, bytes], ...] = (
    (Kind.JPEG, 0, b"\xff\xd8\xff"),
    (Kind.PNG, 0, b"\x89PNG\r\n\x1a\n"),
    (Kind.GIF, 0, b"GIF87a"),
    (Kind.GIF, 0, b"GIF89a"),
    (Kind.TIFF, 0, b"II*\0"),
    (Kind.TIFF, 0, b"MM\0*"),
    (Kind.TIFF, 0, b"II+\0"),
    (Kind.TIFF, 0, b"MM\0+"),
    (Kind.JPEG_2000, 0, b"\0\0\0\x0cjP  "),
    (Kind.JPEG_2000, 0, b"\xff\x4f\xff\x51"),
    (Kind.OLE, 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    (Kind.RTF, 0, b"{\\rt"),
    (Kind.TNEF, 0, b"\x78\x9f\x3e\x22"),
    (Kind.ZIP, 0, b"PK\x03\x04"),
    (Kind.ZIP, 0, b"PK\x05\x06"),
    (Kind.ZIP, 0, b"PK\x07\x08PK\x03\x04"),
    (Kind.GZIP, 0, b"\x1f\x8b\x08"),
    (Kind.TAR, 257, b"ustar"),
    (Kind.ARCHIVE, 0, b"7z\xbc\xaf\x27\x1c"),
    (Kind.ARCHIVE, 0, b"Rar!\x1a\x07"),
    (Kind.ARCHIVE, 0, b"\xfd7zXZ\0"),
    (Kind.ARCHIVE, 0, b"BZh"),
    (Kind.ARCHIVE, 0, b"\x28\xb5\x2f\xfd"),
    (Kind.ARCHIVE, 0, b"MSCF\0\0\0\0"),
    (Kind.ARCHIVE, 0, b"ITSF\x03\0\0\0"),
    (Kind.ARCHIVE, 0, b"!<arch>\n"),
    (Kind.ARCHIVE, 0x8001, b"CD001"),
    (Kind.EXECUTABLE, 0, b"\x7fELF"),
    (Kind.EXECUTABLE, 0, b"\xca\xfe\xba\xbe"),
    (Kind.EXECUTABLE, 0, b"\xcf\xfa\xed\xfe"),
    (Kind.EXECUTABLE, 0, b"\xce\xfa\xed\xfe"),
    (Kind.EXECUTABLE, 0, b"\0asm"),
    (Kind.SOUND_OR_FILM, 0, b"ID3"),
    (Kind.SOUND_OR_FILM, 0, b"fLaC"),
    (Kind.SOUND_OR_FILM, 0, b"OggS"),
    (Kind.SOUND_OR_FILM, 0, b"MThd\0\0"),
    (Kind.SOUND_OR_FILM, 0, b"FORM"),
    (Kind.SOUND_OR_FILM, 0, b"RIFF"),
    (Kind.SOUND_OR_FILM, 0, b"FLV\x01"),
    (Kind.SOUND_OR_FILM, 0, b"#!AMR"),
    (Kind.SOUND_OR_FILM, 0, b"\x1a\x45\xdf\xa3"),
    (Kind.SOUND_OR_FILM, 0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    (Kind.APPLE_DOUBLE, 0, b"\0\x05\x16\x07"),
    (Kind.APPLE_DOUBLE, 0, b"\0\x05\x16\0"),
    (Kind.FOLDER_VIEW, 0, b"\0\0\0\x01Bud1"),
    (Kind.SHORTCUT, 0, b"L\0\0\0\x01\x14\x02\0"),
    (Kind.KEY, 0, b"\xfe\xed\xfe\xed"),
)
# ISO/IEC 14496-12 section 4.3: the brand follows "ftyp".
_PICTURE_BRANDS = frozenset(
    (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
)
# ISO 32000-1 annex H.3.4.1: readers take the header anywhere in the first 1024 octets.
_PDF = re.compile(rb"[\s\S]{0,1019}?%PDF-")
_MPEG_AUDIO = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x10-\xef]")
_ADTS = re.compile(rb"\xff[\xf0\xf1\xf8\xf9][\x40-\x7f]")
# RFC 9580 section 4.2: keys, signatures, encrypted messages, the marker, with plausible versions, algorithms.
_OPENPGP = re.compile(
    rb"(?:[\x94-\x95\x98-\x99\xc5\xc6].{1,5}?[\x03\x04\x06].{4}[\x01-\x16\x19-\x1c]"
    rb"|[\x88-\x89\xc2].{1,3}?[\x03\x04\x06][\x00-\x50][\x01-\x16\x19-\x1c][\x01-\x0e]"
    rb"|[\x84-\x85\xc1].{1,3}?\x03.{8}[\x01-\x16\x19-\x1c]"
    rb"|[\xa3\xc8][\x00-\x03].{2}|\xca\x03PGP|[\x8c\xc3].\x04[\x01-\x0e][\x00-\x04])",
    re.DOTALL,
)
_BINARIES = (
    (Kind.PDF, _PDF),
    (Kind.BMP, re.compile(rb"BM.{4}\0{4}", re.DOTALL)),
    (Kind.EXECUTABLE, re.compile(rb"MZ")),
    (Kind.PGP, _OPENPGP),
    (Kind.SOUND_OR_FILM, _MPEG_AUDIO),
    (Kind.SOUND_OR_FILM, _ADTS),
)
_FIRST_OID_WITHIN = 18  # octets; that of PKCS #12 (RFC 7292), which begins alike, stands further in
_CMS_OID = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"

# What may stand before the first element; each piece is taken once, or a row of comments takes for ever.
_COMMENTS = r"(?>\s+|<\?[^>]*>|<!--[\s\S]*?-->)*+"
_PROLOG = r"(?>\s+|<\?[^>]*>|<!--[\s\S]*?-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>)*+"
# What text may be, by its first lines; the first that fits decides.
_TEXTS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (Kind.PGP, r"\s*-----BEGIN PGP"),
        (Kind.CMS, r"\s*-----BEGIN (?:PKCS7|CMS)"),
        (Kind.CERTIFICATE, r"\s*-----BEGIN (?:TRUSTED |X509 )?(?:CERTIFICATE|NEW CERTIFICATE|X509)"),
        (Kind.CERTIFICATE, r"\s*(?:Bag Attributes|Certificate:)\s*\n"),
        (Kind.KEY, r"\s*-----BEGIN [A-Z0-9 ]*(?:KEY|PARAMETERS)|\s*---- BEGIN SSH2|PuTTY-User-Key-File-"),
        (Kind.KEY, r"\s*(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-\S+@openssh\.com) AAAA"),
        (Kind.VCARD, r"\s*BEGIN:VCARD\s"),
        (Kind.CALENDAR, r"\s*BEGIN:(?:VCALENDAR|ICALENDAR|VEVENT|VTODO|VFREEBUSY)\s"),
        (Kind.SVG, _PROLOG + r"<(?:\w+:)?svg[\s>:/]"),
        (Kind.HTML, _COMMENTS + r"<!DOCTYPE\s+html"),
        (Kind.HTML, _PROLOG + r"<(?:html|head|body|title|meta|style)[\s/>]"),
        (Kind.XML, r"\s*<\?xml\s"),
        (Kind.SHORTCUT, r"\s*\[InternetShortcut\]|\s*\[Desktop Entry\]"),
    )
)
# RFC 5322 section 2.2: several fields in a row, two of them such as mail systems write.
_FIELD = re.compile(r"([!-9;-~]{1,60}):(?:[ \t]|$)[^\n]*(?:\n[ \t][^\n]*)*\n?")
_OF_MAIL = frozenset(
    [
        "from",
        "date",
        "to",
        "subject",
        "received",
        "return-path",
        "message-id",
        "mime-version",
        "content-type",
        "delivered-to",
        "dkim-signature",
        "reply-to",
        "sender",
        "x-mailer",
        "user-agent",
        "content-transfer-encoding",
    ]
)
_MAIL_FIELDS = 3
# Lines in text that begin what is never passed on.
_WITHIN = re.compile(
    r"^[ \t>]*(?:-----BEGIN |BEGIN:V(?:CARD|CALENDAR)|begin [0-7]{3} \S)", re.IGNORECASE | re.MULTILINE
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def kind_of(content: bytes) -> Kind:
    """Return what the octets are; whatever they are, there is an answer."""
    if not content:
        return Kind.EMPTY
    for kind, offset, octets in _MAGIC:
        if content.startswith(octets, offset) and not _is_a_word(kind, octets, content):
            return Kind.WEBP if octets == b"RIFF" and content[8:12] == b"WEBP" else kind
    text = as_text(content)
    if text is None:
        return _of_binary(content)
    if _PDF.match(content):
        return Kind.PDF
    return _of_text(text)


def _is_a_word(kind: Kind, octets: bytes, content: bytes) -> bool:
    """Say whether a text begins with letters that are a magic number elsewhere, as "ID3" or "FORM"."""
    return kind is not Kind.RTF and octets.isalnum() and as_text(content) is not None


def as_text(content: bytes) -> str | None:
    """Return the text that the octets are, in Unicode with lines that end in LF, or None."""
    charset = next((name for mark, name in BYTE_ORDERS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(charset)
    except ValueError:
        # Some charset of eight bits, or of East Asia: none of them has controls in its text.
        text = content.decode("latin-1")
    if _CONTROLS.search(text):
        return None
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def holds_what_is_never_passed_on(text: str) -> bool:
    """Say whether a key, a signature, a visiting card or the like stands among the lines of a text."""
    return _WITHIN.search(text) is not None


def _of_binary(content: bytes) -> Kind:
    if content[4:8] == b"ftyp":
        return Kind.HEIF if content[8:12] in _PICTURE_BRANDS else Kind.SOUND_OR_FILM
    if content[:1] == b"\x30" and (kind := _of_der(content)):
        return kind
    return next((kind for kind, pattern in _BINARIES if pattern.match(content)), Kind.UNKNOWN)


def _of_der(content: bytes) -> Kind | None:
    """Tell what one ASN.1 SEQUENCE that fills the file is (X.690): a certificate, a key, CMS (RFC 5652)."""
    if _CMS_OID in content[:_FIRST_OID_WITHIN]:
        return Kind.CMS
    first = content[1:2]
    if first < b"\x80":
        end = 2 + first[0] if first else 0
    else:
        octets = first[0] & 0x7F
        end = 2 + octets + int.from_bytes(content[2 : 2 + octets], "big") if octets else len(content)
    return Kind.CERTIFICATE if end == len(content.rstrip(b"\r\n")) or end == len(content) else None


def _of_text(text: str) -> Kind:
    head = text[:_HEAD]
    for kind, pattern in _TEXTS:
        if pattern.match(head):
            return kind
    return Kind.MESSAGE if _is_mail(head) else Kind.TEXT


def _is_mail(head: str) -> bool:
    position = 0
    names: list[str] = []
    # An mbox begins each message with a line of its own.
    head = re.sub(r"\A\s*(?:>?From \S+[^\n]*\n)?", "", head)
    while len(names) < 3 * _MAIL_FIELDS and (field := _FIELD.match(head, position)):
        names.append(field[1].lower())
        position = field.end()
    return len(names) >= _MAIL_FIELDS and len(_OF_MAIL.intersection(names)) >= _MAIL_FIELDS
