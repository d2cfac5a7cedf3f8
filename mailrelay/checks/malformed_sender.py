"""Refuse a reverse-path that no bounce could ever reach (RFC 5321 section 4.1.2)."""

import re

from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import BAD_SENDER, Action, Verdict

_MAX_PATH_OCTETS = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets
_MAX_LOCAL_OCTETS = 64  # RFC 5321 section 4.5.3.1.1
# Dot-string or quoted-string; letters beyond ASCII by RFC 6531. Control characters in neither.
_LOCAL = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~.\-\u0080-\U0010ffff]+|\"(?:[^\"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*\"", re.ASCII
)
_LABEL = (
    r"[A-Za-z0-9_\u0080-\U0010ffff](?:[A-Za-z0-9_\-\u0080-\U0010ffff]{0,61}[A-Za-z0-9_\u0080-\U0010ffff])?"
)
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+|\[(?:IPv6:)?[0-9A-Fa-f:.]+\]")


class MalformedSender:
    """Refuse what is no mailbox; the null reverse-path is one (RFC 5321 section 4.5.5)."""

    name = "malformed-sender"

    def __call__(self, context: SenderContext) -> Verdict | None:
        """Look at the form only; whether the domain exists is for others to ask."""
        path = context.reverse_path
        local, at, domain = path.rpartition("@")
        if not path or (at and _well_formed(local, domain)):
            return None
        return Verdict(self.name, Action.REJECT, "reverse-path-syntax", BAD_SENDER)


def _well_formed(local: str, domain: str) -> bool:
    if len(local.encode("utf-8", "replace")) > _MAX_LOCAL_OCTETS:
        return False
    if len(local.encode("utf-8", "replace")) + 1 + len(domain) > _MAX_PATH_OCTETS:
        return False
    return bool(_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain))
