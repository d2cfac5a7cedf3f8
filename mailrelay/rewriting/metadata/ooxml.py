"""Clean Word, Excel and PowerPoint documents of Office Open XML (ISO/IEC 29500).

Properties, authors of comments and changes, revision marks, people, printers, custom XML, labels,
templates, thumbnails and signatures go; pictures and embedded documents are cleaned like attachments.
What the document shows stays as it is: a name in its text is found by the last scan.
"""

import posixpath
import re
from collections.abc import Iterable

from lxml import etree

from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned, Dropped
from mailrelay.rewriting.metadata.package import packed, unpacked
from mailrelay.rewriting.metadata.xml import (
    is_remote,
    local_name,
    names_local_path,
    parsed,
    remove,
    serialised,
)

CONTENT_TYPES = "[Content_Types].xml"
_TYPES = {
    "word/": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"),
    "xl/": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    "ppt/": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx"),
}
_LEFT_OUT = re.compile(
    r"docProps/|customXml/|_xmlsignatures/|docMetadata/|customUI|userCustomization/|package/services/"
    r"|word/people\.xml|xl/(?:threadedComments|persons|revisions)/|ppt/(?:changesInfos/|revisionInfo|tags/)"
    r"|.*(?:printerSettings|thumbnail|webextensions/|\[trash\]/)",
    re.IGNORECASE,
)
_MACROS = re.compile(r".*(?:vbaProject|vbaData|activeX/|attachedToolbars|macrosheets/)", re.IGNORECASE)
_FONTS = re.compile(r".*\.(?:odttf|fntdata)", re.IGNORECASE)  # obfuscated; they tell of their foundry alone
_RELATIONSHIPS = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}",
)
_ELEMENTS_LEFT_OUT = frozenset(
    [
        "rsids",
        "docId",
        "attachedTemplate",
        "mailMerge",
        "docVars",
        "presenceInfo",
        "absPath",
        "revisionPtr",
        "fileRecoveryPr",
        "customWorkbookViews",
        "customSheetViews",
        "saveThroughXslt",
    ]
)
_WORD = "Author"
# Attributes that name a person or the moment of his work, on which element, and what takes their place.
_ATTRIBUTES: dict[tuple[str, str], str | None] = {
    ("*", "author"): _WORD,
    ("*", "initials"): "A",
    ("*", "userName"): _WORD,
    ("*", "refreshedBy"): _WORD,
    ("*", "lastModifiedBy"): _WORD,
    ("*", "dateUtc"): None,
    ("*", "refreshedDate"): None,
    ("*", "refreshedDateIso"): None,
    ("cmAuthor", "name"): _WORD,
    ("author", "name"): _WORD,
    ("author", "userId"): _WORD,
    ("author", "providerId"): "None",
    ("userInfo", "name"): _WORD,
    ("cm", "dt"): None,
    ("cm", "created"): "2000-01-01T00:00:00.000",
    ("*", "date"): None,
    **{("*", name): None for name in ("rsid", "rsidR", "rsidRPr", "rsidP", "rsidRDefault", "rsidDel")},
    **{("*", name): None for name in ("rsidSect", "rsidTr", "uid", "documentId")},
}


def cleaned_ooxml(content: bytes, _name: str, nesting: Nesting) -> Cleaned:
    """Return the document with its parts cleaned."""
    parts = dict(unpacked(content, nesting.budget))
    content_type, extension = _type_of(parts)
    kept = {name: octets for name, octets in parts.items() if not _LEFT_OUT.match(name)}
    if any(_MACROS.match(name) for name in kept):
        raise CannotClean("macros")
    removed = {name: _relationships(name, kept) for name in kept if name.endswith(".rels")}
    for name, octets in kept.items():
        if name == CONTENT_TYPES:
            kept[name] = _content_types(octets, kept)
        elif not name.endswith(".rels"):
            kept[name] = _part(name, octets, removed.get(_relationships_of(name), ()), nesting)
    return Cleaned(packed(kept), content_type, extension)


def _type_of(parts: dict[str, bytes]) -> tuple[str, str]:
    if re.search(rb"macroEnabled|vbaProject", parts[CONTENT_TYPES]):
        raise CannotClean("macros")
    for folder, answer in _TYPES.items():
        if any(name.startswith(folder) and name.endswith(".xml") for name in parts):
            return answer
    raise CannotClean("office-format")


def _relationships_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _relationships(name: str, kept: dict[str, bytes]) -> tuple[str, ...]:
    """Clean one part of relationships where it stands; return the ids of those that are gone."""
    root, gone = parsed(kept[name]), []
    base = posixpath.dirname(posixpath.dirname(name))
    for relationship in list(root):
        target = relationship.get("Target", "")
        if relationship.get("TargetMode") == "External":
            leads_away = relationship.get("Type", "").endswith("/attachedTemplate")
            if not is_remote(target):
                relationship.set("Target", "about:blank")
        else:
            path = target.lstrip("/") if target.startswith("/") else posixpath.join(base, target)
            leads_away = bool(_LEFT_OUT.match(posixpath.normpath(path)))
        if leads_away:
            gone.append(relationship.get("Id", ""))
            remove(relationship)
    kept[name] = serialised(root)
    return tuple(gone)


def _content_types(octets: bytes, kept: Iterable[str]) -> bytes:
    root, names = parsed(octets), {f"/{name}".lower() for name in kept}
    for entry in list(root):
        if local_name(entry.tag) == "Override" and entry.get("PartName", "").lower() not in names:
            remove(entry)
    return serialised(root)


def _part(name: str, octets: bytes, removed: tuple[str, ...], nesting: Nesting) -> bytes:
    if name.endswith("/") or _FONTS.match(name):
        return octets
    if name.lower().endswith((".xml", ".vml")):
        root = parsed(octets)
        _clean_tree(root, frozenset(removed))
        return serialised(root)
    try:
        return nesting.cleaned(octets, name).content
    except Dropped:
        raise CannotClean("embedded-object") from None


def _clean_tree(root: etree._Element, removed: frozenset[str]) -> None:
    for element in list(root.iter()):
        element_name = local_name(element.tag)
        if element_name in _ELEMENTS_LEFT_OUT and element.getparent() is not None:
            remove(element)
            continue
        if element_name == "author" and element.text:
            element.text = _WORD
        elif element_name == "instrText" and names_local_path(element.text or ""):
            element.text = " "
        _clean_attributes(element, element_name, removed)


def _clean_attributes(element: etree._Element, element_name: str, removed: frozenset[str]) -> None:
    for attribute, value in element.attrib.items():
        key, attribute_name = str(attribute), local_name(attribute)
        if removed and value in removed and key.startswith(_RELATIONSHIPS):
            if element_name == "pageSetup" or element.getparent() is None:
                del element.attrib[attribute]
                continue
            remove(element)
            return
        for place in ((element_name, attribute_name), ("*", attribute_name)):
            if place in _ATTRIBUTES:
                _set(element, key, _ATTRIBUTES[place])
                break
        else:
            if names_local_path(str(value)):
                element.set(key, "")


def _set(element: etree._Element, key: str, value: str | None) -> None:
    if value is None:
        del element.attrib[key]
    else:
        element.set(key, value)
