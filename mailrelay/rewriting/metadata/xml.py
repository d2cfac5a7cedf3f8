"""Parse XML that somebody else wrote: no entities, no network, bounded (lxml, libxml2)."""

import re

from lxml import etree

from mailrelay.rewriting.metadata.outcome import CannotClean

_MOST_OCTETS = 24 * 1024 * 1024  # a tree takes some ten times the octets of its text
_MOST_ATTRIBUTES = 500  # of one element: each is sought among all of them
_REMOTE = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
# Paths of a computer name who sits at it.
_LOCAL_PATH = re.compile(r"\b[a-z]:[\\/](?!/)|\\\\[\w.-]+\\|file:|/Users/|/home/", re.IGNORECASE)


def parsed(content: bytes) -> etree._Element:
    """Return the root; comments and processing instructions are gone.

    Raises:
        CannotClean: It is no XML, too large, or declares entities.
    """
    if len(content) > _MOST_OCTETS:
        raise CannotClean("too-large")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.LxmlError, ValueError):
        raise CannotClean("broken-document") from None
    # Namespaces that are not declared are errors that the parser goes on after.
    if parser.error_log.filter_from_errors():
        raise CannotClean("broken-document")
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and list(declared.iterentities()):  # type: ignore[union-attr]  # the stub lacks it
        raise CannotClean("xml-entities")
    if any(len(element.attrib) > _MOST_ATTRIBUTES for element in root.iter()):
        raise CannotClean("too-large")
    return root


def serialised(root: etree._Element) -> bytes:
    """Return the document without what stood beside its root."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def local_name(tag: object) -> str:
    """Return an element's or attribute's name without its namespace; empty for an entity."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def remove(element: etree._Element) -> None:
    """Take an element out; the text that follows it stays."""
    parent = element.getparent()
    if parent is None:
        raise CannotClean("broken-document")
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


def names_local_path(value: str) -> bool:
    """Say whether a value holds the path of a file on somebody's computer or server."""
    return _LOCAL_PATH.search(value) is not None


def is_remote(target: str) -> bool:
    """Say whether a link leads to the Web, a mailbox or a telephone."""
    return _REMOTE.match(target.strip()) is not None
