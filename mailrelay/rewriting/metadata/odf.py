"""Clean OpenDocument files (ODF 1.3, ISO/IEC 26300).

Properties, settings (they hold the printer), thumbnails, authors of comments and changes, revision marks
and signatures go; pictures are cleaned like attachments. What the document shows stays as it is.
"""

import re

from lxml import etree

from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned, Dropped
from mailrelay.rewriting.metadata.package import packed, unpacked
from mailrelay.rewriting.metadata.xml import local_name, names_local_path, parsed, remove, serialised

MIMETYPE = "mimetype"
PREFIX = "application/vnd.oasis.opendocument."
_EXTENSIONS = {
    "text": ".odt",
    "spreadsheet": ".ods",
    "presentation": ".odp",
    "graphics": ".odg",
    "text-template": ".ott",
    "spreadsheet-template": ".ots",
    "presentation-template": ".otp",
}
_MANIFEST = "META-INF/manifest.xml"
_LEFT_OUT = re.compile(
    r"(?:.*/)?(?:meta\.xml|settings\.xml|layout-cache|manifest\.rdf)$"
    r"|(?:.*/)?(?:Thumbnails|Configurations2|ObjectReplacements)/|META-INF/.*signatures"
)
_MACROS = re.compile(r"(?:Basic|Scripts|Dialogs)/.")
_FONTS = re.compile(r"Fonts/.")
_ELEMENTS_LEFT_OUT = frozenset(("meta", "settings", "scripts", "creator-initials", "sender-initials"))
_WORD = "Author"
# Elements whose text names a person, a moment of his work or a file of his.
_TEXTS = {
    "creator": _WORD,
    "author-name": _WORD,
    "author-initials": "A",
    "initial-creator": _WORD,
    "printed-by": _WORD,
    "date-string": "",
    "file-name": "",
    "template-name": "",
}
_NO_DATE = "2000-01-01T00:00:00"
_ATTRIBUTES_LEFT_OUT = frozenset(("rsid", "paragraph-rsid"))
_DC = "{http://purl.org/dc/elements/1.1/}"


def cleaned_odf(content: bytes, _name: str, nesting: Nesting) -> Cleaned:
    """Return the document with its parts cleaned."""
    parts = dict(unpacked(content, nesting.budget))
    content_type = parts[MIMETYPE].decode("latin-1").strip()
    extension = _EXTENSIONS.get(content_type.removeprefix(PREFIX))
    if extension is None:
        raise CannotClean("office-format")
    if b"encryption-data" in parts.get(_MANIFEST, b""):
        raise CannotClean("encrypted")
    kept = {name: octets for name, octets in parts.items() if not _LEFT_OUT.match(name)}
    if any(_MACROS.match(name) for name in kept):
        raise CannotClean("macros")
    for name, octets in kept.items():
        kept[name] = _part(name, octets, kept, nesting)
    return Cleaned(packed(kept), content_type, extension)


def _part(name: str, octets: bytes, kept: dict[str, bytes], nesting: Nesting) -> bytes:
    if name == MIMETYPE:
        return octets.strip()
    if name.endswith("/") or _FONTS.match(name):
        return octets
    if name == _MANIFEST:
        return _manifest(octets, kept)
    if name.endswith(".xml"):
        root = parsed(octets)
        _clean_tree(root)
        return serialised(root)
    try:
        return nesting.cleaned(octets, name).content
    except Dropped:
        raise CannotClean("embedded-object") from None


def _manifest(octets: bytes, kept: dict[str, bytes]) -> bytes:
    root = parsed(octets)
    for entry in list(root):
        path = next((str(value) for key, value in entry.attrib.items() if local_name(key) == "full-path"), "")
        if path not in kept and not path.endswith("/"):
            remove(entry)
    return serialised(root)


def _clean_tree(root: etree._Element) -> None:
    for element in list(root.iter()):
        name = local_name(element.tag)
        if name in _ELEMENTS_LEFT_OUT and element.getparent() is not None:
            remove(element)
            continue
        if name in _TEXTS or name.startswith("sender-"):
            element.text = _TEXTS.get(name, _WORD)
        elif element.tag == f"{_DC}date":
            element.text = _NO_DATE
        for attribute, value in element.attrib.items():
            if local_name(attribute) in _ATTRIBUTES_LEFT_OUT:
                del element.attrib[attribute]
            elif names_local_path(str(value)):
                element.set(str(attribute), "")
