"""Read what other mail servers report about what we sent (RFC 3464)."""

import re
from email import message_from_bytes

_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")


def reported_status(raw: bytes) -> str:
    """Return the status of a report on failure, `5.x.y`; empty where it reports none.

    Delays, successes and everything that is no report (RFC 3464) are not failures.
    """
    for part in message_from_bytes(raw).walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for group in part.walk():
            if str(group.get("Action", "")).strip().lower() == "failed":
                found = _STATUS.search(str(group.get("Status", "")))
                return found[0] if found and found[1] == "5" else "5.0.0"
    return ""
