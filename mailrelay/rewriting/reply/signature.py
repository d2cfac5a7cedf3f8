"""Leave out signatures of plain text: what follows a line of two hyphens (RFC 3676 section 4.3).

A signature ends where a quote begins. What is longer than signatures are is text, and stays.
"""

import re

_MARK = re.compile(r"^--[ \t\u00a0]?$")
_STRICT_MARK = "-- "
_LONGEST = {True: 25, False: 12}  # lines behind a mark; two hyphens without the blank may be a mere rule
_MOST_ABOVE = 3  # lines into which a line above a quote is wrapped
_COLONS = (":", "\uff1a")
_QUOTED = re.compile(r"^[ \t]*[>|]")
# The lines by which programs begin a quote: an attribution, or a rule with words in it.
_BEGINS_QUOTE = re.compile(
    r"^(?:[-_*]{3,}[^\n]{0,80}|[^\n]{0,300}<[^<>\s]{1,250}@[^<>\s]{1,250}>[^\n]{0,100}:[ \t]*)$"
)


def without_signature(text: str) -> str:
    """Return the text without signatures of its own; those within quotes belong to others."""
    lines = text.split("\n")
    kept: list[str] = []
    at = 0
    while at < len(lines):
        if _MARK.match(lines[at]) and (end := _end_of_signature(lines, at)):
            at = end
            # The blank line that parted text and signature now parts text and quote.
            continue
        kept.append(lines[at])
        at += 1
    # Nothing is behind the last line end of a text that ends with a signature.
    return "\n".join(kept) if len(kept) == len(lines) else "\n".join(kept).rstrip() + "\n"


def _end_of_signature(lines: list[str], mark: int) -> int:
    """Return the line behind a signature; 0 where it is none."""
    longest = _LONGEST[lines[mark] == _STRICT_MARK]
    end, written = mark + 1, 0
    while end < len(lines) and not _QUOTED.match(lines[end]) and not _BEGINS_QUOTE.match(lines[end]):
        written += bool(lines[end].strip())
        if written > longest + _MOST_ABOVE:
            return 0
        end += 1
    if end < len(lines):
        end = _line_above_quote(lines, mark, end)
    return end if sum(1 for line in lines[mark + 1 : end] if line.strip()) <= longest else 0


def _line_above_quote(lines: list[str], mark: int, quote: int) -> int:
    """Return where a quote begins with the line above it that says whose it is, wrapped or not."""
    last = quote
    if _QUOTED.match(lines[quote]):
        last -= 1
        while last > mark and not lines[last].strip():
            last -= 1
        if last == mark or not lines[last].rstrip().endswith(_COLONS):
            return quote
    first = last
    while first - 1 > mark and lines[first - 1].strip():
        first -= 1
    # What touches the mark is the signature, without a blank line before the quote.
    return last if first == mark + 1 or last - first > _MOST_ABOVE else first
