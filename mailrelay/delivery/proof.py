"""Whether a message's sender is who the reverse-path says: nobody else is sent a report (no backscatter)."""

import re

from mailrelay.queue.entry import MessageRecord, QueuedMessage

_DKIM_PASS = re.compile(r"\bdkim=pass\b[^;]{0,200}\bheader\.d=([A-Za-z0-9.-]{1,253})")


def is_proven(message: QueuedMessage | MessageRecord) -> bool:
    """Return whether SPF passed, or DKIM for the domain of the reverse-path.

    The record of a message holds no signatures: there SPF alone speaks.
    """
    if message.spf == "pass":
        return True
    if not isinstance(message, QueuedMessage):
        return False
    domain = message.reverse_path.rpartition("@")[2].lower()
    signers = (found[1].lower() for found in _DKIM_PASS.finditer(message.authentication))
    return bool(domain) and any(domain == signer or domain.endswith(f".{signer}") for signer in signers)
