"""XML as EPP uses it (RFC 5730 section 5): safe reading, conventional writing, masking of passwords.

Reading takes UTF-8 only and refuses any document type declaration before a parser sees the octets:
EPP has no use for one, and entities are how a peer reads our files or fills our memory.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

from lxml import etree

EPP = "urn:ietf:params:xml:ns:epp-1.0"
CONTACT = "urn:ietf:params:xml:ns:contact-1.0"
DOMAIN = "urn:ietf:params:xml:ns:domain-1.0"
LOGIN_SECURITY = "urn:ietf:params:xml:ns:epp:loginSec-1.0"

# Registries were seen to answer 1000 to other prefixes and then to ignore the element.
PREFIXES = {CONTACT: "contact", DOMAIN: "domain", LOGIN_SECURITY: "loginSec"}

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml gives the type of its elements no public name

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
_SECRET = re.compile(
    rb"<((?:[^\s<>/:]+:)?(?:pw|newPW))((?:\s[^>]*)?)>(?:<!\[CDATA\[.*?\]\]>|.)*?</\1\s*>",
    re.DOTALL,
)


class FrameError(Exception):
    """What the registry sent is no EPP frame; the text says what is wrong and quotes nothing of it."""


def parse(frame: bytes) -> Element:
    """Return the root of a frame.

    Raises:
        FrameError: Not UTF-8, has a document type declaration, or is not well-formed.
    """
    try:
        frame.decode("utf-8")
    except UnicodeDecodeError:
        raise FrameError("the frame is not UTF-8") from None
    if b"<!DOCTYPE" in frame:
        raise FrameError("the frame has a document type declaration")
    # The encoding is fixed, so that a declaration of another one cannot hide a DOCTYPE from the test above.
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(frame, parser)
    except etree.XMLSyntaxError:
        # The parser's words quote the frame, which may hold personal data.
        raise FrameError("the frame is not well-formed XML") from None


def serialise(root: Element) -> bytes:
    """Return a frame's octets, with the declaration as the RFC's examples write it."""
    return _DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def masked(frame: bytes) -> bytes:
    """Return the frame with every password replaced, under whatever prefix; for wire logs."""
    return _SECRET.sub(rb"<\1\2>***</\1>", frame)


def epp_root() -> Element:
    """Return a new `epp` element whose namespace is the default one."""
    return etree.XML(f'<epp xmlns="{EPP}"/>')


def add(parent: Element, namespace: str, tag: str, text: str | None = None, **attributes: str) -> Element:
    """Append a child; the first of an object's namespace declares its conventional prefix.

    Raises:
        ValueError: `text` holds characters that XML cannot carry.
    """
    prefix = PREFIXES.get(namespace)
    nsmap = {prefix: namespace} if prefix and parent.nsmap.get(prefix) != namespace else None
    child = etree.SubElement(parent, f"{{{namespace}}}{tag}", attrib=attributes, nsmap=nsmap)
    child.text = text or None
    return child


def find(parent: Element, namespace: str, *path: str) -> Element | None:
    """Return the first descendant along `path`, each step a child; None where there is none."""
    found: Element | None = parent
    for tag in path:
        found = None if found is None else found.find(f"{{{namespace}}}{tag}")
    return found


def find_all(parent: Element | None, namespace: str, tag: str) -> Iterator[Element]:
    """Yield the children of that name; none for a parent that is not there."""
    if parent is not None:
        yield from parent.iterchildren(f"{{{namespace}}}{tag}")


def text_of(parent: Element | None, namespace: str, *path: str) -> str:
    """Return the white-space-collapsed text at `path`; "" where there is none."""
    found = None if parent is None else find(parent, namespace, *path)
    return "" if found is None else " ".join((found.text or "").split())


def flag_of(element: Element, name: str) -> bool:
    """Return an XML Schema boolean attribute; one that is missing is False."""
    return element.get(name, "").strip() in {"1", "true"}
