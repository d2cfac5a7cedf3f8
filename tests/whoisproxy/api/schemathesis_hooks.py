"""Teach schemathesis to send NDJSON: whatever it makes up goes out as text, one line or many."""

import json
from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: Any, value: Any) -> bytes:
    """Return the body."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace")
