"""Plain text comes back as it is, unless something that is never passed on stands in it."""

import re
from pathlib import PurePosixPath

from mailrelay.rewriting.metadata.kind import as_text, holds_what_is_never_passed_on
from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned

# A name can only choose among labels of text: whatever it says, readers show text.
_LABELS = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".md": "text/markdown",
    ".json": "application/json",
    ".xml": "text/xml",
}
# Word, Excel and OpenDocument as one XML file: they hold all that their packages do.
_OFFICE = re.compile(
    r"<(?:\w+:)?(?:wordDocument|package|Workbook|document|document-content)\s[^>]*(?:office|microsoft)"
)
_HEAD = 8192


def cleaned_text(content: bytes, name: str, _nesting: Nesting) -> Cleaned:
    """Return the text as it is; who passes it on reads it.

    Raises:
        CannotClean: A key, a signature, a visiting card or the like stands among its lines.
    """
    text = as_text(content) or ""
    if holds_what_is_never_passed_on(text):
        raise CannotClean("text-with-key-or-card")
    if _OFFICE.search(text[:_HEAD]):
        raise CannotClean("office-xml")
    extension = PurePosixPath(name[-200:].lower()).suffix
    if extension not in _LABELS:
        return Cleaned(content, "text/plain", ".txt")
    return Cleaned(content, _LABELS[extension], extension)
