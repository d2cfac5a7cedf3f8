"""Clean an SVG picture (SVG 2): what editors write about themselves and their users, scripts, comments.

Only elements and attributes of SVG, links and xml:space and xml:lang stay; links lead into the picture, to
the Web or to pictures that are cleaned.
"""

from lxml import etree

from mailrelay.rewriting.metadata.data_uri import cleaned_data_uri, cleaned_style, is_data
from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned
from mailrelay.rewriting.metadata.xml import is_remote, local_name, parsed, remove, serialised

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_LEFT_OUT = frozenset(
    ("metadata", "script", "foreignObject", "handler", "listener", "iframe", "audio", "video")
)


def cleaned_svg(content: bytes, _name: str, nesting: Nesting) -> Cleaned:
    """Return the drawing alone."""
    root = parsed(content)
    # A picture without the namespace is drawn by no viewer; one with a prefix is.
    if root.tag != f"{_SVG}svg":
        raise CannotClean("broken-picture")
    for element in list(root.iter()):
        if _is_left_out(element) and element.getparent() is not None:
            remove(element)
    for element in root.iter():
        _clean_element(element, nesting)
    etree.cleanup_namespaces(root)
    return Cleaned(serialised(root), "image/svg+xml", ".svg")


def _is_left_out(element: etree._Element) -> bool:
    name = local_name(element.tag)
    return element.tag != f"{_SVG}{name}" or name in _LEFT_OUT


def _clean_element(element: etree._Element, nesting: Nesting) -> None:
    if element.tag == f"{_SVG}style":
        if len(element):
            raise CannotClean("broken-picture")
        element.text = cleaned_style(element.text or "", nesting)
    for attribute, value in element.attrib.items():
        kept = _attribute(str(attribute), str(value), nesting)
        if kept is None:
            del element.attrib[attribute]
        elif kept != value:
            element.set(str(attribute), kept)


def _attribute(key: str, value: str, nesting: Nesting) -> str | None:
    name = local_name(key)
    if key in {"href", f"{_XLINK}href"}:
        if is_data(value):
            return cleaned_data_uri(value, nesting)
        return value if value.startswith("#") or is_remote(value) else None
    if key.startswith(_XML):
        return value if name in {"space", "lang"} else None
    if key != name or name.startswith(("on", "data-")):
        return None
    if name == "style" or "url(" in value.lower():
        return cleaned_style(value, nesting)
    return value
