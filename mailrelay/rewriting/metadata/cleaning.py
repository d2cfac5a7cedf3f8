"""The table of what becomes of which kind of file."""

from collections.abc import Callable
from typing import NoReturn

from mailrelay.rewriting.metadata.archive import cleaned_gzip, cleaned_tar, cleaned_zip
from mailrelay.rewriting.metadata.gif import cleaned_gif
from mailrelay.rewriting.metadata.html import cleaned_html
from mailrelay.rewriting.metadata.jpeg import cleaned_jpeg
from mailrelay.rewriting.metadata.jpx import cleaned_jpx
from mailrelay.rewriting.metadata.kind import Kind, kind_of
from mailrelay.rewriting.metadata.nesting import MOST_OCTETS, Budget, Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned, Dropped
from mailrelay.rewriting.metadata.pdf import cleaned_pdf
from mailrelay.rewriting.metadata.pictures import cleaned_bmp, cleaned_tiff
from mailrelay.rewriting.metadata.png import cleaned_png
from mailrelay.rewriting.metadata.rtf import cleaned_rtf
from mailrelay.rewriting.metadata.svg import cleaned_svg
from mailrelay.rewriting.metadata.text import cleaned_text
from mailrelay.rewriting.metadata.webp import cleaned_webp

_CLEANERS: dict[Kind, Callable[[bytes, str, Nesting], Cleaned]] = {
    Kind.JPEG: cleaned_jpeg,
    Kind.PNG: cleaned_png,
    Kind.GIF: cleaned_gif,
    Kind.WEBP: cleaned_webp,
    Kind.TIFF: cleaned_tiff,
    Kind.BMP: cleaned_bmp,
    Kind.JPEG_2000: cleaned_jpx,
    Kind.SVG: cleaned_svg,
    Kind.PDF: cleaned_pdf,
    Kind.ZIP: cleaned_zip,
    Kind.GZIP: cleaned_gzip,
    Kind.TAR: cleaned_tar,
    Kind.RTF: cleaned_rtf,
    Kind.HTML: cleaned_html,
    Kind.XML: cleaned_text,
    Kind.TEXT: cleaned_text,
    Kind.EMPTY: cleaned_text,
}
_DROPPED: dict[Kind, str] = {
    Kind.PGP: "openpgp",
    Kind.CMS: "cms",
    Kind.CERTIFICATE: "certificate",
    Kind.KEY: "key",
    Kind.TNEF: "tnef",
    Kind.VCARD: "vcard",
    Kind.CALENDAR: "calendar",
    Kind.MESSAGE: "nested-message",
    Kind.APPLE_DOUBLE: "apple-double",
    Kind.FOLDER_VIEW: "folder-view",
    Kind.SHORTCUT: "shortcut",
}
_NOBODY_CLEANS: dict[Kind, str] = {
    Kind.HEIF: "heif-picture",
    Kind.ARCHIVE: "archive-format",
    Kind.SOUND_OR_FILM: "sound-or-film",
    Kind.EXECUTABLE: "executable",
    Kind.UNKNOWN: "unknown-format",
}
# Names of streams in compound files ([MS-CFB], [MS-OXMSG], [MS-OFFCRYPTO]) stand in UTF-16.
_OUTLOOK_MESSAGE = "__substg1.0_".encode("utf-16-le")
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")


def cleaned(content: bytes, declared_type: str, name: str) -> Cleaned:  # noqa: ARG001 - see below
    """Return an attachment without metadata.

    Args:
        content: Octets of the file, decoded from its transfer encoding.
        declared_type: Part of the interface so that no caller judges by it; nothing here does.
        name: Of the file; it only labels text as CSV, Markdown and the like.

    Raises:
        Dropped: It is of a kind that is never passed on.
        CannotClean: Nothing here can clean it; the owner is asked.
    """
    if len(content) > MOST_OCTETS:
        raise CannotClean("too-large")
    return _cleaned(content, name, Nesting(Budget.of(len(content)), _cleaned))


def _cleaned(content: bytes, name: str, nesting: Nesting) -> Cleaned:
    kind = kind_of(content)
    if kind in _DROPPED:
        raise Dropped(_DROPPED[kind])
    if kind is Kind.OLE:
        _judge_compound_file(content)
    if kind in _NOBODY_CLEANS:
        raise CannotClean(_NOBODY_CLEANS[kind])
    return _CLEANERS[kind](content, name, nesting)


def _judge_compound_file(content: bytes) -> NoReturn:
    if _OUTLOOK_MESSAGE in content:
        raise Dropped("nested-message")
    raise CannotClean("encrypted" if _ENCRYPTED_PACKAGE in content else "legacy-office")
