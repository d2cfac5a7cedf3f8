"""Read XML from a stranger: safely, and as strictly as the schemas of RFC 5730-5733 demand.

`parse_document` refuses what could harm (DOCTYPE, entities, other encodings, depth); `Node` walks the
elements in their order. Which elements there are is the job of the parsers built on it.
"""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable
from typing import TypeVar

from lxml import etree

from registries.sandbox.protocol import PREFIXES, Refusal, RuleBroken

_DECLARATION = re.compile(r"<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(r"""\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_SPACE = re.compile(r"[ \t\r\n]+")
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
# Hints that a reader may ignore; xsi:type and xsi:nil would change what is read.
_IGNORED_ATTRIBUTES = {f"{{{_XSI}}}schemaLocation", f"{{{_XSI}}}noNamespaceSchemaLocation"}

_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
)

_ValueT = TypeVar("_ValueT")


def parse_document(frame: bytes) -> etree._Element:
    """Return the root element of a frame's payload.

    Raises:
        Refusal: 2001, it is not well-formed XML 1.0 in UTF-8 or UTF-16, or has a DOCTYPE.
    """
    text = _decode(frame)
    # Refused before any parser sees it: with it go entities, external subsets and their attacks.
    if "<!DOCTYPE" in text:
        raise RuleBroken(2001, "a DOCTYPE is not allowed")
    try:
        return etree.fromstring(text.encode(), _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        raise Refusal(2001, "the frame is not well-formed XML") from None


def _decode(frame: bytes) -> str:
    # RFC 5730 5: UTF-8 is recommended and UTF-16 allowed; nothing else is needed.
    wide = frame.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    try:
        text = frame.decode("utf-16") if wide else frame.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError:
        raise RuleBroken(2001, "the frame is not in UTF-8 or UTF-16") from None
    declaration = _DECLARATION.match(text)
    if declaration is None:
        return text
    encoding = _ENCODING.search(declaration[0])
    if encoding and encoding[1].lower() not in ({"utf-16"} if wide else {"utf-8", "us-ascii"}):
        raise RuleBroken(2001, "the declared encoding is not that of the frame, UTF-8 or UTF-16")
    return text[declaration.end() :].lstrip(" \t\r\n")


def collapse(text: str) -> str:
    """Return the value of XML Schema's type token."""
    return _SPACE.sub(" ", text).strip(" ")


class Node:
    """An element whose children are taken in their order; what is not taken is an error at `end`.

    Every method raises `Refusal`: 2001 for elements and attributes that should not be there, 2003 for
    missing ones, 2004 and 2005 for values.
    """

    def __init__(self, element: etree._Element) -> None:
        namespace, _, self.name = element.tag.rpartition("}")
        self.namespace = namespace.removeprefix("{")
        self._element = element
        self._qualifier = f"{namespace}}}" if namespace else ""
        self._children = list(element)
        self._attributes = {
            str(key): str(value) for key, value in element.items() if key not in _IGNORED_ATTRIBUTES
        }
        self._next = 0

    @property
    def label(self) -> str:
        """Name for messages: `contact:id`; used only for elements that we know."""
        return f"{PREFIXES.get(self.namespace, '?')}:{self.name}"

    def take(self, name: str) -> "Node | None":
        """Return the next child when it is `name` in this element's namespace."""
        if self._next == len(self._children):
            return None
        child = self._children[self._next]
        if child.tag != self._qualifier + name:
            return None
        self._next += 1
        return Node(child)

    def any(self) -> "Node":
        """Return the next child, whatever it is."""
        if self._next == len(self._children):
            raise Refusal(2003, f"{self.label} is empty")
        child = self._children[self._next]
        self._next += 1
        return Node(child)

    def need(self, name: str) -> "Node":
        """Return the next child, which must be `name`."""
        child = self.take(name)
        if child is None:
            wanted = f"{PREFIXES.get(self.namespace, '?')}:{name}"
            if any(later.tag == self._qualifier + name for later in self._children[self._next :]):
                raise Refusal(2001, f"{wanted} is not in its place in {self.label}")
            raise Refusal(2003, f"{self.label} has no {wanted}")
        return child

    def many(self, name: str, *, at_most: int | None = None) -> list["Node"]:
        """Return the following children that are `name`, perhaps none."""
        found: list[Node] = []
        while (child := self.take(name)) is not None:
            found.append(child)
        if at_most is not None and len(found) > at_most:
            raise Refusal(2001, f"{self.label} has more than {at_most} of {found[0].label}")
        return found

    def optional(self, name: str, read: Callable[["Node"], _ValueT]) -> _ValueT | None:
        """Return what `read` makes of the next child when it is `name`, else None."""
        child = self.take(name)
        return None if child is None else read(child)

    def attribute(self, name: str) -> str | None:
        """Return an optional attribute's value as a token."""
        value = self._attributes.pop(name, None)
        return None if value is None else collapse(value)

    def choice(self, name: str, values: frozenset[str], *, default: str | None = None) -> str:
        """Return an attribute that has one of a few values."""
        value = self.attribute(name)
        if value is None:
            if default is None:
                raise Refusal(2003, f"{self.label} has no attribute {name}")
            return default
        if value not in values:
            raise Refusal(2005, f"attribute {name} of {self.label} is not one of {', '.join(sorted(values))}")
        return value

    def end(self) -> None:
        """Refuse anything that was not taken: children, attributes, text between elements."""
        if self._next < len(self._children):
            place = f"after {Node(self._children[self._next - 1]).label}" if self._next else "at the start"
            raise Refusal(2001, f"{self.label} has an unexpected element {place}")
        self._no_attributes()
        texts = [self._element.text, *(child.tail for child in self._children)]
        if any(text and collapse(text) for text in texts):
            raise Refusal(2001, f"{self.label} has text between its elements")

    def bare(self) -> None:
        """Refuse any content of an element whose type has none, not even space."""
        if self._element.text:
            raise Refusal(2001, f"{self.label} has content")
        self.end()

    def empty(self) -> None:
        """Refuse any content of an element that only is there, and that the schemas give no type."""
        try:
            self.end()
        except Refusal as refusal:
            raise RuleBroken(refusal.code, refusal.reason) from None

    def text(self) -> str:
        """Return the content as XML Schema's normalizedString; attributes must have been taken."""
        if self._children:
            raise Refusal(2001, f"{self.label} takes text, not elements")
        self._no_attributes()
        return re.sub(r"[\t\r\n]", " ", self._element.text or "")

    def token(self, shortest: int = 0, longest: int | None = None) -> str:
        """Return the content as a token of `shortest` to `longest` characters."""
        value = collapse(self.text())
        return self._measured(value, shortest, longest)

    def line(self, shortest: int, longest: int) -> str:
        """Return the content as a normalizedString of `shortest` to `longest` characters."""
        return self._measured(self.text(), shortest, longest)

    def _measured(self, value: str, shortest: int, longest: int | None) -> str:
        if len(value) < shortest or (longest is not None and len(value) > longest):
            bounds = f"at least {shortest}" if longest is None else f"{shortest} to {longest}"
            raise Refusal(2005, f"{self.label} must be of {bounds} characters")
        return value

    def _no_attributes(self) -> None:
        if self._attributes:
            raise Refusal(2001, f"{self.label} has an unexpected attribute")
