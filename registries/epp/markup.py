"""XML as EPP uses it (RFC 5730 section 5): safe reading, conventional writing, masking of passwords.

Reading takes UTF-8 only and refuses any document type declaration before a parser sees the octets:
EPP has no use for one, and entities are how a peer reads our files or fills our memory.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypeAlias

from lxml import etree

EPP = "urn:ietf:params:xml:ns:epp-1.0"
CONTACT = "urn:ietf:params:xml:ns:contact-1.0"
DOMAIN = "urn:ietf:params:xml:ns:domain-1.0"
HOST = "urn:ietf:params:xml:ns:host-1.0"
SECDNS = "urn:ietf:params:xml:ns:secDNS-1.1"
RGP = "urn:ietf:params:xml:ns:rgp-1.0"
FEE = "urn:ietf:params:xml:ns:epp:fee-1.0"
CHANGE_POLL = "urn:ietf:params:xml:ns:changePoll-1.0"
LOGIN_SECURITY = "urn:ietf:params:xml:ns:epp:loginSec-1.0"
NAMESTORE = "http://www.verisign-grs.com/epp/namestoreExt-1.1"
AFNIC = "http://www.afnic.fr/xml/epp/frnic-2.0"
EURID_1_3 = "http://www.eurid.eu/xml/epp/contact-ext-1.3"
EURID_1_4 = "http://www.eurid.eu/xml/epp/contact-ext-1.4"
REGISTRO_IT = "http://www.nic.it/ITNIC-EPP/extcon-1.0"
FURY = "urn:ietf:params:xml:ns:fury-2.1"
NORID = "http://www.norid.no/xsd/no-ext-contact-1.0"
DNS_LU = "http://www.dns.lu/xml/epp/dnslu-1.0"
TANGO = "http://xmlns.tango-rs.net/epp/privacy-1.0"
CORE = "http://xmlns.corenic.net/epp/privacy-1.0"
TRAFICOM = "urn:ietf:params:xml:ns:domain-ext-1.0"

# Registries were seen to answer 1000 to other prefixes and then to ignore the element.
PREFIXES = {
    CONTACT: "contact",
    DOMAIN: "domain",
    HOST: "host",
    LOGIN_SECURITY: "loginSec",
    NAMESTORE: "namestoreExt",
    AFNIC: "frnic",
    EURID_1_3: "contact-ext",
    EURID_1_4: "contact-ext",
    REGISTRO_IT: "extcon",
    FURY: "fury",
    NORID: "no-ext-contact",
    DNS_LU: "dnslu",
    TANGO: "privacy",
    CORE: "privacy",
}

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml gives the type of its elements no public name

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
_SECRET = re.compile(rb"<((?:[^\s<>/:]+:)?(?:pw|newPW))(\s[^<>]*)?>")
_SECTION_OR_END = re.compile(rb"<!\[CDATA\[|</((?:[^\s<>/:]+:)?(?:pw|newPW))\s*>")
_SECTION_END = b"]]>"


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
    """Return the frame with every password replaced, under whatever prefix; for wire logs.

    Of a frame that ends within a password nothing of the rest is left. Takes time linear in its length.
    """
    parts, done = [], 0
    while opening := _SECRET.search(frame, done):
        parts.append(frame[done : opening.end()])
        done = opening.end()
        if not (opening[2] or b"").endswith(b"/"):
            parts.append(b"***")
            done = _end_of_text(frame, done, opening[1])
    return b"".join((*parts, frame[done:]))


def _end_of_text(frame: bytes, start: int, name: bytes) -> int:
    """Return where the closing tag stands that is no part of a CDATA section; the end where there is none."""
    while found := _SECTION_OR_END.search(frame, start):
        if found[1] == name:
            return found.start()
        start = found.end()
        if found[1] is None and (start := frame.find(_SECTION_END, start)) < 0:
            break
    return len(frame)


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


def find(parent: Element | None, namespace: str, *path: str) -> Element | None:
    """Return the first descendant along `path`, each step a child; None where there is none."""
    found = parent
    for tag in path:
        found = None if found is None else found.find(f"{{{namespace}}}{tag}")
    return found


def find_all(parent: Element | None, namespace: str, tag: str) -> Iterator[Element]:
    """Yield the children of that name; none for a parent that is not there."""
    if parent is not None:
        yield from parent.iterchildren(f"{{{namespace}}}{tag}")


def text_of(parent: Element | None, namespace: str, *path: str) -> str:
    """Return the white-space-collapsed text at `path`; "" where there is none."""
    found = find(parent, namespace, *path)
    return "" if found is None else " ".join((found.text or "").split())


def whole_text(element: Element | None) -> str:
    """Return the white-space-collapsed text of an element and all that is in it."""
    return "" if element is None else " ".join(" ".join(map(str, element.itertext())).split())


def time_of(parent: Element | None, namespace: str, *path: str) -> datetime | None:
    """Return the aware UTC time at `path`; None where there is none that can be read.

    A time without a zone is taken for UTC, which RFC 5731 section 2.4 asks for.
    """
    try:
        found = datetime.fromisoformat(text_of(parent, namespace, *path))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_true(text: str) -> bool:
    """Whether a text is XML Schema's boolean true."""
    return text.strip() in {"1", "true"}


def flag_of(element: Element, name: str) -> bool:
    """Return an XML Schema boolean attribute; one that is missing is False."""
    return is_true(element.get(name, ""))
