"""Domain names as they are compared: lower-case A-labels (RFC 5890)."""

_LABEL_OCTETS = 63  # RFC 1035 section 2.3.4


def a_labels(domain: str) -> str:
    """Return a domain name in lower-case A-labels without the final dot; empty where it is none."""
    name = domain.rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return ""
    return name if all(0 < len(label) <= _LABEL_OCTETS for label in name.split(".")) else ""
