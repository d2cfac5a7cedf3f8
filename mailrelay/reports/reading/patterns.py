"""Write long alternations as tables, one alternative a line."""

import re


def either(*alternatives: str) -> str:
    """Return a pattern that matches where any of the patterns does."""
    return f"(?:{'|'.join(alternatives)})"


def without_case(*alternatives: str) -> re.Pattern[str]:
    """Compile `either`, for text in any case, with `^` at every line."""
    return re.compile(either(*alternatives), re.IGNORECASE | re.MULTILINE)
