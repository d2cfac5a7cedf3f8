"""Canonical forms of header and body that a signature covers (RFC 6376 section 3.4)."""


def canonical_body(body: bytes, method: str) -> bytes:
    """Return the body as hashed: `simple` (section 3.4.3) or `relaxed` (section 3.4.4)."""
    if method == "relaxed":
        body = _single_spaces(body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    stripped = body.rstrip(b"\r\n")
    tail = body[len(stripped) :]
    # Only whole CRLF pairs at the end go; a bare CR or LF there belongs to the text.
    while tail.endswith(b"\r\n"):
        tail = tail[:-2]
    kept = stripped + tail
    if not kept:
        return b"" if method == "relaxed" else b"\r\n"
    return kept + b"\r\n"


def canonical_header(raw: bytes, method: str) -> bytes:
    """Return a header field as hashed, with its final CRLF (sections 3.4.1 and 3.4.2)."""
    if method == "simple":
        return raw
    name, _, value = raw.partition(b":")
    unfolded = _single_spaces(value.replace(b"\r\n", b""))
    return name.rstrip(b" \t").lower() + b":" + unfolded.strip(b" ") + b"\r\n"


def without_signature(raw: bytes) -> bytes:
    """Return a signature's field with its `b=` value emptied (section 3.7)."""
    name, colon, value = raw.partition(b":")
    end = b"\r\n" if value.endswith(b"\r\n") else b""
    tags = value.removesuffix(b"\r\n").split(b";")
    for at, tag in enumerate(tags):
        key, equals, _ = tag.partition(b"=")
        if equals and key.strip(b" \t\r\n") == b"b":
            tags[at] = key + equals
            break
    return name + colon + b";".join(tags) + end


def _single_spaces(text: bytes) -> bytes:
    """Return the octets with each run of blanks made one space.

    Runs halve with each pass, so that passes are few however long a run is: much cheaper than matching
    every blank of a message.
    """
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text
